//! What the demo is made of: a temporary SQLite book with sample notices, a gateway over it, and a simulator that knows the
//! gateway's URLs and keys.

use std::fmt::Display;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::app::import_notices::{Destination, ImportObserver, import_notices};
use crate::app::notice_file::{NoticeReader, ReadOptions, RefusedLine};
use crate::app::{Party, TokenKeeper};
use crate::cli::assembly::{address_rules, callback_limits, connection_limits};
use crate::cli::fresh_key::fresh_symmetric_key;
use crate::cli::token_sources::LEASE_SPARE;
use crate::cli::{Exit, Failure, os_user};
use crate::config;
use crate::domain::{Duties, Mode, OnRefusal, PartyName, Role};
use crate::envelope::{KeyEncoding, KeyRing, SignatureOver, SigningKey, SymmetricKey};
use crate::platform::{AppSecret, Https, PlatformClient, TokenMode, TokenRequest};
use crate::server::{Gateway, admin_router, callback_router, serve};
use crate::simulator::{Settings, SimulatedParty, Simulator, Timing};
use crate::store::{SharedStore, SqliteStore};
use crate::wire::Locale;

/// The party of the demo.
pub(super) const PARTY: &str = "gz-finance";

/// Its Official Account.
pub(super) const APPID: &str = "wxdemo000000000000";

const APP_SECRET: &str = "demo-secret";
const NOTICES: &[u8] = include_bytes!("notices.ndjson");
const SIGNING_KEY_BITS: usize = 2048;

/// How long the demo waits for its own end.
const STOP_GRACE: Duration = Duration::from_secs(2);

pub(super) struct World {
    pub(super) simulator: Arc<Simulator>,
    pub(super) notices: u64,
    pub(super) gateway_url: String,
    pub(super) admin_url: String,
    pub(super) simulator_url: String,
    directory: PathBuf,
    gateway: Arc<Gateway>,
    stop: watch::Sender<()>,
    servers: Vec<JoinHandle<()>>,
}

impl World {
    /// Makes keys, opens a new book, and starts both sides on free ports of 127.0.0.1.
    pub(super) async fn start() -> Result<Self, Failure> {
        let directory = new_directory()?;
        let database = directory.join("nontax.db");
        let store: SharedStore = Arc::new(SqliteStore::open(&database, true).await.map_err(cannot_start)?);
        let party = PartyName::new(PARTY).map_err(cannot_start)?;
        let notices = import(&store, &party).await?;

        let signing_key = SigningKey::generate(&mut rsa::rand_core::OsRng, SIGNING_KEY_BITS).map_err(cannot_start)?;
        let symmetric_text = fresh_symmetric_key()?;
        let symmetric_key =
            || SymmetricKey::read("demo", symmetric_text.as_bytes(), KeyEncoding::Raw).map_err(cannot_start);
        let platform_key = signing_key.platform_key("demo").map_err(cannot_start)?;
        let key_ring = KeyRing::new(vec![symmetric_key()?], vec![platform_key], SignatureOver::Plaintext);
        let key_ring = Arc::new(key_ring.map_err(cannot_start)?);

        let (callbacks, gateway_url) = listen().await?;
        let (admin, admin_url) = listen().await?;
        let (platform, simulator_url) = listen().await?;
        let simulated = SimulatedParty::new(PARTY, APPID, APP_SECRET, symmetric_key()?).served_at(&gateway_url);
        let timing = Timing { retry_pauses: vec![Duration::from_millis(200); 2], ..Timing::default() };
        let settings = Settings { timing, ..Settings::new(signing_key, vec![simulated]) };
        let simulator = Simulator::new(settings).map_err(cannot_start)?;

        let built_in = config::built_in();
        let timeout = built_in.platform.timeout;
        let https = Https::new(&simulator_url, timeout).map_err(cannot_start)?;
        let request = TokenRequest {
            https: https.clone(),
            appid: APPID.to_owned(),
            secret: AppSecret::new(APP_SECRET),
            mode: TokenMode::Stable,
        };
        let shared: SharedStore = Arc::clone(&store);
        let tokens = TokenKeeper::over_store(shared, request, timeout + LEASE_SPARE).map_err(cannot_start)?;
        let party = Party {
            name: party,
            appid: APPID.to_owned(),
            role: Role::Finance,
            duties: Duties::of(Role::Finance, Mode::DirectFinance).map_err(cannot_start)?,
            on_refusal: OnRefusal::Refund,
            locale: Locale::Chinese,
            key_ring,
            platform: Some(PlatformClient::new(https, APPID.to_owned(), Arc::new(tokens), timeout)),
            live_source: None,
        };
        let server = built_in.server;
        let gateway = Gateway::new(vec![party], store, address_rules(&server), callback_limits(&server));
        let connections = connection_limits(&server);

        let (stop, stopped) = watch::channel(());
        let until = |mut stopped: watch::Receiver<()>| async move { drop(stopped.changed().await) };
        let platform = Arc::clone(&simulator).serve(platform, until(stopped.clone()));
        let servers = vec![
            tokio::spawn(serve(callbacks, callback_router(&gateway), connections, until(stopped.clone()))),
            tokio::spawn(serve(admin, admin_router(&gateway), connections, until(stopped))),
            tokio::spawn(async move { drop(platform.await) }),
        ];
        Ok(Self { simulator, notices, gateway_url, admin_url, simulator_url, directory, gateway, stop, servers })
    }

