//! The promises about lists of payments, placed orders and requests for refunds.

use async_trait::async_trait;
use jiff::Timestamp;

use super::{Page, Paged, PlacedOrder, RefundRequestRecord, RefundSelection, StoreError};
use crate::domain::{NoticeKey, OrderId, OrderState, PartyName, Payment, Refund};

/// A payment with its notice, its order's state and its refunds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaymentRecord {
    /// Its number.
    pub payment_id: i64,
    /// What it pays, where that is known.
    pub notice: Option<NoticeKey>,
    /// The payment.
    pub payment: Payment,
    /// Where its order stands.
    pub order_state: OrderState,
    /// What went back, oldest first.
    pub refunds: Vec<Refund>,
    /// When it came into the book.
    pub recorded_at: Timestamp,
}

/// Where a list by age goes on: an instant, and the name of the one that is of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgeKey {
    /// When it was created.
    pub created_at: Timestamp,
    /// Its own name.
    pub name: String,
}

/// Payments, placed orders and requests for refunds, newest first.
#[async_trait]
pub trait PaymentLists: Send + Sync {
    /// The payment of an order.
    async fn find_payment(&self, party: PartyName, order_id: OrderId) -> Result<Option<PaymentRecord>, StoreError>;

    /// Payments, those of one disposition where its name is given.
    async fn list_payments(
        &self,
        party: PartyName,
        disposition: Option<String>,
        page: Page<i64>,
    ) -> Result<Paged<PaymentRecord, i64>, StoreError>;

    /// Orders that were placed here, with where they stand by their notifications.
    async fn list_placed_orders(
        &self,
        party: PartyName,
        page: Page<AgeKey>,
    ) -> Result<Paged<(PlacedOrder, OrderState), AgeKey>, StoreError>;

    /// Refunds that were asked for here.
    async fn page_refund_requests(
        &self,
        party: PartyName,
        selection: RefundSelection,
        page: Page<AgeKey>,
    ) -> Result<Paged<RefundRequestRecord, AgeKey>, StoreError>;
}
