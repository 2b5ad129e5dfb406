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

    /// No batch is ever given up.
    #[expect(clippy::unused_self, reason = "on Postgres a lane may have to")]
    pub(super) const fn rests(&self) -> bool {
        false
    }

    /// After a batch that was done.
    #[expect(clippy::unused_self, reason = "on Postgres a lane remembers it")]
    pub(super) const fn succeeded(&mut self) {}

    /// The pool rolls back what failed before it lends the connection again.
    #[expect(clippy::unused_async, reason = "on Postgres there is something to wait for")]
    pub(super) async fn recover(&mut self, _: &StoreError) {}

    /// The pools are closed by the store.
    #[expect(clippy::unused_async, reason = "on Postgres there is something to wait for")]
    pub(super) async fn close(self) {}
}
