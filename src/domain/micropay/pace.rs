//! How fast a payment at the counter moves.

use std::time::Duration;

use jiff::Timestamp;

/// After a system failure the call is made again in 5 seconds (source §6.1.9).
const AFTER_SYSTEM_ERROR: Duration = Duration::from_secs(5);

/// While the payer types the password the call is made again every 10 seconds (source §6.1.9).
const PASSWORD_INTERVAL: Duration = Duration::from_secs(10);

/// After 30 seconds the payment has timed out (source §6.1.9).
const LIMIT: Duration = Duration::from_secs(30);

/// Between two looks while a cashier waits: the query is cheap, and a person stands there.
const LOOK_INTERVAL: Duration = Duration::from_secs(2);

/// How often the last look is tried before the payment is left to the watch.
const FINAL_LOOKS: u32 = 3;

/// An order lives 10 minutes; 5 more cover a call that is still on its way and the platform's own delay in closing it.
const WATCH: Duration = Duration::from_mins(15);

/// Between two looks at an order that nobody waits for.
const WATCH_INTERVAL: Duration = Duration::from_secs(15);

/// The intervals and limits of a payment at the counter. The defaults are the source's where it names one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MicropayPace {
    /// From a system failure to the next call.
    pub after_system_error: Duration,
    /// From "password required" to the next call.
    pub password_interval: Duration,
    /// From the first call to giving up.
    pub limit: Duration,
    /// Between two looks while the cashier waits.
    pub look_interval: Duration,
    /// How many looks end the wait at most.
    pub final_looks: u32,
    /// For how long after giving up the orders are watched.
    pub watch: Duration,
    /// Between two looks of the watch, and of a refund.
    pub watch_interval: Duration,
}

impl Default for MicropayPace {
    fn default() -> Self {
        Self {
            after_system_error: AFTER_SYSTEM_ERROR,
            password_interval: PASSWORD_INTERVAL,
            limit: LIMIT,
            look_interval: LOOK_INTERVAL,
            final_looks: FINAL_LOOKS,
            watch: WATCH,
            watch_interval: WATCH_INTERVAL,
        }
    }
}

impl MicropayPace {
    /// `span` after `at`.
    #[must_use]
    pub fn later(&self, at: Timestamp, span: Duration) -> Timestamp {
        at.checked_add(span).unwrap_or(Timestamp::MAX)
    }
}
