//! Dates as the platform writes them: `YYYYMMDD` in China.

use std::fmt;
use std::str::FromStr;

use jiff::civil::{Date, Time};
use jiff::tz::{Offset, TimeZone};
use jiff::{Timestamp, ToSpan as _};

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

    /// The same day of the next year; of a 29 February the 28th.
    #[must_use]
    pub fn a_year_later(self) -> Self {
        // The last year that there is has no next one: its days stay.
        Self(self.0.checked_add(1.year()).unwrap_or(self.0))
    }

    /// The day so many days later, or earlier when there are fewer than none. The first and the last day that there are have none
    /// beyond them: they stay.
    #[must_use]
    pub fn plus_days(self, days: i32) -> Self {
        Self(self.0.checked_add(i64::from(days).days()).unwrap_or(self.0))
    }

    /// The full hour of this day in China. An hour that no day has is midnight.
    #[must_use]
    pub fn instant_at(self, hour: i8) -> Timestamp {
        let time = Time::new(hour, 0, 0, 0).unwrap_or(Time::midnight());
        // Only the very first and last days that there are begin or end beyond what an instant can be.
        Offset::constant(8).to_timestamp(self.0.to_datetime(time)).unwrap_or_default()
    }

    /// How many days there are from `earlier` to this day; negative when this one is the earlier.
    #[must_use]
    pub fn days_since(self, earlier: Self) -> i64 {
        i64::from((self.0 - earlier.0).get_days())
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
    fn a_year_ends_on_the_same_day_and_days_are_counted() {
        let day = |text: &str| text.parse::<ChinaDate>().unwrap();
        assert_eq!(day("20240229").a_year_later(), day("20250228"));
        assert_eq!(day("20250228").a_year_later(), day("20260228"));
        assert_eq!(day("20250301").days_since(day("20240301")), 365);
        assert_eq!(day("20240228").days_since(day("20240301")), -2);
    }

    #[test]
    fn days_follow_each_other_and_have_hours() {
        let day = |text: &str| text.parse::<ChinaDate>().unwrap();
        assert_eq!((day("20240228").plus_days(2), day("20240301").plus_days(-1)), (day("20240301"), day("20240229")));
        assert_eq!(day("99991231").plus_days(1), day("99991231"));
        assert_eq!(day("20240301").instant_at(6).to_string(), "2024-02-29T22:00:00Z");
    }

    #[test]
    fn only_real_days_parse() {
        assert_eq!("20240229".parse::<ChinaDate>().unwrap().to_string(), "20240229");
        for wrong in ["20230229", "2023-01-01", "2023011", "", "二〇二三", "00000000"] {
            assert!(wrong.parse::<ChinaDate>().is_err(), "{wrong}");
        }
    }
}
