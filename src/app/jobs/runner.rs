//! Runs jobs: looks which are due, takes one by its lease, keeps the lease while it runs, keeps what came of it.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::task::JoinSet;

use super::{Job, JobError, JobRun, Ran};
use crate::domain::{ChinaDate, DayTried, Due, JobRequest};
use crate::store::{EndedRun, JobKey, JobLease, JobOutcome, JobRecord, SharedStore, StoreError};

/// How often it is looked which jobs are due: what somebody asked for waits this long, and so does what a dead gateway left.
const LOOK_INTERVAL: Duration = Duration::from_secs(5);

/// How long after its last sign of life whoever runs a job is taken for dead.
const LEASE: Duration = Duration::from_mins(1);

/// A lease is renewed so many times before it would end: a database that is away for a while costs no run.
const RENEWALS_IN_A_LEASE: u32 = 4;

/// How many jobs one gateway runs at once. Callbacks need the same database and the same platform.
const RUNS_AT_ONCE: usize = 8;

/// How much of what a run says is kept.
const MAX_DETAIL_CHARS: usize = 500;

/// Random bytes in an owner's name: no two processes draw the same.
const OWNER_BYTES: usize = 16;

/// What tells the time.
pub type JobClock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// Runs the jobs of a gateway.
#[derive(Clone)]
pub struct JobRunner {
    store: SharedStore,
    jobs: Vec<Arc<dyn Job>>,
    owner: String,
    lease: Duration,
    clock: JobClock,
}

/// The end of a run, as it was kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobEnd {
    /// Which job.
    pub key: JobKey,
    /// Of a daily job: the day that it was for.
    pub day: Option<ChinaDate>,
    /// How it ended.
    pub outcome: JobOutcome,
    /// What it had to say.
    pub detail: String,
}

/// Why a job was not run.
#[derive(Debug, thiserror::Error)]
pub enum RunNowError {
    /// Another process is at it.
    #[error("{}", held.as_ref().map_or_else(|| "another gateway took it at this moment".to_owned(), |lease| format!("another gateway runs it; unless it shows a sign of life, its lease ends at {}", lease.until)))]
    Busy {
        /// Whose it is.
        held: Option<JobLease>,
    },
    /// The lease was lost on the way: another gateway goes on.
    #[error("its lease was lost while it ran; another gateway takes it up")]
    Lost,
    /// The store failed.
    #[error("the store failed")]
    Store(#[from] StoreError),
}

/// Runs under way, and which jobs they are of.
#[derive(Default)]
struct Runs {
    tasks: JoinSet<(JobKey, Option<JobEnd>)>,
    busy: HashSet<JobKey>,
}

impl JobRunner {
    /// A runner of `jobs` for one process.
    ///
    /// # Errors
    /// [`getrandom::Error`] when the system gives no random bytes.
    pub fn new(store: SharedStore, jobs: Vec<Arc<dyn Job>>) -> Result<Self, getrandom::Error> {
        let mut bytes = [0_u8; OWNER_BYTES];
        getrandom::fill(&mut bytes)?;
        let owner = bytes.iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"));
        Ok(Self { store, jobs, owner, lease: LEASE, clock: Arc::new(Timestamp::now) })
    }

    /// The same runner with another clock and other leases, for a test that cannot wait.
    #[must_use]
    pub fn with_clock(self, clock: JobClock, lease: Duration) -> Self {
        Self { lease, clock, ..self }
    }

    /// Every job of this process.
    #[must_use]
    pub fn jobs(&self) -> &[Arc<dyn Job>] {
        &self.jobs
    }

    /// Runs what is due, again and again.
    pub async fn run_without_end(&self) {
        let mut runs = Runs::default();
        loop {
            if let Err(error) = self.start_due(&mut runs).await {
                let error = &error as &dyn std::error::Error;
                tracing::warn!(error, "it could not be looked which jobs are due");
            }
            tokio::select! {
                // What comes next is due at once, where days are caught up.
                Some(_) = runs.next() => {}
                () = tokio::time::sleep(LOOK_INTERVAL) => {}
            }
        }
    }

    /// Runs everything that is due, and what becomes due by that, to its end.
    ///
    /// # Errors
    /// [`StoreError`] when the store cannot say what is due.
    pub async fn run_due(&self) -> Result<Vec<JobEnd>, StoreError> {
        let (mut runs, mut ends) = (Runs::default(), Vec::new());
        loop {
            self.start_due(&mut runs).await?;
            match runs.next().await {
                Some(end) => ends.extend(end),
                None => return Ok(ends),
            }
        }
    }

