//! `nontax statement show`: the rows of a kept statement, and whether it adds up.

use clap::Args;
use jiff::tz::{Offset, TimeZone};
use serde_json::json;

use super::row_json::{bad_row_to_json, report_to_json, row_to_json};
use super::{WhichArguments, cannot_write, party, write};
use crate::app::Party;
use crate::app::statement::{BadRow, CsvReport, StatementError, StatementReport, StatementRows};
use crate::cli::assembly::store_failure;
use crate::cli::notice::PartyArgument;
use crate::cli::{Console, Exit, Failure, Format};
use crate::domain::{ChinaDate, Fen};
use crate::store::{SharedStore, StatementFile, StatementKey};
use crate::wire::StatementRow;

/// How many rows are read at once.
const BATCH_ROWS: usize = 1000;

/// What `statement show` takes.
#[derive(Debug, Args)]
pub struct ShowArguments {
    #[command(flatten)]
    party: PartyArgument,
    /// The day in China.
    #[arg(long, value_name = "YYYYMMDD", value_parser = str::parse::<ChinaDate>)]
    day: ChinaDate,
    #[command(flatten)]
    which: WhichArguments,
    /// The file whose SHA-256 begins so, of those that nontax statement list names; without it the one that counts.
    #[arg(long, value_name = "PREFIX")]
    sha256: Option<String>,
    /// Leave the rows out.
    #[arg(long, conflicts_with = "raw")]
    report_only: bool,
    /// Print the file as it was downloaded.
    #[arg(long)]
    raw: bool,
    /// How to print it: JSON is one object a line, {"row": …}, {"bad_row": …}, and {"report": …} at last.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

pub(super) async fn run(
    arguments: &ShowArguments,
    store: &SharedStore,
    parties: &[Party],
    console: &mut Console<'_>,
) -> Result<(), Failure> {
    let party = party(&arguments.party, parties)?;
    let key = arguments.which.key(party.name.clone(), arguments.day);
    let file = find(&key, arguments.sha256.as_deref(), store).await?;
    if arguments.raw && file.pruned_at.is_none() {
        return print_raw(&file, store, console).await;
    }
    let mut statement = StatementRows::open(store.clone(), file).await.map_err(|error| unreadable(&error))?;
    loop {
        let rows = statement.next(BATCH_ROWS).await.map_err(|error| unreadable(&error))?;
        if rows.is_empty() {
            break;
        }
        for row in &rows {
            print_row(row, arguments, console)?;
        }
    }
    let report = statement.report();
    match arguments.format {
        Format::Json => write(&json!({ "report": report_to_json(&report) }).to_string(), console)?,
        Format::Text => report.files.iter().try_for_each(|csv| write(&report_as_text(csv), console))?,
    }
    verdict(&report)
}

async fn find(key: &StatementKey, prefix: Option<&str>, store: &SharedStore) -> Result<StatementFile, Failure> {
    let kept = store.list_statement_files(key.party.clone(), key.bill_date, key.bill_date).await;
    let kept = kept.map_err(|error| store_failure(&error))?;
    // Of each key the one that counts comes first.
    let mut of_key = kept.into_iter().filter(|file| file.key == *key);
    let found = of_key.find(|file| prefix.is_none_or(|prefix| file.sha256.starts_with(&prefix.to_ascii_lowercase())));
    found.ok_or_else(|| {
        let help = "nontax statement list names what is kept, and nontax statement download keeps more";
        Failure::new(Exit::Failure, format!("no such statement of {} is kept", key.bill_date)).with_help(help)
    })
}

async fn print_raw(file: &StatementFile, store: &SharedStore, console: &mut Console<'_>) -> Result<(), Failure> {
    for chunk_no in 0..file.chunk_count {
        let chunk = store.read_statement_chunk(file.clone(), chunk_no).await.map_err(|error| store_failure(&error))?;
        console.out.write_all(&chunk).map_err(|error| cannot_write(&error))?;
    }
    console.out.flush().map_err(|error| cannot_write(&error))
}

fn print_row(
    row: &Result<StatementRow, BadRow>,
    arguments: &ShowArguments,
    console: &mut Console<'_>,
) -> Result<(), Failure> {
    match (row, arguments.format) {
        (Ok(_), _) if arguments.report_only => Ok(()),
        (Ok(row), Format::Json) => write(&json!({ "row": row_to_json(row) }).to_string(), console),
        (Err(bad), Format::Json) => write(&json!({ "bad_row": bad_row_to_json(bad) }).to_string(), console),
        (Ok(row), Format::Text) => write(&row_as_text(row), console),
        (Err(bad), Format::Text) => writeln!(console.err, "{bad}").map_err(|error| cannot_write(&error)),
    }
}

fn row_as_text(row: &StatementRow) -> String {
    let china = TimeZone::fixed(Offset::constant(8));
    let time = row.transaction_at.to_zoned(china).strftime("%Y-%m-%d %H:%M:%S").to_string();
    let StatementRow { status, order_id, .. } = row;
    let place = [&row.region_code, &row.department_code, &row.payment_notice_no];
    let place = place.map(|part| part.as_deref().unwrap_or("-")).join("/");
    let refund = row.refund.as_ref().map_or_else(String::new, |refund| {
        format!(", refund {} of {} yuan", refund.refund_order_id, yuan(refund.refund_fee))
    });
    format!("{time} {status} order {order_id} of {} yuan for {place}{refund}", yuan(row.total_fee))
}

fn report_as_text(csv: &CsvReport) -> String {
    let entry = csv.entry.as_ref().map_or_else(String::new, |entry| format!("{entry}: "));
    let bad = match csv.bad_row_count {
        0 => String::new(),
        count => format!(", {count} lines that cannot be read"),
    };
    let summary = match (&csv.summary, csv.differences().map(|difference| difference.to_string()).collect::<Vec<_>>()) {
        (None, _) => "there is no summary".to_owned(),
        (Some(_), differences) if differences.is_empty() => "the summary agrees".to_owned(),
        (Some(_), differences) => differences.join("; "),
    };
    let (paid, refunded) = (yuan(csv.totals.total_fee), yuan(csv.totals.refund_fee));
    format!("{entry}{} rows{bad}, {paid} yuan paid, {refunded} yuan refunded; {summary}", csv.row_count)
}

fn yuan(fen: i64) -> Fen {
    // Amounts of a statement are never negative.
    Fen::new(fen).unwrap_or_default()
}

/// Scripts must not take a statement that does not add up for one that does.
fn verdict(report: &StatementReport) -> Result<(), Failure> {
    if report.is_clean() {
        return Ok(());
    }
    Err(Failure::new(Exit::Differences, "the statement does not add up: it has lines that cannot be read, or a summary that is missing or says otherwise")
        .with_help("download it again; where it stays so, ask the platform"))
}

fn unreadable(error: &StatementError) -> Failure {
    Failure::from_error(Exit::Failure, error)
        .with_help("nontax statement show --raw prints the file as it was downloaded")
}
