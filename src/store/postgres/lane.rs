//! A connection that one lane of waiting promises keeps for itself, so that nothing is asked of a pool.

use std::future::Future;
use std::time::Duration;

use sqlx::Connection as _;
use sqlx::postgres::{PgConnectOptions, PgConnection};

use crate::store::StoreError;

/// How long a lane tries to connect. Its members are then run singly, within what is left of the callback's deadline.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);

/// How long a batch may take. Healthy ones take milliseconds.
const BATCH_TIMEOUT: Duration = Duration::from_secs(2);

/// What holds for a lane's connection beside what holds for all.
///
/// It only ever reads and writes rows by their keys. The planner may not decide otherwise: with statistics of a table that was
/// empty when they were made, it would read a table of millions for a batch. Without these ways there is nothing to plan, so one
/// plan does for every size of batch. And a batch does not wait long for a row that somebody holds: its members then run singly.
const OPTIONS: [(&str, &str); 6] = [
    ("enable_seqscan", "off"),
    ("enable_hashjoin", "off"),
    ("enable_mergejoin", "off"),
    ("jit", "off"),
    ("plan_cache_mode", "force_generic_plan"),
    ("lock_timeout", "250ms"),
];

/// A lane's connection, made when it is first needed and again after it broke.
pub(super) struct Lane {
    options: PgConnectOptions,
    connection: Option<PgConnection>,
}

impl Lane {
    pub(super) fn new(options: &PgConnectOptions) -> Self {
        Self { options: options.clone().options(OPTIONS), connection: None }
    }

    pub(super) async fn connection(&mut self) -> Result<&mut PgConnection, StoreError> {
        let connection = match self.connection.take() {
            Some(connection) => connection,
            None => self.connect().await?,
        };
        Ok(self.connection.insert(connection))
    }

    async fn connect(&self) -> Result<PgConnection, StoreError> {
        let connected = tokio::time::timeout(CONNECT_TIMEOUT, PgConnection::connect_with(&self.options)).await;
        let connected = connected.unwrap_or(Err(sqlx::Error::PoolTimedOut));
        connected.map_err(|source| StoreError::Database { doing: "connect", source })
    }

    /// Waits for a batch, but not for ever: a server that fell silent would hold up all that wait.
    pub(super) async fn bounded<T>(batch: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
        tokio::time::timeout(BATCH_TIMEOUT, batch).await.unwrap_or_else(|_| {
            let source = sqlx::Error::Io(std::io::ErrorKind::TimedOut.into());
            Err(StoreError::Database { doing: "run a batch", source })
        })
    }

    /// Rolls back what failed, so that it holds no lock while the lane rests. When the connection does not even take that, the
    /// next batch gets another.
    pub(super) async fn recover(&mut self, error: &StoreError) {
        let broken = matches!(error, StoreError::Database { source, .. } if source.as_database_error().is_none());
        let Some(mut connection) = self.connection.take_if(|_| !broken) else {
            self.connection = None;
            return;
        };
        if let Ok(Ok(())) = tokio::time::timeout(CONNECT_TIMEOUT, connection.ping()).await {
            self.connection = Some(connection);
        }
    }

    pub(super) async fn close(self) {
        if let Some(connection) = self.connection {
            let _ = connection.close().await;
        }
    }
}
