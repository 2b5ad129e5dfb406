//! `nontax micropay pay` and `cancel`: a payment in the hands of whoever sits at the terminal.

use std::fmt::Write as _;
use std::fs;
use std::io::Read;
use std::sync::{Mutex, PoisonError};

use clap::Args;

use super::{Counter, KeyArguments, ReleaseArguments, failed, key, write_json, write_outcome};
use crate::app::{MicropayOutcome, MicropayRunner, Party};
use crate::cli::caller_key::new_key;
use crate::cli::{Console, Exit, Failure, Format};
use crate::domain::MicropayKey;
use crate::store::MicropayRecord;
use crate::wire::{MicropayRequest, from_json};

/// Largest request that is read: one has a few items of a few hundred bytes.
const MAX_REQUEST_BYTES: u64 = 1024 * 1024;

/// What `micropay pay` takes.
#[derive(Debug, Args)]
pub struct PayArguments {
    /// The party, by its name in the configuration.
    #[arg(long, value_name = "NAME")]
    party: String,
    /// What the payment is known by: the same key goes on with the same payment. Made here and told when it is left out.
    #[arg(long, value_name = "KEY")]
    key: Option<String>,
    /// The request, JSON with the platform's names; - for standard input, so that the payer's code is in no file.
    #[arg(value_name = "FILE")]
    file: String,
    /// How to print the outcome.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

pub(super) async fn pay(arguments: &PayArguments, counter: &Counter, console: &mut Console<'_>) -> Result<(), Failure> {
    let party = counter.party(&arguments.party)?;
    let key = match &arguments.key {
        Some(text) => key(text)?,
        None => key(&new_key()?)?,
    };
    let request = read_request(&arguments.file, console)?;
    pay_request(&counter.runner, party, &key, &request, arguments.format, console).await
}

/// Runs a payment to its end, and tells each step on standard error.
pub(in crate::cli) async fn pay_request(
    runner: &MicropayRunner,
    party: &Party,
    key: &MicropayKey,
    request: &MicropayRequest,
    format: Format,
    console: &mut Console<'_>,
) -> Result<(), Failure> {
    let telling = Mutex::new((None, &mut *console.err));
    let tell = |record: &MicropayRecord| {
        let mut telling = telling.lock().unwrap_or_else(PoisonError::into_inner);
        let (told, err) = &mut *telling;
        if *told != Some(record.version) {
            *told = Some(record.version);
            // A terminal that is gone is no reason to stop.
            let _ = writeln!(err, "{}: {}{}", record.key, record.payment.state.name(), progress(record));
        }
    };
    runner.begin(party, key, request).await.map_err(|error| failed(&error))?;
    let outcome = runner.follow(party, key, &tell).await.map_err(|error| {
        failed(&error).with_help(format!("nontax micropay pay --party {} --key {key} goes on with it", party.name))
    })?;
    write(format, &outcome, console)?;
    verdict(&outcome)
}

pub(super) async fn cancel(
    arguments: &KeyArguments,
    counter: &Counter,
    console: &mut Console<'_>,
) -> Result<(), Failure> {
    let party = counter.party(&arguments.party)?;
    let key = key(&arguments.key)?;
    counter.runner.cancel(party, &key).await.map_err(|error| failed(&error))?;
    let outcome = counter.runner.follow(party, &key, &|_| {}).await.map_err(|error| failed(&error))?;
    write(arguments.format, &outcome, console)?;
    canceled(&outcome)
}

pub(super) async fn release(
    arguments: &ReleaseArguments,
    counter: &Counter,
    console: &mut Console<'_>,
) -> Result<(), Failure> {
    let ReleaseArguments { payment, reason } = arguments;
    let party = counter.party(&payment.party)?;
    let key = key(&payment.key)?;
    if reason.trim().is_empty() {
        return Err(Failure::new(Exit::Usage, "--reason is empty: say what was found out and done"));
    }
    let released = counter.runner.release(party, &key, reason.trim()).await.map_err(|error| failed(&error))?;
    let outcome = counter.runner.outcome(party, &key).await.map_err(|error| failed(&error))?;
    write(payment.format, &outcome, console)?;
    if released {
        return Ok(());
    }
    Err(Failure::new(Exit::Failure, format!("it is {}, and needs no person: nothing was changed", outcome.state)))
}

fn write(format: Format, outcome: &MicropayOutcome, console: &mut Console<'_>) -> Result<(), Failure> {
    match format {
        Format::Json => write_json(outcome, console),
        Format::Text => write_outcome(outcome, console),
    }
}

/// The exit code: everything was told already.
fn verdict(outcome: &MicropayOutcome) -> Result<(), Failure> {
    match outcome.state {
        "paid" => Ok(()),
        "failed" => Err(Failure::new(Exit::Refused, String::new())),
        _ => Err(Failure::new(Exit::Failure, String::new())),
    }
}

/// The exit code of a cancellation: no failure when it is sure that no money is kept.
fn canceled(outcome: &MicropayOutcome) -> Result<(), Failure> {
    let problem = match outcome.state {
        "closed" | "refunded" | "failed" => return Ok(()),
        "paid" => "it was paid before it could be canceled",
        "needs_person" => "a person has to see to it",
        _ => "it is not sure yet that it will not be paid: the gateway watches it",
    };
    Err(Failure::new(Exit::Failure, format!("{}: {problem}", outcome.key)))
}

fn progress(record: &MicropayRecord) -> String {
    let mut text = format!(", {} calls", record.payment.attempts);
    if let Some(order_id) = &record.payment.order_id {
        let _ = write!(text, ", order {order_id}");
    }
    if let Some(refusal) = &record.payment.refusal {
        let _ = write!(text, ", {} {}", refusal.errcode, refusal.errmsg);
    }
    text
}

fn read_request(file: &str, console: &mut Console<'_>) -> Result<MicropayRequest, Failure> {
    let cannot_read = |error: std::io::Error| Failure::new(Exit::Usage, format!("{file} cannot be read: {error}"));
    let mut bytes = Vec::new();
    if file == "-" {
        console.input.take(MAX_REQUEST_BYTES).read_to_end(&mut bytes).map_err(cannot_read)?;
    } else {
        fs::File::open(file)
            .and_then(|file| file.take(MAX_REQUEST_BYTES).read_to_end(&mut bytes))
            .map_err(cannot_read)?;
    }
    from_json(&bytes).map_err(|error| {
        Failure::new(Exit::Usage, format!("{file} is not the request of a micropay: {error}"))
            .with_help("write it as the page of nontaxmicropay does: {\"desc\": …, \"fee\": …, \"auth_code\": …}")
    })
}
