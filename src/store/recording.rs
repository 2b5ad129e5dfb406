//! A notification on its way into the book.

use std::time::Instant;

use jiff::Timestamp;

use super::JournalEntry;
use crate::domain::{NotificationAnswer, OrderEvent, OrderId, PartyName, Policy, RefundOrderId, RefundOutId};

/// All that a store needs to decide and record a notification.
#[derive(Clone, Debug)]
pub struct Recording {
    /// Whose book.
    pub party: PartyName,
    /// The order notified.
    pub order_id: OrderId,
    /// What happened to it.
    pub event: OrderEvent,
    /// Our own numbers of refunds, where the platform told them beside its own.
    pub refund_out_ids: Vec<(RefundOrderId, RefundOutId)>,
    /// What the party's role, mode and configuration say.
    pub policy: Policy,
    /// When the notification came.
    pub received_at: Timestamp,
    /// When it came, by a clock that only runs forward: for the journal's duration.
    pub started: Instant,
    /// The journal's row, written in the same transaction. Outcome, errcode and duration are filled in from the answer.
    pub journal: JournalEntry,
    /// The errcode that an answer is replied with.
    pub errcode_of: fn(&NotificationAnswer) -> i64,
}
