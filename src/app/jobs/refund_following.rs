//! Open refunds are followed until the money went back.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use tokio::sync::Mutex;

use super::{Job, JobError, JobRun, Ran};
use crate::app::{Party, RefundLooks, follow_refunds};
use crate::domain::{PartyName, Schedule};
use crate::store::SharedStore;

/// How often it is asked which refunds are due for a look: well within the shortest pause between two looks at one, a minute. While
/// the platform is away this is also how often it is tried, with one request.
const INTERVAL: Duration = Duration::from_secs(30);

/// Follows a party's refunds.
pub struct RefundFollowingJob {
    store: SharedStore,
    party: Arc<Party>,
    /// What the next pass remembers of this one; another gateway that takes the job over begins without.
    looks: Mutex<RefundLooks>,
}

impl RefundFollowingJob {
    /// For a party, which has a way to the platform.
    #[must_use]
    pub fn new(store: SharedStore, party: Arc<Party>) -> Self {
        Self { store, party, looks: Mutex::default() }
    }
}

#[async_trait]
impl Job for RefundFollowingJob {
    fn name(&self) -> &'static str {
        "refund_following"
    }

    fn party(&self) -> Option<&PartyName> {
        Some(&self.party.name)
    }

    fn schedule(&self) -> Schedule {
        Schedule::Every(INTERVAL)
    }

    async fn run(&self, _: JobRun) -> Result<Ran, JobError> {
        let mut looks = self.looks.lock().await;
        let parties = [Arc::clone(&self.party)];
        let followed = follow_refunds(&*self.store, &parties, &mut looks, &Timestamp::now).await?;
        Ok(Ran::Done(format!("{} looked at", followed.len())))
    }
}
