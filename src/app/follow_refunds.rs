//! Refunds that nobody waits for any more, followed until the money went back: one pass over what is open.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::{Party, RefundDeskError, follow_refund};
use crate::domain::{PartyName, RefundOutId, RefundRequestState};
use crate::store::{RefundRequestRecord, RefundSelection, Store, StoreError};

/// How many requests of a party one pass looks at: each is a call or two, and the callbacks need the same platform.
const LOOKS_IN_A_PASS: usize = 20;

/// How old a request must be, and how long it is then left alone between two looks. Most refunds take a few minutes; one to a card
/// takes days.
const PAUSES: [(Duration, Duration); 4] = [
    (Duration::from_hours(2), Duration::from_hours(2)),
    (Duration::from_mins(30), Duration::from_mins(30)),
    (Duration::from_mins(5), Duration::from_mins(5)),
    (Duration::ZERO, Duration::from_mins(1)),
];

/// What is remembered of the looks between two passes. To forget it costs a look, or a line in the log, at most.
#[derive(Debug, Default)]
pub struct RefundLooks(BTreeMap<(PartyName, RefundOutId), Look>);

/// The last look at a request.
#[derive(Clone, Copy, Debug)]
struct Look {
    at: Timestamp,
    /// It told nothing, and the log says so already.
    troubled: bool,
}

/// Looks at every open request that is due, of every party with access to the platform, the longest unseen first. A party whose
/// platform tells nothing is left alone until the next pass. Returns what was learnt.
///
/// Every call is dated by `now` anew: by that date another gateway judges whether it is still under way.
///
/// # Errors
/// [`StoreError`] when the store cannot say which requests are open.
pub async fn follow_refunds(
    store: &dyn Store,
    parties: &[Arc<Party>],
    looks: &mut RefundLooks,
    now: &(dyn Fn() -> Timestamp + Send + Sync),
) -> Result<Vec<RefundRequestRecord>, StoreError> {
    let mut followed = Vec::new();
    for party in parties.iter().filter(|party| party.platform.is_some()) {
        let open_only = RefundSelection { order_id: None, open_only: true };
        let open = store.list_refund_requests(party.name.clone(), open_only, u32::MAX).await?;
        looks.forget_all_but(party, &open);
        for request in looks.due(open, now()) {
            let outcome = follow_refund(store, party, &request.refund_out_id, now()).await;
            let told_nothing = outcome.as_ref().map_or(true, tells_nothing);
            looks.remember(&request, told_nothing, now(), &outcome);
            let away = told_nothing && !is_of_this_order(&outcome);
            followed.extend(outcome.ok());
            if away {
                break;
            }
        }
    }
    Ok(followed)
}

impl RefundLooks {
    /// Those of which the last look, by whomever, is long enough ago.
    fn due(&self, open: Vec<RefundRequestRecord>, now: Timestamp) -> Vec<RefundRequestRecord> {
        let seen = |request: &RefundRequestRecord| {
            let look = self.0.get(&key(request)).map_or(request.updated_at, |look| look.at);
            look.max(request.updated_at)
        };
        let is_due = |request: &RefundRequestRecord| {
            elapsed(seen(request), now) >= pause_at_age(elapsed(request.created_at, now))
        };
        let mut due: Vec<_> = open.into_iter().filter(is_due).collect();
        due.sort_by_key(seen);
        due.truncate(LOOKS_IN_A_PASS);
        due
    }

    /// Remembers a look, and logs what is new in it.
    fn remember(
        &mut self,
        before: &RefundRequestRecord,
        troubled: bool,
        at: Timestamp,
        outcome: &Result<RefundRequestRecord, RefundDeskError>,
    ) {
        let logged = self.0.insert(key(before), Look { at, troubled }).is_some_and(|look| look.troubled);
        let (party, refund_out_id) = (before.party.as_str(), before.refund_out_id.as_str());
        match outcome {
            Ok(after) if after.state.name() != before.state.name() => {
                let order_id = after.order_id.as_str();
                tracing::info!(party, refund_out_id, order_id, state = after.state.name(), "a refund was followed");
            }
            Ok(after) if troubled && !logged => {
                let problem = after.problem.as_deref().unwrap_or_default();
                tracing::warn!(party, refund_out_id, problem, "it is not known yet what became of a refund");
            }
            Err(error) if !logged => {
                let error = error as &dyn std::error::Error;
                tracing::warn!(party, refund_out_id, error, "a refund could not be followed");
            }
            _ => {}
        }
    }

    fn forget_all_but(&mut self, party: &Party, open: &[RefundRequestRecord]) {
        self.0.retain(|(name, id), _| *name != party.name || open.iter().any(|request| request.refund_out_id == *id));
    }
}

/// How long a request of an age is left alone after a look.
fn pause_at_age(age: Duration) -> Duration {
    let row = PAUSES.iter().find(|(from, _)| age >= *from);
    row.map_or(Duration::ZERO, |(_, pause)| *pause)
}

fn elapsed(since: Timestamp, now: Timestamp) -> Duration {
    Duration::try_from(now.duration_since(since)).unwrap_or_default()
}

fn key(request: &RefundRequestRecord) -> (PartyName, RefundOutId) {
    (request.party.clone(), request.refund_out_id.clone())
}

/// Whether a call was made, or tried, and it is as open as before what became of the request.
fn tells_nothing(request: &RefundRequestRecord) -> bool {
    request.state == RefundRequestState::Requested && request.call_began_at.is_none()
}

/// Whether a failure is this order's alone, so that other orders may be asked about.
const fn is_of_this_order(outcome: &Result<RefundRequestRecord, RefundDeskError>) -> bool {
    matches!(outcome, Err(RefundDeskError::NoSuchOrder(_) | RefundDeskError::NoSuchRequest(_)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_older_a_request_the_longer_it_is_left_alone() {
        let minutes = |age| pause_at_age(Duration::from_mins(age)).as_secs() / 60;
        let ages = [0, 1, 4, 5, 29, 30, 119, 120, 60 * 24 * 30];
        assert_eq!(ages.map(minutes), [1, 1, 1, 5, 5, 30, 30, 120, 120]);
    }
}
