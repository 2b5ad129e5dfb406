//! The pace of healing's calls: the callbacks need the same platform, which limits how often a party calls it.

use std::time::Duration;

use tokio::time::{Instant, sleep_until};

/// Lets calls go one after the other, a pause apart.
pub(super) struct Pace {
    pause: Duration,
    next_at: Instant,
}

impl Pace {
    /// So many calls in a second at most.
    pub(super) fn of(calls_per_second: u32) -> Self {
        Self { pause: Duration::from_secs(1) / calls_per_second.max(1), next_at: Instant::now() }
    }

    /// Returns when the next call may go.
    pub(super) async fn wait(&mut self) {
        sleep_until(self.next_at).await;
        self.next_at = Instant::now() + self.pause;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn calls_go_a_pause_apart() {
        let begun = Instant::now();
        let mut pace = Pace::of(20);
        for _ in 0..4 {
            pace.wait().await;
        }
        assert!(begun.elapsed() >= Duration::from_millis(150), "the first goes at once, the others 50 ms apart");
    }
}
