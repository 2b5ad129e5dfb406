//! What the platform's order tells, recorded through the same promise as a notification.
//!
//! Nobody hears the answer, so that it must never be a refusal: the book would say that the platform refunds, and the platform would
//! keep the money. Where a refunding code is due the payment is held, and the platform's own notification of it is judged as ever.

use std::time::Instant;

use jiff::Timestamp;

use crate::app::convert::instant;
use crate::app::record_notification::{refund_out_ids, refunds_of_order};
use crate::app::resolve_order::read_order;
use crate::app::{Fault, Party, errcode_of};
use crate::domain::{NotificationAnswer, OnRefusal, OrderEvent, OrderId, Paid, Policy, Resolution};
use crate::envelope::sha256_hex;
use crate::store::{Book, CallbackKind, JournalEntry, Recording};
use crate::wire::{GetOrderReply, PAY_CHANNEL_WX_NONTAX};

/// Who stands in the journal as the peer of what reconciliation records.
const PEER: &str = "reconciliation";

/// Records the payment of an order.
pub(super) async fn record_payment(
    store: &dyn Book,
    party: &Party,
    (order_id, order): (&OrderId, &GetOrderReply),
    now: Timestamp,
) -> Result<NotificationAnswer, Fault> {
    let paid = Paid {
        resolution: Resolution::Details(read_order(store, party, order_id, order).await?),
        pay_channel: PAY_CHANNEL_WX_NONTAX.to_owned(),
        pay_finish_time: instant("pay_finish_time", order.pay_finish_time)?,
    };
    let recording = recording(party, order_id, order, OrderEvent::Paid(paid), now);
    Ok(store.record_notification(recording).await?)
}

/// Records the refunds of an order that are done.
pub(super) async fn record_refunds(
    store: &dyn Book,
    party: &Party,
    (order_id, order): (&OrderId, &GetOrderReply),
    now: Timestamp,
) -> Result<NotificationAnswer, Fault> {
    let refunded = refunds_of_order(order_id, order)?;
    let recording = Recording {
        refund_out_ids: refund_out_ids(order),
        ..recording(party, order_id, order, OrderEvent::Refunded(refunded), now)
    };
    Ok(store.record_notification(recording).await?)
}

fn recording(party: &Party, order_id: &OrderId, order: &GetOrderReply, event: OrderEvent, now: Timestamp) -> Recording {
    let started = Instant::now();
    let body = serde_json::to_vec(order).unwrap_or_default();
    Recording {
        party: party.name.clone(),
        order_id: order_id.clone(),
        event,
        refund_out_ids: Vec::new(),
        policy: Policy { on_refusal: OnRefusal::Hold, ..party.policy() },
        received_at: now,
        started,
        journal: JournalEntry {
            party: party.name.clone(),
            kind: CallbackKind::Notification,
            wxnontaxstr: None,
            peer: PEER.to_owned(),
            body_digest: sha256_hex(&body),
            subject: Some(order_id.to_string()),
            outcome: "",
            errcode: 0,
            key_id: None,
            received_at: now,
            duration: started.elapsed(),
        },
        errcode_of: |answer| errcode_of(answer).code(),
    }
}
