//! A payment status notification, recorded in the book.

use super::convert::{fen, instant};
use super::reply::{Answered, Received, errcode_of, notification_reply};
use super::{Fault, OrderResolver, Party, fault_reply};
use crate::domain::{
    NotificationAnswer, OrderEvent, OrderId, OrderState, Paid, Refund, RefundKind, RefundOrderId, RefundOutId,
    Refunded, Role,
};
use crate::envelope::Verified;
use crate::platform::PlatformError;
use crate::store::{Book, CallbackKind, JournalEntry, Recording};
use crate::wire::{
    GetOrderReply, PartialRefundInfo, PaymentStatusNotification, REFUND_STATUS_AWAITING, REFUND_STATUS_REFUNDED,
    STATUS_REFUNDED, from_json, is_paid_status,
};

/// Records the plaintext of a notification and answers it. What it answers is committed.
pub async fn record_notification(
    store: &dyn Book,
    resolver: &OrderResolver,
    party: &Party,
    plaintext: &Verified,
    received: &Received,
) -> Answered {
    let (notification, order_id) = match read(plaintext.bytes()) {
        Ok(read) => read,
        Err(fault) => return fault_reply(fault, None, party.locale),
    };
    let subject = Some(order_id.to_string());
    match record(store, resolver, party, &notification, &order_id, received).await {
        Ok(answer) => {
            let (reply, errcode) = notification_reply(&answer, party.locale);
            Answered { journaled: true, ..Answered::new(&reply, errcode, answer.outcome(), subject) }
        }
        Err(fault) => fault_reply(fault, subject, party.locale),
    }
}

fn read(plaintext: &[u8]) -> Result<(PaymentStatusNotification, OrderId), Fault> {
    let notification: PaymentStatusNotification = from_json(plaintext)?;
    let order_id = OrderId::new(&notification.order_id)?;
    Ok((notification, order_id))
}

async fn record(
    store: &dyn Book,
    resolver: &OrderResolver,
    party: &Party,
    notification: &PaymentStatusNotification,
    order_id: &OrderId,
    received: &Received,
) -> Result<NotificationAnswer, Fault> {
    let mut refund_out_ids = Vec::new();
    let event = if is_paid_status(notification.status) {
        let paid = Paid {
            pay_channel: pay_channel(notification)?,
            pay_finish_time: pay_finish_time(party, notification)?,
            resolution: resolver.resolve(store, party, order_id, notification).await?,
        };
        OrderEvent::Paid(paid)
    } else if notification.status == STATUS_REFUNDED {
        let (refunded, told) = refunds(store, resolver, party, order_id, notification).await?;
        refund_out_ids = told;
        OrderEvent::Refunded(refunded)
    } else {
        return Err(Fault::Field(format!(
            "status is {}: 3 or 4 (paid) or 5 (refunded) is expected",
            notification.status
        )));
    };
    let recording = Recording {
        party: party.name.clone(),
        order_id: order_id.clone(),
        event,
        refund_out_ids,
        policy: party.policy(),
        received_at: received.received_at,
        started: received.started,
        journal: JournalEntry {
            party: party.name.clone(),
            kind: CallbackKind::Notification,
            wxnontaxstr: received.wxnontaxstr.clone(),
            peer: received.peer.clone(),
            body_digest: received.body_digest.clone(),
            subject: Some(order_id.to_string()),
            outcome: "",
            errcode: 0,
            key_id: Some(received.key_id.clone()),
            received_at: received.received_at,
            duration: received.started.elapsed(),
        },
        errcode_of: |answer| errcode_of(answer).code(),
    };
    Ok(store.record_notification(recording).await?)
}

fn pay_channel(notification: &PaymentStatusNotification) -> Result<String, Fault> {
    let pay_channel = notification.pay_channel.trim();
    if pay_channel.chars().any(char::is_control) || pay_channel.len() > 64 {
        return Err(Fault::Field("pay_channel is longer than 64 bytes or holds a control character".to_owned()));
    }
    Ok(pay_channel.to_owned())
}

/// Bank and finance are always told when the citizen paid: lateness is judged by it.
fn pay_finish_time(party: &Party, notification: &PaymentStatusNotification) -> Result<Option<jiff::Timestamp>, Fault> {
    let at = instant("pay_finish_time", notification.pay_finish_time)?;
    match (at, party.role) {
        (None, Role::Finance | Role::Bank) => Err(Fault::Field("pay_finish_time is missing".to_owned())),
        (at, _) => Ok(at),
    }
}

/// Our own numbers of refunds, beside the platform's.
pub(super) type RefundOutIds = Vec<(RefundOrderId, RefundOutId)>;