    /// Runs a job now, whatever its schedule says; a daily one for `day`, without one for the latest.
    ///
    /// # Errors
    /// [`RunNowError`] when another process is at it, or the store failed.
    pub async fn run_now(&self, job: &Arc<dyn Job>, day: Option<ChinaDate>) -> Result<JobEnd, RunNowError> {
        let now = (self.clock)();
        let key = key_of(&**job);
        let schedule = job.schedule();
        self.store.ensure_job(key.clone(), schedule.latest_day(now)).await?;
        let mut records = self.store.list_jobs(schedule.earliest_day(now)).await?;
        records.retain(|record| record.key == key);
        let Some(mut record) = records.pop() else { return Err(RunNowError::Busy { held: None }) };
        if let Some(held) = record.lease.as_ref().filter(|lease| lease.until > now) {
            return Err(RunNowError::Busy { held: Some(held.clone()) });
        }
        // What somebody else asked for stays asked for, unless it is this.
        let same = record.past.request.filter(|request| request.day == day);
        record.past.request = Some(same.unwrap_or(JobRequest { requested_at: now, day }));
        let Due::Now(day) = schedule.due(&record.past, now) else { return Err(RunNowError::Busy { held: None }) };
        match self.take_and_run(job, &record, day).await? {
            Taken::Ended(end) => Ok(end),
            Taken::Lost => Err(RunNowError::Lost),
            Taken::ByAnother => Err(RunNowError::Busy { held: None }),
        }
    }

    /// Lets go of what is run here, so that another gateway takes it up at once. Call it when nothing runs any more.
    ///
    /// # Errors
    /// [`StoreError`] when the store failed: the leases end by themselves.
    pub async fn leave(&self) -> Result<(), StoreError> {
        self.store.leave_jobs(self.owner.clone()).await
    }

    /// Starts each job that is due and that nobody runs.
    async fn start_due(&self, runs: &mut Runs) -> Result<(), StoreError> {
        let now = (self.clock)();
        let Some(since) = self.jobs.iter().map(|job| job.schedule().earliest_day(now)).min() else { return Ok(()) };
        let mut records = self.store.list_jobs(since).await?;
        let is_new = |job: &&Arc<dyn Job>| !records.iter().any(|record| record.key == key_of(&***job));
        let new: Vec<_> = self.jobs.iter().filter(is_new).collect();
        for job in &new {
            self.store.ensure_job(key_of(&***job), job.schedule().latest_day(now)).await?;
        }
        if !new.is_empty() {
            records = self.store.list_jobs(since).await?;
        }
        for job in &self.jobs {
            let key = key_of(&**job);
            let Some(record) = records.iter().find(|record| record.key == key) else { continue };
            let is_held = record.lease.as_ref().is_some_and(|lease| lease.until > now);
            if is_held || runs.busy.contains(&key) || runs.tasks.len() >= RUNS_AT_ONCE {
                continue;
            }
            let Due::Now(day) = job.schedule().due(&record.past, now) else { continue };
            let (runner, job, record) = (self.clone(), Arc::clone(job), record.clone());
            runs.busy.insert(key.clone());
            runs.tasks.spawn(async move {
                let taken = runner.take_and_run(&job, &record, day).await.unwrap_or_else(|error| {
                    let error = &error as &dyn std::error::Error;
                    tracing::warn!(job = record.key.name, error, "a job could not be begun or ended");
                    Taken::Lost
                });
                (key, taken.end())
            });
        }
        Ok(())
    }

    async fn take_and_run(
        &self,
        job: &Arc<dyn Job>,
        record: &JobRecord,
        day: Option<ChinaDate>,
    ) -> Result<Taken, StoreError> {
        let started_at = (self.clock)();
        let lease = self.lease_from(started_at);
        if !self.store.take_job(record.key.clone(), record.version, lease, day, started_at).await? {
            return Ok(Taken::ByAnother);
        }
        let version = record.version + 1;
        // A task of its own, so that a panic is an outcome like others; dropped, it is broken off.
        let (mut running, run) = (JoinSet::new(), JobRun { day, started_at });
        let running_job = Arc::clone(job);
        running.spawn(async move { running_job.run(run).await });
        let ran = tokio::select! {
            Some(ran) = running.join_next() => ran.unwrap_or_else(|error| Err(JobError(format!("it broke down: {error}")))),
            () = self.keep_lease(&record.key, version) => {
                tracing::warn!(job = record.key.name, party = party_of(&record.key), "the lease of a job was lost while it ran");
                return Ok(Taken::Lost);
            }
        };
        let ended = self.ended(job, record, day, started_at, ran);
        tell(record, &ended);
        let end = JobEnd { key: record.key.clone(), day, outcome: ended.outcome, detail: ended.detail.clone() };
        let kept = self.store.end_job(record.key.clone(), version, self.owner.clone(), ended).await?;
        Ok(if kept { Taken::Ended(end) } else { Taken::Lost })
    }

