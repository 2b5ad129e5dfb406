//! Named schedules by which a notification is sent again while the reply is not final. The non-tax platform's own is not in the
//! sources.

use std::time::Duration;

/// A schedule.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RetrySchedule {
    /// Three times within a quarter of a minute, because somebody waits and watches.
    #[default]
    Watched,
    /// As WeChat Pay publishes it for its own notifications: fifteen times within a day and a few minutes. For a clock that is
    /// moved.
    WeixinPay,
}

impl RetrySchedule {
    /// The pause before each repetition, in seconds.
    #[must_use]
    pub const fn pauses_seconds(self) -> &'static [u64] {
        const MINUTE: u64 = 60;
        const HOUR: u64 = 60 * MINUTE;
        match self {
            Self::Watched => &[1, 3, 10],
            Self::WeixinPay => &[
                15,
                15,
                30,
                3 * MINUTE,
                10 * MINUTE,
                20 * MINUTE,
                30 * MINUTE,
                30 * MINUTE,
                30 * MINUTE,
                HOUR,
                3 * HOUR,
                3 * HOUR,
                3 * HOUR,
                6 * HOUR,
                6 * HOUR,
            ],
        }
    }

    /// The pause before each repetition.
    #[must_use]
    pub fn pauses(self) -> Vec<Duration> {
        self.pauses_seconds().iter().copied().map(Duration::from_secs).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_schedule_takes_a_day_and_four_minutes() {
        let total: u64 = RetrySchedule::WeixinPay.pauses_seconds().iter().sum();
        assert_eq!((total / 3600, total % 3600 / 60), (24, 4));
        assert!(RetrySchedule::Watched.pauses().iter().sum::<Duration>() < Duration::from_secs(15));
    }
}
