//! Every job, from the configuration.

use std::sync::Arc;

use jiff::Timestamp;

use super::assembly::reconcile_options;
use super::{Exit, Failure};
use crate::app::Party;
use crate::app::jobs::{
    Job, JobRunner, OrderExpiryJob, ReconciliationJob, RefundFollowingJob, RetentionAges, RetentionJob, StatementsJob,
    TokenRefreshJob,
};
use crate::config::{Config, RetentionConfig};
use crate::store::SharedStore;

/// What runs them.
pub(super) fn runner(config: &Config, parties: &[Arc<Party>], store: &SharedStore) -> Result<JobRunner, Failure> {
    JobRunner::new(Arc::clone(store), jobs(config, parties, store))
        .map_err(|error| Failure::new(Exit::Failure, format!("the system gives no random bytes: {error}")))
}

/// All of them, each party's in one place.
fn jobs(config: &Config, parties: &[Arc<Party>], store: &SharedStore) -> Vec<Arc<dyn Job>> {
    let mut jobs: Vec<Arc<dyn Job>> = Vec::new();
    let RetentionConfig { body_days, statement_days, event_days, .. } = config.retention;
    let ages = RetentionAges { body_days, statement_days, event_days };
    jobs.push(Arc::new(RetentionJob::new(Arc::clone(store), ages, Arc::new(Timestamp::now))));
    for party in parties.iter().filter(|party| party.platform.is_some()) {
        jobs.push(Arc::new(TokenRefreshJob::new(Arc::clone(party))));
        jobs.push(Arc::new(RefundFollowingJob::new(Arc::clone(store), Arc::clone(party))));
        jobs.push(Arc::new(OrderExpiryJob::new(Arc::clone(store), Arc::clone(party))));
        jobs.push(Arc::new(StatementsJob::new(Arc::clone(store), Arc::clone(party), config.jobs.daily)));
        let options = reconcile_options(config);
        jobs.push(Arc::new(ReconciliationJob::new(Arc::clone(store), Arc::clone(party), config.jobs.daily, options)));
    }
    jobs
}
