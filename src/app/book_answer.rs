//! What the book and the journals hold, as JSON for programs: on the admin API and by commands.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::notice_file::notice_to_json;
use crate::domain::{
    BankId, Disposition, Fen, NoticeState, Objection, OrderId, Payment, Refund, RefundKind, masked_name,
};
use crate::store::{
    AuditedChange, CallbackRecord, NoticeHistory, NoticeRecord, OrderRecord, PaymentRecord, StateChange,
    SuspensionRecord,
};

/// The platform's fields bear its names and its units (fen, Unix seconds); ours that end in `_at` are RFC 3339.
#[must_use]
pub fn record_to_json(record: &NoticeRecord, history: &NoticeHistory, suspended_by: Option<&str>) -> Value {
    let mut shown = notice_record_to_json(record);
    shown["suspended_by"] = suspended_by.into();
    shown["orders"] = history.orders.iter().map(order).collect();
    shown["history"] = history.changes.iter().map(change_to_json).collect();
    shown
}

/// A notice alone.
#[must_use]
pub fn notice_record_to_json(record: &NoticeRecord) -> Value {
    let paid_by = match &record.notice.state {
        NoticeState::Paid { order_id } => order_id.as_ref().map(OrderId::as_str),
        _ => None,
    };
    json!({
        "notice": notice_to_json(&record.notice),
        "paid_by_order_id": paid_by,
        "version": record.version,
        "created_at": record.created_at.to_string(),
        "updated_at": record.updated_at.to_string(),
    })
}

/// As [`notice_record_to_json`], for a list: the payer's name is masked.
#[must_use]
pub fn listed_notice_to_json(record: &NoticeRecord) -> Value {
    let mut record = record.clone();
    record.notice.user_name = record.notice.user_name.as_deref().map(masked_name);
    notice_record_to_json(&record)
}

/// A payment with what belongs to it.
#[must_use]
pub fn payment_to_json(record: &PaymentRecord) -> Value {
    let mut shown = payment(&record.payment);
    let key = record.notice.as_ref();
    shown["order_id"] = record.payment.order_id.as_str().into();
    shown["state"] = record.order_state.name().into();
    shown["payment_notice_no"] = key.map(|key| key.payment_notice_no.as_str()).into();
    shown["region_code"] = key.map(|key| key.region_code.as_str()).into();
    shown["department_code"] = key.map(|key| key.department_code.as_str()).into();
    shown["refunds"] = record.refunds.iter().map(refund).collect();
    shown["recorded_at"] = record.recorded_at.to_string().into();
    shown
}

/// A suspension at a moment.
#[must_use]
pub fn suspension_to_json(record: &SuspensionRecord, now: Timestamp) -> Value {
    let suspension = &record.suspension;
    json!({
        "scope": suspension.scope.name(),
        "subject": suspension.scope.subject(),
        "reason": suspension.reason,
        "from": suspension.from().map(|from| from.to_string()),
        "until": suspension.until().map(|until| until.to_string()),
        "in_force": suspension.in_force(now),
        "created_at": record.created_at.to_string(),
    })
}

/// A row of the journal of callbacks.
#[must_use]
pub fn callback_to_json(callback: &CallbackRecord) -> Value {
    json!({
        "callback_id": callback.callback_id,
        "kind": callback.kind.name(),
        "wxnontaxstr": callback.wxnontaxstr,
        "peer": callback.peer,
        "body_digest": callback.body_digest,
        "subject": callback.subject,
        "outcome": callback.outcome,
        "errcode": callback.errcode,
        "key_id": callback.key_id,
        "received_at": callback.received_at.to_string(),
        "duration_us": callback.duration_us,
    })
}

/// A row of the audit of changes.
#[must_use]
pub fn audited_to_json(change: &AuditedChange) -> Value {
    json!({
        "audit_id": change.audit_id,
        "who": change.by.who,
        "from": change.by.came_from,
        "action": change.action,
        "subject": change.subject,
        "before": change.before,
        "after": change.after,
        "reason": change.reason,
        "recorded_at": change.recorded_at.to_string(),
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

/// A row of the journal of state changes.
#[must_use]
pub fn change_to_json(change: &StateChange) -> Value {
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
#[must_use]
pub fn disposition(disposition: &Disposition) -> (&'static str, Option<&Objection>) {
    match disposition {
        Disposition::Settles => ("settles", None),
        Disposition::Recorded { because } => ("recorded", because.as_ref()),
        Disposition::Refused { because } => ("refused", Some(because)),
        Disposition::Held { because } => ("held", Some(because)),
    }
}

/// An objection in a few words.
#[must_use]
pub const fn objection_name(objection: &Objection) -> &'static str {
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
#[must_use]
pub const fn errcode(objection: &Objection) -> i64 {
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
