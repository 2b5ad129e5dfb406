//! A gateway on real ports over a given store, with one party as the test wants it, and a client that speaks as Weixin does.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use nontax_gateway::app::{LiveSource, MicropayRunner, Party, TokenKeeper};
use nontax_gateway::domain::{Duties, Mode, OnRefusal, Role};
use nontax_gateway::envelope::KeyRing;
use nontax_gateway::platform::{AppSecret, Https, PlatformClient, TokenMode, TokenRequest};
use nontax_gateway::server::{
    AddressRules, CallbackLimits, ConnectionLimits, Gateway, admin_router, callback_router, serve,
};
use nontax_gateway::store::SharedStore;
use nontax_gateway::wire::Locale;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::book::party;
use crate::weixin::{self, APPID, KEY};

/// The AppSecret of the party, which no log, error or metric may show.
pub(crate) const APP_SECRET: &str = "the-app-secret-of-the-party";

/// How to reach the platform.
pub(crate) struct PlatformAccess {
    /// Its base URL.
    pub(crate) url: String,
    /// The AppSecret to ask with.
    pub(crate) secret: &'static str,
    /// How long one call may take.
    pub(crate) timeout: Duration,
    /// Where the access_token comes from.
    pub(crate) token_mode: TokenMode,
}

impl PlatformAccess {
    /// With the right secret and much patience.
    pub(crate) fn at(url: &str) -> Self {
        Self {
            url: url.to_owned(),
            secret: APP_SECRET,
            timeout: Duration::from_secs(10),
            token_mode: TokenMode::Stable,
        }
    }
}

/// What a test can vary. The defaults are generous, so that a slow machine fails no test.
pub(crate) struct Setup {
    pub(crate) role: Role,
    pub(crate) mode: Mode,
    pub(crate) on_refusal: OnRefusal,
    pub(crate) locale: Locale,
    pub(crate) key_ring: Arc<KeyRing>,
    pub(crate) platform: Option<PlatformAccess>,
    pub(crate) live_source: Option<LiveSource>,
    pub(crate) address_rules: AddressRules,
    pub(crate) limits: CallbackLimits,
    pub(crate) connections: ConnectionLimits,
    pub(crate) listen: IpAddr,
    pub(crate) keeps_bodies: bool,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            role: Role::Finance,
            mode: Mode::DirectFinance,
            on_refusal: OnRefusal::Refund,
            locale: Locale::Chinese,
            key_ring: weixin::key_ring(),
            platform: None,
            live_source: None,
            address_rules: AddressRules::default(),
            limits: CallbackLimits {
                reply_deadline: Duration::from_secs(20),
                max_body_bytes: 65_536,
                max_import_bytes: 1 << 20,
                max_in_flight: 1_024,
                envelope_fault_delay: Duration::from_millis(20),
            },
            connections: ConnectionLimits {
                header_timeout: Duration::from_secs(20),
                idle_timeout: Duration::from_mins(1),
                shutdown_grace: Duration::from_secs(20),
            },
            listen: Ipv4Addr::LOCALHOST.into(),
            keeps_bodies: false,
        }
    }
}

impl Setup {
    /// With access to a platform.
    pub(crate) fn with_platform(url: &str) -> Self {
        Self { platform: Some(PlatformAccess::at(url)), ..Self::default() }
    }

    /// With another deadline.
    pub(crate) fn reply_deadline(mut self, deadline: Duration) -> Self {
        self.limits.reply_deadline = deadline;
        self
    }

    /// With another bound on callbacks under way.
    pub(crate) const fn max_in_flight(mut self, callbacks: usize) -> Self {
        self.limits.max_in_flight = callbacks;
        self
    }

    /// Starts the gateway.
    pub(crate) async fn serve(self, store: &SharedStore) -> Served {
        crate::logs::capture();
        let platform = self.platform.map(|access| {
            let https = Https::new(&access.url, access.timeout).unwrap();
            let request = TokenRequest {
                https: https.clone(),
                appid: APPID.to_owned(),
                secret: AppSecret::new(access.secret),
                mode: access.token_mode,
            };
            let tokens: SharedStore = Arc::clone(store);
            let tokens = TokenKeeper::over_store(tokens, request, access.timeout + Duration::from_secs(5)).unwrap();
            PlatformClient::new(https, APPID.to_owned(), Arc::new(tokens), access.timeout)
        });
        let party = Party {
            name: party(),
            appid: APPID.to_owned(),
            role: self.role,
            duties: Duties::of(self.role, self.mode).unwrap(),
            on_refusal: self.on_refusal,
            locale: self.locale,
            key_ring: self.key_ring,
            platform,
            live_source: self.live_source,
        };
        let micropays = MicropayRunner::at_the_sources_pace(Arc::clone(store));
        let gateway = Gateway::keeping_bodies(
            vec![party],
            Arc::clone(store),
            self.address_rules,
            self.limits,
            micropays,
            self.keeps_bodies,
        );
        let callbacks = TcpListener::bind((self.listen, 0)).await.unwrap();
        let admin = TcpListener::bind((self.listen, 0)).await.unwrap();
        let (stop, stopped) = watch::channel(());
        let until = |mut stopped: watch::Receiver<()>| async move { drop(stopped.changed().await) };
        Served {
            callbacks: callbacks.local_addr().unwrap(),
            admin: admin.local_addr().unwrap(),
            client: reqwest::Client::builder().no_proxy().build().unwrap(),
            serving: [
                tokio::spawn(serve(callbacks, callback_router(&gateway), self.connections, until(stopped.clone()))),
                tokio::spawn(serve(admin, admin_router(&gateway), self.connections, until(stopped))),
            ],
            gateway,
            stop,
        }
    }
}

