//! When requests should be sent: as soon as a connection is free, or at a fixed rate whatever the server does.

use std::time::Duration;

/// How fast requests come.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Pace {
    /// Each connection sends its next request when it has its reply: what the server can do at most.
    Closed,
    /// So many a second, as callers do that know nothing of each other. A request that finds every connection busy is late,
    /// and its latency counts from when it was due.
    PerSecond(u32),
}

impl Pace {
    /// When the `number`th request is due, counted from the start; `None` when it is due at any time.
    pub(crate) fn due(self, number: u64) -> Option<Duration> {
        match self {
            Self::Closed => None,
            // Computed from the number and not added up, so that nothing is lost by rounding.
            Self::PerSecond(rate) => Some(Duration::from_nanos(number * 1_000_000_000 / u64::from(rate))),
        }
    }

    /// How many were due after so long.
    pub(crate) fn due_within(self, elapsed: Duration) -> Option<u64> {
        let Self::PerSecond(rate) = self else { return None };
        let nanoseconds = elapsed.as_nanos() * u128::from(rate);
        u64::try_from(nanoseconds.div_ceil(1_000_000_000)).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_schedule_keeps_its_rate_for_ever() {
        let pace = Pace::PerSecond(3);
        assert_eq!(pace.due(0), Some(Duration::ZERO));
        assert_eq!(pace.due(1), Some(Duration::from_nanos(333_333_333)));
        assert_eq!(pace.due(3 * 86_400), Some(Duration::from_hours(24)));
        assert_eq!(Pace::Closed.due(7), None);
    }

    #[test]
    fn what_was_due_is_what_the_schedule_says() {
        let pace = Pace::PerSecond(400);
        assert_eq!(pace.due_within(Duration::from_secs(20)), Some(8000));
        assert_eq!(pace.due_within(Duration::from_nanos(1)), Some(1));
        assert_eq!(pace.due_within(Duration::from_micros(2500)), Some(1));
        assert_eq!(pace.due_within(Duration::from_micros(2501)), Some(2));
    }
}
