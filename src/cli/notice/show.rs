//! `nontax notice show`: all that the book knows of a notice, for people.

use std::io::{self, Write};

use clap::Args;
use jiff::Timestamp;
use jiff::tz::{Offset, TimeZone};
use serde_json::{Value, json};

use super::selection::{self, PartyNotice};
use super::{cannot_write, store_failed};
use crate::app::book_answer::{disposition, errcode, objection_name, record_to_json};
use crate::cli::{Console, Exit, Failure, Format};
use crate::domain::{BankId, Notice, NoticeState, PartyName, RefundKind, Suspensions, masked_name};
use crate::store::{Book, NoticeHistory, NoticeRecord, OrderRecord, ReceivablesLookup};

/// What `notice show` takes.
#[derive(Debug, Args)]
pub struct ShowArguments {
    #[command(flatten)]
    pub(super) target: PartyNotice,
    /// How to print it.
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: Format,
}

pub(super) async fn run(
    arguments: &ShowArguments,
    store: &dyn Book,
    parties: &[PartyName],
    console: &mut Console<'_>,
) -> Result<(), Failure> {
    let PartyNotice { party, notice } = &arguments.target;
    let party = party.among(parties)?;
    let mut found = Vec::new();
    for record in selection::find(&notice.number, &notice.place, store, &party).await? {
        let history = store.notice_history(party.clone(), record.notice.key.clone()).await;
        let history = history.map_err(|error| store_failed(&error))?;
        let suspended_by = suspended_by(&record.notice, store, &party).await?;
        found.push((record, history, suspended_by));
    }
    let written = match arguments.format {
        Format::Json => {
            let notices: Value =
                found.iter().map(|(record, history, by)| record_to_json(&masked(record), history, *by)).collect();
            let text = serde_json::to_string_pretty(&json!({ "notices": notices }))
                .map_err(|error| Failure::from_error(Exit::Failure, &error))?;
            writeln!(console.out, "{text}")
        }
        Format::Text => {
            found.iter().try_for_each(|(record, history, by)| write_text(record, history, *by, console.out))
        }
    };
    written.map_err(|error| cannot_write(&error))
}

/// Which suspension beside its own state stops payment for a notice.
async fn suspended_by(notice: &Notice, store: &dyn Book, party: &PartyName) -> Result<Option<&'static str>, Failure> {
    let lookup = ReceivablesLookup {
        party: party.clone(),
        region_code: notice.key.region_code.clone(),
        department_code: Some(notice.key.department_code.clone()),
        payment_notice_no: notice.key.payment_notice_no.clone(),
        at: Timestamp::now(),
    };
    let facts = store.look_up_receivables(lookup).await.map_err(|error| store_failed(&error))?;
    let suspensions: &Suspensions = &facts.suspensions;
    Ok(if suspensions.everything() {
        Some("everything is suspended (297)")
    } else if suspensions.touch(notice) {
        Some("its department or an item is suspended (211)")
    } else {
        None
    })
}

fn write_text(
    record: &NoticeRecord,
    history: &NoticeHistory,
    suspended_by: Option<&str>,
    out: &mut dyn Write,
) -> io::Result<()> {
    let notice = &record.notice;
    writeln!(out, "notice {}", notice.key)?;
    match &notice.state {
        NoticeState::Paid { order_id: Some(order_id) } => writeln!(out, "  status       paid by order {order_id}")?,
        NoticeState::Paid { order_id: None } => writeln!(out, "  status       paid another way")?,
        state => writeln!(out, "  status       {}", state.name())?,
    }
    if let Some(suspended_by) = suspended_by {
        writeln!(out, "  suspension   {suspended_by}")?;
    }
    writeln!(out, "  department   {}", notice.department_name)?;
    if let Some(user_name) = &notice.user_name {
        writeln!(out, "  payer        {}", masked_name(user_name))?;
    }
    writeln!(out, "  due          {} yuan", notice.fee)?;
    for item in &notice.items {
        writeln!(out, "    {}. {} {}: {} yuan", item.no, item.item_id, item.item_name, item.fee)?;
    }
    if let Some(last_day) = notice.payment_expire_date {
        writeln!(
            out,
            "  last day     {last_day}, late payment {}",
            match notice.late_payment {
                crate::domain::LatePayment::Allowed => "allowed",
                crate::domain::LatePayment::Refused => "refused",
            }
        )?;
    }
    if !notice.bank_ids.is_empty() {
        let bank_ids: Vec<_> = notice.bank_ids.iter().map(BankId::as_str).collect();
        writeln!(out, "  only banks   {}", bank_ids.join(", "))?;
    }
    writeln!(out, "  in the book  since {}, version {}", in_china(record.created_at), record.version)?;
    history.orders.iter().try_for_each(|order| write_order(order, out))?;
    if !history.changes.is_empty() {
        writeln!(out, "  history")?;
    }
    for change in &history.changes {
        let from = if change.from_state.is_empty() { "new" } else { &change.from_state };
        writeln!(
            out,
            "    {}  {} {}: {} ({from} -> {})  {}",
            in_china(change.recorded_at),
            change.subject_kind,
            change.subject,
            change.step,
            change.to_state,
            change.cause
        )?;
    }
    Ok(())
}

fn write_order(order: &OrderRecord, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "  order {}: {}", order.order_id, order.state.name())?;
    if let Some(payment) = &order.payment {
        let (word, because) = disposition(&payment.disposition);
        let amount = payment.fee.map_or_else(|| "an unknown amount".to_owned(), |fee| format!("{fee} yuan"));
        write!(out, "    payment of {amount} through {}", payment.pay_channel)?;
        if let Some(time) = payment.pay_finish_time {
            write!(out, ", {}", in_china(time))?;
        }
        match because {
            Some(because) => writeln!(out, ": {word}, {} {}", errcode(because), objection_name(because))?,
            None => writeln!(out, ": {word}")?,
        }
    }
    for refund in &order.refunds {
        match &refund.kind {
            RefundKind::Full => write!(out, "    refund of all")?,
            RefundKind::Partial { refund_order_id, refund_fee } => {
                write!(out, "    refund {refund_order_id} of {refund_fee} yuan")?;
            }
        }
        writeln!(
            out,
            "{}",
            refund.refund_finish_time.map_or_else(String::new, |time| format!(", {}", in_china(time)))
        )?;
    }
    Ok(())
}

/// `2023-11-15 06:13:20`, as the clocks in China show it.
fn in_china(instant: Timestamp) -> String {
    instant.to_zoned(TimeZone::fixed(Offset::constant(8))).strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// The notice with its payer's name masked: a terminal is no place for the whole one.
fn masked(record: &NoticeRecord) -> NoticeRecord {
    let mut record = record.clone();
    record.notice.user_name = record.notice.user_name.as_deref().map(masked_name);
    record
}
