//! A notice and what belongs to it as JSON, for programs.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::app::notice_file::notice_to_json;
use crate::domain::{
    BankId, Disposition, Fen, Notice, NoticeState, Objection, OrderId, Payment, Refund, RefundKind, masked_name,
};
use crate::store::{NoticeHistory, NoticeRecord, OrderRecord, StateChange};

/// The platform's fields bear its names and its units (fen, Unix seconds); ours that end in `_at` are RFC 3339.
pub(super) fn record_to_json(record: &NoticeRecord, history: &NoticeHistory, suspended_by: Option<&str>) -> Value {
    let paid_by = match &record.notice.state {
        NoticeState::Paid { order_id } => order_id.as_ref().map(OrderId::as_str),
        _ => None,
    };
    let user_name = record.notice.user_name.as_deref().map(masked_name);
    let notice = Notice { user_name, ..record.notice.clone() };
    json!({
        "notice": notice_to_json(&notice),
        "paid_by_order_id": paid_by,
        "suspended_by": suspended_by,
        "version": record.version,
        "created_at": record.created_at.to_string(),
        "updated_at": record.updated_at.to_string(),
        "orders": history.orders.iter().map(order).collect::<Value>(),
        "history": history.changes.iter().map(change).collect::<Value>(),
    })
}

fn order(order: &OrderRecord) -> Value {
    json!({
        "order_id": order.order_id.as_str(),
        "state": order.state.name(),
        "fee": order.details.as_ref().map(|details| details.fee.get()),
        "bank_id": order.details.as_ref().and_then(|details| details.bank_id.as_ref()).map(BankId::as_str),
        "payment": order.payment.as_ref().map(payment),
        "refunds": order.refunds.iter().map(refund).collect::<Value>(),
    })
}

fn payment(payment: &Payment) -> Value {
    let (disposition, because) = disposition(&payment.disposition);
    json!({
        "fee": payment.fee.map(Fen::get),
        "pay_channel": payment.pay_channel,
        "pay_finish_time": payment.pay_finish_time.map(Timestamp::as_second),
        "disposition": disposition,
        "because": because.map(objection_name),
        "errcode": because.map(errcode),
    })
}

fn refund(refund: &Refund) -> Value {
    let (kind, refund_order_id, refund_fee) = match &refund.kind {
        RefundKind::Full => ("full", None, None),
        RefundKind::Partial { refund_order_id, refund_fee } => {
            ("partial", Some(refund_order_id.as_str()), Some(refund_fee.get()))
        }
    };
    json!({
        "kind": kind,
        "refund_order_id": refund_order_id,
        "refund_fee": refund_fee,
        "refund_finish_time": refund.refund_finish_time.map(Timestamp::as_second),
    })
}

fn change(change: &StateChange) -> Value {
    json!({
        "recorded_at": change.recorded_at.to_string(),
        "subject_kind": change.subject_kind,
        "subject": change.subject,
        "step": change.step,
        "from_state": change.from_state,
        "to_state": change.to_state,
        "cause": change.cause,
    })
}

/// What became of a payment, in a word, and what stands against it.
pub(super) fn disposition(disposition: &Disposition) -> (&'static str, Option<&Objection>) {
    match disposition {
        Disposition::Settles => ("settles", None),
        Disposition::Recorded { because } => ("recorded", because.as_ref()),
        Disposition::Refused { because } => ("refused", Some(because)),
        Disposition::Held { because } => ("held", Some(because)),
    }
}

/// An objection in a few words.
pub(super) const fn objection_name(objection: &Objection) -> &'static str {
    match objection {
        Objection::EntitySuspended => "suspended",
        Objection::NoticeUnknown => "the notice or the order does not exist",
        Objection::AlreadyPaid { .. } => "already paid",
        Objection::NoticeCanceled => "canceled",
        Objection::Late => "late payment not allowed",
        Objection::BankNotSupported => "bank not supported",
        Objection::NoticeInconsistent => "notice error or wrong amount",
    }
}

/// The errcode that an objection is answered with (protocol §5).
pub(super) const fn errcode(objection: &Objection) -> i64 {
    match objection {
        Objection::EntitySuspended => 211,
        Objection::NoticeUnknown => 231,
        Objection::AlreadyPaid { .. } => 232,
        Objection::NoticeCanceled => 233,
        Objection::Late => 235,
        Objection::BankNotSupported => 236,
        Objection::NoticeInconsistent => 296,
    }
}
