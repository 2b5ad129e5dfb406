//! The connections of the Postgres store.

use std::time::Duration;

use sqlx::migrate::Migrator;
use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::{Postgres, Transaction};

use super::Lane;
use super::statements::Lanes;
use crate::store::schema;
use crate::store::{OpenOptions, StoreError};

pub(super) type Db = Postgres;
pub(super) type Row = sqlx::postgres::PgRow;

pub(super) static MIGRATIONS: Migrator = sqlx::migrate!("migrations/postgres");

/// How long a callback waits for a connection. Under the callback's deadline, so that the failure is still answered.
const ACQUIRE_TIMEOUT: Duration = Duration::from_millis(2500);

/// How long a statement may run, a lock's wait included. It keeps a stuck row from eating all connections.
const STATEMENT_TIMEOUT: &str = "5s";

/// The connections that the lanes of waiting promises hold beside the pool.
const LANES: u32 = PostgresStore::LOOK_UP_LANES + PostgresStore::ORDER_LANES + PostgresStore::RECORDING_LANES;

/// The fewest connections that are left to everybody else. Where there are fewer, nothing is coalesced.
const MIN_POOL: u32 = 3;

/// The production store.
pub struct PostgresStore {
    pools: Pools,
    lanes: Option<Lanes>,
    options: PgConnectOptions,
}

/// The connections that everybody shares.
#[derive(Clone)]
pub(super) struct Pools(PgPool);

impl Pools {
    pub(super) async fn reader(&self) -> Result<PoolConnection<Db>, StoreError> {
        self.0.acquire().await.map_err(|source| StoreError::Database { doing: "get a connection", source })
    }

    pub(super) async fn writer(&self) -> Result<PoolConnection<Db>, StoreError> {
        self.reader().await
    }
}

impl PostgresStore {
    /// Two: while the database works on one batch, the next is put together.
    pub(super) const LOOK_UP_LANES: u32 = 2;
    /// Orders are looked for before the platform is asked, which takes far longer.
    pub(super) const ORDER_LANES: u32 = 1;
    /// Two: while the database waits for the disk with one batch, it works on the next.
    pub(super) const RECORDING_LANES: u32 = 2;
    /// How a transaction begins.
    pub(super) const BEGIN: &str = "BEGIN";

    /// Makes a pool. The database is reached when it is first needed: a gateway starts while its database restarts. Must be called
    /// inside a tokio runtime.
    ///
    /// # Errors
    /// [`StoreError::Open`] when the URL is not one of Postgres.
    pub fn open(url: &str, password: Option<&str>, open: OpenOptions) -> Result<Self, StoreError> {
        let options = connect_options(url, password)?;
        let coalescing = open.coalescing && open.max_connections >= LANES + MIN_POOL;
        let pooled = if coalescing { open.max_connections - LANES } else { open.max_connections };
        let pool = PgPoolOptions::new()
            .max_connections(pooled)
            .acquire_timeout(ACQUIRE_TIMEOUT)
            .connect_lazy_with(options.clone());
        let pools = Pools(pool);
        let for_lanes = options.clone();
        let lane = move || Lane::new(&for_lanes);
        let lanes = coalescing.then(|| Lanes::start(&pools, lane.clone(), lane));
        Ok(Self { pools, lanes, options })
    }

    pub(super) const fn lanes(&self) -> Option<&Lanes> {
        self.lanes.as_ref()
    }

    pub(super) const fn pools(&self) -> &Pools {
        &self.pools
    }

    pub(super) const fn options(&self) -> &PgConnectOptions {
        &self.options
    }

    pub(super) async fn reader(&self) -> Result<PoolConnection<Db>, StoreError> {
        self.pools.reader().await
    }

    pub(super) async fn begin(&self) -> Result<Transaction<'static, Db>, StoreError> {
        self.pools.0.begin().await.map_err(|source| StoreError::Database { doing: "begin a transaction", source })
    }

    /// Whether another transaction got in between: a unique key taken (23505), a serialization failure (40001), a deadlock (40P01).
    pub(super) fn is_conflict(error: &sqlx::Error) -> bool {
        error
            .as_database_error()
            .and_then(|error| error.code().map(|code| matches!(&*code, "23505" | "40001" | "40P01")))
            .unwrap_or(false)
    }

    pub(super) async fn check_schema(&self) -> Result<(), StoreError> {
        schema::check(&MIGRATIONS, &mut *self.reader().await?).await
    }

    pub(super) async fn bring_up_to_date(&self) -> Result<usize, StoreError> {
        // A migration of a large table takes as long as it takes, and so does the wait for another gateway's.
        let options = self.options.clone().options([("statement_timeout", "0")]);
        let patient = PgPoolOptions::new().max_connections(1).connect_lazy_with(options);
        let applied = schema::apply(&MIGRATIONS, &patient).await;
        patient.close().await;
        applied
    }

    pub(super) async fn close_connections(&self) {
        self.pools.0.close().await;
    }
}

/// How every connection is opened.
pub(super) fn connect_options(url: &str, password: Option<&str>) -> Result<PgConnectOptions, StoreError> {
    let options: PgConnectOptions = url.parse().map_err(|e: sqlx::Error| StoreError::Open(e.to_string()))?;
    let options = match password {
        Some(password) => options.password(password),
        None => options,
    };
    Ok(options.application_name("nontax-gateway").options([
        ("statement_timeout", STATEMENT_TIMEOUT),
        ("default_transaction_isolation", "read committed"),
        // A 0 is replied only after the commit is on disk, whatever the server's default is.
        ("synchronous_commit", "on"),
    ]))
}
