//! What is measured of jobs. It is read from the database at each scrape, so that all gateways tell the same, and a restart forgets
//! nothing.

use jiff::Timestamp;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::{Registry, Unit};

use crate::domain::PartyName;
use crate::store::JobRecord;

/// Labels of a job; the party is empty for one of the whole database.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct JobLabels {
    job: String,
    party: String,
}

/// The gauges.
pub(super) struct JobMetrics {
    last_success: Family<JobLabels, Gauge>,
    failures: Family<JobLabels, Gauge>,
}

impl JobMetrics {
    pub(super) fn register(registry: &mut Registry) -> Self {
        let metrics = Self { last_success: Family::default(), failures: Family::default() };
        registry.register_with_unit(
            "job_last_success_timestamp",
            "When a run of the job last did all, in Unix time",
            Unit::Seconds,
            metrics.last_success.clone(),
        );
        registry.register(
            "job_consecutive_failures",
            "Runs of the job that failed since one did not",
            metrics.failures.clone(),
        );
        metrics
    }

    pub(super) fn set(&self, jobs: &[JobRecord]) {
        for job in jobs {
            let party = job.key.party.as_ref().map_or_else(String::new, PartyName::to_string);
            let labels = JobLabels { job: job.key.name.clone(), party };
            self.failures.get_or_create(&labels).set(job.failures);
            if let Some(at) = job.last_succeeded_at {
                self.last_success.get_or_create(&labels).set(Timestamp::as_second(at));
            }
        }
    }
}
