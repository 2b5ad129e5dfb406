//! What both sides told of an order, as JSON for people and for other systems.

use serde_json::{Value, json};

use crate::domain::{BookedOrder, BookedTime, Fen, Objection, RefundKind, StatedOrder};

/// Both sides.
pub(super) fn evidence(stated: Option<&StatedOrder>, booked: &BookedOrder) -> String {
    json!({ "statement": stated.map(of_statement), "book": of_book(booked) }).to_string()
}

fn of_statement(stated: &StatedOrder) -> Value {
    let payments =
        stated.payments.iter().map(|payment| json!({ "fee": payment.fee.get(), "at": payment.at.as_second() }));
    let refunds = stated.refunds.iter().map(|refund| {
        json!({
            "refund_order_id": refund.refund_order_id.as_str(),
            "refund_out_id": refund.refund_out_id,
            "refund_fee": refund.fee.get(),
            "at": refund.at.as_second(),
            "is_done": refund.is_done,
        })
    });
    json!({
        "pays": stated.pays,
        "payments": payments.collect::<Vec<_>>(),
        "refunds": refunds.collect::<Vec<_>>(),
    })
}

fn of_book(booked: &BookedOrder) -> Value {
    let payment = booked.payment.as_ref().map(|payment| {
        json!({
            "fee": payment.fee.map(Fen::get),
            "pay_finish_time": told(payment.at),
            "disposition": payment.disposition.name(),
            "objection": payment.disposition.objection().map(Objection::name),
            "notice": payment.notice.as_ref().map(ToString::to_string),
        })
    });
    let refunds = booked.refunds.iter().map(|refund| {
        let refund_order_id = match &refund.kind {
            RefundKind::Full => None,
            RefundKind::Partial { refund_order_id, .. } => Some(refund_order_id.as_str()),
        };
        json!({
            "refund_order_id": refund_order_id,
            "refund_fee": booked.amount_of(refund).map(Fen::get),
            "refund_finish_time": told(refund.at),
        })
    });
    json!({ "payment": payment, "refunds": refunds.collect::<Vec<_>>() })
}

fn told(at: BookedTime) -> Option<i64> {
    match at {
        BookedTime::Told(at) => Some(at.as_second()),
        BookedTime::Recorded(_) => None,
    }
}
