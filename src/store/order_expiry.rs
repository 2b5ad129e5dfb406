//! The promises about orders placed here whose time is over.

use async_trait::async_trait;
use jiff::Timestamp;

use super::StoreError;
use crate::domain::{OrderId, OrderState, PartyName};

/// An open order placed here whose time is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OverdueOrder {
    /// The order.
    pub order_id: OrderId,
    /// Where it stands by its notifications.
    pub state: OrderState,
}

/// How an order whose time is over ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrderEnd {
    /// It was not paid, and cannot be any more.
    Expired,
    /// It was paid, as the book knows.
    Paid,
}

impl OrderEnd {
    /// The name in the database.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Expired => "expired",
            Self::Paid => "paid",
        }
    }
}

/// Orders placed here whose time is over.
#[async_trait]
pub trait OrderExpiry: Send + Sync {
    /// Those whose time was over before `expired_before`, of which nobody knows the end, and that were not looked at since
    /// `looked_before`; the longest unseen first.
    async fn overdue_orders(
        &self,
        party: PartyName,
        expired_before: Timestamp,
        looked_before: Timestamp,
        limit: u32,
    ) -> Result<Vec<OverdueOrder>, StoreError>;

    /// Takes note that an order was looked at and has no end yet.
    async fn note_look(&self, party: PartyName, order_id: OrderId, at: Timestamp) -> Result<(), StoreError>;

    /// Ends an order. Returns false, and changes nothing, when it had ended, or when it was to expire and the book knows it as paid.
    async fn end_placed_order(
        &self,
        party: PartyName,
        order_id: OrderId,
        end: OrderEnd,
        at: Timestamp,
    ) -> Result<bool, StoreError>;
}
