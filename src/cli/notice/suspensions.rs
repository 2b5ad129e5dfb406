//! `nontax notice suspensions`: what is suspended now, or was or will be.

use clap::Args;
use jiff::Timestamp;

use super::change::name_of;
use super::{PartyArgument, cannot_write, store_failed};
use crate::app::book_answer::suspension_to_json;
use crate::cli::{Console, Failure, Format};
use crate::domain::PartyName;
use crate::store::Book;

/// What `notice suspensions` takes.
#[derive(Debug, Args)]
pub struct SuspensionsArguments {
    #[command(flatten)]
    pub(super) party: PartyArgument,
    /// Those ahead and those that are over too.
    #[arg(long)]
    pub(super) all: bool,
    /// How to print them.
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: Format,
}

pub(super) async fn run(
    arguments: &SuspensionsArguments,
    store: &dyn Book,
    parties: &[PartyName],
    console: &mut Console<'_>,
) -> Result<(), Failure> {
    let party = arguments.party.among(parties)?;
    let now = Timestamp::now();
    let mut found = store.list_suspensions(party.clone()).await.map_err(|error| store_failed(&error))?;
    found.retain(|record| arguments.all || record.suspension.in_force(now));
    for record in &found {
        let suspension = &record.suspension;
        let [from, until] = [suspension.from(), suspension.until()].map(|at| at.map(|at| at.to_string()));
        match arguments.format {
            Format::Json => writeln!(console.out, "{}", suspension_to_json(record, now)),
            Format::Text => {
                let from = from.map_or_else(String::new, |from| format!(", from {from}"));
                let until =
                    until.map_or_else(|| ", until it is restored".to_owned(), |until| format!(", until {until}"));
                let idle = if suspension.in_force(now) { "" } else { " (not in force)" };
                writeln!(console.out, "{}{idle}: {}{from}{until}", name_of(&suspension.scope), suspension.reason)
            }
        }
        .map_err(|error| cannot_write(&error))?;
    }
    if found.is_empty() && arguments.format == Format::Text {
        writeln!(console.err, "nothing of party {party} is suspended").map_err(|error| cannot_write(&error))?;
    }
    Ok(())
}
