//! Databases that are not as this version wants them, and new ones that are opened by several at once.

use std::path::Path;
use std::process::Stdio;

use nontax_gateway::store::{self, OpenOptions};
use tokio::task::JoinSet;

use crate::book::{import, payable};
use crate::database::execute;
use crate::stores::{empty_postgres_database, open, postgres, sqlite};

/// A migration of a version that does not exist yet.
const NEWER_ON_SQLITE: &str = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
                               VALUES (9999, 'from the future', TRUE, x'00', 0)";
const NEWER_ON_POSTGRES: &str = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
                                 VALUES (9999, 'from the future', TRUE, '\\x00', 0)";

const ONE_CONNECTION: OpenOptions = OpenOptions { max_connections: 1, coalescing: false };

#[tokio::test]
async fn a_postgres_that_was_never_migrated_says_what_to_do() {
    let store = open(&empty_postgres_database().await).await;
    let error = store.check_ready().await.unwrap_err().to_string();
    assert!(error.contains("never migrated") && error.contains("nontax migrate"), "{error}");
    assert!(store.migrate().await.unwrap() > 0);
    assert_eq!(store.migrate().await.unwrap(), 0);
    store.check_ready().await.unwrap();
}

#[tokio::test]
async fn a_postgres_that_lacks_a_migration_says_which() {
    let test = postgres().await;
    execute(&test.url, "DELETE FROM _sqlx_migrations WHERE version = 2").await.unwrap();
    let error = test.store.check_ready().await.unwrap_err().to_string();
    assert!(error.contains("lacks migration 2") && error.contains("nontax migrate"), "{error}");
}

#[tokio::test]
async fn a_postgres_of_a_newer_version_is_refused() {
    let test = postgres().await;
    execute(&test.url, NEWER_ON_POSTGRES).await.unwrap();
    for error in [test.store.check_ready().await.unwrap_err(), test.store.migrate().await.unwrap_err()] {
        let error = error.to_string();
        assert!(error.contains("9999") && error.contains("newer version of nontax"), "{error}");
    }
}

#[tokio::test]
async fn a_sqlite_file_of_a_newer_version_is_refused() {
    let test = sqlite().await;
    execute(&test.url, NEWER_ON_SQLITE).await.unwrap();
    let error = test.store.check_ready().await.unwrap_err().to_string();
    assert!(error.contains("9999") && error.contains("newer version of nontax"), "{error}");
    let error = store::open(&test.url, None, ONE_CONNECTION).await.err().unwrap().to_string();
    assert!(error.contains("9999") && error.contains("newer version of nontax"), "{error}");
}

#[tokio::test]
async fn a_file_that_is_no_database_is_left_alone() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("notices.csv");
    std::fs::write(&path, "region_code,payment_notice_no\n440100,1\n".repeat(100)).unwrap();
    let error =
        store::open(&format!("sqlite:{}", path.display()), None, ONE_CONNECTION).await.err().unwrap().to_string();
    assert!(error.contains("notices.csv") && error.contains("not a database"), "{error}");
    assert!(std::fs::read_to_string(&path).unwrap().starts_with("region_code"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_new_postgres_database_can_be_migrated_by_several_at_once() {
    let url = empty_postgres_database().await;
    let mut all = JoinSet::new();
    for _ in 0..4 {
        let url = url.clone();
        all.spawn(async move { open(&url).await.migrate().await.unwrap() });
    }
    let applied: usize = all.join_all().await.into_iter().sum();
    assert!(applied > 0);
    open(&url).await.check_ready().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_new_sqlite_file_can_be_opened_by_several_at_once() {
    for round in 0..5 {
        let directory = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", directory.path().join("nontax.db").display());
        let mut all = JoinSet::new();
        for opener in 0..4 {
            let url = url.clone();
            all.spawn(async move {
                let store = open(&url).await;
                import(&*store, payable(&opener.to_string())).await;
                store.check_ready().await.unwrap();
            });
        }
        assert_eq!(all.join_all().await.len(), 4, "round {round}");
    }
}

/// Starts `nontax migrate` on a SQLite file.
fn migrate(directory: &Path) -> std::process::Child {
    std::process::Command::new(env!("CARGO_BIN_EXE_nontax"))
        .arg("migrate")
        .current_dir(directory)
        .env("NONTAX__DATABASE__URL", "sqlite:nontax.db")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

#[test]
fn one_new_sqlite_file_can_be_opened_by_two_processes_at_once() {
    let directory = tempfile::tempdir().unwrap();
    let started = [migrate(directory.path()), migrate(directory.path())];
    for process in started {
        let output = process.wait_with_output().unwrap();
        assert!(output.status.success(), "{output:?}");
    }
}
