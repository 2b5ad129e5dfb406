//! Our side: what the book holds of an order.

use jiff::Timestamp;

use crate::domain::{Disposition, Fen, NoticeKey, OrderId, RefundKind};

/// An order's payment and refunds in the book.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BookedOrder {
    /// The order.
    pub order_id: OrderId,
    /// Its payment.
    pub payment: Option<BookedPayment>,
    /// Its refunds.
    pub refunds: Vec<BookedRefund>,
}

/// A payment in the book.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BookedPayment {
    /// What was paid; `None` when nobody could say.
    pub fee: Option<Fen>,
    /// When.
    pub at: BookedTime,
    /// What became of it.
    pub disposition: Disposition,
    /// The notice that it pays.
    pub notice: Option<NoticeKey>,
}

/// A refund in the book.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BookedRefund {
    /// All that was left, or a part.
    pub kind: RefundKind,
    /// When.
    pub at: BookedTime,
}

/// When something happened, as well as the book knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BookedTime {
    /// The platform told it.
    Told(Timestamp),
    /// The platform told no time; this is when it was written down, which may be days later.
    Recorded(Timestamp),
}

impl BookedOrder {
    /// An order of which nothing is known yet.
    #[must_use]
    pub const fn of(order_id: OrderId) -> Self {
        Self { order_id, payment: None, refunds: Vec::new() }
    }

    /// What was paid, as far as the book knows.
    #[must_use]
    pub fn fee(&self) -> Option<Fen> {
        self.payment.as_ref().and_then(|payment| payment.fee)
    }

    /// The sum of the refunds of parts; `None` when it does not fit.
    fn parts(&self) -> Option<Fen> {
        let part = |refund: &BookedRefund| match &refund.kind {
            RefundKind::Full => None,
            RefundKind::Partial { refund_fee, .. } => Some(*refund_fee),
        };
        self.refunds.iter().filter_map(part).sum()
    }

    /// The refund of all that was left, if there is one.
    #[must_use]
    pub fn full_refund(&self) -> Option<&BookedRefund> {
        self.refunds.iter().find(|refund| refund.kind == RefundKind::Full)
    }

    /// How much a refund of all that was left gave back; `None` when nobody could say what was paid.
    #[must_use]
    pub fn left_before_full_refund(&self) -> Option<Fen> {
        Some(self.fee()?.saturating_sub(self.parts()?))
    }

    /// The amount of one of its refunds.
    #[must_use]
    pub fn amount_of(&self, refund: &BookedRefund) -> Option<Fen> {
        match &refund.kind {
            RefundKind::Full => self.left_before_full_refund(),
            RefundKind::Partial { refund_fee, .. } => Some(*refund_fee),
        }
    }

    /// Whether nothing of it is left.
    #[must_use]
    pub fn went_back(&self) -> bool {
        let parts_cover = || match (self.parts(), self.fee()) {
            (Some(parts), Some(fee)) => parts >= fee,
            _ => false,
        };
        self.full_refund().is_some() || (!self.refunds.is_empty() && parts_cover())
    }
}
