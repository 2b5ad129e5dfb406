//! A payment at the counter on its way: where it stands, what is known of it, what is to be done next.

mod auth_code;
mod event;
mod pace;
#[cfg(test)]
mod property_tests;
mod state;
mod step;
#[cfg(test)]
mod step_tests;

use jiff::Timestamp;

pub use auth_code::{AuthCode, InvalidAuthCode};
pub use event::{MicropayAnswer, MicropayEvent, MicropayRefusal, RefundProgress, RefusalAbout, Sight};
pub use pace::MicropayPace;
pub use state::{GaveUp, MicropayState};
pub use step::MicropayStepError;

use super::OrderId;

/// What is known of whether a call made earlier may have taken money, or may yet. It only grows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Doubt {
    /// No call was made, or each was refused.
    None,
    /// The payer was asked for the password: the order that was named can be paid.
    PasswordPending,
    /// A call had no readable answer, or -1: it may have made an order that nobody named.
    Unknown,
}

/// A payment at the counter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Micropay {
    /// Where it stands.
    pub state: MicropayState,
    /// When it was asked for.
    pub begun_at: Timestamp,
    /// The order, once a reply named it or a look found it.
    pub order_id: Option<OrderId>,
    /// Whether a reply named it. One that a look found only seems to be this payment's.
    pub order_was_named: bool,
    /// How many calls were begun.
    pub attempts: u32,
    /// When the first call was begun.
    pub first_call_at: Option<Timestamp>,
    /// When the last call was begun.
    pub last_call_at: Option<Timestamp>,
    /// Whether an earlier call leaves something open.
    pub doubt: Doubt,
    /// Why the last call was refused, for the cashier.
    pub refusal: Option<MicropayRefusal>,
}

/// What is to be done for a payment now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MicropayDeed {
    /// Keep [`MicropayEvent::CallBegins`], then call the platform.
    Call,
    /// Look at the platform's orders.
    Look,
    /// Have the order refunded, or see how far that is.
    Refund(OrderId),
    /// Keep this: it has happened by itself.
    Keep(MicropayEvent),
    /// Nothing before this instant.
    WaitUntil(Timestamp),
    /// Nothing any more.
    Nothing,
}

impl Doubt {
    /// Every degree, least first.
    pub const ALL: [Self; 3] = [Self::None, Self::PasswordPending, Self::Unknown];

    /// The name in the database.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::PasswordPending => "password_pending",
            Self::Unknown => "unknown",
        }
    }
}

impl Micropay {
    /// A payment that was asked for and not yet begun.
    #[must_use]
    pub const fn new(at: Timestamp) -> Self {
        Self {
            state: MicropayState::Waiting { next_call_at: at },
            begun_at: at,
            order_id: None,
            order_was_named: false,
            attempts: 0,
            first_call_at: None,
            last_call_at: None,
            doubt: Doubt::None,
            refusal: None,
        }
    }

    /// When the cashier is not kept waiting any longer.
    #[must_use]
    pub fn gives_up_at(&self, pace: &MicropayPace) -> Timestamp {
        pace.later(self.first_call_at.unwrap_or(self.begun_at), pace.limit)
    }

    /// What is to be done now. `canceled` says whether the cashier gave up.
    #[must_use]
    pub fn deed(&self, canceled: bool, now: Timestamp, pace: &MicropayPace) -> MicropayDeed {
        let at = |due: Timestamp, deed: MicropayDeed| if now >= due { deed } else { MicropayDeed::WaitUntil(due) };
        let gives_up_at = self.gives_up_at(pace);
        match &self.state {
            MicropayState::Waiting { .. } | MicropayState::Asking { .. } if canceled => {
                MicropayDeed::Keep(MicropayEvent::Canceled)
            }
            MicropayState::Waiting { .. } | MicropayState::Asking { .. } if now >= gives_up_at => {
                MicropayDeed::Keep(MicropayEvent::TimeUp)
            }
            MicropayState::Waiting { next_call_at } => at((*next_call_at).min(gives_up_at), MicropayDeed::Call),
            MicropayState::Asking { next_look_at } => at((*next_look_at).min(gives_up_at), MicropayDeed::Look),
            // Whoever finds it so did not make the call.
            MicropayState::Submitting { .. } => MicropayDeed::Keep(MicropayEvent::Interrupted),
            MicropayState::GivingUp { .. } if self.left_nothing_open() => {
                MicropayDeed::Keep(MicropayEvent::NothingOpen)
            }
            MicropayState::GivingUp { next_look_at, .. } | MicropayState::Abandoned { next_look_at, .. } => {
                at(*next_look_at, MicropayDeed::Look)
            }
            MicropayState::Refunding { order_id, next_look_at } => {
                at(*next_look_at, MicropayDeed::Refund(order_id.clone()))
            }
            MicropayState::Paid { .. }
            | MicropayState::Failed { .. }
            | MicropayState::Closed { .. }
            | MicropayState::Refunded { .. }
            | MicropayState::NeedsPerson { .. } => MicropayDeed::Nothing,
        }
    }
}
