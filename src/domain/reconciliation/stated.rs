//! The platform's side: what the statement of a day lists of an order.

use jiff::Timestamp;

use crate::domain::{Fen, OrderId, RefundOrderId};

/// All rows of the statement of one day that are about one order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatedOrder {
    /// The order.
    pub order_id: OrderId,
    /// Its payment; of two rows both count, for the summary counts both.
    pub payments: Vec<StatedPayment>,
    /// Its refunds.
    pub refunds: Vec<StatedRefund>,
    /// What the rows say that it pays: region, collection entity and number, as they stand there.
    pub pays: String,
}

/// A row of a payment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatedPayment {
    /// The order's total.
    pub fee: Fen,
    /// When it was paid.
    pub at: Timestamp,
}

/// A row of a refund.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatedRefund {
    /// The platform's number of it.
    pub refund_order_id: RefundOrderId,
    /// The refunding party's number of it.
    pub refund_out_id: Option<String>,
    /// How much.
    pub fee: Fen,
    /// When.
    pub at: Timestamp,
    /// Whether the money is back. One that is on its way, or failed, is no difference by itself.
    pub is_done: bool,
}

impl StatedOrder {
    /// An order without rows yet.
    #[must_use]
    pub const fn of(order_id: OrderId, pays: String) -> Self {
        Self { order_id, payments: Vec::new(), refunds: Vec::new(), pays }
    }

    /// What was paid on the day; `None` when no row says so, or the sum does not fit.
    #[must_use]
    pub fn paid(&self) -> Option<Fen> {
        if self.payments.is_empty() { None } else { self.payments.iter().map(|payment| payment.fee).sum() }
    }

    /// What went back on the day.
    #[must_use]
    pub fn refunded(&self) -> Option<Fen> {
        self.refunds.iter().filter(|refund| refund.is_done).map(|refund| refund.fee).sum()
    }
}

impl StatedRefund {
    /// Whether a number of a refund is this one's: books hold the platform's number, or the merchant's where that was told.
    #[must_use]
    pub fn is(&self, number: &RefundOrderId) -> bool {
        self.refund_order_id == *number || self.refund_out_id.as_deref() == Some(number.as_str())
    }
}
