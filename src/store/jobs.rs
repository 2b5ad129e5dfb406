//! The promises about jobs: one row for each, and the lease of the gateway that runs it.

use async_trait::async_trait;
use jiff::Timestamp;

use super::StoreError;
use crate::domain::{ChinaDate, JobPast, PartyName};

/// Which job, and whose.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct JobKey {
    /// What it does.
    pub name: String,
    /// Whose; none for a job of the whole database.
    pub party: Option<PartyName>,
}

/// Who runs a job, and until when nobody else may.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobLease {
    /// A name that no other process has.
    pub owner: String,
    /// From this instant on the owner is taken for dead.
    pub until: Timestamp,
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JobOutcome {
    /// All was done.
    Done,
    /// What it needs is not there yet.
    NotYet,
    /// It failed.
    Failed,
}

impl JobOutcome {
    /// Every way to end.
    pub const ALL: [Self; 3] = [Self::Done, Self::NotYet, Self::Failed];

    /// The name in the database and to programs.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::NotYet => "not_yet",
            Self::Failed => "failed",
        }
    }
}

/// A job as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobRecord {
    /// Which.
    pub key: JobKey,
    /// How often it was taken or ended: whoever takes it says what it saw.
    pub version: i64,
    /// What decides when it is due, with the days since the one that was asked for.
    pub past: JobPast,
    /// Who runs it, or began to and never told the end.
    pub lease: Option<JobLease>,
    /// When its last run ended.
    pub last_ended_at: Option<Timestamp>,
    /// How.
    pub last_outcome: Option<JobOutcome>,
    /// What the last run had to say.
    pub last_detail: String,
    /// When a run last did all.
    pub last_succeeded_at: Option<Timestamp>,
    /// How many runs failed since one did not.
    pub failures: i64,
    /// When it is due, as far as the last run could tell.
    pub next_at: Option<Timestamp>,
}

/// The end of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndedRun {
    /// When.
    pub ended_at: Timestamp,
    /// How.
    pub outcome: JobOutcome,
    /// What it has to say, for people.
    pub detail: String,
    /// Of a daily job: the day that it was for.
    pub day: Option<ChinaDate>,
    /// The request that it answered.
    pub requested_at: Option<Timestamp>,
    /// When the next run is due.
    pub next_at: Timestamp,
}

/// The jobs that gateways do unasked.
#[async_trait]
pub trait Jobs: Send + Sync {
    /// Makes the row of a job, unless there is one. A daily job answers for the days from `first_day` on.
    async fn ensure_job(&self, key: JobKey, first_day: ChinaDate) -> Result<(), StoreError>;

    /// Every job, by name and party, each with the days since `since`.
    async fn list_jobs(&self, since: ChinaDate) -> Result<Vec<JobRecord>, StoreError>;

    /// Takes a job that is as `version` saw it and that nobody runs at `at`, and begins a run. Returns false, and changes nothing, when
    /// it is another's. The row is one version further then.
    async fn take_job(
        &self,
        key: JobKey,
        version: i64,
        lease: JobLease,
        day: Option<ChinaDate>,
        at: Timestamp,
    ) -> Result<bool, StoreError>;

    /// Lengthens the lease of the run that began with `version`. Returns false when the job is another's.
    async fn renew_job(&self, key: JobKey, version: i64, lease: JobLease) -> Result<bool, StoreError>;

    /// Ends the run that began with `version`, and the lease with it. Returns false, and changes nothing, when the job is another's.
    async fn end_job(&self, key: JobKey, version: i64, owner: String, ended: EndedRun) -> Result<bool, StoreError>;

    /// Asks for a run now, of a daily job for `day`, without one for the latest. Returns false when there is no such job.
    async fn request_job(&self, key: JobKey, day: Option<ChinaDate>, at: Timestamp) -> Result<bool, StoreError>;

    /// Lets go of all that `owner` runs: as if it had died, and at once.
    async fn leave_jobs(&self, owner: String) -> Result<(), StoreError>;
}
