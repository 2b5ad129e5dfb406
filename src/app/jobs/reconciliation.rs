//! Each day is reconciled once its statement is there.

use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;

use super::{Job, JobError, JobRun, Ran};
use crate::app::{Party, ReconcileContext, ReconcileError, ReconcileOptions, reconcile_day};
use crate::domain::{DailySchedule, PartyName, Schedule};
use crate::store::SharedStore;

/// Reconciles a party's days.
pub struct ReconciliationJob {
    store: SharedStore,
    party: Arc<Party>,
    daily: DailySchedule,
    options: ReconcileOptions,
}

impl ReconciliationJob {
    /// For a party, which has a way to the platform.
    #[must_use]
    pub const fn new(store: SharedStore, party: Arc<Party>, daily: DailySchedule, options: ReconcileOptions) -> Self {
        Self { store, party, daily, options }
    }
}

#[async_trait]
impl Job for ReconciliationJob {
    fn name(&self) -> &'static str {
        "reconciliation"
    }

    fn party(&self) -> Option<&PartyName> {
        Some(&self.party.name)
    }

    fn schedule(&self) -> Schedule {
        Schedule::Daily(self.daily)
    }

    async fn run(&self, run: JobRun) -> Result<Ran, JobError> {
        let Some(day) = run.day else { return Err(JobError("it is done by day".to_owned())) };
        let context =
            ReconcileContext { store: &self.store, party: &self.party, clock: &Timestamp::now, options: self.options };
        match reconcile_day(&context, day).await {
            Ok(outcome) => Ok(Ran::Done(outcome.to_string())),
            Err(error @ ReconcileError::NoStatement { .. }) => Ok(Ran::NotYet(error.to_string())),
            Err(error) => Err(error.into()),
        }
    }
}
