//! Opening the store that a URL names.

use std::path::Path;
use std::sync::Arc;

use super::{Inspection, PostgresStore, SqliteStore, Store, StoreError};

/// A store that can be shared by every task.
pub type SharedStore = Arc<dyn Store>;

/// How a store works.
#[derive(Clone, Copy, Debug)]
pub struct OpenOptions {
    /// The most connections that are open at a time. SQLite has its own few.
    pub max_connections: u32,
    /// Whether what callbacks ask for is run together while it waits; otherwise each is run alone.
    pub coalescing: bool,
}

/// Opens `sqlite:PATH` or `postgres://…`. SQLite is brought up to date at once; Postgres is reached when it is first needed.
///
/// # Errors
/// [`StoreError`] when the URL is of neither kind, or the database cannot be opened.
pub async fn open(url: &str, password: Option<&str>, options: OpenOptions) -> Result<SharedStore, StoreError> {
    if let Some(path) = sqlite_path(url) {
        if path.contains('?') {
            return Err(StoreError::Open(
                "sqlite: takes a path and no parameters: leave out what stands after the ?".to_owned(),
            ));
        }
        if path.is_empty() || path.starts_with(":memory:") {
            return Err(StoreError::Open(
                "a book in memory would be lost with the process: write sqlite:PATH".to_owned(),
            ));
        }
        return Ok(Arc::new(SqliteStore::open(Path::new(path), options.coalescing).await?));
    }
    if url.starts_with("postgres://") || url.starts_with("postgresql://") {
        return Ok(Arc::new(PostgresStore::open(url, password, options)?));
    }
    Err(unknown_kind(url))
}

/// Looks at the database that a URL names without changing it: neither is a file made, nor a migration applied.
///
/// # Errors
/// [`StoreError`] when the URL is of neither kind, or the database cannot be reached.
pub async fn inspect(url: &str, password: Option<&str>) -> Result<Inspection, StoreError> {
    if let Some(path) = sqlite_path(url) {
        return SqliteStore::inspect(Path::new(path)).await;
    }
    if url.starts_with("postgres://") || url.starts_with("postgresql://") {
        return PostgresStore::inspect(url, password).await;
    }
    Err(unknown_kind(url))
}

/// The file of a SQLite URL.
#[must_use]
pub fn sqlite_path(url: &str) -> Option<&str> {
    let path = url.strip_prefix("sqlite:")?;
    Some(path.strip_prefix("//").unwrap_or(path))
}

fn unknown_kind(url: &str) -> StoreError {
    StoreError::Open(format!(
        "\"{}\" is neither sqlite:PATH nor postgres://USER@HOST/DATABASE",
        url.split([':', '/']).next().unwrap_or_default()
    ))
}
