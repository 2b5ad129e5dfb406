//! `nontax statement list`: what is kept.

use clap::Args;
use jiff::Timestamp;

use super::row_json::file_to_json;
use super::{DayRange, party, write};
use crate::app::Party;
use crate::cli::assembly::store_failure;
use crate::cli::notice::PartyArgument;
use crate::cli::{Console, Failure, Format};
use crate::domain::ChinaDate;
use crate::store::{SharedStore, StatementFile};

/// How many days are listed when none are named, up to today.
const LISTED_DAYS: i32 = 31;

/// What `statement list` takes.
#[derive(Debug, Args)]
pub struct ListArguments {
    #[command(flatten)]
    party: PartyArgument,
    /// The day in China, or the first and the last of several; without it the last month.
    #[arg(long, value_name = "YYYYMMDD[..YYYYMMDD]", value_parser = str::parse::<DayRange>)]
    day: Option<DayRange>,
    /// How to print them: JSON is one object a line.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

pub(super) async fn run(
    arguments: &ListArguments,
    store: &SharedStore,
    parties: &[Party],
    console: &mut Console<'_>,
) -> Result<(), Failure> {
    let party = party(&arguments.party, parties)?;
    let today = ChinaDate::at(Timestamp::now());
    let DayRange { from, to } =
        arguments.day.unwrap_or_else(|| DayRange { from: today.plus_days(-LISTED_DAYS), to: today });
    let files = store.list_statement_files(party.name.clone(), from, to).await.map_err(|e| store_failure(&e))?;
    let mut before = None;
    for file in &files {
        // Of each key the one that counts comes first.
        let counts = before != Some(&file.key);
        before = Some(&file.key);
        let told = match arguments.format {
            Format::Text => as_text(file, counts),
            Format::Json => {
                let mut told = file_to_json(file);
                told["counts"] = counts.into();
                told.to_string()
            }
        };
        write(&told, console)?;
    }
    Ok(())
}

fn as_text(file: &StatementFile, counts: bool) -> String {
    let StatementFile { key, sha256, kind, size_bytes, fetched_at, pruned_at, .. } = file;
    let mch_id = key.mch_id.as_deref().unwrap_or("all merchants");
    let superseded = if counts { "" } else { ", no longer counts" };
    let pruned = pruned_at.map_or_else(String::new, |at| format!(", its bytes pruned at {at}"));
    let (day, bill_type, kind) = (key.bill_date, key.bill_type.name(), kind.name());
    format!(
        "{day} {bill_type} of {mch_id}: {kind}, {size_bytes} bytes, sha256 {sha256}, since {fetched_at}{superseded}{pruned}"
    )
}
