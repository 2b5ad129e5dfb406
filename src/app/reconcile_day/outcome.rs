//! What came of a reconciliation.

use std::collections::BTreeMap;
use std::fmt;

use crate::app::heal::HealingReport;
use crate::domain::{ChinaDate, Difference, DifferenceKind, Fen};
use crate::store::ReconciliationSums;

/// A day whose statement was matched with the book.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MatchedDay {
    /// The day.
    pub day: ChinaDate,
    /// What both sides add up to.
    pub sums: ReconciliationSums,
    /// What differs, by kind.
    pub found: BTreeMap<DifferenceKind, KindCount>,
    /// What waits for the next statement.
    pub in_flight: u64,
    /// Whether every row could be read, and the statement's own sums are those of its rows.
    pub statement_is_clean: bool,
}

/// Differences of one kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KindCount {
    /// How many.
    pub count: u64,
    /// The statement's side of them.
    pub stated_fee: Fen,
    /// The book's side of them.
    pub booked_fee: Fen,
}

impl KindCount {
    pub(super) fn add(&mut self, difference: &Difference) {
        let add = |sum: &mut Fen, fee: Option<Fen>| *sum = sum.checked_add(fee.unwrap_or_default()).unwrap_or(*sum);
        self.count += 1;
        add(&mut self.stated_fee, difference.stated_fee);
        add(&mut self.booked_fee, difference.booked_fee);
    }
}

impl MatchedDay {
    /// How many differences there are.
    #[must_use]
    pub fn difference_count(&self) -> u64 {
        self.found.values().map(|found| found.count).sum()
    }
}

/// What came of a day's reconciliation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReconcileOutcome {
    /// The last look at both sides.
    pub matched: MatchedDay,
    /// What healing did.
    pub healing: HealingReport,
    /// How many discrepancies of the day remain.
    pub remaining: u64,
    /// How many of the party remain.
    pub remaining_in_all: u64,
}

/// One line for a job's log.
impl fmt::Display for ReconcileOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ReconcileOutcome { matched, healing, remaining, remaining_in_all } = self;
        write!(
            f,
            "{}: {} payments stated, {} booked; {} healed, {} queued, {} in flight, {remaining} remain ({remaining_in_all} of all \
             days)",
            matched.day,
            matched.sums.stated.payments,
            matched.sums.booked.payments,
            healing.healed,
            healing.queued,
            matched.in_flight,
        )
    }
}
