//! The simulator's clock: the machine's own, moved as somebody likes, so that ten minutes or a year can pass in a test.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// The clock. All times are Unix seconds.
#[derive(Debug, Default)]
pub(super) struct Clock {
    /// How far it is ahead of the machine's.
    ahead_seconds: AtomicI64,
}

impl Clock {
    pub(super) fn now(&self) -> i64 {
        machine_now().saturating_add(self.ahead_seconds.load(Ordering::Relaxed))
    }

    /// Moves it, back when `seconds` is less than 0.
    pub(super) fn advance(&self, seconds: i64) {
        let ahead_seconds = self.ahead_seconds.load(Ordering::Relaxed).saturating_add(seconds);
        self.ahead_seconds.store(ahead_seconds, Ordering::Relaxed);
    }

    /// Sets it; it runs on from there.
    pub(super) fn set(&self, now: i64) {
        self.ahead_seconds.store(now.saturating_sub(machine_now()), Ordering::Relaxed);
    }
}

/// Unix seconds of the machine. A clock before 1970 reads as 1970.
fn machine_now() -> i64 {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since_1970.as_secs()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_runs_on_from_where_it_was_moved() {
        let clock = Clock::default();
        clock.set(1_500_000_000);
        clock.advance(90_000);
        assert!((1_500_090_000..1_500_090_600).contains(&clock.now()));
        clock.advance(-86_400);
        assert!(clock.now() < 1_500_090_000);
        clock.advance(i64::MAX);
        assert_eq!(clock.now(), i64::MAX);
    }
}
