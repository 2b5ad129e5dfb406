//! `nontax statement`: the platform's statements, downloaded, listed and read.

mod day_range;
mod download;
mod list;
mod row_json;
mod show;

use clap::builder::NonEmptyStringValueParser;
use clap::{Args, Subcommand};

use super::notice::PartyArgument;
use super::{Console, Exit, Failure, Shared, assembly, config};
use crate::app::Party;
use crate::domain::{BillType, ChinaDate, PartyName};
use crate::store::{SharedStore, StatementKey};

pub use day_range::DayRange;
pub use download::DownloadArguments;
pub use list::ListArguments;
pub use show::ShowArguments;

/// The commands about statements.
#[derive(Debug, Subcommand)]
pub enum StatementCommand {
    /// Download the statement of a day or of several, and keep it. The same file again changes nothing.
    Download(DownloadArguments),
    /// Show a kept statement: its rows, the lines that cannot be read, and whether its summary agrees.
    Show(ShowArguments),
    /// List the statements that are kept.
    List(ListArguments),
}

/// Which statements of a day.
#[derive(Clone, Debug, Args)]
pub struct WhichArguments {
    /// That of one merchant account alone; without it all of them in a zip.
    #[arg(long, value_name = "MCH_ID", value_parser = NonEmptyStringValueParser::new())]
    mch_id: Option<String>,
    /// Which rows: ALL, SUCCESS (payments) or REFUND.
    #[arg(long, value_name = "TYPE", default_value = "ALL", value_parser = str::parse::<BillType>)]
    bill_type: BillType,
}

impl WhichArguments {
    fn key(&self, party: PartyName, bill_date: ChinaDate) -> StatementKey {
        StatementKey { party, bill_date, mch_id: self.mch_id.clone(), bill_type: self.bill_type }
    }
}

/// Runs a command about statements.
///
/// # Errors
/// [`Failure`] with the exit code: 1 for a statement that is not kept or cannot be read, 2 for a party that is not there or a day
/// that is not over, 4 when the platform was not reached, 5 when it refused, 6 for a statement that does not add up.
pub async fn run(command: &StatementCommand, shared: &Shared, console: &mut Console<'_>) -> Result<(), Failure> {
    let config = config::load(shared)?.config;
    config::require_parties(&config)?;
    let store = assembly::open_store(&config).await?;
    let outcome = match assembly::parties(&config, Some(&store)) {
        Ok(parties) => run_over(command, &store, &parties, console).await,
        Err(failure) => Err(failure),
    };
    store.close().await;
    outcome
}

async fn run_over(
    command: &StatementCommand,
    store: &SharedStore,
    parties: &[Party],
    console: &mut Console<'_>,
) -> Result<(), Failure> {
    match command {
        StatementCommand::Download(arguments) => download::run(arguments, store, parties, console).await,
        StatementCommand::Show(arguments) => show::run(arguments, store, parties, console).await,
        StatementCommand::List(arguments) => list::run(arguments, store, parties, console).await,
    }
}

fn party<'a>(argument: &PartyArgument, parties: &'a [Party]) -> Result<&'a Party, Failure> {
    let names: Vec<_> = parties.iter().map(|party| party.name.clone()).collect();
    let name = argument.among(&names)?;
    let found = parties.iter().find(|party| party.name == name);
    found.ok_or_else(|| Failure::new(Exit::Usage, format!("there is no party \"{name}\" in the configuration")))
}

fn write(text: &str, console: &mut Console<'_>) -> Result<(), Failure> {
    writeln!(console.out, "{text}").map_err(|error| cannot_write(&error))
}

fn cannot_write(error: &std::io::Error) -> Failure {
    Failure::new(Exit::Failure, format!("the output cannot be written: {error}"))
}
