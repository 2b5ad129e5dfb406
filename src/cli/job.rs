//! `nontax job`: when the jobs are due, what became of them, and running one now.

use std::fmt::Write as _;
use std::io;
use std::sync::Arc;

use clap::{Args, Subcommand};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Console, Exit, Failure, Format, Shared, assembly, config, jobs};
use crate::app::jobs::{Job, JobEnd, JobRunner, RunNowError};
use crate::domain::{ChinaDate, PartyName, Schedule};
use crate::store::{JobKey, JobOutcome, JobRecord, SharedStore, StoreError};

/// The commands about jobs.
#[derive(Debug, Subcommand)]
pub enum JobCommand {
    /// List the jobs: who runs them, when they ran, how that ended, when they are due.
    List(ListArguments),
    /// Run a job now, whatever its schedule says.
    Run(RunArguments),
}

/// What `job list` takes.
#[derive(Debug, Args)]
pub struct ListArguments {
    /// How to print it; JSON is one object a line.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// What `job run` takes.
#[derive(Debug, Args)]
pub struct RunArguments {
    /// The job, by its name in the list.
    name: String,
    /// Only this party's; without it each party's, one after the other.
    #[arg(long, value_name = "NAME")]
    party: Option<String>,
    /// Of a daily job: the day in China to work on; without it the latest that is due.
    #[arg(long, value_name = "YYYYMMDD")]
    day: Option<ChinaDate>,
    /// Do not run it here: ask the serving gateways, of which one runs it within seconds.
    #[arg(long)]
    ask: bool,
    /// How to print it; JSON is one object a line.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// Runs one of them.
///
/// # Errors
/// [`Failure`] when the command line or the database is wrong, or the job failed, waits for something, or is run elsewhere.
pub async fn run(command: &JobCommand, shared: &Shared, console: &mut Console<'_>) -> Result<(), Failure> {
    let config = config::load(shared)?.config;
    config::require_parties(&config)?;
    let store = assembly::open_store(&config).await?;
    let parties: Vec<_> = assembly::parties(&config, Some(&store))?.into_iter().map(Arc::new).collect();
    let runner = jobs::runner(&config, &parties, &store)?;
    let outcome = match command {
        JobCommand::List(arguments) => list(arguments, &runner, &store, console).await,
        JobCommand::Run(arguments) => run_named(arguments, &runner, &store, console).await,
    };
    store.close().await;
    outcome
}

async fn list(
    arguments: &ListArguments,
    runner: &JobRunner,
    store: &SharedStore,
    console: &mut Console<'_>,
) -> Result<(), Failure> {
    let now = Timestamp::now();
    let records = store.list_jobs(ChinaDate::at(now)).await.map_err(failed)?;
    for record in &records {
        match arguments.format {
            Format::Text => writeln!(console.out, "{}", told(record, now)),
            Format::Json => writeln!(console.out, "{}", shown(record, now)),
        }
        .map_err(cannot_write)?;
    }
    let keys = runner.jobs().iter().map(|job| key_of(&**job));
    let new: Vec<_> = keys.filter(|key| !records.iter().any(|record| record.key == *key)).collect();
    if !new.is_empty() {
        let names = new.iter().map(name_of).collect::<Vec<_>>().join(", ");
        writeln!(console.err, "not run yet by any gateway: {names}").map_err(cannot_write)?;
    }
    Ok(())
}

async fn run_named(
    arguments: &RunArguments,
    runner: &JobRunner,
    store: &SharedStore,
    console: &mut Console<'_>,
) -> Result<(), Failure> {
    let named = named(arguments, runner)?;
    let mut troubles = Vec::new();
    for job in &named {
        let key = key_of(&***job);
        if arguments.ask {
            ask(&***job, &key, arguments.day, store).await?;
            writeln!(console.err, "{} is asked for: a serving gateway runs it within seconds", name_of(&key))
                .map_err(cannot_write)?;
            continue;
        }
        match runner.run_now(job, arguments.day).await {
            Ok(end) => {
                if end.outcome != JobOutcome::Done {
                    troubles.push(format!("{}: {}", name_of(&key), end.outcome.name()));
                }
                print(&end, arguments.format, console)?;
            }
            Err(RunNowError::Store(error)) => return Err(failed(error)),
            Err(error) => troubles.push(format!("{}: {error}", name_of(&key))),
        }
    }
    if troubles.is_empty() { Ok(()) } else { Err(Failure::new(Exit::Failure, troubles.join("; "))) }
}

/// The jobs that the command line names.
fn named<'r>(arguments: &RunArguments, runner: &'r JobRunner) -> Result<Vec<&'r Arc<dyn Job>>, Failure> {
    let of_name: Vec<_> = runner.jobs().iter().filter(|job| job.name() == arguments.name).collect();
    if of_name.is_empty() {
        let mut names: Vec<_> = runner.jobs().iter().map(|job| job.name()).collect();
        names.sort_unstable();
        names.dedup();
        let failure = Failure::new(Exit::Usage, format!("there is no job \"{}\"", arguments.name));
        return Err(failure.with_help(format!("the jobs of this configuration are: {}", names.join(", "))));
    }
    let party = arguments.party.as_deref();
    let is_of_party = |job: &&&Arc<dyn Job>| party.is_none() || job.party().map(PartyName::as_str) == party;
    let named: Vec<_> = of_name.iter().filter(is_of_party).copied().collect();
    if named.is_empty() {
        let cause = format!("the job \"{}\" is not done for party \"{}\"", arguments.name, party.unwrap_or_default());
        return Err(Failure::new(Exit::Usage, cause)
            .with_help("a party's jobs need its app_secret; nontax job list shows whose they are"));
    }
    if arguments.day.is_some() && named.iter().any(|job| matches!(job.schedule(), Schedule::Every(_))) {
        return Err(Failure::new(Exit::Usage, format!("the job \"{}\" is not done by day", arguments.name))
            .with_help("leave --day out"));
    }
    Ok(named)
}