/// The refunds that a notification of status 5 means, and our own numbers of them where the order was asked. One that tells no amount is a full refund, except where it may hide that:
/// then the order is asked, unless the book says already that all of it went back.
async fn refunds(
    store: &dyn Book,
    resolver: &OrderResolver,
    party: &Party,
    order_id: &OrderId,
    notification: &PaymentStatusNotification,
) -> Result<(Refunded, RefundOutIds), Fault> {
    let refund_finish_time = instant("refund_finish_time", notification.refund_finish_time)?;
    // The platform writes 0 for what is absent.
    let refund_fee = notification.refund_fee.filter(|refund_fee| *refund_fee != 0);
    match (refund_fee, &notification.refund_order_id) {
        (Some(refund_fee), Some(refund_order_id)) => {
            let refund_order_id = RefundOrderId::new(refund_order_id)?;
            let kind = RefundKind::Partial { refund_order_id, refund_fee: fen("refund_fee", refund_fee)? };
            Ok((Refunded { done: vec![Refund { kind, refund_finish_time }], more_pending: false }, Vec::new()))
        }
        (Some(_), None) => Err(Fault::Field("refund_fee is there and refund_order_id is missing".to_owned())),
        (None, _) if party.duties.refunds_may_hide_their_amount && party.platform.is_some() => {
            let known = store.find_order(party.name.clone(), order_id.clone()).await?;
            if known.is_some_and(|order| order.state == OrderState::Refunded) {
                return Ok((Refunded { done: Vec::new(), more_pending: false }, Vec::new()));
            }
            match resolver.ask_platform(party, order_id).await? {
                Some(order) => Ok((refunds_of_order(order_id, &order)?, refund_out_ids(&order))),
                // It notified a refund of this order: that it shows no such order is no word on the amount.
                None => Err(Fault::RefundNotVisible { order_id: order_id.to_string() }),
            }
        }
        (None, Some(_)) => Err(Fault::Field("refund_order_id is there and refund_fee is missing".to_owned())),
        (None, None) => Ok((full(refund_finish_time), Vec::new())),
    }
}

/// The pairs of numbers of the refunds that the platform's order shows as done. One that cannot be read is nobody's.
pub(super) fn refund_out_ids(order: &GetOrderReply) -> RefundOutIds {
    let pair = |part: &PartialRefundInfo| {
        let ours = RefundOutId::new(part.refund_out_id.as_deref()?).ok()?;
        Some((RefundOrderId::new(&part.refund_order_id).ok()?, ours))
    };
    let done = |part: &&PartialRefundInfo| part.refund_status == Some(REFUND_STATUS_REFUNDED);
    order.partial_refund_info.iter().filter(done).filter_map(pair).collect()
}

fn full(refund_finish_time: Option<jiff::Timestamp>) -> Refunded {
    Refunded { done: vec![Refund { kind: RefundKind::Full, refund_finish_time }], more_pending: false }
}

/// The refunds that the platform's order tells: all of it, or the parts that are done.
pub(super) fn refunds_of_order(order_id: &OrderId, order: &GetOrderReply) -> Result<Refunded, Fault> {
    // What cannot be read in the platform's reply is not the notification's fault.
    let unreadable = |fault: Fault| {
        Fault::Platform(PlatformError::Unreadable { api: "/nontax/getorder", problem: fault.to_string() })
    };
    if order.status == Some(STATUS_REFUNDED) {
        return Ok(full(instant("refund_finish_time", order.refund_finish_time).map_err(unreadable)?));
    }
    let done: Vec<Refund> = order
        .partial_refund_info
        .iter()
        .filter(|part| part.refund_status == Some(REFUND_STATUS_REFUNDED))
        .map(partial)
        .collect::<Result<_, _>>()
        .map_err(unreadable)?;
    if done.is_empty() {
        // The notification is ahead of what the query shows: the platform repeats it.
        return Err(Fault::RefundNotVisible { order_id: order_id.to_string() });
    }
    let pending = |part: &PartialRefundInfo| part.refund_status == Some(REFUND_STATUS_AWAITING);
    let more_pending = order.partial_refund_info.iter().any(pending);
    Ok(Refunded { done, more_pending })
}

fn partial(part: &PartialRefundInfo) -> Result<Refund, Fault> {
    let refund_fee = part.refund_fee.ok_or_else(|| Fault::Field("partial_refund_info lacks refund_fee".to_owned()))?;
    Ok(Refund {
        kind: RefundKind::Partial {
            refund_order_id: RefundOrderId::new(&part.refund_order_id)?,
            refund_fee: fen("refund_fee", refund_fee)?,
        },
        refund_finish_time: instant("refund_finish_time", part.refund_finish_time)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(parts: &[(&str, i64)]) -> GetOrderReply {
        let part = |(id, status): &(&str, i64)| PartialRefundInfo {
            refund_order_id: (*id).to_owned(),
            refund_fee: Some(100),
            refund_status: Some(*status),
            ..PartialRefundInfo::default()
        };
        GetOrderReply {
            status: Some(3),
            partial_refund_info: parts.iter().map(part).collect(),
            ..GetOrderReply::default()
        }
    }

    fn told(order: &GetOrderReply) -> Result<(usize, bool), Fault> {
        let told = refunds_of_order(&OrderId::new("A").unwrap(), order)?;
        Ok((told.done.len(), told.more_pending))
    }

    #[test]
    fn only_refunds_that_are_done_are_told_and_others_are_remembered_as_pending() {
        assert_eq!(told(&order(&[("R1", 5), ("R2", 5)])).unwrap(), (2, false));
        assert_eq!(told(&order(&[("R1", 5), ("R2", 6)])).unwrap(), (1, true));
        assert_eq!(told(&order(&[("R1", 5), ("R2", 7)])).unwrap(), (1, false), "one that failed is not waited for");
    }

    #[test]
    fn an_order_that_shows_no_refund_yet_is_asked_again_later() {
        for parts in [&[][..], &[("R1", 6)]] {
            assert!(matches!(told(&order(parts)), Err(Fault::RefundNotVisible { .. })));
        }
    }

    #[test]
    fn what_the_platform_gets_wrong_is_not_the_notifications_fault() {
        let mut broken = order(&[("R1", 5)]);
        broken.partial_refund_info[0].refund_fee = None;
        assert!(matches!(told(&broken), Err(Fault::Platform(_))));
    }
}
