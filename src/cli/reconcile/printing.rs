//! The plan and the outcome of a reconciliation, for people and for programs.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::app::{MatchedDay, ReconcileContext, ReconcileOutcome};
use crate::domain::DifferenceKind;
use crate::store::SideSums;

/// What is done about a kind of difference, in a few words.
fn plan_of(context: &ReconcileContext<'_>, kind: DifferenceKind) -> &'static str {
    let rights = context.rights();
    match kind {
        DifferenceKind::UnknownHere if rights.asks_to_notify => {
            "ask the platform to notify again; if that does not help, record it from the order"
        }
        DifferenceKind::UnknownHere => "record it from the order",
        DifferenceKind::RefundedThereOnly => "record the refund from the order",
        DifferenceKind::MissingThere
        | DifferenceKind::AmountsDiffer
        | DifferenceKind::RefundedHereOnly
        | DifferenceKind::RefundAmountsDiffer => "look at the order; a person decides",
        DifferenceKind::PaidTwice if rights.refunds_duplicates => "refund it, unless the platform did",
        DifferenceKind::PaidTwice | DifferenceKind::RefusedNotRefunded => {
            "look whether the platform refunded it; a person says yes to a refund"
        }
        DifferenceKind::NoSource => "look at the order once more; a person says yes to a refund",
    }
}

pub(super) fn plan_as_text(context: &ReconcileContext<'_>, plan: &MatchedDay) -> String {
    let mut text = format!("{} of {}\n", plan.day, context.party.name);
    for (name, side) in [("statement", &plan.sums.stated), ("book", &plan.sums.booked)] {
        let SideSums { payments, paid_fee, refunds, refunded_fee } = side;
        let _ = writeln!(
            text,
            "  {name:<9} {payments} payments over {paid_fee} yuan, {refunds} refunds over {refunded_fee} yuan"
        );
    }
    if !plan.statement_is_clean {
        let _ = writeln!(
            text,
            "  the statement is not sound: {} rows cannot be read, or its own sums are not those of its rows",
            plan.sums.bad_rows
        );
    }
    if plan.in_flight > 0 {
        let _ = writeln!(text, "  {} in flight across midnight, until the next statement", plan.in_flight);
    }
    if plan.found.is_empty() {
        text.push_str("nothing differs\n");
        return text;
    }
    text.push_str("plan:\n");
    for (kind, found) in &plan.found {
        let _ = writeln!(
            text,
            "  {} {}, {} yuan there, {} yuan here: {}",
            found.count,
            kind.name(),
            found.stated_fee,
            found.booked_fee,
            plan_of(context, *kind)
        );
    }
    text
}

pub(super) fn outcome_as_text(outcome: &ReconcileOutcome) -> String {
    let healing = &outcome.healing;
    let mut text = format!(
        "outcome: {} healed, {} queued for a person, {} wait for a refund, {} without an answer of the platform\n",
        healing.healed, healing.queued, healing.left, healing.unreachable
    );
    let seen = &healing.notifications;
    if seen.sent > 0 {
        let _ = writeln!(
            text,
            "notifications of these orders: the platform says it sent {}, {} never came; the slowest took {} ms there, {} ms here",
            seen.sent,
            seen.never_came,
            seen.slowest_there.as_millis(),
            seen.slowest_here.as_millis()
        );
    }
    let _ = writeln!(
        text,
        "{} of this day remain, {} of all days: nontax reconcile list",
        outcome.remaining, outcome.remaining_in_all
    );
    text
}

pub(super) fn plan_as_json(context: &ReconcileContext<'_>, plan: &MatchedDay) -> String {
    format!("{:#}", json!({ "plan": planned(context, plan) }))
}

pub(super) fn outcome_as_json(context: &ReconcileContext<'_>, plan: &MatchedDay, outcome: &ReconcileOutcome) -> String {
    let healing = &outcome.healing;
    let seen = &healing.notifications;
    let outcome = json!({
        "healed": healing.healed,
        "queued": healing.queued,
        "left": healing.left,
        "unreachable": healing.unreachable,
        "remaining": outcome.remaining,
        "remaining_in_all": outcome.remaining_in_all,
        "notifications": {
            "sent": seen.sent,
            "never_came": seen.never_came,
            "slowest_there_ms": u64::try_from(seen.slowest_there.as_millis()).unwrap_or(u64::MAX),
            "slowest_here_ms": u64::try_from(seen.slowest_here.as_millis()).unwrap_or(u64::MAX),
        },
        "last_look": planned(context, &outcome.matched),
    });
    format!("{:#}", json!({ "plan": planned(context, plan), "outcome": outcome }))
}

fn planned(context: &ReconcileContext<'_>, plan: &MatchedDay) -> Value {
    let found = plan.found.iter().map(|(kind, found)| {
        json!({
            "kind": kind.name(),
            "count": found.count,
            "stated_fee": found.stated_fee.get(),
            "booked_fee": found.booked_fee.get(),
            "plan": plan_of(context, *kind),
        })
    });
    json!({
        "party": context.party.name.as_str(),
        "day": plan.day.to_string(),
        "statement": side(&plan.sums.stated),
        "book": side(&plan.sums.booked),
        "bad_rows": plan.sums.bad_rows,
        "statement_is_clean": plan.statement_is_clean,
        "in_flight": plan.in_flight,
        "differences": found.collect::<Vec<_>>(),
    })
}

fn side(sums: &SideSums) -> Value {
    json!({
        "payments": sums.payments,
        "paid_fee": sums.paid_fee.get(),
        "refunds": sums.refunds,
        "refunded_fee": sums.refunded_fee.get(),
    })
}
