//! What a query is answered from where a party has a live source: what the back office says now, kept in the book.

use super::live_source::{LiveAnswer, LiveFallback, LiveSource};
use super::{Fault, Party};
use crate::domain::{Found, Notice, NoticeState, ReceivablesFacts};
use crate::store::{Author, Book, NoticeDraft, ReceivablesLookup};

/// Asks the source and the book at once. What the source says is kept before it is answered; where it does not answer, the party's
/// fallback counts. A failure of the source is never a fact about a notice.
pub(super) async fn live_facts(
    store: &dyn Book,
    party: &Party,
    source: &LiveSource,
    lookup: ReceivablesLookup,
) -> Result<ReceivablesFacts, Fault> {
    let (held, answer) = tokio::join!(store.look_up_receivables(lookup.clone()), source.ask(&lookup));
    let held = held?;
    match answer {
        Ok(LiveAnswer::Notice(draft)) if is_held(&held.found, &draft) => Ok(held),
        Ok(LiveAnswer::Notice(draft)) => {
            let by = Author { who: "live source".to_owned(), came_from: "query".to_owned() };
            let department_code = Some(draft.notice.key.department_code.clone());
            store.import_notices(lookup.party.clone(), vec![*draft], by, lookup.at).await?;
            Ok(store.look_up_receivables(ReceivablesLookup { department_code, ..lookup }).await?)
        }
        // What was paid here was paid, whatever the source forgot.
        Ok(LiveAnswer::Unknown) if is_paid(&held.found) => Ok(held),
        Ok(LiveAnswer::Unknown) => Ok(ReceivablesFacts { found: Found::None, ..held }),
        Err(error) => {
            tracing::warn!(party = %party.name, error = &error as &dyn std::error::Error, "the live source failed");
            match source.fallback {
                LiveFallback::Local if held.found != Found::None => Ok(held),
                LiveFallback::Local | LiveFallback::Error => Err(error.into()),
            }
        }
    }
}

fn is_paid(found: &Found) -> bool {
    matches!(found, Found::One(notice) if matches!(notice.state, NoticeState::Paid { .. }))
}

/// Whether the book has the notice as the source says it: then nothing is written. A paid one stays as it is.
fn is_held(found: &Found, draft: &NoticeDraft) -> bool {
    let Found::One(held) = found else { return false };
    let NoticeDraft { notice, state_given } = draft;
    let state = if *state_given { notice.state.clone() } else { held.state.clone() };
    is_paid(found) || **held == Notice { state, ..notice.clone() }
}
