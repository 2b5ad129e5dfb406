//! Notices and what belongs to them, on their way in and out of the book.

use jiff::Timestamp;

use crate::domain::{Notice, OrderDetails, OrderId, OrderState, Payment, Refund, Suspension};

/// A notice to import.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoticeDraft {
    /// The notice, with the state that a new one enters.
    pub notice: Notice,
    /// Whether the import says the state. When it does not, a notice that is held already keeps its own.
    pub state_given: bool,
}

/// What became of an imported notice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ImportOutcome {
    /// It is new.
    Added,
    /// It was held already and is as the import says now.
    Updated,
    /// It is paid: it stays as it is.
    KeptPaid,
}

/// A notice with what the book keeps beside it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoticeRecord {
    /// The notice.
    pub notice: Notice,
    /// How often it was changed, from 1.
    pub version: i64,
    /// When it came into the book.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// A suspension with what the book keeps beside it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SuspensionRecord {
    /// The suspension.
    pub suspension: Suspension,
    /// When it was first ordered.
    pub created_at: Timestamp,
}

/// What is known of an order before it is notified again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownOrder {
    /// What it pays, where that is known.
    pub details: Option<OrderDetails>,
    /// Where it stands.
    pub state: OrderState,
}

/// An order with its payment and its refunds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderRecord {
    /// The platform's order.
    pub order_id: OrderId,
    /// What it pays, where that is known.
    pub details: Option<OrderDetails>,
    /// Where it stands.
    pub state: OrderState,
    /// Its payment.
    pub payment: Option<Payment>,
    /// Its refunds, oldest first.
    pub refunds: Vec<Refund>,
}

/// A row of the journal of state changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StateChange {
    /// `notice`, `order`, `payment` or `suspension`.
    pub subject_kind: String,
    /// Which one.
    pub subject: String,
    /// What happened.
    pub step: String,
    /// The state that it left, empty when it is new.
    pub from_state: String,
    /// The state that it entered.
    pub to_state: String,
    /// Why: the callback's wxnontaxstr, or a person's reason.
    pub cause: String,
    /// When.
    pub recorded_at: Timestamp,
}

/// All that happened to a notice.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NoticeHistory {
    /// The orders for it, oldest first.
    pub orders: Vec<OrderRecord>,
    /// The changes of its state and of its orders', oldest first.
    pub changes: Vec<StateChange>,
}
