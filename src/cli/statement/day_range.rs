//! A day, or the days from one to another, on the command line.

use std::str::FromStr;

use crate::domain::{ChinaDate, InvalidDate};

/// The most days of one command: a year and a day.
const MOST_DAYS: i64 = 366;

/// The days from one to another, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DayRange {
    /// The first.
    pub from: ChinaDate,
    /// The last.
    pub to: ChinaDate,
}

/// Text that names no days.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidDayRange {
    /// One of its ends is no day.
    #[error(transparent)]
    Date(#[from] InvalidDate),
    /// It ends before it begins.
    #[error("{from}..{to} ends before it begins")]
    Backwards {
        /// The first.
        from: ChinaDate,
        /// The last.
        to: ChinaDate,
    },
    /// It is too long.
    #[error("these are {0} days; give {MOST_DAYS} at most")]
    TooLong(i64),
}

impl DayRange {
    /// The days, the earliest first.
    pub fn days(self) -> impl Iterator<Item = ChinaDate> {
        std::iter::successors(Some(self.from), move |day| (*day < self.to).then(|| day.plus_days(1)))
    }
}

/// `20170925`, or `20170901..20170930`.
impl FromStr for DayRange {
    type Err = InvalidDayRange;

    fn from_str(text: &str) -> Result<Self, InvalidDayRange> {
        let (from, to) = text.split_once("..").unwrap_or((text, text));
        let (from, to): (ChinaDate, ChinaDate) = (from.parse()?, to.parse()?);
        match to.days_since(from) + 1 {
            ..1 => Err(InvalidDayRange::Backwards { from, to }),
            days if days > MOST_DAYS => Err(InvalidDayRange::TooLong(days)),
            _ => Ok(Self { from, to }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_or_the_days_from_one_to_another() {
        let days = |text: &str| text.parse::<DayRange>().unwrap().days().map(|day| day.to_string()).collect::<Vec<_>>();
        assert_eq!(days("20170925"), ["20170925"]);
        assert_eq!(days("20170929..20171001"), ["20170929", "20170930", "20171001"]);
        for (wrong, told) in [("20170925..20170924", "before"), ("20160101..20170101", "367 days"), ("..", "date")] {
            assert!(wrong.parse::<DayRange>().unwrap_err().to_string().contains(told), "{wrong}");
        }
    }
}
