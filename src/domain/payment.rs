//! Payments and refunds as the book records them.

use jiff::Timestamp;

use super::{Fen, Objection, OrderId, RefundOrderId};

/// The payment of an order. One row per order, whatever became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payment {
    /// The order that was paid.
    pub order_id: OrderId,
    /// What was paid, in fen; `None` for an order that the platform does not know.
    pub fee: Option<Fen>,
    /// `wx_nontax` for the platform.
    pub pay_channel: String,
    /// When the citizen paid.
    pub pay_finish_time: Option<Timestamp>,
    /// What became of it.
    pub disposition: Disposition,
}

/// What became of a payment.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Disposition {
    /// It is the payment of its notice.
    Settles,
    /// It is on record but settles no notice.
    Recorded {
        /// What stands against it, where a party that may refuse would have refused.
        because: Option<Objection>,
    },
    /// It was answered with a refunding code. This is final: the platform may have acted on the code already.
    Refused {
        /// What stands against it.
        because: Objection,
    },
    /// A refunding code was due, and the party holds such payments for a person. Judged again when it is notified again.
    Held {
        /// What stands against it.
        because: Objection,
    },
}

impl Disposition {
    /// What stands against the payment, if anything does.
    #[must_use]
    pub const fn objection(&self) -> Option<&Objection> {
        match self {
            Self::Settles => None,
            Self::Recorded { because } => because.as_ref(),
            Self::Refused { because } | Self::Held { because } => Some(because),
        }
    }

    /// The name in the database, in the journal and in events.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Settles => "settles",
            Self::Recorded { .. } => "recorded",
            Self::Refused { .. } => "refused",
            Self::Held { .. } => "held",
        }
    }
}

/// A refund of an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refund {
    /// All of the order, or a part.
    pub kind: RefundKind,
    /// When it was done.
    pub refund_finish_time: Option<Timestamp>,
}

/// Whether all of an order went back or a part of it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum RefundKind {
    /// All of it, or all that was left.
    Full,
    /// A part.
    Partial {
        /// The platform's number of the refund.
        refund_order_id: RefundOrderId,
        /// How much, in fen.
        refund_fee: Fen,
    },
}
