//! Databases: one of each kind is filled once, by the commands that an operator would use, and copied for every turn.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

use miette::{IntoDiagnostic as _, Result, WrapErr as _, ensure};
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection, SqliteConnection};
use tokio::runtime::{Builder, Runtime};

use super::cpu;

/// The engines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Store {
    Sqlite,
    Postgres,
}

impl Store {
    /// Both.
    pub(crate) const ALL: [Self; 2] = [Self::Postgres, Self::Sqlite];

    /// As it is written.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "SQLite",
            Self::Postgres => "Postgres",
        }
    }
}

/// Orders that a notice of the gateway's book was paid by.
const PAID_ORDERS: &str = "SELECT p.order_id FROM payment p JOIN notice n ON n.party = p.party \
    AND n.payment_notice_no = p.payment_notice_no AND n.region_code = p.region_code \
    AND n.department_code = p.department_code AND n.paid_by_order = p.order_id \
    WHERE p.disposition = 'settles' AND n.state = 'paid'";

/// The same in the peers' tables.
pub(crate) const PAID_ORDERS_OF_PEERS: &str = "SELECT p.order_id FROM payment p JOIN notice n ON n.id = p.notice_id \
    AND n.order_id = p.order_id WHERE n.status = 'paid'";

/// The Postgres server and the directory of the SQLite files.
pub(crate) struct Books {
    /// Up to the name of a database.
    base: String,
    server: String,
    directory: PathBuf,
    runtime: Runtime,
}

