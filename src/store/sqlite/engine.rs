//! The connections of the SQLite store.

use std::fs::OpenOptions;
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::time::{Duration, Instant};

use sqlx::migrate::Migrator;
use sqlx::pool::PoolConnection;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{Sqlite, Transaction};

use super::Lane;
use super::statements::Lanes;
use crate::store::StoreError;
use crate::store::coalesce::MAX_BATCH;
use crate::store::schema;

pub(super) type Db = Sqlite;
pub(super) type Row = sqlx::sqlite::SqliteRow;

pub(super) static MIGRATIONS: Migrator = sqlx::migrate!("migrations/sqlite");

/// How long a statement waits for another process's write lock, for example an import's, before it fails. Under the callback's
/// deadline, so that the failure is still answered.
const BUSY_TIMEOUT: Duration = Duration::from_millis(2500);

/// How long a callback waits for the one writer, for the same reason.
const ACQUIRE_TIMEOUT: Duration = Duration::from_millis(2500);

/// The pause before a file that is locked while it is opened is tried again: what locks it takes milliseconds.
const PAUSE_WHEN_LOCKED: Duration = Duration::from_millis(10);

/// SQLite's result code for "the database is locked".
const SQLITE_BUSY: i32 = 5;

/// How many rows a connection's thread hands over without waiting: a batch.
const ROW_BUFFER: usize = MAX_BATCH;

/// How much of the file readers see as memory. Without it each page is copied by a call of its own, again after each commit.
const READERS_MAP_BYTES: &str = "1073741824";

/// Readers beside the one writer. A look-up takes microseconds; more only cost memory.
const READERS: u32 = 2;

/// The embedded store.
pub struct SqliteStore {
    pools: Pools,
    lanes: Option<Lanes>,
}

/// The connections, which everybody shares.
#[derive(Clone)]
pub(super) struct Pools {
    readers: SqlitePool,
    writer: SqlitePool,
}

impl Pools {
    pub(super) async fn reader(&self) -> Result<PoolConnection<Db>, StoreError> {
        self.readers.acquire().await.map_err(|source| StoreError::Database { doing: "get a connection", source })
    }

    pub(super) const fn reading(&self) -> &SqlitePool {
        &self.readers
    }

    pub(super) async fn writer(&self) -> Result<PoolConnection<Db>, StoreError> {
        self.writer.acquire().await.map_err(|source| StoreError::Database { doing: "get the writer", source })
    }
}

impl SqliteStore {
    /// One: a look-up takes microseconds, and the other reader is left to whoever else asks.
    pub(super) const LOOK_UP_LANES: u32 = 1;
    /// One, for the same reason.
    pub(super) const ORDER_LANES: u32 = 1;
    /// One: there is one writer.
    pub(super) const RECORDING_LANES: u32 = 1;
    /// How a transaction begins: with the write lock, so that nothing has to be given up later.
    pub(super) const BEGIN: &str = "BEGIN IMMEDIATE";

    /// Opens a database file, makes it when there is none, and brings its schema up to date.
    ///
    /// # Errors
    /// [`StoreError`] when the file cannot be opened, or was written by a newer version.
    pub async fn open(path: &Path, coalescing: bool) -> Result<Self, StoreError> {
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(BUSY_TIMEOUT)
            .row_buffer_size(ROW_BUFFER);
        make_private(path).map_err(|source| StoreError::Open(format!("{}: {source}", path.display())))?;
        let cannot_open = |source: sqlx::Error| StoreError::Open(format!("{}: {source}", path.display()));
        let pool = || {
            SqlitePoolOptions::new()
                .min_connections(1)
                .idle_timeout(None)
                .max_lifetime(None)
                .acquire_timeout(ACQUIRE_TIMEOUT)
                .test_before_acquire(false)
        };
        let writer = connect(&pool().max_connections(1), &options).await.map_err(cannot_open)?;
        schema::apply(&MIGRATIONS, &writer).await?;
        let reading = options.read_only(true).pragma("mmap_size", READERS_MAP_BYTES);
        let readers = connect(&pool().max_connections(READERS), &reading).await.map_err(cannot_open)?;
        let pools = Pools { readers, writer };
        let (reading, writing) = (pools.readers.clone(), pools.writer.clone());
        let lanes = coalescing.then(|| Lanes::start(&pools, move || Lane::new(&reading), move || Lane::new(&writing)));
        Ok(Self { pools, lanes })
    }

    pub(super) const fn lanes(&self) -> Option<&Lanes> {
        self.lanes.as_ref()
    }

    pub(super) const fn pools(&self) -> &Pools {
        &self.pools
    }

    pub(super) async fn reader(&self) -> Result<PoolConnection<Db>, StoreError> {
        self.pools.reader().await
    }

    pub(super) async fn begin(&self) -> Result<Transaction<'static, Db>, StoreError> {
        let begun = self.pools.writer.begin_with(Self::BEGIN).await;
        begun.map_err(|source| StoreError::Database { doing: "begin a transaction", source })
    }

    /// There is one writer: whoever waited too long for its lock is told so, and is not a loser of a race.
    pub(super) const fn is_conflict(_: &sqlx::Error) -> bool {
        false
    }

    pub(super) async fn check_schema(&self) -> Result<(), StoreError> {
        schema::check(&MIGRATIONS, &mut *self.reader().await?).await
    }

    pub(super) async fn bring_up_to_date(&self) -> Result<usize, StoreError> {
        schema::apply(&MIGRATIONS, &self.pools.writer).await
    }

    pub(super) async fn close_connections(&self) {
        self.pools.readers.close().await;
        self.pools.writer.close().await;
    }
}

/// Connects. While another process switches a new file to WAL, opening it fails at once as locked, whatever the busy timeout says:
/// then it is tried again for as long as that.
async fn connect(pool: &SqlitePoolOptions, options: &SqliteConnectOptions) -> Result<SqlitePool, sqlx::Error> {
    let patience_ends_at = Instant::now() + BUSY_TIMEOUT;
    loop {
        match pool.clone().connect_with(options.clone()).await {
            Err(error) if is_busy(&error) && Instant::now() < patience_ends_at => {
                tokio::time::sleep(PAUSE_WHEN_LOCKED).await;
            }
            connected => return connected,
        }
    }
}

/// `SQLITE_BUSY`, in whichever of its extended forms.
fn is_busy(error: &sqlx::Error) -> bool {
    let code =
        error.as_database_error().and_then(sqlx::error::DatabaseError::code).and_then(|code| code.parse::<i32>().ok());
    code.is_some_and(|code| code & 0xff == SQLITE_BUSY)
}

/// Makes a new database file readable by its owner alone: it will hold payers' names. SQLite gives the files beside it the same
/// rights. One that is there keeps its own.
fn make_private(path: &Path) -> io::Result<()> {
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}
