//! When a delivery that was not taken is tried again, and when it is given up.

use std::time::Duration;

/// The pauses after the first attempt that failed, the second, and so on: twenty-two hours in all. A receiver that is restarted has its
/// events in seconds; one that is down over night has them in the morning.
pub const RETRY_PAUSES: [Duration; 10] = [
    Duration::from_secs(5),
    Duration::from_secs(30),
    Duration::from_mins(2),
    Duration::from_mins(10),
    Duration::from_mins(30),
    Duration::from_hours(1),
    Duration::from_hours(2),
    Duration::from_hours(4),
    Duration::from_hours(6),
    Duration::from_hours(8),
];

/// How much shorter a pause may be, in percent, so that what failed together does not come back together.
const JITTER_PERCENT: u32 = 20;

/// The pause after so many attempts failed, made shorter by chance; `None` when it is given up.
#[must_use]
pub fn retry_pause(failed_attempts: u32, chance: u32) -> Option<Duration> {
    let place = usize::try_from(failed_attempts).ok()?.checked_sub(1)?;
    let pause = *RETRY_PAUSES.get(place)?;
    Some(pause * (100 - chance % (JITTER_PERCENT + 1)) / 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_for_most_of_a_day_and_end() {
        let pauses: Vec<_> = (1..).map_while(|attempts| retry_pause(attempts, 0)).collect();
        assert_eq!(pauses, RETRY_PAUSES);
        assert!(pauses.is_sorted());
        let total: Duration = pauses.iter().sum();
        assert!(total > Duration::from_hours(20) && total < Duration::from_hours(24), "{total:?}");
    }

    #[test]
    fn chance_makes_them_shorter_within_a_bound() {
        for chance in 0..100 {
            let pause = retry_pause(3, chance).unwrap();
            assert!(pause >= Duration::from_secs(96) && pause <= Duration::from_mins(2), "{pause:?}");
        }
    }
}
