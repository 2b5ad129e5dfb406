//! Jobs over several gateways on one database: each period has one run, a dead owner's job is taken over, missed days are caught
//! up, and what somebody asks for is run now.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use nontax_gateway::app::jobs::{Job, JobError, JobRun, JobRunner, Ran, RunNowError};
use nontax_gateway::domain::{ChinaDate, DailySchedule, PartyName, Schedule, WallTime};
use nontax_gateway::store::{JobKey, JobOutcome, JobRecord, SharedStore};
use tokio::sync::Semaphore;

use crate::book::{NOON, at, party};
use crate::stores::{TestStore, on_both_stores};

on_both_stores!(
    each_period_has_one_run_whoever_looks,
    a_dead_owners_job_is_taken_over_after_its_lease,
    a_run_that_lost_its_lease_is_stopped_and_ends_nothing,
    missed_days_are_caught_up_and_a_failing_one_is_in_nobodys_way,
    what_somebody_asks_for_is_run_now,
    a_gateway_that_stops_hands_its_jobs_over_at_once,
    a_panic_is_a_failure_like_others,
);

/// Long enough that no test sees it end by the real clock.
const LEASE: Duration = Duration::from_mins(10);

/// A clock that a test moves, in seconds.
#[derive(Clone)]
struct Clock(Arc<AtomicI64>);

impl Clock {
    fn at_noon() -> Self {
        Self(Arc::new(AtomicI64::new(NOON)))
    }

    fn now(&self) -> Timestamp {
        at(self.0.load(Ordering::SeqCst))
    }

    fn add(&self, seconds: i64) {
        self.0.fetch_add(seconds, Ordering::SeqCst);
    }
}

type Runs = Arc<std::sync::Mutex<Vec<(String, Option<String>)>>>;
type Deed = Arc<dyn Fn(JobRun) -> Result<Ran, JobError> + Send + Sync>;

/// A job that writes down who ran it for which day, and waits where it is told to.
#[derive(Clone)]
struct Noting {
    gateway: &'static str,
    schedule: Schedule,
    party: PartyName,
    runs: Runs,
    deed: Deed,
    gate: Option<Arc<Semaphore>>,
}

#[async_trait]
impl Job for Noting {
    fn name(&self) -> &'static str {
        "noting"
    }

    fn party(&self) -> Option<&PartyName> {
        Some(&self.party)
    }

    fn schedule(&self) -> Schedule {
        self.schedule
    }

    async fn run(&self, run: JobRun) -> Result<Ran, JobError> {
        self.runs.lock().unwrap().push((self.gateway.to_owned(), run.day.map(|day| day.to_string())));
        if let Some(gate) = &self.gate {
            gate.acquire().await.unwrap().forget();
        }
        (self.deed)(run)
    }
}

fn noting(gateway: &'static str, schedule: Schedule, runs: &Runs) -> Noting {
    let deed: Deed = Arc::new(|_| Ok(Ran::Done("noted".to_owned())));
    Noting { gateway, schedule, party: party(), runs: Arc::clone(runs), deed, gate: None }
}

fn runner(store: SharedStore, job: Noting, clock: &Clock, lease: Duration) -> JobRunner {
    let clock = clock.clone();
    JobRunner::new(store, vec![Arc::new(job)]).unwrap().with_clock(Arc::new(move || clock.now()), lease)
}

fn every_minute() -> Schedule {
    Schedule::Every(Duration::from_mins(1))
}

fn daily() -> Schedule {
    let (from, until) = (WallTime::whole_hour(6), WallTime::whole_hour(20));
    Schedule::Daily(DailySchedule { from, until, retry_every: Duration::from_mins(10), catch_up_days: 7 })
}

fn key() -> JobKey {
    JobKey { name: "noting".to_owned(), party: Some(party()) }
}

async fn row(store: &SharedStore) -> JobRecord {
    store.list_jobs(ChinaDate::at(at(0))).await.unwrap().into_iter().find(|record| record.key == key()).unwrap()
}