    /// Stops both sides and removes the book.
    pub(super) async fn end(self) {
        let _ = self.stop.send(());
        for server in self.servers {
            let _ = tokio::time::timeout(STOP_GRACE, server).await;
        }
        self.gateway.close(STOP_GRACE).await;
        let _ = std::fs::remove_dir_all(&self.directory);
    }

    /// What a person may try while both sides stay up.
    pub(super) fn what_to_try(&self) -> String {
        let Self { simulator_url, admin_url, gateway_url, .. } = self;
        format!(
            "\nBoth sides stay up until Ctrl-C. To try next, in another terminal:\n\
             \n  # the Weixin side tests the callbacks as the platform does before going live, with a right and a wrong signature\n  \
             TOKEN=$(curl -s '{simulator_url}/cgi-bin/token?grant_type=client_credential&appid={APPID}&secret={APP_SECRET}' \
             | sed 's/.*\"access_token\":\"\\([^\"]*\\)\".*/\\1/')\n  \
             curl -s \"{simulator_url}/nontax/mocknotification?access_token=$TOKEN\" \
             -d '{{\"appid\":\"{APPID}\",\"url\":\"{gateway_url}/callback/{PARTY}/notification\",\"version\":1}}'\n\
             \n  # every order that was placed, with its notifications\n  curl -s {simulator_url}/simulator/orders\n\
             \n  # what the gateway counts, and whether it is ready\n  curl -s {admin_url}/metrics\n  curl -s {admin_url}/readyz\n\
             \nTo serve with keys and notices of your own, follow \"Five minutes to your first callback\" in README.md. It begins with:\n\
             \n  nontax config init my-gateway    # writes a configuration and a fresh key, and says what comes next\n"
        )
    }
}

async fn listen() -> Result<(TcpListener, String), Failure> {
    let listener = TcpListener::bind("127.0.0.1:0").await.map_err(cannot_start)?;
    let address = listener.local_addr().map_err(cannot_start)?;
    Ok((listener, format!("http://{address}")))
}

fn new_directory() -> Result<PathBuf, Failure> {
    let mut random = [0; 8];
    getrandom::fill(&mut random).map_err(cannot_start)?;
    let name = format!("nontax-demo-{:016x}", u64::from_le_bytes(random));
    let directory = std::env::temp_dir().join(name);
    std::fs::DirBuilder::new().mode(0o700).create(&directory).map_err(cannot_start)?;
    Ok(directory)
}

async fn import(store: &SharedStore, party: &PartyName) -> Result<u64, Failure> {
    let reader = NoticeReader::open(NOTICES, ReadOptions::default()).map_err(cannot_start)?;
    let destination = Destination::Book { store: &**store, party, by: &os_user::author(), at: Timestamp::now() };
    let summary = import_notices(reader, destination, &mut Unobserved).await.map_err(cannot_start)?;
    Ok(summary.added)
}

/// The sample notices are good; a test reads them.
struct Unobserved;

impl ImportObserver for Unobserved {
    fn refused(&mut self, _: &RefusedLine) {}

    fn read(&mut self, _: u64) {}
}

fn cannot_start(error: impl Display) -> Failure {
    Failure::new(Exit::Failure, format!("the demo cannot start: {error}"))
}
