//! Where a payment at the counter stands.

use jiff::Timestamp;

use super::event::MicropayRefusal;
use crate::domain::OrderId;

/// Why nobody waits for a payment any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum GaveUp {
    /// Its time was used up.
    TimeUp,
    /// The cashier canceled it.
    Canceled,
    /// Another order pays the notice.
    PaidByAnother,
}

impl GaveUp {
    /// Every reason.
    pub const ALL: [Self; 3] = [Self::TimeUp, Self::Canceled, Self::PaidByAnother];

    /// The name in the database and in events.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::TimeUp => "time_up",
            Self::Canceled => "canceled",
            Self::PaidByAnother => "paid_by_another",
        }
    }
}

/// Where a payment at the counter stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MicropayState {
    /// For the next call.
    Waiting {
        /// When it is due.
        next_call_at: Timestamp,
    },
    /// A call is on its way, or was when the process died.
    Submitting {
        /// Which one, from 1.
        attempt: u32,
    },
    /// What became of an earlier call is asked of the platform.
    Asking {
        /// When the next look is due.
        next_look_at: Timestamp,
    },
    /// The last look before the cashier is told that it was given up.
    GivingUp {
        /// Why.
        why: GaveUp,
        /// When the next look is due.
        next_look_at: Timestamp,
        /// How many looks failed.
        failed_looks: u32,
    },
    /// Given up, and the cashier told so; it is watched until it can no longer be paid.
    Abandoned {
        /// Why.
        why: GaveUp,
        /// When a call that was on its way can no longer turn into a payment.
        watch_until: Timestamp,
        /// When the next look is due.
        next_look_at: Timestamp,
    },
    /// Paid although it was given up; the money goes back.
    Refunding {
        /// The order.
        order_id: OrderId,
        /// When the refund is next asked for or after.
        next_look_at: Timestamp,
    },
    /// The end: paid.
    Paid {
        /// The order.
        order_id: OrderId,
    },
    /// The end: refused, nothing was paid.
    Failed {
        /// Why.
        refusal: MicropayRefusal,
    },
    /// The end: given up, nothing was paid.
    Closed {
        /// Why.
        why: GaveUp,
    },
    /// The end: paid although unwanted, and refunded.
    Refunded {
        /// The order.
        order_id: OrderId,
    },
    /// The end for this program: a person has to see to it.
    NeedsPerson {
        /// Why.
        reason: String,
    },
}

impl MicropayState {
    /// The name in the database, in events and in replies.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Waiting { .. } => "waiting",
            Self::Submitting { .. } => "submitting",
            Self::Asking { .. } => "asking",
            Self::GivingUp { .. } => "giving_up",
            Self::Abandoned { .. } => "abandoned",
            Self::Refunding { .. } => "refunding",
            Self::Paid { .. } => "paid",
            Self::Failed { .. } => "failed",
            Self::Closed { .. } => "closed",
            Self::Refunded { .. } => "refunded",
            Self::NeedsPerson { .. } => "needs_person",
        }
    }

    /// Whether nothing happens to it any more.
    #[must_use]
    pub const fn is_end(&self) -> bool {
        matches!(
            self,
            Self::Paid { .. }
                | Self::Failed { .. }
                | Self::Closed { .. }
                | Self::Refunded { .. }
                | Self::NeedsPerson { .. }
        )
    }

    /// Whether a cashier has nothing to wait for any more: it has ended, or what is left is between the gateway and the platform.
    #[must_use]
    pub const fn is_told(&self) -> bool {
        self.is_end() || matches!(self, Self::Abandoned { .. } | Self::Refunding { .. })
    }

    /// When something is due; the beginning of time when it is at once, `None` when it has ended.
    #[must_use]
    pub const fn due_at(&self) -> Option<Timestamp> {
        match self {
            Self::Waiting { next_call_at: at }
            | Self::Asking { next_look_at: at }
            | Self::GivingUp { next_look_at: at, .. }
            | Self::Abandoned { next_look_at: at, .. }
            | Self::Refunding { next_look_at: at, .. } => Some(*at),
            Self::Submitting { .. } => Some(Timestamp::UNIX_EPOCH),
            _ => None,
        }
    }
}