/// A gateway that serves until it is dropped or stopped.
pub(crate) struct Served {
    /// Where the callbacks are.
    pub(crate) callbacks: SocketAddr,
    /// Where the admin listener is.
    pub(crate) admin: SocketAddr,
    /// A client with a pool of connections of its own.
    pub(crate) client: reqwest::Client,
    gateway: Arc<Gateway>,
    stop: watch::Sender<()>,
    serving: [JoinHandle<()>; 2],
}

/// What came back.
pub(crate) struct Reply {
    /// The HTTP status.
    pub(crate) status: u16,
    /// The body.
    pub(crate) body: Vec<u8>,
}

impl Reply {
    /// The plaintext, of a reply that was sealed with the party's key.
    pub(crate) fn opened(&self) -> Value {
        assert_eq!(self.status, 200);
        weixin::open_reply(KEY, &self.body)
    }
}

impl Served {
    /// A receivables query for a notice, and its reply's plaintext.
    pub(crate) async fn query(&self, number: &str) -> Value {
        self.ask("receivables", &weixin::query(number)).await
    }

    /// A notification, and its reply's plaintext.
    pub(crate) async fn notify(&self, notification: &Value) -> Value {
        self.ask("notification", notification).await
    }

    /// The errcode that a notification gets.
    pub(crate) async fn notified(&self, notification: &Value) -> i64 {
        self.notify(notification).await["errcode"].as_i64().unwrap()
    }

    /// The errcode that a query for a notice gets.
    pub(crate) async fn queried(&self, number: &str) -> i64 {
        self.query(number).await["errcode"].as_i64().unwrap()
    }

    /// Any plaintext, sealed and signed as it must be, and its reply's plaintext.
    pub(crate) async fn ask(&self, callback: &str, plaintext: &Value) -> Value {
        let body = weixin::envelope(plaintext.to_string().as_bytes()).to_string();
        self.post(callback, body.into_bytes()).await.opened()
    }

    /// Any body.
    pub(crate) async fn post(&self, callback: &str, body: Vec<u8>) -> Reply {
        let url = format!("http://{}/callback/{}/{callback}?wxnontaxstr=2ba37f90d155d390", self.callbacks, party());
        let response = self.client.post(url).header("content-type", "application/json").body(body).send().await;
        let response = response.unwrap();
        Reply { status: response.status().as_u16(), body: response.bytes().await.unwrap().to_vec() }
    }

    /// What the admin listener has at a path.
    pub(crate) async fn admin(&self, path: &str) -> (u16, String) {
        let response = self.client.get(format!("http://{}{path}", self.admin)).send().await.unwrap();
        (response.status().as_u16(), response.text().await.unwrap())
    }

    /// A sample of the metrics, by its name with its labels.
    pub(crate) async fn sample(&self, name: &str) -> Option<f64> {
        let (_, metrics) = self.admin("/metrics").await;
        let line = metrics.lines().find(|line| line.strip_prefix(name).is_some_and(|rest| rest.starts_with(' ')))?;
        line.rsplit(' ').next().unwrap().parse().ok()
    }

    /// Asks both listeners to stop, as SIGTERM does.
    pub(crate) fn ask_to_stop(&self) {
        self.stop.send(()).unwrap();
    }

    /// Whether the callbacks' listener has ended, with all that was under way on it.
    pub(crate) fn has_ended(&self) -> bool {
        self.serving[0].is_finished()
    }

    /// Stops, as `nontax serve` does: what is under way is finished and the journal is written out.
    pub(crate) async fn stopped(self) {
        let Self { gateway, stop, serving, client, .. } = self;
        // Its idle connections would be let go by the server anyway.
        drop(client);
        drop(stop);
        for listener in serving {
            listener.await.unwrap();
        }
        gateway.close(Duration::from_secs(20)).await;
    }
}
