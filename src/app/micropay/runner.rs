//! Runs a payment at the counter: takes its lease, keeps a step, does what it leads to, keeps what came of it.

use std::time::Duration;

use jiff::Timestamp;

use super::answer::event_of;
use super::draft::{check_unpaid, draft, next_call};
use super::look::{LookError, look};
use super::refunding::refund;
use super::{MicropayError, MicropayOutcome};
use crate::app::Party;
use crate::domain::{MicropayDeed, MicropayEvent, MicropayKey, MicropayPace, RefundProgress};
use crate::envelope::sha256_hex;
use crate::platform::PlatformClient;
use crate::store::{BegunMicropay, MicropayLease, MicropayMove, MicropayRecord, SharedStore};
use crate::wire::MicropayRequest;

/// How often whoever waits looks into the store: a person barely notices it, and the store does not either.
const FOLLOW_INTERVAL: Duration = Duration::from_millis(100);

/// How long one call may take when nobody says otherwise: the platform asks the payer's bank meanwhile.
const CALL_TIMEOUT: Duration = Duration::from_secs(10);

/// Random bytes in a lease's name: no two processes draw the same.
const OWNER_BYTES: usize = 16;

/// Is shown each step as it is kept.
pub type Telling<'a> = &'a (dyn Fn(&MicropayRecord) + Send + Sync);

/// Runs payments at the counter.
#[derive(Clone)]
pub struct MicropayRunner {
    store: SharedStore,
    pace: MicropayPace,
    call_timeout: Duration,
}

impl MicropayRunner {
    /// A runner over `store`. No call takes longer than `call_timeout`; twice as long after its last sign of life a runner is
    /// taken for dead.
    #[must_use]
    pub const fn new(store: SharedStore, pace: MicropayPace, call_timeout: Duration) -> Self {
        Self { store, pace, call_timeout }
    }

    /// A runner at the pace of the source, its calls as patient as a cashier.
    #[must_use]
    pub fn at_the_sources_pace(store: SharedStore) -> Self {
        Self::new(store, MicropayPace::default(), CALL_TIMEOUT)
    }

    /// The store that it keeps its steps in.
    #[must_use]
    pub fn store(&self) -> &SharedStore {
        &self.store
    }

    /// Takes in a payment without running it: [`Self::follow`] does. A repeat under the same key is the same payment.
    ///
    /// # Errors
    /// [`MicropayError`] when the request is refused here, or the key is another payment's.
    pub async fn begin(
        &self,
        party: &Party,
        key: &MicropayKey,
        request: &MicropayRequest,
    ) -> Result<(), MicropayError> {
        platform_of(party)?;
        let new = draft(party, key, request, Timestamp::now())?;
        if self.store.find_micropay(party.name.clone(), key.clone()).await?.is_none() {
            check_unpaid(&*self.store, &new).await?;
        }
        match self.store.begin_micropay(new).await? {
            BegunMicropay::Begun | BegunMicropay::Known(_) => Ok(()),
            BegunMicropay::OtherContent => Err(MicropayError::OtherContent(key.clone())),
            BegunMicropay::UnderWay(other) => Err(MicropayError::UnderWay(other)),
            BegunMicropay::AlreadyPaid(order_id) => {
                Err(MicropayError::AlreadyPaid { order_id: Some(order_id.to_string()) })
            }
        }
    }

    /// Runs a payment until its cashier has nothing to wait for any more, or watches whoever runs it already.
    ///
    /// # Errors
    /// [`MicropayError`] when there is no such payment, or the store fails: the payment then goes on where the store says.
    pub async fn follow(
        &self,
        party: &Party,
        key: &MicropayKey,
        tell: Telling<'_>,
    ) -> Result<MicropayOutcome, MicropayError> {
        loop {
            let record = self.find(party, key).await?;
            tell(&record);
            let state = &record.payment.state;
            if state.is_end() || (state.is_told() && state.due_at() > Some(Timestamp::now())) {
                return Ok(MicropayOutcome::of(&record));
            }
            let told = state.is_told();
            let owner = new_owner()?;
            let lease = self.lease(&owner, &record, Timestamp::now());
            if self.store.take_micropay(party.name.clone(), key.clone(), lease, Timestamp::now()).await? {
                let driven = self.drive(party, key, &owner, tell).await;
                self.store.leave_micropay(party.name.clone(), key.clone(), owner).await?;
                driven?;
            } else if told {
                return Ok(MicropayOutcome::of(&record));
            } else {
                tokio::time::sleep(FOLLOW_INTERVAL).await;
            }
        }
    }

    /// Where a payment stands.
    ///
    /// # Errors
    /// [`MicropayError`] when there is no such payment, or the store fails.
    pub async fn outcome(&self, party: &Party, key: &MicropayKey) -> Result<MicropayOutcome, MicropayError> {
        self.find(party, key).await.map(|record| MicropayOutcome::of(&record))
    }

    /// Notes that the cashier gave up; whoever runs the payment looks once more and ends it. One that has ended stays as it is.
    ///
    /// # Errors
    /// As [`Self::outcome`].
    pub async fn cancel(&self, party: &Party, key: &MicropayKey) -> Result<MicropayOutcome, MicropayError> {
        self.store.cancel_micropay(party.name.clone(), key.clone(), Timestamp::now()).await?;
        self.outcome(party, key).await
    }