    /// Renews the lease until it is lost: another took the job, or the store was away until the lease ended.
    async fn keep_lease(&self, key: &JobKey, version: i64) {
        let pause = self.lease / RENEWALS_IN_A_LEASE;
        let mut ends = tokio::time::Instant::now() + self.lease;
        loop {
            tokio::time::sleep(pause).await;
            let asked = tokio::time::Instant::now();
            let lease = self.lease_from((self.clock)());
            let renewed = self.store.renew_job(key.clone(), version, lease);
            match tokio::time::timeout_at(ends, renewed).await {
                Ok(Ok(true)) => ends = asked + self.lease,
                Ok(Ok(false)) => return,
                Ok(Err(_)) | Err(_) if tokio::time::Instant::now() >= ends => return,
                Ok(Err(_)) | Err(_) => {}
            }
        }
    }

    fn lease_from(&self, now: Timestamp) -> JobLease {
        JobLease { owner: self.owner.clone(), until: now + self.lease }
    }

    /// What is kept of a run, the next time among it.
    fn ended(
        &self,
        job: &Arc<dyn Job>,
        record: &JobRecord,
        day: Option<ChinaDate>,
        started_at: Timestamp,
        ran: Result<Ran, JobError>,
    ) -> EndedRun {
        let ended_at = (self.clock)();
        let (outcome, detail) = match ran {
            Ok(Ran::Done(detail)) => (JobOutcome::Done, detail),
            Ok(Ran::NotYet(detail)) => (JobOutcome::NotYet, detail),
            Err(JobError(detail)) => (JobOutcome::Failed, detail),
        };
        let mut past = record.past.clone();
        let requested_at = past.request.take().map(|request| request.requested_at);
        past.broken_off = None;
        past.last_started_at = Some(started_at);
        if let Some(day) = day {
            let was_done = past.days.iter().any(|tried| tried.day == day && tried.done);
            past.days.retain(|tried| tried.day != day);
            past.days.push(DayTried { day, tried_at: ended_at, done: was_done || outcome == JobOutcome::Done });
        }
        let next_at = match job.schedule().due(&past, ended_at) {
            Due::Now(_) => ended_at,
            Due::At(next_at) => next_at,
        };
        let detail = detail.chars().take(MAX_DETAIL_CHARS).collect();
        EndedRun { ended_at, outcome, detail, day, requested_at, next_at }
    }
}

/// What became of an attempt to run a job.
enum Taken {
    Ended(JobEnd),
    Lost,
    ByAnother,
}

impl Taken {
    fn end(self) -> Option<JobEnd> {
        match self {
            Self::Ended(end) => Some(end),
            Self::Lost | Self::ByAnother => None,
        }
    }
}

impl Runs {
    /// Waits for a run to end; none when there is none.
    async fn next(&mut self) -> Option<Option<JobEnd>> {
        // A run catches its job's panics, and nobody aborts it alone.
        let (key, end) = self.tasks.join_next().await?.ok()?;
        self.busy.remove(&key);
        Some(end)
    }
}

fn key_of(job: &dyn Job) -> JobKey {
    JobKey { name: job.name().to_owned(), party: job.party().cloned() }
}

fn party_of(key: &JobKey) -> Option<&str> {
    key.party.as_ref().map(crate::domain::PartyName::as_str)
}

/// A failure is told when it is the first, and each of a day's; what comes many times an hour and works is not told.
fn tell(record: &JobRecord, ended: &EndedRun) {
    let (job, party, detail) = (record.key.name.as_str(), party_of(&record.key), ended.detail.as_str());
    let day = ended.day.map(|day| day.to_string());
    match ended.outcome {
        JobOutcome::Failed if day.is_some() || record.failures == 0 => {
            tracing::warn!(job, party, day, detail, "a job failed");
        }
        JobOutcome::Failed => tracing::debug!(job, party, day, detail, "a job failed again"),
        _ if day.is_none() && record.failures == 0 => tracing::debug!(job, party, detail, "a job ended"),
        outcome => tracing::info!(job, party, day, outcome = outcome.name(), detail, "a job ended"),
    }
}
