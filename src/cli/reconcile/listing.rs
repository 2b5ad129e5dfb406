//! `nontax reconcile list`: the discrepancies, one a line.

use serde_json::{Value, json};

use super::{ListArguments, write};
use crate::app::ReconcileContext;
use crate::cli::{Console, Failure, Format, assembly};
use crate::domain::{Fen, RefundOrderId};
use crate::store::{DiscrepancyFilter, DiscrepancyRecord, DiscrepancySelection};

/// How many are read at once, and held.
const PAGE: u32 = 500;

/// Prints them page by page; as JSON one object a line, since there may be very many.
pub(super) async fn list(
    context: &ReconcileContext<'_>,
    arguments: &ListArguments,
    console: &mut Console<'_>,
) -> Result<(), Failure> {
    let filter = match (arguments.all, arguments.queued) {
        (true, _) => DiscrepancyFilter::All,
        (false, true) => DiscrepancyFilter::Queued,
        (false, false) => DiscrepancyFilter::Remaining,
    };
    let mut after = 0;
    loop {
        let selection = DiscrepancySelection { day: arguments.day, filter, after, limit: PAGE };
        let page = context.store.list_discrepancies(context.party.name.clone(), selection).await;
        let page = page.map_err(|error| assembly::store_failure(&error))?;
        let Some(last) = page.last() else { return Ok(()) };
        after = last.discrepancy_id;
        for record in &page {
            let line = match arguments.format {
                Format::Json => as_json(record).to_string(),
                Format::Text => as_text(record),
            };
            write(&line, console)?;
        }
    }
}

/// One of them, as a command that changed it prints it.
pub(super) fn one(record: &DiscrepancyRecord, format: Format) -> String {
    match format {
        Format::Json => format!("{:#}", as_json(record)),
        Format::Text => as_text(record),
    }
}

fn as_text(record: &DiscrepancyRecord) -> String {
    let yuan = |fee: Option<Fen>| fee.map_or_else(|| "-".to_owned(), |fee| fee.to_string());
    let refund = record.refund_order_id.as_ref().map(|number| format!(" refund {number}")).unwrap_or_default();
    let reason = Some(record.state.reason()).filter(|reason| !reason.is_empty());
    format!(
        "{} {} {} order {}{refund}, {} yuan there, {} yuan here, {}{} (found at {})",
        record.discrepancy_id,
        record.day,
        record.kind.name(),
        record.order_id,
        yuan(record.stated_fee),
        yuan(record.booked_fee),
        record.state.name(),
        reason.map(|reason| format!(": {reason}")).unwrap_or_default(),
        record.opened_at,
    )
}

fn as_json(record: &DiscrepancyRecord) -> Value {
    let parsed = |text: &str| serde_json::from_str::<Value>(text).unwrap_or_default();
    let progress = record.state.progress();
    json!({
        "discrepancy_id": record.discrepancy_id,
        "party": record.party.as_str(),
        "day": record.day.to_string(),
        "kind": record.kind.name(),
        "order_id": record.order_id.as_str(),
        "refund_order_id": record.refund_order_id.as_ref().map(RefundOrderId::as_str),
        "state": record.state.name(),
        "reason": record.state.reason(),
        "stage": progress.stage.name(),
        "approved_by": progress.approved_by,
        "stated_fee": record.stated_fee.map(Fen::get),
        "booked_fee": record.booked_fee.map(Fen::get),
        "evidence": parsed(&record.evidence),
        "seen": parsed(&record.seen),
        "opened_at": record.opened_at.to_string(),
        "updated_at": record.updated_at.to_string(),
        "closed_at": record.closed_at.map(|at| at.to_string()),
    })
}
