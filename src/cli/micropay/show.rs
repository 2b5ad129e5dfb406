//! `nontax micropay show` and `list`: what the store holds of payments at the counter.

use clap::Args;
use serde_json::{Value, json};

use super::{Counter, KeyArguments, cannot_write, failed, key, write_json};
use crate::app::{MicropayError, MicropayOutcome};
use crate::cli::{Console, Failure, Format};
use crate::domain::Fen;
use crate::store::{MicropayRecord, MicropayStepRecord};

/// How many payments are listed when nobody says.
const LISTED: u32 = 50;

/// What `micropay list` takes.
#[derive(Debug, Args)]
pub struct ListArguments {
    /// The party, by its name in the configuration.
    #[arg(long, value_name = "NAME")]
    party: String,
    /// Only those that have not ended.
    #[arg(long)]
    under_way: bool,
    /// How many at most.
    #[arg(long, value_name = "NUMBER", default_value_t = LISTED)]
    limit: u32,
    /// How to print them.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

pub(super) async fn show(
    arguments: &KeyArguments,
    counter: &Counter,
    console: &mut Console<'_>,
) -> Result<(), Failure> {
    let party = counter.party(&arguments.party)?;
    let key = key(&arguments.key)?;
    let store = counter.runner.store();
    let found = store.find_micropay(party.name.clone(), key.clone()).await.map_err(|error| failed(&error.into()))?;
    let record = found.ok_or_else(|| failed(&MicropayError::NotFound(key.clone())))?;
    let steps = store.micropay_steps(party.name.clone(), key).await.map_err(|error| failed(&error.into()))?;
    match arguments.format {
        Format::Json => {
            let mut shown = to_json(&record);
            shown["steps"] = steps.iter().map(step_to_json).collect();
            write_json(&shown, console)
        }
        Format::Text => {
            write_line(&record, console)?;
            let outcome = MicropayOutcome::of(&record);
            let written = writeln!(console.out, "  {}\n  {}", outcome.message_zh, outcome.message_en);
            written.map_err(|error| cannot_write(&error))?;
            for MicropayStepRecord { step, from_state, to_state, cause, recorded_at } in &steps {
                let from = if from_state.is_empty() { "new" } else { from_state };
                let written = writeln!(console.out, "    {recorded_at}  {step}: {from} -> {to_state}  {cause}");
                written.map_err(|error| cannot_write(&error))?;
            }
            Ok(())
        }
    }
}

pub(super) async fn list(
    arguments: &ListArguments,
    counter: &Counter,
    console: &mut Console<'_>,
) -> Result<(), Failure> {
    let party = counter.party(&arguments.party)?;
    let listed = counter.runner.store().list_micropays(party.name.clone(), arguments.under_way, arguments.limit).await;
    let listed = listed.map_err(|error| failed(&error.into()))?;
    match arguments.format {
        Format::Json => write_json(&json!({ "micropays": listed.iter().map(to_json).collect::<Vec<_>>() }), console),
        Format::Text => listed.iter().try_for_each(|record| write_line(record, console)),
    }
}

fn write_line(record: &MicropayRecord, console: &mut Console<'_>) -> Result<(), Failure> {
    let payment = &record.payment;
    let order = payment.order_id.as_ref().map_or_else(String::new, |order_id| format!("  order {order_id}"));
    let subject = &record.subject;
    let number = if subject.order_no.is_empty() { &subject.payment_notice_no } else { &subject.order_no };
    let written = writeln!(
        console.out,
        "{}  {}  {} yuan for {}/{}/{number}  {} calls{order}  {}",
        record.key,
        payment.state.name(),
        record.fee,
        subject.region_code,
        subject.department_code,
        payment.attempts,
        payment.begun_at,
    );
    written.map_err(|error| cannot_write(&error))
}

fn to_json(record: &MicropayRecord) -> Value {
    let mut shown = json!(MicropayOutcome::of(record));
    let subject = &record.subject;
    let present = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    shown["party"] = json!(record.party.as_str());
    shown["fee"] = json!(Fen::get(record.fee));
    shown["region_code"] = json!(subject.region_code);
    shown["department_code"] = json!(subject.department_code);
    shown["payment_notice_no"] = json!(present(&subject.payment_notice_no));
    shown["order_no"] = json!(present(&subject.order_no));
    shown["begun_at"] = json!(record.payment.begun_at.to_string());
    shown["updated_at"] = json!(record.updated_at.to_string());
    shown
}

fn step_to_json(step: &MicropayStepRecord) -> Value {
    json!({
        "step": step.step,
        "from": step.from_state,
        "to": step.to_state,
        "cause": step.cause,
        "at": step.recorded_at.to_string(),
    })
}
