//! Dates as the platform writes them: `YYYYMMDD` in China.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::{Offset, TimeZone};

/// A day in Asia/Shanghai. China has kept UTC+8 all year since 1991, so a fixed offset is exact for every payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChinaDate(Date);

/// Text that is no date of the form `YYYYMMDD`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is not a date of the form YYYYMMDD")]
pub struct InvalidDate(String);

impl ChinaDate {
    /// The day in China at `instant`.
    #[must_use]
    pub fn at(instant: Timestamp) -> Self {
        Self(instant.to_zoned(TimeZone::fixed(Offset::constant(8))).date())
    }
}

impl FromStr for ChinaDate {
    type Err = InvalidDate;

    fn from_str(text: &str) -> Result<Self, InvalidDate> {
        let invalid = || InvalidDate(text.chars().take(32).collect());
        if text.len() != 8 || !text.bytes().all(|b| b.is_ascii_digit()) {
            return Err(invalid());
        }
        let (year, month, day) = (text[..4].parse(), text[4..6].parse(), text[6..].parse());
        let (Ok(year), Ok(month), Ok(day)) = (year, month, day) else { return Err(invalid()) };
        Date::new(year, month, day).map(Self).map_err(|_| invalid())
    }
}

impl fmt::Display for ChinaDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}{:02}{:02}", self.0.year(), self.0.month(), self.0.day())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_day_turns_at_midnight_in_china() {
        let last_second = Timestamp::from_second(1_508_860_799).unwrap();
        assert_eq!(ChinaDate::at(last_second).to_string(), "20171024");
        let next = Timestamp::from_second(1_508_860_800).unwrap();
        assert_eq!(ChinaDate::at(next).to_string(), "20171025");
    }

    #[test]
    fn only_real_days_parse() {
        assert_eq!("20240229".parse::<ChinaDate>().unwrap().to_string(), "20240229");
        for wrong in ["20230229", "2023-01-01", "2023011", "", "二〇二三", "00000000"] {
            assert!(wrong.parse::<ChinaDate>().is_err(), "{wrong}");
        }
    }
}
