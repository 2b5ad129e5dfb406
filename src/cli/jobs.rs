//! Every job, from the configuration.

use std::sync::Arc;

use super::{Exit, Failure};
use crate::app::Party;
use crate::app::jobs::{Job, JobRunner, RefundFollowingJob, TokenRefreshJob};
use crate::config::Config;
use crate::store::SharedStore;

/// What runs them.
pub(super) fn runner(config: &Config, parties: &[Arc<Party>], store: &SharedStore) -> Result<JobRunner, Failure> {
    JobRunner::new(Arc::clone(store), jobs(config, parties, store))
        .map_err(|error| Failure::new(Exit::Failure, format!("the system gives no random bytes: {error}")))
}

/// All of them, each party's in one place.
fn jobs(_config: &Config, parties: &[Arc<Party>], store: &SharedStore) -> Vec<Arc<dyn Job>> {
    let mut jobs: Vec<Arc<dyn Job>> = Vec::new();
    for party in parties.iter().filter(|party| party.platform.is_some()) {
        jobs.push(Arc::new(TokenRefreshJob::new(Arc::clone(party))));
        jobs.push(Arc::new(RefundFollowingJob::new(Arc::clone(store), Arc::clone(party))));
    }
    jobs
}
