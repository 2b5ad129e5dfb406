//! When the statement of a day can be had.

use jiff::Timestamp;

use crate::domain::ChinaDate;

/// The hour in China from which the platform offers the statement of the day before (source §6.1.5).
const READY_AT_HOUR: i8 = 6;

/// The most days that are caught up at once: a gateway that stood still for longer is started by a person, who knows what else is
/// missing.
pub const MOST_DUE_DAYS: i32 = 31;

/// When the statement of a day is ready: at six in the morning, in China, of the next one.
#[must_use]
pub fn ready_at(bill_date: ChinaDate) -> Timestamp {
    bill_date.plus_days(1).instant_at(READY_AT_HOUR)
}

/// The days whose statements are ready and were not fetched, oldest first: those after `last`, at most [`MOST_DUE_DAYS`] of them,
/// the newest; without `last` the newest one alone.
#[must_use]
pub fn due_days(last: Option<ChinaDate>, now: Timestamp) -> Vec<ChinaDate> {
    let today = ChinaDate::at(now);
    let newest = if now < today.instant_at(READY_AT_HOUR) { today.plus_days(-2) } else { today.plus_days(-1) };
    let missing = last.map_or(1, |last| newest.days_since(last)).clamp(0, MOST_DUE_DAYS.into());
    let missing = i32::try_from(missing).unwrap_or(MOST_DUE_DAYS);
    (0..missing).rev().map(|back| newest.plus_days(-back)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> ChinaDate {
        text.parse().unwrap()
    }

    fn due(last: Option<&str>, now: &str) -> Vec<String> {
        due_days(last.map(day), now.parse().unwrap()).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_day_is_ready_at_six_of_the_next_morning_in_china() {
        assert_eq!(ready_at(day("20231231")).to_string(), "2023-12-31T22:00:00Z");
        assert_eq!(due(None, "2023-12-31T21:59:59Z"), ["20231230"]);
        assert_eq!(due(None, "2023-12-31T22:00:00Z"), ["20231231"]);
    }

    #[test]
    fn missed_days_are_caught_up_oldest_first() {
        assert_eq!(due(Some("20240227"), "2024-03-02T00:00:00Z"), ["20240228", "20240229", "20240301"]);
        assert_eq!(due(Some("20240301"), "2024-03-02T00:00:00Z"), [""; 0]);
        assert_eq!(due(Some("20250101"), "2024-03-02T00:00:00Z"), [""; 0]);
        let long = due(Some("20200101"), "2024-03-02T00:00:00Z");
        assert_eq!((long.len(), long[30].as_str()), (31, "20240301"));
    }
}
