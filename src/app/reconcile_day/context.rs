//! What a reconciliation works with, and how it fails.

use std::io;
use std::time::Duration;

use jiff::Timestamp;

use crate::app::Party;
use crate::app::statement::StatementError;
use crate::domain::{ChinaDate, HealingRights, InvalidIdentifier, MIDNIGHT_MARGIN, Role};
use crate::store::{MoveDiscrepancyError, SharedStore, StoreError};

/// Tells the time.
pub type Clock = dyn Fn() -> Timestamp + Send + Sync;

/// What a reconciliation works with.
#[derive(Clone, Copy)]
pub struct ReconcileContext<'a> {
    /// The book, the statements and the discrepancies.
    pub store: &'a SharedStore,
    /// Whose. Without access to the platform everything is found and nothing healed.
    pub party: &'a Party,
    /// The time.
    pub clock: &'a Clock,
    /// What is configured.
    pub options: ReconcileOptions,
}

/// What is configured of reconciliation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReconcileOptions {
    /// Whether a payment that came twice is refunded without asking a person.
    pub refund_duplicates: bool,
    /// How many calls to the platform a party's healing makes in a second at most.
    pub calls_per_second: u32,
    /// How long a notification that was asked for is waited for.
    pub notification_wait: Duration,
    /// How near to midnight something may stand in the statement of either day.
    pub midnight_margin: Duration,
}

impl Default for ReconcileOptions {
    fn default() -> Self {
        Self {
            refund_duplicates: false,
            calls_per_second: 10,
            notification_wait: Duration::from_secs(10),
            midnight_margin: MIDNIGHT_MARGIN,
        }
    }
}

impl ReconcileContext<'_> {
    /// What the party may do to heal: notifyinconsistentorder is for finance (source §6.1.6).
    #[must_use]
    pub fn rights(&self) -> HealingRights {
        HealingRights {
            asks_to_notify: self.party.role == Role::Finance,
            refunds_duplicates: self.options.refund_duplicates,
        }
    }
}

/// A reconciliation that broke off. It can be run again.
#[derive(Debug, thiserror::Error)]
pub enum ReconcileError {
    /// There is nothing to compare the book with yet.
    #[error("the statement of {0} was not downloaded yet")]
    NoStatement(ChinaDate),
    /// The statement cannot be read.
    #[error("the statement of {day} cannot be read")]
    Statement {
        /// The day.
        day: ChinaDate,
        /// Why.
        #[source]
        source: StatementError,
    },
    /// A row names something that is no number of an order or a refund.
    #[error("a row of the statement cannot be told from others")]
    Row(#[from] InvalidIdentifier),
    /// The rows could not be sorted.
    #[error("the temporary files for sorting failed")]
    Spool(#[from] io::Error),
    /// The store failed.
    #[error("the store failed")]
    Store(#[from] StoreError),
    /// The work was cut off by a panic.
    #[error("the work was cut off: this is a bug, please report it")]
    Interrupted,
    /// A discrepancy could not be moved.
    #[error("a discrepancy could not be moved")]
    Move(#[from] MoveDiscrepancyError),
}
