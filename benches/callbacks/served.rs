//! A gateway on a free port of loopback, over a new store of either engine.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use jiff::Timestamp;
use nontax_gateway::app::Party;
use nontax_gateway::app::import_notices::BATCH_NOTICES;
use nontax_gateway::config;
use nontax_gateway::domain::{Duties, Mode, OnRefusal, PartyName, Role};
use nontax_gateway::envelope::{KeyRing, SignatureOver};
use nontax_gateway::server::{AddressRules, CallbackLimits, ConnectionLimits, Gateway, callback_router, serve};
use nontax_gateway::store::{self, NoticeDraft, OpenOptions, SharedStore};
use nontax_gateway::wire::Locale;
use sqlx::{Connection as _, Executor as _, PgConnection};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::book::{APPID, PARTY, signing_key, symmetric_key};

/// A new SQLite book in a directory.
pub(crate) async fn sqlite(directory: &Path) -> SharedStore {
    open(&format!("sqlite:{}", directory.join("nontax.db").display())).await
}

/// A database of our own on a Postgres server.
pub(crate) struct Database {
    server: String,
    name: String,
}

impl Database {
    /// Makes one, with nothing in it.
    pub(crate) async fn new(server: &str) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("nontax_bench_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let database = Self { server: server.to_owned(), name };
        database.execute(format!("CREATE DATABASE {}", database.name)).await;
        database
    }

    /// The book in it.
    pub(crate) async fn open(&self) -> SharedStore {
        let (base, _) = self.server.rsplit_once('/').expect("the URL of a Postgres server names a database");
        let store = open(&format!("{base}/{}", self.name)).await;
        store.migrate().await.unwrap();
        store
    }

    /// Leaves nothing behind.
    pub(crate) async fn remove(self) {
        self.execute(format!("DROP DATABASE {}", self.name)).await;
    }

    async fn execute(&self, statement: String) {
        let mut connection = PgConnection::connect(&self.server).await.unwrap();
        connection.execute(sqlx::AssertSqlSafe(statement)).await.unwrap();
    }
}

async fn open(url: &str) -> SharedStore {
    let config::DatabaseConfig { max_connections, coalescing, .. } = config::built_in().database;
    store::open(url, None, OpenOptions { max_connections, coalescing }).await.unwrap()
}

/// A gateway that serves.
pub(crate) struct Served {
    /// Where it listens.
    pub(crate) address: SocketAddr,
    gateway: Arc<Gateway>,
    stop: oneshot::Sender<()>,
    server: JoinHandle<()>,
}

impl Served {
    /// Imports the notices and serves, with the default limits.
    pub(crate) async fn start(store: SharedStore, notices: &[NoticeDraft]) -> Self {
        let party = PartyName::new(PARTY).unwrap();
        for batch in notices.chunks(BATCH_NOTICES) {
            store.import_notices(party.clone(), batch.to_vec(), Timestamp::now()).await.unwrap();
        }
        let limits = config::built_in().server;
        let callback_limits = CallbackLimits {
            reply_deadline: limits.reply_deadline,
            max_body_bytes: limits.max_body_bytes,
            envelope_fault_delay: limits.envelope_fault_delay,
        };
        let connection_limits = ConnectionLimits {
            header_timeout: limits.header_timeout,
            idle_timeout: limits.idle_timeout,
            shutdown_grace: limits.shutdown_grace,
        };
        let gateway = Gateway::new(vec![self::party(party)], store, AddressRules::default(), callback_limits);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let stopped = async { drop(stopped.await) };
        let server = tokio::spawn(serve(listener, callback_router(&gateway), connection_limits, stopped));
        Self { address, gateway, stop, server }
    }

    /// Stops, and lets go of the store.
    pub(crate) async fn stop(self) {
        drop(self.stop);
        self.server.await.unwrap();
        self.gateway.close(config::built_in().server.shutdown_grace).await;
    }
}

fn party(name: PartyName) -> Party {
    let platform_key = signing_key().platform_key("bench").unwrap();
    let key_ring = KeyRing::new(vec![symmetric_key()], vec![platform_key], SignatureOver::Plaintext).unwrap();
    Party {
        name,
        appid: APPID.to_owned(),
        role: Role::Finance,
        duties: Duties::of(Role::Finance, Mode::DirectFinance).unwrap(),
        on_refusal: OnRefusal::Refund,
        locale: Locale::Chinese,
        key_ring: Arc::new(key_ring),
        platform: None,
    }
}
