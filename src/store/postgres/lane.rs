//! A connection that one lane of waiting promises keeps for itself, so that nothing is asked of a pool.

use std::future::Future;
use std::time::{Duration, Instant};

use sqlx::Connection as _;
use sqlx::postgres::{PgConnectOptions, PgConnection};

use crate::store::StoreError;

/// How long a lane tries to connect. Its members are then run singly, within what is left of the callback's deadline.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);

/// How long a batch may take before it is given up, its connection with it. Healthy ones take milliseconds, and the server itself
/// ends a statement earlier (`OPTIONS`): what is left is a commit that hangs, and a server that fell silent.
const BATCH_TIMEOUT: Duration = Duration::from_secs(2);

/// How long a lane rests after a batch was given up, twice as long each time in a row. The server may still work on it, and must not
/// be given one more connection every two seconds.
const FIRST_REST: Duration = Duration::from_secs(5);
const LONGEST_REST: Duration = Duration::from_mins(5);

/// How long a connection is kept that nobody uses: what stands between may forget it.
const MAX_IDLE: Duration = Duration::from_mins(5);

/// How long a connection is kept at most, as the pool keeps its own: it may lead to a server that is no longer the right one.
const MAX_AGE: Duration = Duration::from_mins(30);

/// What a healthy connection may answer when others get in between: a unique key that was taken, a serialization failure, a
/// deadlock, a lock that was not to be had in time. After anything else the lane gets another connection.
const HEALTHY: [&str; 4] = ["23505", "40001", "40P01", "55P03"];

/// What holds for a lane's connection beside what holds for all.
///
/// It only ever reads and writes rows by their keys. The planner may not decide otherwise: with statistics of a table that was
/// empty when they were made, it would read a table of millions for a batch. Without these ways there is nothing to plan, so one
/// plan does for every size of batch. And a batch does not wait long for a row that somebody holds: its members then run singly.
const OPTIONS: [(&str, &str); 7] = [
    ("enable_seqscan", "off"),
    ("enable_hashjoin", "off"),
    ("enable_mergejoin", "off"),
    ("jit", "off"),
    ("plan_cache_mode", "force_generic_plan"),
    ("lock_timeout", "250ms"),
    ("statement_timeout", "1500ms"),
];

/// A lane's connection, made when it is first needed and again after it broke.
pub(super) struct Lane {
    options: PgConnectOptions,
    connection: Option<Kept>,
    /// No connection is made before.
    rests_until: Option<Instant>,
    next_rest: Duration,
}

struct Kept {
    connection: PgConnection,
    made_at: Instant,
    used_at: Instant,
}

impl Lane {
    pub(super) fn new(options: &PgConnectOptions) -> Self {
        let options = options.clone().options(OPTIONS);
        Self { options, connection: None, rests_until: None, next_rest: FIRST_REST }
    }

    pub(super) async fn connection(&mut self) -> Result<&mut PgConnection, StoreError> {
        let now = Instant::now();
        let young = |kept: &Kept| now - kept.made_at < MAX_AGE && now - kept.used_at < MAX_IDLE;
        let kept = match self.connection.take().filter(young) {
            Some(kept) => Kept { used_at: now, ..kept },
            None => Kept { connection: self.connect().await?, made_at: now, used_at: now },
        };
        Ok(&mut self.connection.insert(kept).connection)
    }

    async fn connect(&self) -> Result<PgConnection, StoreError> {
        if self.rests() {
            return Err(timed_out("finish an earlier batch"));
        }
        let connected = tokio::time::timeout(CONNECT_TIMEOUT, PgConnection::connect_with(&self.options)).await;
        let connected = connected.map_err(|_| timed_out("connect"))?;
        connected.map_err(|source| StoreError::Database { doing: "connect", source })
    }

    /// Waits for a batch, but not for ever: a server that fell silent would hold up all that wait.
    pub(super) async fn bounded<T>(batch: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
        tokio::time::timeout(BATCH_TIMEOUT, batch).await.unwrap_or_else(|_| Err(timed_out(GIVEN_UP)))
    }

    /// Whether it makes no connection, because a batch was given up a moment ago.
    pub(super) fn rests(&self) -> bool {
        self.rests_until.is_some_and(|end| Instant::now() < end)
    }

    /// After a batch that was done.
    pub(super) fn succeeded(&mut self) {
        (self.rests_until, self.next_rest) = (None, FIRST_REST);
    }

    /// Rolls back what failed, so that it holds no lock while the lane waits. Unless the failure was one of a healthy connection,
    /// and it takes that, the next batch gets another.
    pub(super) async fn recover(&mut self, error: &StoreError) {
        if matches!(error, StoreError::Database { doing: GIVEN_UP, .. }) {
            self.rests_until = Some(Instant::now() + self.next_rest);
            self.next_rest = (2 * self.next_rest).min(LONGEST_REST);
        }
        let healthy = match error {
            StoreError::Database { source, .. } => source
                .as_database_error()
                .and_then(|error| error.code().map(|code| HEALTHY.contains(&&*code)))
                .unwrap_or(false),
            StoreError::Inconsistent { .. } | StoreError::Contended { .. } => true,
            _ => false,
        };
        let Some(mut kept) = self.connection.take().filter(|_| healthy) else { return };
        if let Ok(Ok(())) = tokio::time::timeout(CONNECT_TIMEOUT, kept.connection.ping()).await {
            self.connection = Some(kept);
        }
    }

    pub(super) async fn close(self) {
        if let Some(kept) = self.connection {
            let _ = kept.connection.close().await;
        }
    }
}

/// What a batch that is given up should have done.
const GIVEN_UP: &str = "run a batch in time";

fn timed_out(doing: &'static str) -> StoreError {
    StoreError::Database { doing, source: sqlx::Error::Io(std::io::ErrorKind::TimedOut.into()) }
}