/// Waits until a run has begun.
async fn begun(runs: &Runs, count: usize) {
    let reached = async {
        while runs.lock().unwrap().len() < count {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_mins(1), reached).await.expect("the run does not begin");
}

async fn each_period_has_one_run_whoever_looks(test: TestStore) {
    let (clock, runs) = (Clock::at_noon(), Runs::default());
    let one = runner(test.store.clone(), noting("one", every_minute(), &runs), &clock, LEASE);
    let two = runner(test.open_again().await, noting("two", every_minute(), &runs), &clock, LEASE);
    for period in 1..=5 {
        for _ in 0..3 {
            let (left, right) = tokio::join!(one.run_due(), two.run_due());
            left.unwrap();
            right.unwrap();
        }
        assert_eq!(runs.lock().unwrap().len(), period);
        clock.add(59);
        assert!(one.run_due().await.unwrap().is_empty());
        clock.add(1);
    }
    let row = row(&test.store).await;
    assert_eq!((row.lease.clone(), row.last_outcome), (None, Some(JobOutcome::Done)));
    assert_eq!((row.last_detail.as_str(), row.failures), ("noted", 0));
    assert_eq!(row.next_at, Some(clock.now()), "counted from the start of the last run");
}

async fn a_dead_owners_job_is_taken_over_after_its_lease(test: TestStore) {
    let (clock, runs) = (Clock::at_noon(), Runs::default());
    let stuck = Noting { gate: Some(Arc::new(Semaphore::new(0))), ..noting("one", daily(), &runs) };
    let one = runner(test.store.clone(), stuck, &clock, LEASE);
    let dying = tokio::spawn(async move { one.run_due().await });
    begun(&runs, 1).await;
    // As by kill -9: nothing is given back.
    dying.abort();
    let two = runner(test.open_again().await, noting("two", daily(), &runs), &clock, LEASE);
    clock.add(599);
    assert!(two.run_due().await.unwrap().is_empty(), "its lease has not ended");
    clock.add(1);
    let ends = two.run_due().await.unwrap();
    assert_eq!(ends.len(), 1);
    let who: Vec<_> = runs.lock().unwrap().clone();
    assert_eq!((who[0].0.as_str(), who[1].0.as_str()), ("one", "two"));
    assert_eq!(who[0].1, who[1].1, "the same day");
}

async fn a_run_that_lost_its_lease_is_stopped_and_ends_nothing(test: TestStore) {
    let (clock, runs) = (Clock::at_noon(), Runs::default());
    let gate = Arc::new(Semaphore::new(0));
    let stuck = Noting { gate: Some(Arc::clone(&gate)), ..noting("one", every_minute(), &runs) };
    // Renewed each quarter of a second by the real clock.
    let one = runner(test.store.clone(), stuck, &clock, Duration::from_secs(1));
    let losing = tokio::spawn(async move { one.run_due().await.unwrap() });
    begun(&runs, 1).await;
    let two = runner(test.open_again().await, noting("two", every_minute(), &runs), &clock, LEASE);
    // Its clock runs ahead: it takes the owner for dead.
    clock.add(3600);
    loop {
        // A renewal may come first, dated by the new time.
        clock.add(3600);
        if !two.run_due().await.unwrap().is_empty() {
            break;
        }
    }
    assert!(losing.await.unwrap().is_empty(), "it ended what is another's");
    assert_eq!(gate.available_permits(), 0);
    assert_eq!(row(&test.store).await.version, 3, "taken, taken over, ended");
}

async fn missed_days_are_caught_up_and_a_failing_one_is_in_nobodys_way(test: TestStore) {
    let (clock, runs) = (Clock::at_noon(), Runs::default());
    let bad = ChinaDate::at(clock.now()).plus_days(1);
    let deed: Deed = Arc::new(move |run| match run.day {
        Some(day) if day == bad => Err(JobError("the file is broken".to_owned())),
        _ => Ok(Ran::Done("noted".to_owned())),
    });
    let job = Noting { deed, ..noting("one", daily(), &runs) };
    let one = runner(test.store.clone(), job, &clock, LEASE);
    assert_eq!(one.run_due().await.unwrap().len(), 1, "a first start begins with the latest day");
    clock.add(4 * 86_400);
    let ends = one.run_due().await.unwrap();
    assert_eq!(ends.len(), 4);
    assert_eq!(ends.iter().filter(|end| end.outcome == JobOutcome::Failed).count(), 1);
    let days: Vec<_> = ends.iter().map(|end| end.day.unwrap()).collect();
    assert!(days.is_sorted() && days.windows(2).all(|pair| pair[0].plus_days(1) == pair[1]), "{days:?}");
    assert!(one.run_due().await.unwrap().is_empty());
    clock.add(600);
    let again = one.run_due().await.unwrap();
    assert_eq!(again.iter().map(|end| end.day).collect::<Vec<_>>(), [Some(bad)]);
    let row = row(&test.store).await;
    assert_eq!((row.failures, row.last_detail.as_str()), (1, "the file is broken"));
    assert_eq!(row.past.days.iter().filter(|day| day.done).count(), 4);
}

async fn what_somebody_asks_for_is_run_now(test: TestStore) {
    let (clock, runs) = (Clock::at_noon(), Runs::default());
    let one = runner(test.store.clone(), noting("one", daily(), &runs), &clock, LEASE);
    one.run_due().await.unwrap();
    let long_ago: ChinaDate = "20200229".parse().unwrap();
    assert!(test.store.request_job(key(), Some(long_ago), clock.now()).await.unwrap());
    let ends = one.run_due().await.unwrap();
    assert_eq!(ends.iter().map(|end| end.day).collect::<Vec<_>>(), [Some(long_ago)]);
    assert_eq!(row(&test.store).await.past.request, None);
    assert!(one.run_due().await.unwrap().is_empty());
    let job = Arc::clone(&one.jobs()[0]);
    let latest = ChinaDate::at(clock.now()).plus_days(-1);
    assert_eq!(one.run_now(&job, None).await.unwrap().day, Some(latest));
    let nobody = JobKey { name: "nothing".to_owned(), party: None };
    assert!(!test.store.request_job(nobody, None, clock.now()).await.unwrap());
}

async fn a_gateway_that_stops_hands_its_jobs_over_at_once(test: TestStore) {
    let (clock, runs) = (Clock::at_noon(), Runs::default());
    let stuck = Noting { gate: Some(Arc::new(Semaphore::new(0))), ..noting("one", every_minute(), &runs) };
    let one = runner(test.store.clone(), stuck, &clock, LEASE);
    let running = one.clone();
    let stopping = tokio::spawn(async move { running.run_due().await });
    begun(&runs, 1).await;
    let two = runner(test.open_again().await, noting("two", every_minute(), &runs), &clock, LEASE);
    let job = Arc::clone(&two.jobs()[0]);
    assert!(matches!(two.run_now(&job, None).await, Err(RunNowError::Busy { held: Some(_) })));
    stopping.abort();
    one.leave().await.unwrap();
    assert_eq!(two.run_due().await.unwrap().len(), 1);
}

async fn a_panic_is_a_failure_like_others(test: TestStore) {
    let (clock, runs) = (Clock::at_noon(), Runs::default());
    let deed: Deed = Arc::new(|_| panic!("a bug"));
    let one = runner(test.store.clone(), Noting { deed, ..noting("one", every_minute(), &runs) }, &clock, LEASE);
    for failures in 1..=2 {
        let ends = one.run_due().await.unwrap();
        assert_eq!(ends[0].outcome, JobOutcome::Failed);
        assert_eq!(row(&test.store).await.failures, failures);
        clock.add(60);
    }
}