    /// Notes that a person has seen to a payment that needs one, and how: what it was for may be paid again. Returns whether it
    /// needs one.
    ///
    /// # Errors
    /// [`MicropayError`] when there is no such payment, or the store fails.
    pub async fn release(&self, party: &Party, key: &MicropayKey, reason: &str) -> Result<bool, MicropayError> {
        let name = party.name.clone();
        let released = self.store.release_micropay(name, key.clone(), reason.to_owned(), Timestamp::now()).await?;
        self.find(party, key).await?;
        Ok(released)
    }

    async fn find(&self, party: &Party, key: &MicropayKey) -> Result<MicropayRecord, MicropayError> {
        let found = self.store.find_micropay(party.name.clone(), key.clone()).await?;
        found.ok_or_else(|| MicropayError::NotFound(key.clone()))
    }

    /// Does what is due, step by step, until nothing is left that a cashier waits for, or somebody else runs the payment.
    async fn drive(
        &self,
        party: &Party,
        key: &MicropayKey,
        owner: &str,
        tell: Telling<'_>,
    ) -> Result<(), MicropayError> {
        let platform = platform_of(party)?.with_timeout(self.call_timeout);
        loop {
            let record = self.find(party, key).await?;
            let now = Timestamp::now();
            let kept = match record.payment.deed(record.cancel_requested_at.is_some(), now, &self.pace) {
                MicropayDeed::Nothing => return Ok(()),
                MicropayDeed::WaitUntil(_) if record.payment.state.is_told() => return Ok(()),
                MicropayDeed::WaitUntil(due) => {
                    let left = Duration::try_from(due.duration_since(now)).unwrap_or_default();
                    tokio::time::sleep(left.min(FOLLOW_INTERVAL)).await;
                    continue;
                }
                MicropayDeed::Keep(event) => self.keep(&record, event, owner).await?,
                MicropayDeed::Call => match self.keep(&record, MicropayEvent::CallBegins, owner).await? {
                    Some(begun) => {
                        tell(&begun);
                        let called = platform.micropay(&next_call(&begun)?).await;
                        let event = event_of(called, begun.payment.order_id.as_ref());
                        self.keep(&begun, event, owner).await?
                    }
                    None => None,
                },
                MicropayDeed::Look => {
                    let event = self.look(&platform, &record).await?;
                    self.keep(&record, event, owner).await?
                }
                MicropayDeed::Refund(order_id) => {
                    let asked = refund(&*self.store, party, &platform, &record, &order_id, now).await;
                    let progress = match asked {
                        Ok(progress) => progress,
                        Err(LookError::Platform(_)) => RefundProgress::UnderWay,
                        Err(LookError::Own(error)) => return Err(error),
                    };
                    self.keep(&record, MicropayEvent::Refund(progress), owner).await?
                }
            };
            // Somebody else runs it: whoever waits watches that.
            let Some(kept) = kept else { return Ok(()) };
            tell(&kept);
        }
    }

    async fn look(&self, platform: &PlatformClient, record: &MicropayRecord) -> Result<MicropayEvent, MicropayError> {
        match tokio::time::timeout(self.call_timeout, look(&*self.store, platform, record)).await {
            Ok(Ok(sight)) => Ok(MicropayEvent::Looked(sight)),
            Ok(Err(LookError::Platform(problem))) => Ok(MicropayEvent::LookFailed(problem)),
            Ok(Err(LookError::Own(error))) => Err(error),
            Err(_) => {
                let problem = format!("the orders were not told within {} ms", self.call_timeout.as_millis());
                Ok(MicropayEvent::LookFailed(problem))
            }
        }
    }

    /// Keeps a step; `None` when somebody else runs the payment.
    async fn keep(
        &self,
        record: &MicropayRecord,
        event: MicropayEvent,
        owner: &str,
    ) -> Result<Option<MicropayRecord>, MicropayError> {
        let at = Timestamp::now();
        let to = record.payment.clone().after(&event, at, &self.pace)?;
        let mut next =
            MicropayRecord { payment: to.clone(), version: record.version + 1, updated_at: at, ..record.clone() };
        let moved = MicropayMove {
            party: record.party.clone(),
            key: record.key.clone(),
            version: record.version,
            lease: self.lease(owner, &next, at),
            from: record.payment.state.name(),
            event,
            to,
            at,
        };
        if !self.store.move_micropay(moved).await? {
            return Ok(None);
        }
        if next.payment.state.is_end() {
            next.auth_code = None;
        }
        Ok(Some(next))
    }

    /// Until when the owner is not taken for dead: the next thing that is due, and time for a call and its reply.
    fn lease(&self, owner: &str, record: &MicropayRecord, now: Timestamp) -> MicropayLease {
        let due = record.payment.state.due_at().filter(|_| !record.payment.state.is_told());
        let from = due.map_or(now, |due| due.max(now));
        MicropayLease { owner: owner.to_owned(), until: self.pace.later(from, self.call_timeout * 2) }
    }
}

fn platform_of(party: &Party) -> Result<&PlatformClient, MicropayError> {
    party.platform.as_ref().ok_or_else(|| MicropayError::NoPlatformAccess(party.name.to_string()))
}

fn new_owner() -> Result<String, MicropayError> {
    let mut bytes = [0; OWNER_BYTES];
    getrandom::fill(&mut bytes).map_err(|error| MicropayError::Random(error.to_string()))?;
    Ok(sha256_hex(&bytes))
}
