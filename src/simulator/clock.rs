//! The simulator's clock: the machine's own, moved as somebody likes, so that ten minutes or a year can pass in a test.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::sync::watch;

/// The clock. All times are Unix seconds.
#[derive(Debug)]
pub(super) struct Clock {
    /// How far it is ahead of the machine's; whoever waits for a time hears of a change.
    ahead_seconds: watch::Sender<i64>,
}

impl Default for Clock {
    fn default() -> Self {
        Self { ahead_seconds: watch::Sender::new(0) }
    }
}

impl Clock {
    pub(super) fn now(&self) -> i64 {
        machine_now().saturating_add(*self.ahead_seconds.borrow())
    }

    /// Moves it, back when `seconds` is less than 0.
    pub(super) fn advance(&self, seconds: i64) {
        self.ahead_seconds.send_modify(|ahead| *ahead = ahead.saturating_add(seconds));
    }

    /// Sets it; it runs on from there.
    pub(super) fn set(&self, now: i64) {
        self.ahead_seconds.send_modify(|ahead| *ahead = now.saturating_sub(machine_now()));
    }

    /// Waits until a time has come, by itself or because the clock was moved.
    pub(super) async fn reached(&self, time: i64) {
        let mut moved = self.ahead_seconds.subscribe();
        loop {
            moved.mark_unchanged();
            let Ok(left_seconds @ 1..) = u64::try_from(time.saturating_sub(self.now())) else { return };
            tokio::select! {
                () = tokio::time::sleep(Duration::from_secs(left_seconds)) => {}
                // The sender lives as long as the clock, so there is never an error.
                _ = moved.changed() => {}
            }
        }
    }

    /// Waits for a span of time, by itself or because the clock was moved past its end.
    pub(super) async fn passed(&self, span: Duration) {
        let mut moved = self.ahead_seconds.subscribe();
        let end = self.now().saturating_add(i64::try_from(span.as_secs()).unwrap_or(i64::MAX));
        tokio::select! {
            () = tokio::time::sleep(span) => {}
            // The sender lives as long as the clock, so there is never an error.
            _ = moved.wait_for(|ahead| machine_now().saturating_add(*ahead) > end) => {}
        }
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

    #[tokio::test]
    async fn a_span_ends_when_the_clock_is_moved_past_it() {
        let clock = Clock::default();
        clock.passed(Duration::from_millis(1)).await;
        let ((), ()) = tokio::join!(clock.passed(Duration::from_hours(6)), async {
            clock.advance(3600);
            tokio::task::yield_now().await;
            clock.advance(6 * 3600);
        });
    }

    #[tokio::test]
    async fn a_moved_clock_wakes_who_waits_for_it() {
        let clock = Clock::default();
        clock.set(1_500_000_000);
        clock.reached(1_500_000_000).await;
        let ((), ()) = tokio::join!(clock.reached(1_500_090_000), async {
            clock.advance(3600);
            tokio::task::yield_now().await;
            clock.advance(86_400);
        });
        assert!((1_500_090_000..1_500_090_600).contains(&clock.now()));
        clock.advance(-86_400);
        assert!(clock.now() < 1_500_090_000);
        clock.advance(i64::MAX);
        assert_eq!(clock.now(), i64::MAX);
    }
}
