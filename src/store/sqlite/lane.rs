//! Where a lane of waiting promises gets its connection: there are a few readers and one writer, and everybody shares them.

use std::future::Future;

use sqlx::pool::PoolConnection;
use sqlx::sqlite::SqlitePool;

use super::Db;
use crate::store::StoreError;

/// A way to a connection for each batch.
pub(super) struct Lane {
    pool: SqlitePool,
}

impl Lane {
    pub(super) fn new(pool: &SqlitePool) -> Self {
        Self { pool: pool.clone() }
    }

    pub(super) async fn connection(&mut self) -> Result<PoolConnection<Db>, StoreError> {
        self.pool.acquire().await.map_err(|source| StoreError::Database { doing: "get a connection", source })
    }

    /// Waits for a batch. The file is not far away, and waiting for its write lock has a bound of its own.
    pub(super) async fn bounded<T>(batch: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
        batch.await
    }

    /// The pool rolls back what failed before it lends the connection again.
    #[expect(clippy::unused_async, reason = "on Postgres there is something to wait for")]
    pub(super) async fn recover(&mut self, _: &StoreError) {}

    /// The pools are closed by the store.
    #[expect(clippy::unused_async, reason = "on Postgres there is something to wait for")]
    pub(super) async fn close(self) {}
}
