//! A SQLite file as it is found, opened to be read.

use std::fs::OpenOptions;
use std::path::{Path, PathBuf};

use rustix::fs::{Access, access};
use sqlx::Connection as _;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};

use super::SqliteStore;
use super::engine::MIGRATIONS;
use crate::store::{Inspection, StoreError, schema};

impl SqliteStore {
    /// Looks at a file that is there.
    pub(in crate::store) async fn inspect(path: &Path) -> Result<Inspection, StoreError> {
        // Without a log nobody has it open, and then reading it must leave no log behind, with this user as its owner.
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(false)
            .read_only(true)
            .immutable(!log_of(path).exists());
        let cannot_open = |source: sqlx::Error| StoreError::Open(format!("{}: {source}", path.display()));
        let mut connection = SqliteConnection::connect_with(&options).await.map_err(cannot_open)?;
        let version: String =
            sqlx::query_scalar("SELECT sqlite_version()").fetch_one(&mut connection).await.map_err(cannot_open)?;
        let schema = schema::state(&MIGRATIONS, &mut connection).await?;
        let _ = connection.close().await;
        let path = path.to_owned();
        let not_writable = tokio::task::spawn_blocking(move || obstacle(&path)).await.unwrap_or_default();
        Ok(Inspection { product: format!("SQLite {version}"), unsupported: None, schema, not_writable })
    }
}

/// The write-ahead log, which is there while somebody has the file open.
fn log_of(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push("-wal");
    name.into()
}

/// Opened for writing a file stays as it is. Beside it the write-ahead log is made and removed.
fn obstacle(path: &Path) -> Option<String> {
    if let Err(fault) = OpenOptions::new().write(true).open(path) {
        return Some(format!("this user cannot write {}: {fault}", path.display()));
    }
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
    let fault = access(directory, Access::WRITE_OK).err()?;
    Some(format!("this user cannot make files in {}, where SQLite keeps its log: {fault}", directory.display()))
}
