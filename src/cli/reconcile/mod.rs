//! `nontax reconcile`: a day's statement against the book, what heals the differences, and a person's word on the rest.

mod listing;
mod printing;

use clap::{Args as ClapArgs, Subcommand};
use jiff::Timestamp;

use super::{Console, Exit, Failure, Format, Shared, assembly, config};
use crate::app::{
    DiscrepancyResolution, Party, ReconcileContext, ReconcileError, ReconcileOptions, ResolveError, finish_day,
    match_day, plan_day, resolve_discrepancy,
};
use crate::domain::ChinaDate;
use crate::store::{MoveDiscrepancyError, SharedStore};

/// Who stands in the records as the one who decided at the command line.
const BY: &str = "command line";

/// What `reconcile` takes.
#[derive(Debug, ClapArgs)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Args {
    #[command(subcommand)]
    command: Option<ReconcileCommand>,
    #[command(flatten)]
    day: DayArguments,
}

/// The commands about discrepancies.
#[derive(Debug, Subcommand)]
pub enum ReconcileCommand {
    /// List the discrepancies that remain, or all.
    List(ListArguments),
    /// Decide what waits for a person: yes to a refund, or closed with a reason.
    Resolve(ResolveArguments),
}

/// Which day of whom.
#[derive(Debug, ClapArgs)]
pub struct DayArguments {
    /// The party, by its name in the configuration; without it the one party there is.
    #[arg(long, value_name = "NAME")]
    party: Option<String>,
    /// The day of the statement in China; without it yesterday.
    #[arg(long, value_name = "YYYYMMDD")]
    day: Option<ChinaDate>,
    /// Only print what differs and what would be done about it.
    #[arg(long)]
    dry_run: bool,
    /// How to print it.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// What `reconcile list` takes.
#[derive(Debug, ClapArgs)]
pub struct ListArguments {
    /// The party, by its name in the configuration; without it the one party there is.
    #[arg(long, value_name = "NAME")]
    party: Option<String>,
    /// Those of one day only.
    #[arg(long, value_name = "YYYYMMDD")]
    day: Option<ChinaDate>,
    /// Those too that are healed, closed, or wait for the next statement.
    #[arg(long, conflicts_with = "queued")]
    all: bool,
    /// Those only that wait for a person.
    #[arg(long)]
    queued: bool,
    /// How to print them.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// What `reconcile resolve` takes.
#[derive(Debug, ClapArgs)]
pub struct ResolveArguments {
    /// The party, by its name in the configuration; without it the one party there is.
    #[arg(long, value_name = "NAME")]
    party: Option<String>,
    /// The discrepancy's number, as list prints it.
    #[arg(value_name = "NUMBER")]
    discrepancy_id: i64,
    /// Yes: the money goes back, through the refund desk.
    #[arg(long, conflicts_with = "close", required_unless_present = "close")]
    refund: bool,
    /// Nothing is left to do about it.
    #[arg(long)]
    close: bool,
    /// Why, for whoever reads it later.
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// How to print it.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// Runs a command about reconciliation.
///
/// # Errors
/// [`Failure`] with the exit code: 6 while differences of the day remain, 2 for a party or a discrepancy that is not there.
pub async fn run(args: &Args, shared: &Shared, console: &mut Console<'_>) -> Result<(), Failure> {
    let config = config::load(shared)?.config;
    config::require_parties(&config)?;
    let store = assembly::open_store(&config).await?;
    let parties = assembly::parties(&config, Some(&store))?;
    let options = assembly::reconcile_options(&config);
    let outcome = run_over(args, &store, &parties, options, console).await;
    store.close().await;
    outcome
}

/// As [`run`], over what a test or the configuration made.
///
/// # Errors
/// As [`run`].
pub async fn run_over(
    args: &Args,
    store: &SharedStore,
    parties: &[Party],
    options: ReconcileOptions,
    console: &mut Console<'_>,
) -> Result<(), Failure> {
    let party = match &args.command {
        None => &args.day.party,
        Some(ReconcileCommand::List(arguments)) => &arguments.party,
        Some(ReconcileCommand::Resolve(arguments)) => &arguments.party,
    };
    let party = named(party.as_deref(), parties)?;
    let context = ReconcileContext { store, party, clock: &Timestamp::now, options };
    match &args.command {
        None => reconcile(&context, &args.day, console).await,
        Some(ReconcileCommand::List(arguments)) => listing::list(&context, arguments, console).await,
        Some(ReconcileCommand::Resolve(arguments)) => resolve(&context, arguments, console).await,
    }
}

async fn reconcile(
    context: &ReconcileContext<'_>,
    arguments: &DayArguments,
    console: &mut Console<'_>,
) -> Result<(), Failure> {
    let day = arguments.day.unwrap_or_else(|| ChinaDate::at(Timestamp::now()).plus_days(-1));
    let is_json = arguments.format == Format::Json;
    if arguments.dry_run {
        let plan = plan_day(context, day).await.map_err(failed)?;
        let text =
            if is_json { printing::plan_as_json(context, &plan) } else { printing::plan_as_text(context, &plan) };
        write(&text, console)?;
        return differences(plan.difference_count());
    }
    let plan = match_day(context, day).await.map_err(failed)?;
    if !is_json {
        write(&printing::plan_as_text(context, &plan), console)?;
    }
    let planned = plan.clone();
    let outcome = finish_day(context, plan).await.map_err(failed)?;
    let text = if is_json {
        printing::outcome_as_json(context, &planned, &outcome)
    } else {
        printing::outcome_as_text(&outcome)
    };
    write(&text, console)?;
    differences(outcome.remaining)
}

/// The exit code while differences remain. What they are was printed.
fn differences(remaining: u64) -> Result<(), Failure> {
    if remaining == 0 { Ok(()) } else { Err(Failure::new(Exit::Differences, "")) }
}

async fn resolve(
    context: &ReconcileContext<'_>,
    arguments: &ResolveArguments,
    console: &mut Console<'_>,
) -> Result<(), Failure> {
    let resolution = if arguments.refund { DiscrepancyResolution::Refund } else { DiscrepancyResolution::Close };
    let word = (BY, arguments.reason.as_str());
    let resolved = resolve_discrepancy(context, arguments.discrepancy_id, resolution, word).await;
    let resolved = resolved.map_err(not_resolved)?;
    write(&listing::one(&resolved, arguments.format), console)
}

fn named<'a>(name: Option<&str>, parties: &'a [Party]) -> Result<&'a Party, Failure> {
    let names = || parties.iter().map(|party| party.name.as_str()).collect::<Vec<_>>().join(", ");
    match (name, parties) {
        (None, [party]) => Ok(party),
        (None, _) => Err(Failure::new(Exit::Usage, "there are several parties: give --party")
            .with_help(format!("the parties are: {}", names()))),
        (Some(name), _) => parties.iter().find(|party| party.name.as_str() == name).ok_or_else(|| {
            Failure::new(Exit::Usage, format!("there is no party \"{name}\" in the configuration"))
                .with_help(format!("the parties are: {}", names()))
        }),
    }
}

fn write(text: &str, console: &mut Console<'_>) -> Result<(), Failure> {
    writeln!(console.out, "{}", text.trim_end())
        .map_err(|error| Failure::new(Exit::Failure, format!("the output cannot be written: {error}")))
}

#[expect(clippy::needless_pass_by_value, reason = "it stands in map_err, where an error comes by value")]
fn failed(error: ReconcileError) -> Failure {
    match &error {
        ReconcileError::NoStatement(day) => Failure::from_error(Exit::Failure, &error)
            .with_help(format!("download it with: nontax statement download --day {day} (it is there after 06:00)")),
        ReconcileError::Store(error) => assembly::store_failure(error),
        _ => Failure::from_error(Exit::Failure, &error).with_help("run it again: it goes on where it broke off"),
    }
}

fn not_resolved(error: ResolveError) -> Failure {
    match error {
        ResolveError::Healing(error) => failed(error),
        ResolveError::Move(MoveDiscrepancyError::Store(error)) => assembly::store_failure(&error),
        error => Failure::from_error(Exit::Usage, &error).with_help("nontax reconcile list prints what waits"),
    }
}
