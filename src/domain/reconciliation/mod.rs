//! Reconciliation: the platform's statement of a day against the book, what differs, and what heals it (source §6.1.3, §6.1.5, §6.1.6).
//!
//! Both sides come ordered by `order_id` and are walked as streams by [`Pairing`]; [`differences`] judges one order; [`next_action`]
//! decides what heals a difference. All of it is pure.

mod booked;
mod discrepancy;
mod healing;
#[cfg(test)]
mod healing_tests;
mod in_flight;
#[cfg(test)]
mod made_up_day;
mod matching;
mod pairing;
#[cfg(test)]
mod property_tests;
mod stated;

pub use booked::{BookedOrder, BookedPayment, BookedRefund, BookedTime};
pub use discrepancy::{
    DISCREPANCY_TRANSITIONS, DiscrepancyState, DiscrepancyStep, DiscrepancyStepError, HealingProgress, HealingStage,
};
pub use healing::{
    HealingAction, HealingFacts, HealingRights, OrderSight, SeenOrder, SeenRefund, agreed_by_book, next_action,
};
pub use in_flight::{InFlightVerdict, MIDNIGHT_MARGIN, Neighbour, Place, StatementDay, verdict_on_in_flight};
pub use matching::{Difference, DifferenceKind, differences};
pub use pairing::{Pair, Pairing};
pub use stated::{StatedOrder, StatedPayment, StatedRefund};
