//! The last two lines of a statement: titles of totals, and the totals.

use super::column::plain;
use super::decimal::{self, FEN, MILLIFEN};
use super::{StatementFault, repeated};

/// A total that is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Total {
    Rows,
    Paid,
    Refunded,
    CouponRefunded,
    ServiceFees,
}

/// The totals and their titles. The first one begins the line that has the others.
const TITLES: [(Total, &[&str]); 5] = [
    (Total::Rows, &["Total transaction numbers", "Total number of transactions", "总交易单数"]),
    (Total::Paid, &["total transaction amount", "总交易额"]),
    (Total::Refunded, &["total refund amount", "总退款金额", "退款总金额"]),
    (
        Total::CouponRefunded,
        &["total refund amount of company red packets", "总企业红包退款金额", "总代金券或立减优惠退款金额"],
    ),
    (Total::ServiceFees, &["total service fees", "手续费总金额"]),
];

/// The line that names the totals, four or five of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatementSummaryTitles(Vec<Option<Total>>);

/// The totals that a statement states, amounts in fen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StatementSummary {
    /// How many rows.
    pub row_count: Option<i64>,
    /// The sum of the payments.
    pub total_fee: Option<i64>,
    /// The sum of the refunds.
    pub refund_fee: Option<i64>,
    /// What of it went back into company red packets.
    pub coupon_refund_fee: Option<i64>,
    /// The sum of the service fees, in 1/1000 fen.
    pub service_fee_millifen: Option<i64>,
}

impl StatementSummaryTitles {
    /// The titles, if the line is the one that names the totals.
    #[must_use]
    pub fn read(line: &str) -> Option<Self> {
        let titles: Vec<_> = line.trim_end().split(',').map(total_titled).collect();
        (titles.first() == Some(&Some(Total::Rows))).then_some(Self(titles))
    }

    /// Reads the totals below these titles.
    ///
    /// # Errors
    /// [`StatementFault`] names the first total that is no number, or tells what is wrong with the line.
    pub fn summary(&self, line: &str) -> Result<StatementSummary, StatementFault> {
        let line = line.trim_end_matches(['\r', '\n', ',']);
        let cells: Vec<&str> = line.split(',').map(|cell| cell.trim().trim_start_matches('`')).collect();
        if cells.len() != self.0.len() {
            let cause = format!("the summary has {} cells, and {} titles", cells.len(), self.0.len());
            return Err(StatementFault::of_line(cause));
        }
        let mut summary = StatementSummary::default();
        for (total, cell) in self.0.iter().zip(cells) {
            let Some(total) = total else { continue };
            let (place, decimals) = match total {
                Total::Rows => (&mut summary.row_count, 0),
                Total::Paid => (&mut summary.total_fee, FEN),
                Total::Refunded => (&mut summary.refund_fee, FEN),
                Total::CouponRefunded => (&mut summary.coupon_refund_fee, FEN),
                Total::ServiceFees => (&mut summary.service_fee_millifen, MILLIFEN),
            };
            let value = decimal::units(cell, decimals).map_err(|cause| StatementFault {
                column: Some(TITLES[*total as usize].1[0]),
                cause: format!("{} {cause}", repeated(cell)),
            })?;
            *place = Some(value);
        }
        Ok(summary)
    }
}

fn total_titled(title: &str) -> Option<Total> {
    let title = plain(title);
    let row = TITLES.iter().find(|(_, titles)| titles.iter().any(|known| plain(known) == title));
    row.map(|(total, _)| *total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_titles_or_five() {
        let four = "Total transaction numbers, total transaction amount, total refund amount, total service fees";
        let summary = StatementSummaryTitles::read(four).unwrap().summary("`2,`0.02,`0.00,`0.00000\r").unwrap();
        assert_eq!((summary.row_count, summary.total_fee, summary.coupon_refund_fee), (Some(2), Some(2), None));
        let five = "总交易单数,总交易额,总退款金额,总企业红包退款金额,手续费总金额";
        let summary = StatementSummaryTitles::read(five).unwrap().summary("`6,`0.12,`0.01,`0,`-0.00600").unwrap();
        assert_eq!((summary.refund_fee, summary.coupon_refund_fee), (Some(1), Some(0)));
        assert_eq!(summary.service_fee_millifen, Some(-600));
    }

    #[test]
    fn titles_that_nobody_knows_are_passed_over_and_other_lines_are_none() {
        let titles = StatementSummaryTitles::read("`总交易单数,`应结订单总金额").unwrap();
        let expected = StatementSummary { row_count: Some(1), ..StatementSummary::default() };
        assert_eq!(titles.summary("`1,`?"), Ok(expected));
        assert_eq!(StatementSummaryTitles::read("`2017-06-01 15:33:10,`wx1"), None);
        assert_eq!(StatementSummaryTitles::read(""), None);
    }

    #[test]
    fn totals_that_are_none_are_told_by_name() {
        let titles = StatementSummaryTitles::read("总交易单数,总交易额").unwrap();
        assert_eq!(titles.summary("`1.5,`1").unwrap_err().column, Some("Total transaction numbers"));
        assert!(titles.summary("`1").unwrap_err().cause.contains("1 cells"));
    }
}
