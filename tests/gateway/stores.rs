//! A fresh store of each engine for a test.
//!
//! SQLite lives in a temporary directory. Postgres is the server that `scripts/test` starts and names in
//! `NONTAX_TEST_POSTGRES_URL`; each test gets a database of its own in it. [`on_both_stores`] turns one async function into a
//! test for each engine.

use std::sync::atomic::{AtomicU32, Ordering};

use nontax_gateway::store::{self, OpenOptions, SharedStore};
use sqlx::{Connection as _, Executor as _, PgConnection};
use tempfile::TempDir;

/// A store and what has to live as long as it does.
pub(crate) struct TestStore {
    /// The store.
    pub(crate) store: SharedStore,
    /// Its URL, to open it once more as another gateway would.
    pub(crate) url: String,
    coalescing: bool,
    _directory: Option<TempDir>,
}

impl TestStore {
    /// Opens the same database once more, as another gateway with the same settings would.
    pub(crate) async fn open_again(&self) -> SharedStore {
        open_with(&self.url, self.coalescing).await
    }
}

/// A new SQLite file.
pub(crate) async fn sqlite() -> TestStore {
    sqlite_with(true).await
}

/// A new SQLite file, opened with or without coalescing.
pub(crate) async fn sqlite_with(coalescing: bool) -> TestStore {
    let directory = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", directory.path().join("nontax.db").display());
    TestStore { store: open_with(&url, coalescing).await, url, coalescing, _directory: Some(directory) }
}

/// A new, migrated Postgres database.
pub(crate) async fn postgres() -> TestStore {
    postgres_with(true).await
}

/// A new, migrated Postgres database, opened with or without coalescing.
pub(crate) async fn postgres_with(coalescing: bool) -> TestStore {
    let url = empty_postgres_database().await;
    let store = open_with(&url, coalescing).await;
    store.migrate().await.unwrap();
    TestStore { store, url, coalescing, _directory: None }
}

/// The URL of a new Postgres database without any table.
pub(crate) async fn empty_postgres_database() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let server = std::env::var("NONTAX_TEST_POSTGRES_URL").expect(
        "NONTAX_TEST_POSTGRES_URL is not set: run the tests with scripts/test, which starts a Postgres for them",
    );
    let name = format!("nontax_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
    let mut connection = PgConnection::connect(&server).await.unwrap();
    connection.execute(sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}"))).await.unwrap();
    let (base, _) = server.rsplit_once('/').unwrap();
    format!("{base}/{name}")
}

/// Opens a store as a gateway does.
pub(crate) async fn open(url: &str) -> SharedStore {
    open_with(url, true).await
}

async fn open_with(url: &str, coalescing: bool) -> SharedStore {
    store::open(url, None, OpenOptions { max_connections: 12, coalescing }).await.unwrap()
}

/// One test for each engine from one async function that takes a [`TestStore`].
macro_rules! on_both_stores {
    ($($name:ident),+ $(,)?) => {
        mod sqlite {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $name() {
                    super::$name(crate::stores::sqlite().await).await;
                }
            )+
        }
        mod postgres {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $name() {
                    super::$name(crate::stores::postgres().await).await;
                }
            )+
        }
    };
}
pub(crate) use on_both_stores;

/// As [`on_both_stores`], and the same tests once more on stores that run each promise alone: coalescing changes no answer.
macro_rules! on_both_stores_each_way {
    ($($name:ident),+ $(,)?) => {
        crate::stores::on_both_stores!($($name),+);
        mod sqlite_without_coalescing {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $name() {
                    super::$name(crate::stores::sqlite_with(false).await).await;
                }
            )+
        }
        mod postgres_without_coalescing {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $name() {
                    super::$name(crate::stores::postgres_with(false).await).await;
                }
            )+
        }
    };
}
pub(crate) use on_both_stores_each_way;
