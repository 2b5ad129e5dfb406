//! What was found in a statement, and whether its summary says the same.

use std::fmt;

use crate::wire::{StatementRow, StatementSummary};

/// What was found in a statement: of a csv alone one report, of a zip one for each csv. Complete once all was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StatementReport {
    /// In the order of the file.
    pub files: Vec<CsvReport>,
}

/// What was found in one csv.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CsvReport {
    /// Its name in the zip; `None` of a csv alone.
    pub entry: Option<String>,
    /// How many rows were read.
    pub row_count: u64,
    /// How many of them are of refunds.
    pub refund_row_count: u64,
    /// How many lines could not be read.
    pub bad_row_count: u64,
    /// The sums of the rows that were read.
    pub totals: StatementTotals,
    /// What the file says of itself; `None` when it breaks off before.
    pub summary: Option<StatementSummary>,
}

/// Sums over rows, in fen. One that does not fit stays at the largest number, which no summary states.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StatementTotals {
    /// What was paid.
    pub total_fee: i64,
    /// The amounts of orders that rows of refunds repeat.
    pub repeated_fee: i64,
    /// What was refunded.
    pub refund_fee: i64,
    /// What of it went back into company red packets.
    pub coupon_refund_fee: i64,
    /// The service fees, in 1/1000 fen.
    pub service_fee_millifen: i64,
}

/// A total that the summary states otherwise than the rows add up to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SummaryDifference {
    /// Which total.
    pub total: &'static str,
    /// What the summary says.
    pub stated: i64,
    /// What the rows say.
    pub counted: i64,
}

impl StatementReport {
    /// How many rows were read.
    #[must_use]
    pub fn row_count(&self) -> u64 {
        self.files.iter().map(|file| file.row_count).sum()
    }

    /// How many lines could not be read.
    #[must_use]
    pub fn bad_row_count(&self) -> u64 {
        self.files.iter().map(|file| file.bad_row_count).sum()
    }

    /// Whether every line was read, and every summary is there and agrees.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        let is_clean =
            |file: &CsvReport| file.bad_row_count == 0 && file.summary.is_some() && file.differences().next().is_none();
        self.files.iter().all(is_clean)
    }
}

impl CsvReport {
    pub(super) fn of(entry: Option<String>) -> Self {
        Self { entry, ..Self::default() }
    }

    pub(super) fn count(&mut self, row: &StatementRow) {
        self.row_count += 1;
        self.refund_row_count += u64::from(row.refund.is_some());
        self.totals.add(row);
    }

    /// Where the summary says otherwise than the rows. A bad row counts as a row, and its amounts are missing. The sources do not say
    /// whether the first two totals are of all rows or of payments alone, so that either is right.
    pub fn differences(&self) -> impl Iterator<Item = SummaryDifference> {
        let stated = self.summary.clone().unwrap_or_default();
        let count = |rows: u64| i64::try_from(rows).unwrap_or(i64::MAX);
        let (rows, refunds) = (count(self.row_count + self.bad_row_count), count(self.refund_row_count));
        let totals = self.totals;
        let compared = [
            ("rows", stated.row_count, [rows, rows - refunds]),
            ("total_fee", stated.total_fee, [totals.total_fee, totals.total_fee.saturating_add(totals.repeated_fee)]),
            ("refund_fee", stated.refund_fee, [totals.refund_fee; 2]),
            ("coupon_refund_fee", stated.coupon_refund_fee, [totals.coupon_refund_fee; 2]),
            ("service_fee_millifen", stated.service_fee_millifen, [totals.service_fee_millifen; 2]),
        ];
        compared.into_iter().filter_map(|(total, stated, counted)| {
            let stated = stated.filter(|stated| !counted.contains(stated))?;
            Some(SummaryDifference { total, stated, counted: counted[0] })
        })
    }
}

impl StatementTotals {
    fn add(&mut self, row: &StatementRow) {
        let add = |sum: &mut i64, amount: i64| *sum = sum.saturating_add(amount);
        add(&mut self.service_fee_millifen, row.service_fee_millifen);
        // The row of a refund repeats the amount of its order, which the row of the payment has.
        match &row.refund {
            None => add(&mut self.total_fee, row.total_fee),
            Some(refund) => {
                add(&mut self.repeated_fee, row.total_fee);
                add(&mut self.refund_fee, refund.refund_fee);
                add(&mut self.coupon_refund_fee, refund.coupon_refund_fee);
            }
        }
    }
}

/// `the summary states total_fee 12, and the rows 10`.
impl fmt::Display for SummaryDifference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the summary states {} {}, and the rows {}", self.total, self.stated, self.counted)
    }
}