impl Books {
    /// On a Postgres server whose durability must be whole.
    pub(crate) fn new(server: &str, directory: &Path) -> Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build().into_diagnostic()?;
        let (base, _) = server.rsplit_once('/').ok_or_else(|| miette::miette!("{server} names no database"))?;
        let books = Self { base: base.to_owned(), server: server.to_owned(), directory: directory.to_owned(), runtime };
        for setting in ["fsync", "synchronous_commit", "full_page_writes"] {
            let value = books.setting(setting)?;
            ensure!(value == "on", "Postgres has {setting} = {value}; what is not durable is not measured");
        }
        Ok(books)
    }

    /// A setting of the Postgres server.
    pub(crate) fn setting(&self, name: &str) -> Result<String> {
        self.ask(&self.server, &format!("SELECT current_setting('{name}')"))
    }

    /// One text from a Postgres database.
    pub(crate) fn ask(&self, url: &str, statement: &str) -> Result<String> {
        let (mut connection, statement) = (self.connect(url)?, AssertSqlSafe(statement.to_owned()));
        let query = sqlx::query_scalar(statement).fetch_one(&mut connection);
        self.runtime.block_on(query).into_diagnostic()
    }

    /// Statements on a Postgres database, each in a transaction of its own.
    pub(crate) fn execute(&self, url: &str, statements: &[&str]) -> Result<()> {
        let mut connection = self.connect(url)?;
        for statement in statements {
            let done = connection.execute(AssertSqlSafe((*statement).to_owned()));
            self.runtime.block_on(done).into_diagnostic().wrap_err_with(|| format!("Postgres refuses {statement}"))?;
        }
        self.runtime.block_on(connection.close()).into_diagnostic()
    }

    /// The process that all of Postgres's processes descend from, when they run on this machine.
    pub(crate) fn postmaster(&self) -> Option<u32> {
        let mut connection = self.connect(&self.server).ok()?;
        let backend: i32 =
            self.runtime.block_on(sqlx::query_scalar("SELECT pg_backend_pid()").fetch_one(&mut connection)).ok()?;
        // Asked while the connection, and so the backend, is still there.
        cpu::parent_of(u32::try_from(backend).ok()?).ok().filter(|pid| *pid > 1)
    }

    fn connect(&self, url: &str) -> Result<PgConnection> {
        let connected = self.runtime.block_on(PgConnection::connect(url));
        connected.into_diagnostic().wrap_err_with(|| format!("no connection to {url}"))
    }

    /// The URL of a Postgres database of ours.
    pub(crate) fn postgres_url(&self, name: &str) -> String {
        format!("{}/nontax_bench_{name}", self.base)
    }

    /// The URL of a book, as the gateway's configuration takes it.
    pub(crate) fn url(&self, store: Store, name: &str) -> String {
        match store {
            Store::Postgres => self.postgres_url(name),
            Store::Sqlite => format!("sqlite:{}", self.sqlite_file(name).display()),
        }
    }

    fn sqlite_file(&self, name: &str) -> PathBuf {
        self.directory.join(format!("{name}.db"))
    }

    /// Makes room for a book, whatever stands there.
    pub(crate) fn clear(&self, store: Store, name: &str) -> Result<()> {
        match store {
            Store::Postgres => {
                self.drop_postgres(name)?;
                self.execute(&self.server, &[&format!("CREATE DATABASE nontax_bench_{name}")])
            }
            Store::Sqlite => self.remove_sqlite(name),
        }
    }

    /// Removes a Postgres database, if it is there.
    pub(crate) fn drop_postgres(&self, name: &str) -> Result<()> {
        self.execute(&self.server, &[&format!("DROP DATABASE IF EXISTS nontax_bench_{name} WITH (FORCE)")])
    }

    /// Removes a SQLite book, if it is there.
    pub(crate) fn remove_sqlite(&self, name: &str) -> Result<()> {
        for ending in ["db", "db-wal", "db-shm"] {
            let file = self.directory.join(format!("{name}.{ending}"));
            if file.exists() {
                fs::remove_file(file).into_diagnostic()?;
            }
        }
        Ok(())
    }

    /// Puts a filled book in order, so that the first turn does not do it.
    pub(crate) fn settle(&self, store: Store, name: &str) -> Result<()> {
        match store {
            Store::Postgres => self.execute(&self.postgres_url(name), &["VACUUM (FREEZE, ANALYZE)", "CHECKPOINT"]),
            Store::Sqlite => self.runtime.block_on(async {
                let mut connection = SqliteConnection::connect(&self.url(store, name)).await.into_diagnostic()?;
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").await.into_diagnostic()?;
                connection.close().await.into_diagnostic()
            }),
        }
    }

    /// A copy of a book, and its URL. The disk has all of it before anything is measured.
    pub(crate) fn copy(&self, store: Store, from: &str, to: &str) -> Result<String> {
        match store {
            Store::Postgres => {
                self.drop_postgres(to)?;
                let create = format!("CREATE DATABASE nontax_bench_{to} TEMPLATE nontax_bench_{from}");
                self.execute(&self.server, &[&create, "CHECKPOINT"])?;
            }
            Store::Sqlite => {
                let file = self.sqlite_file(to);
                self.remove_sqlite(to)?;
                fs::copy(self.sqlite_file(from), &file).into_diagnostic()?;
                fs::File::open(&file).into_diagnostic()?.sync_all().into_diagnostic()?;
            }
        }
        Ok(self.url(store, to))
    }

    /// Checks that every order that was answered 0 pays its notice.
    pub(crate) fn check_paid(&self, store: Store, name: &str, orders: &[String]) -> Result<()> {
        let url = self.url(store, name);
        let paid: Vec<String> = match store {
            Store::Postgres => self.paid_orders(&url, PAID_ORDERS)?,
            Store::Sqlite => self.runtime.block_on(async {
                let mut connection = SqliteConnection::connect(&url).await.into_diagnostic()?;
                sqlx::query_scalar(PAID_ORDERS).fetch_all(&mut connection).await.into_diagnostic()
            })?,
        };
        all_paid(paid, orders)
    }

    /// The same of a peer.
    pub(crate) fn check_paid_by_peer(&self, name: &str, orders: &[String]) -> Result<()> {
        all_paid(self.paid_orders(&self.postgres_url(name), PAID_ORDERS_OF_PEERS)?, orders)
    }

    fn paid_orders(&self, url: &str, statement: &'static str) -> Result<Vec<String>> {
        let mut connection = self.connect(url)?;
        self.runtime.block_on(sqlx::query_scalar(statement).fetch_all(&mut connection)).into_diagnostic()
    }
}

fn all_paid(paid: Vec<String>, orders: &[String]) -> Result<()> {
    let paid: HashSet<String> = paid.into_iter().collect();
    let lost: Vec<&String> = orders.iter().filter(|order| !paid.contains(*order)).collect();
    ensure!(lost.is_empty(), "{} orders were answered and pay nothing, such as {}", lost.len(), lost[0]);
    Ok(())
}
