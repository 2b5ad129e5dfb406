//! What the platform's order query shows, in the terms of the rules.

use serde_json::{Value, json};

use crate::app::Fault;
use crate::app::convert::{fen, instant};
use crate::domain::{Fen, OrderSight, SeenOrder, SeenRefund};
use crate::platform::{GET_ORDER, PlatformError};
use crate::wire::{
    GetOrderReply, ORDER_STATUS_AWAITING_REFUND, PartialRefundInfo, REFUND_STATUS_AWAITING, REFUND_STATUS_REFUNDED,
    STATUS_REFUNDED, is_paid_status,
};

/// What an order shows.
///
/// # Errors
/// [`Fault`] when the reply cannot be read: then nothing is done about it.
pub(super) fn sight_of(order: Option<&GetOrderReply>) -> Result<OrderSight, Fault> {
    let Some(order) = order else { return Ok(OrderSight::NoSuchOrder) };
    let unreadable =
        |fault: Fault| Fault::Platform(PlatformError::Unreadable { api: GET_ORDER, problem: fault.to_string() });
    let status = order.status.unwrap_or_default();
    let all_refunded = status == STATUS_REFUNDED;
    if !is_paid_status(status) && !all_refunded && status != ORDER_STATUS_AWAITING_REFUND {
        return Ok(OrderSight::NotPaid);
    }
    let fee = order.fee.ok_or_else(|| unreadable(Fault::Field("fee is missing".to_owned())))?;
    let awaits = |part: &PartialRefundInfo| part.refund_status == Some(REFUND_STATUS_AWAITING);
    Ok(OrderSight::Paid(SeenOrder {
        fee: fen("fee", fee).map_err(unreadable)?,
        pay_finish_time: instant("pay_finish_time", order.pay_finish_time).map_err(unreadable)?,
        all_refunded,
        refund_pending: status == ORDER_STATUS_AWAITING_REFUND || order.partial_refund_info.iter().any(awaits),
        refunds: order.partial_refund_info.iter().filter_map(refund).collect(),
    }))
}

/// A refund of a part; one that failed is none.
fn refund(part: &PartialRefundInfo) -> Option<SeenRefund> {
    let is_done = part.refund_status == Some(REFUND_STATUS_REFUNDED);
    (is_done || part.refund_status == Some(REFUND_STATUS_AWAITING)).then(|| SeenRefund {
        refund_order_id: part.refund_order_id.clone(),
        refund_out_id: part.refund_out_id.clone(),
        fee: part.refund_fee.and_then(Fen::new),
        is_done,
    })
}

/// The order for the evidence: what it shows of money, and nothing of the payer.
pub(super) fn shown(order: Option<&GetOrderReply>) -> Value {
    let Some(order) = order else { return Value::Null };
    let parts = order.partial_refund_info.iter().map(|part| {
        json!({
            "refund_order_id": part.refund_order_id,
            "refund_out_id": part.refund_out_id,
            "refund_fee": part.refund_fee,
            "refund_finish_time": part.refund_finish_time,
            "refund_status": part.refund_status,
        })
    });
    json!({
        "status": order.status,
        "fee": order.fee,
        "pay_finish_time": order.pay_finish_time,
        "refund_finish_time": order.refund_finish_time,
        "trans_id": order.trans_id,
        "payment_notice_no": order.payment_notice_no,
        "partial_refund_info": parts.collect::<Vec<_>>(),
    })
}
