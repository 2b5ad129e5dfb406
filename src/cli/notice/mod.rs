//! `nontax notice`: bringing notices in, looking at them, stopping payment for them.

mod change;
mod import;
mod selection;
mod show;
mod suspensions;

use clap::{Args, Subcommand};

use super::{Console, Exit, Failure};
use crate::domain::PartyName;
use crate::store::{Book, StoreError};

pub use change::{ChangeArguments, RestoreArguments, SuspendArguments};
pub use import::ImportArguments;
pub use show::ShowArguments;
pub use suspensions::SuspensionsArguments;

/// The commands about notices.
#[derive(Debug, Subcommand)]
pub enum NoticeCommand {
    /// Take notices from a file; the good lines go in, refused ones are told with line, field and cause.
    Import(ImportArguments),
    /// Show a notice with its orders, payments, refunds and history.
    Show(ShowArguments),
    /// Withdraw a notice: paying it is answered 233.
    Cancel(ChangeArguments),
    /// Stop payment for a notice, a department, an item or everything.
    Suspend(SuspendArguments),
    /// Take back a cancellation or a suspension.
    Restore(RestoreArguments),
    /// List the suspensions of departments, items and everything that are in force.
    Suspensions(SuspensionsArguments),
}

/// Whose book.
#[derive(Clone, Debug, Args)]
pub struct PartyArgument {
    /// The party, by its name in the configuration.
    #[arg(long, value_name = "NAME")]
    pub party: String,
}

impl PartyArgument {
    /// The party, when it is one of those that are configured.
    pub(super) fn among(&self, parties: &[PartyName]) -> Result<PartyName, Failure> {
        parties.iter().find(|party| party.as_str() == self.party).cloned().ok_or_else(|| {
            let names: Vec<_> = parties.iter().map(PartyName::as_str).collect();
            Failure::new(Exit::Usage, format!("there is no party \"{}\" in the configuration", self.party))
                .with_help(format!("the parties are: {}", names.join(", ")))
        })
    }
}

/// Runs a command about notices. `parties` are those of the configuration.
///
/// # Errors
/// [`Failure`] with the exit code: 1 when lines were refused or the store failed, 2 for a party or a notice that is not there.
pub async fn run(
    command: &NoticeCommand,
    store: &dyn Book,
    parties: &[PartyName],
    console: &mut Console<'_>,
) -> Result<(), Failure> {
    match command {
        NoticeCommand::Import(arguments) => import::run(arguments, store, parties, console).await,
        NoticeCommand::Show(arguments) => show::run(arguments, store, parties, console).await,
        NoticeCommand::Cancel(arguments) => change::cancel(arguments, store, parties, console).await,
        NoticeCommand::Suspend(arguments) => change::suspend(arguments, store, parties, console).await,
        NoticeCommand::Restore(arguments) => change::restore(arguments, store, parties, console).await,
        NoticeCommand::Suspensions(arguments) => suspensions::run(arguments, store, parties, console).await,
    }
}

fn store_failed(error: &StoreError) -> Failure {
    Failure::from_error(Exit::Failure, error)
        .with_help("check [database] in the configuration, and that nontax migrate has been run")
}

fn cannot_write(error: &std::io::Error) -> Failure {
    Failure::new(Exit::Failure, format!("the output cannot be written: {error}"))
}

#[cfg(test)]
mod tests;