async fn ask(job: &dyn Job, key: &JobKey, day: Option<ChinaDate>, store: &SharedStore) -> Result<(), Failure> {
    let now = Timestamp::now();
    store.ensure_job(key.clone(), job.schedule().latest_day(now)).await.map_err(failed)?;
    store.request_job(key.clone(), day, now).await.map_err(failed)?;
    Ok(())
}

fn print(end: &JobEnd, format: Format, console: &mut Console<'_>) -> Result<(), Failure> {
    let day = end.day.map(|day| day.to_string());
    let told = match format {
        Format::Text => {
            let of_day = day.map_or_else(String::new, |day| format!(" of {day}"));
            writeln!(console.out, "{}{of_day}: {}: {}", name_of(&end.key), end.outcome.name(), end.detail)
        }
        Format::Json => {
            let shown = json!({
                "name": end.key.name,
                "party": end.key.party.as_ref().map(PartyName::as_str),
                "day": day,
                "outcome": end.outcome.name(),
                "detail": end.detail,
            });
            writeln!(console.out, "{shown}")
        }
    };
    told.map_err(cannot_write)
}

/// A job on one line.
fn told(record: &JobRecord, now: Timestamp) -> String {
    // Writing into a String does not fail.
    let mut text = name_of(&record.key);
    if record.lease.as_ref().is_some_and(|lease| lease.until > now) {
        let day = record.past.broken_off.and_then(|run| run.day);
        let day = day.map_or_else(String::new, |day| format!(" for {day}"));
        let _ = write!(text, ": runs{day} since {}", instant(record.past.last_started_at));
    } else if record.past.request.is_some() {
        text.push_str(": asked for");
    } else {
        let _ = write!(text, ": due {}", instant(record.next_at));
    }
    if let (Some(outcome), ended) = (record.last_outcome, record.last_ended_at) {
        let _ = write!(text, "; {} {}", outcome.name(), instant(ended));
        if record.failures > 0 {
            let _ = write!(text, ", {} failed in a row", record.failures);
        }
        let _ = write!(text, ": {}", record.last_detail);
    }
    text
}

fn shown(record: &JobRecord, now: Timestamp) -> Value {
    let text = |at: Option<Timestamp>| at.map(|at| at.to_string());
    let running = record.lease.as_ref().filter(|lease| lease.until > now);
    let day = record.past.broken_off.and_then(|run| run.day).filter(|_| running.is_some());
    json!({
        "name": record.key.name,
        "party": record.key.party.as_ref().map(PartyName::as_str),
        "running": running.is_some(),
        "running_day": day.map(|day| day.to_string()),
        "lease_until": running.map(|lease| lease.until.to_string()),
        "last_started_at": text(record.past.last_started_at),
        "last_ended_at": text(record.last_ended_at),
        "last_outcome": record.last_outcome.map(JobOutcome::name),
        "last_detail": record.last_detail,
        "last_succeeded_at": text(record.last_succeeded_at),
        "failures": record.failures,
        "next_at": text(record.next_at),
        "requested_at": text(record.past.request.map(|request| request.requested_at)),
    })
}

fn instant(at: Option<Timestamp>) -> String {
    at.map_or_else(|| "at once".to_owned(), |at| at.to_string())
}

fn key_of(job: &dyn Job) -> JobKey {
    JobKey { name: job.name().to_owned(), party: job.party().cloned() }
}

/// `statements (gz-finance)`
fn name_of(key: &JobKey) -> String {
    key.party.as_ref().map_or_else(|| key.name.clone(), |party| format!("{} ({party})", key.name))
}

#[expect(clippy::needless_pass_by_value, reason = "it stands in map_err, where an error comes by value")]
fn failed(error: StoreError) -> Failure {
    assembly::store_failure(&error)
}

#[expect(clippy::needless_pass_by_value, reason = "it stands in map_err, where an error comes by value")]
fn cannot_write(error: io::Error) -> Failure {
    Failure::new(Exit::Failure, format!("the output cannot be written: {error}"))
}
