//! The databases behind the stores, as somebody with a client of the database sees them.

use std::time::Duration;

use sqlx::{Connection as _, Executor as _, PgConnection, SqliteConnection};

use crate::stores::TestStore;

/// The first column, of text, of what a query finds.
pub(crate) async fn texts(test: &TestStore, query: &'static str) -> Vec<String> {
    if test.url.starts_with("sqlite:") {
        let mut connection = SqliteConnection::connect(&test.url).await.unwrap();
        sqlx::query_scalar(query).fetch_all(&mut connection).await.unwrap()
    } else {
        let mut connection = PgConnection::connect(&test.url).await.unwrap();
        sqlx::query_scalar(query).fetch_all(&mut connection).await.unwrap()
    }
}

/// Runs a statement; the error in the database's words.
pub(crate) async fn execute(url: &str, statement: &'static str) -> Result<(), String> {
    let executed = if url.starts_with("sqlite:") {
        SqliteConnection::connect(url).await.unwrap().execute(statement).await.map(drop)
    } else {
        PgConnection::connect(url).await.unwrap().execute(statement).await.map(drop)
    };
    executed.map_err(|error| error.to_string())
}

/// Somebody else's transaction, which keeps the book from being written while it is open.
pub(crate) enum HeldBook {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

impl HeldBook {
    /// Opens the transaction.
    pub(crate) async fn hold(test: &TestStore) -> Self {
        if test.url.starts_with("sqlite:") {
            let mut connection = SqliteConnection::connect(&test.url).await.unwrap();
            connection.execute("BEGIN IMMEDIATE").await.unwrap();
            Self::Sqlite(connection)
        } else {
            let mut connection = PgConnection::connect(&test.url).await.unwrap();
            connection.execute("BEGIN").await.unwrap();
            connection.execute("LOCK TABLE payment IN ACCESS EXCLUSIVE MODE").await.unwrap();
            Self::Postgres(connection)
        }
    }

    /// Ends it.
    pub(crate) async fn release(self) {
        match self {
            Self::Sqlite(mut connection) => drop(connection.execute("ROLLBACK").await.unwrap()),
            Self::Postgres(mut connection) => drop(connection.execute("ROLLBACK").await.unwrap()),
        }
    }
}

/// How often and how long [`eventually`] looks.
const LOOKS: u32 = 1000;
const PAUSE: Duration = Duration::from_millis(20);

/// Waits until `found` gives something.
pub(crate) async fn eventually<T, F: Future<Output = Option<T>>>(what: &str, mut found: impl FnMut() -> F) -> T {
    for _ in 0..LOOKS {
        if let Some(found) = found().await {
            return found;
        }
        tokio::time::sleep(PAUSE).await;
    }
    panic!("it never happened that {what}");
}
