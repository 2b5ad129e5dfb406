//! When the statement of a day can be had.

use jiff::Timestamp;

use crate::domain::ChinaDate;

/// The hour in China from which the platform offers the statement of the day before (source §6.1.5).
const READY_AT_HOUR: i8 = 6;

/// When the statement of a day is ready: at six in the morning, in China, of the next one.
#[must_use]
pub fn ready_at(bill_date: ChinaDate) -> Timestamp {
    bill_date.plus_days(1).instant_at(READY_AT_HOUR)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_ready_at_six_of_the_next_morning_in_china() {
        assert_eq!(ready_at("20231231".parse().unwrap()).to_string(), "2023-12-31T22:00:00Z");
    }
}
