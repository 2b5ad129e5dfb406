//! What is old enough is pruned, at night and a little at a time.

use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;

use super::{Job, JobClock, JobError, JobRun, Ran};
use crate::domain::{DailySchedule, Schedule, WallTime};
use crate::store::{Prunable, SharedStore};

/// When it is done: after the day's last payments and before its first.
const NIGHTLY: DailySchedule = DailySchedule {
    from: WallTime::whole_hour(2),
    until: WallTime::whole_hour(5),
    retry_every: Duration::from_mins(30),
    // What one night left is old enough the next night too.
    catch_up_days: 0,
};

/// How many rows go with one commit: callbacks wait for the writer no longer than for one of their own batches.
const ROWS_AT_ONCE: u32 = 500;

/// A chunk is up to a megabyte.
const CHUNKS_AT_ONCE: u32 = 8;

/// The pause between two commits, in which others have their turn.
const PAUSE: Duration = Duration::from_millis(100);

/// How many days each is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetentionAges {
    /// Bodies of notifications.
    pub body_days: u16,
    /// Files of statements.
    pub statement_days: u16,
    /// Events of the feed.
    pub event_days: u16,
}

/// Prunes.
pub struct RetentionJob {
    store: SharedStore,
    ages: RetentionAges,
    clock: JobClock,
}

impl RetentionJob {
    /// For the whole database.
    #[must_use]
    pub const fn new(store: SharedStore, ages: RetentionAges, clock: JobClock) -> Self {
        Self { store, ages, clock }
    }

    async fn prune(&self, what: Prunable, days: u16, at_once: u32, now: Timestamp) -> Result<u64, JobError> {
        let older_than = now - Duration::from_hours(24 * u64::from(days));
        let mut pruned = 0;
        loop {
            let rows = self.store.prune(what, older_than, at_once, now).await?;
            pruned += rows;
            if rows < u64::from(at_once) {
                return Ok(pruned);
            }
            tokio::time::sleep(PAUSE).await;
        }
    }
}

#[async_trait]
impl Job for RetentionJob {
    fn name(&self) -> &'static str {
        "retention"
    }

    fn schedule(&self) -> Schedule {
        Schedule::Daily(NIGHTLY)
    }

    async fn run(&self, _: JobRun) -> Result<Ran, JobError> {
        let (now, ages) = ((self.clock)(), self.ages);
        let bodies = self.prune(Prunable::CallbackBodies, ages.body_days, ROWS_AT_ONCE, now).await?;
        let chunks = self.prune(Prunable::StatementChunks, ages.statement_days, CHUNKS_AT_ONCE, now).await?;
        let events = self.prune(Prunable::Events, ages.event_days, ROWS_AT_ONCE, now).await?;
        Ok(Ran::Done(format!("pruned {bodies} bodies, {chunks} chunks of statements, {events} events")))
    }
}
