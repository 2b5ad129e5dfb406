//! Refused attempts are audited, but no faster than a bound: anybody who reaches the listener can make them.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How many refused attempts are written in a minute. A person who mistypes makes a few; a guesser's first ones tell enough, and
/// the counter tells the rest.
const ROWS_PER_MINUTE: u32 = 30;

const MINUTE: Duration = Duration::from_mins(1);

/// Counts the rows of the running minute.
#[derive(Default)]
pub(super) struct RefusalBudget(Mutex<Option<Running>>);

struct Running {
    since: Instant,
    rows: u32,
}

impl RefusalBudget {
    /// Whether one more row may be written at `now`.
    pub(super) fn takes(&self, now: Instant) -> bool {
        let mut running = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match running.as_mut().filter(|running| now.saturating_duration_since(running.since) < MINUTE) {
            Some(running) if running.rows >= ROWS_PER_MINUTE => false,
            Some(running) => {
                running.rows += 1;
                true
            }
            None => {
                *running = Some(Running { since: now, rows: 1 });
                true
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_minute_takes_so_many_rows_and_the_next_as_many_again() {
        let budget = RefusalBudget::default();
        let start = Instant::now();
        for minute in 0..3 {
            let now = start + MINUTE * minute;
            let taken = (0..1000).filter(|_| budget.takes(now + Duration::from_secs(59))).count();
            assert_eq!(taken, 30, "minute {minute}");
        }
    }
}
