//! What the platform's order shows of a refund that was asked for here (source §6.1.3).

use jiff::Timestamp;

use super::convert::{fen, instant};
use super::resolve_order::read_order;
use super::{Fault, Party};
use crate::domain::{OrderId, Refund, RefundAsk, RefundKind, RefundOrderId, RefundStep};
use crate::platform::{GET_ORDER, PlatformError};
use crate::store::{Book, RefundRequestRecord, ToldOrder};
use crate::wire::{
    GetOrderReply, ORDER_STATUS_AWAITING_REFUND, PartialRefundInfo, REFUND_STATUS_AWAITING, REFUND_STATUS_REFUNDED,
    STATUS_REFUNDED, is_paid_status,
};

/// Whether the platform shows a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Shown {
    /// It has it, and this follows.
    As(RefundStep),
    /// It does not show it, and something of the order is left.
    Nowhere,
    /// All of the order went back by other refunds.
    RefundedByOthers,
}

/// What the platform's order shows of a request. All that went back of an order that is refunded as a whole is taken for the one
/// request that asked for that.
pub(super) fn shown(request: &RefundRequestRecord, order: &GetOrderReply) -> Shown {
    let time = |seconds: Option<i64>| instant("refund_finish_time", seconds).ok().flatten();
    let number = |text: Option<&str>| text.and_then(|text| RefundOrderId::new(text).ok());
    let ours = Some(request.refund_out_id.as_str());
    let theirs = request.state.refund_order_id().map(RefundOrderId::as_str);
    let is_it =
        |out_id: Option<&str>, order_id: Option<&str>| out_id == ours || (theirs.is_some() && order_id == theirs);
    let part = |part: &&PartialRefundInfo| is_it(part.refund_out_id.as_deref(), Some(&part.refund_order_id));
    if let Some(part) = order.partial_refund_info.iter().find(part) {
        let refund_order_id = number(Some(&part.refund_order_id));
        return match part.refund_status {
            Some(REFUND_STATUS_REFUNDED) => {
                Shown::As(RefundStep::Finish { refund_order_id, at: time(part.refund_finish_time) })
            }
            Some(REFUND_STATUS_AWAITING) => Shown::As(RefundStep::Accept { refund_order_id }),
            _ => Shown::Nowhere,
        };
    }
    let refund_order_id = number(order.refund_order_id.as_deref());
    let named = is_it(order.refund_out_id.as_deref(), order.refund_order_id.as_deref());
    let whole = request.ask == RefundAsk::Whole && order.partial_refund_info.is_empty();
    match order.status {
        Some(STATUS_REFUNDED) if named || whole => {
            Shown::As(RefundStep::Finish { refund_order_id, at: time(order.refund_finish_time) })
        }
        Some(STATUS_REFUNDED) => Shown::RefundedByOthers,
        Some(ORDER_STATUS_AWAITING_REFUND) if named || whole => Shown::As(RefundStep::Accept { refund_order_id }),
        _ => Shown::Nowhere,
    }
}

/// What the platform's order tells of its payment and its refunds, for an order that was not notified yet.
pub(super) async fn told_order(
    store: &dyn Book,
    party: &Party,
    order_id: &OrderId,
    reply: &GetOrderReply,
) -> Result<ToldOrder, Fault> {
    let details = read_order(store, party, order_id, reply).await?;
    let unreadable =
        |fault: Fault| Fault::Platform(PlatformError::Unreadable { api: GET_ORDER, problem: fault.to_string() });
    let status = reply.status.unwrap_or_default();
    let paid = is_paid_status(status) || matches!(status, STATUS_REFUNDED | ORDER_STATUS_AWAITING_REFUND);
    let mut refunds = Vec::new();
    let whole_on_its_way = status == ORDER_STATUS_AWAITING_REFUND && reply.partial_refund_info.is_empty();
    if status == STATUS_REFUNDED || whole_on_its_way {
        refunds.push(Refund { kind: RefundKind::Full, refund_finish_time: None });
    }
    let counts =
        |part: &&PartialRefundInfo| matches!(part.refund_status, Some(REFUND_STATUS_REFUNDED | REFUND_STATUS_AWAITING));
    for part in reply.partial_refund_info.iter().filter(counts) {
        refunds.push(told_refund(part).map_err(unreadable)?);
    }
    let pay_finish_time: Option<Timestamp> = instant("pay_finish_time", reply.pay_finish_time).map_err(unreadable)?;
    Ok(ToldOrder { paid: paid.then_some(details.fee), details, pay_finish_time, refunds })
}

fn told_refund(part: &PartialRefundInfo) -> Result<Refund, Fault> {
    let refund_fee = part.refund_fee.ok_or_else(|| Fault::Field("partial_refund_info lacks refund_fee".to_owned()))?;
    Ok(Refund {
        kind: RefundKind::Partial {
            refund_order_id: RefundOrderId::new(&part.refund_order_id)?,
            refund_fee: fen("refund_fee", refund_fee)?,
        },
        refund_finish_time: instant("refund_finish_time", part.refund_finish_time)?,
    })
}
