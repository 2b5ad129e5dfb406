//! `nontax statement download`: day by day, each told as soon as it is kept.

use clap::Args;
use jiff::Timestamp;
use serde_json::json;

use super::row_json::file_to_json;
use super::{DayRange, WhichArguments, cannot_write, party, write};
use crate::app::Party;
use crate::app::chain;
use crate::app::statement::{DownloadStatementError, DownloadedStatement, StatementWish, download_statement};
use crate::cli::assembly::store_failure;
use crate::cli::notice::PartyArgument;
use crate::cli::{Console, Exit, Failure, Format};
use crate::domain::ChinaDate;
use crate::platform::PlatformError;
use crate::store::{KeptStatement, SharedStore};

/// What `statement download` takes.
#[derive(Debug, Args)]
pub struct DownloadArguments {
    #[command(flatten)]
    party: PartyArgument,
    /// The day in China, or the first and the last of several.
    #[arg(long, value_name = "YYYYMMDD[..YYYYMMDD]", value_parser = str::parse::<DayRange>)]
    day: DayRange,
    #[command(flatten)]
    which: WhichArguments,
    /// How to print what was kept: JSON is one object a line.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// A day that the platform refuses does not keep the next one from being asked for; what concerns all of them does.
pub(super) async fn run(
    arguments: &DownloadArguments,
    store: &SharedStore,
    parties: &[Party],
    console: &mut Console<'_>,
) -> Result<(), Failure> {
    let party = party(&arguments.party, parties)?;
    let mut refused = None;
    for bill_date in arguments.day.days() {
        let DownloadArguments { which, .. } = arguments;
        let wish = StatementWish { bill_date, mch_id: which.mch_id.clone(), bill_type: which.bill_type };
        match download_statement(&**store, party, &wish, &Timestamp::now).await {
            Ok(downloaded) => print(&downloaded, arguments.format, console)?,
            Err(error) => {
                let is_of_this_day = matches!(&error, DownloadStatementError::Platform(PlatformError::Refused { .. }));
                let failure = failure(&error, party, bill_date);
                if !is_of_this_day || arguments.day.from == arguments.day.to {
                    return Err(failure);
                }
                writeln!(console.err, "{bill_date}: {}", chain(&error)).map_err(|error| cannot_write(&error))?;
                refused.get_or_insert(failure);
            }
        }
    }
    refused.map_or(Ok(()), Err)
}

fn print(downloaded: &DownloadedStatement, format: Format, console: &mut Console<'_>) -> Result<(), Failure> {
    let DownloadedStatement { file, kept } = downloaded;
    match format {
        Format::Json => {
            let mut told = file_to_json(file);
            told["kept"] = json!(match kept {
                KeptStatement::First => "first",
                KeptStatement::Same => "same",
                KeptStatement::Changed { .. } => "changed",
            });
            if let KeptStatement::Changed { before_sha256 } = kept {
                told["before_sha256"] = json!(before_sha256);
            }
            write(&told.to_string(), console)
        }
        Format::Text => {
            let (day, kind, size, sha256) = (file.key.bill_date, file.kind.name(), file.size_bytes, &file.sha256);
            let news = match kept {
                KeptStatement::First => "kept".to_owned(),
                KeptStatement::Same => format!("the same as at {}", file.fetched_at),
                KeptStatement::Changed { before_sha256 } => {
                    format!("CHANGED: kept beside the one with sha256 {before_sha256}, and counts from now on")
                }
            };
            write(&format!("{day}: {kind}, {size} bytes, sha256 {sha256}: {news}"), console)
        }
    }
}

fn failure(error: &DownloadStatementError, party: &Party, bill_date: ChinaDate) -> Failure {
    let of = |exit| Failure::from_error(exit, error);
    match error {
        DownloadStatementError::NotReady { .. } => {
            of(Exit::Usage).with_help("a day can be downloaded from six o'clock of the next morning on, in China")
        }
        DownloadStatementError::NoPlatformAccess(_) => of(Exit::Config).with_help("add app_secret_file to the party"),
        DownloadStatementError::Spool(_) => {
            of(Exit::Failure).with_help("TMPDIR says where temporary files go; there has to be room for a statement")
        }
        DownloadStatementError::Store(error) => store_failure(error),
        DownloadStatementError::Platform(error) => {
            let exit = match error {
                PlatformError::InvalidRequest { .. } => Exit::Usage,
                PlatformError::Refused { .. } => Exit::Refused,
                PlatformError::Unreachable { .. }
                | PlatformError::Unreadable { .. }
                | PlatformError::NoToken { .. } => Exit::Network,
            };
            Failure::new(exit, format!("{bill_date}: {error}")).with_help(error.cure(party.locale))
        }
    }
}
