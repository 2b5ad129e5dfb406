//! From the configuration to what runs: the store, the parties, the logging.

use std::io::{self, IsTerminal as _};
use std::sync::Arc;

use tracing_subscriber::EnvFilter;

use super::token_sources::TokenSources;
use super::{Exit, Failure};
use crate::app::{LiveFallback, LiveSource, MicropayRunner, Party, ReconcileOptions, Webhook};
use crate::config::{
    Config, Fallback, LiveSourceConfig, LogFormat, LoggingConfig, PlatformConfig, ReconciliationConfig, Secret,
    ServerConfig,
};
use crate::platform::{Https, PlatformClient};
use crate::server::{AddressRules, CallbackLimits, ConnectionLimits};
use crate::store::{self, OpenOptions, SharedStore, StoreError};
use crate::webhook::WebhookClient;

/// Opens the configured database.
pub(super) async fn open_store(config: &Config) -> Result<SharedStore, Failure> {
    let database = &config.database;
    let password = database.password.as_ref().map(Secret::expose);
    let options = OpenOptions { max_connections: database.max_connections, coalescing: database.coalescing };
    let opened = store::open(&database.url, password, options).await;
    opened.map_err(|error| store_failure(&error))
}

/// What a failing store means for a command, and what to do about it.
pub(super) fn store_failure(error: &StoreError) -> Failure {
    let failure = |exit| Failure::from_error(exit, error);
    match error {
        StoreError::Open(_) => failure(Exit::Config).with_help("correct database.url; nontax config show prints it"),
        StoreError::Database { .. } => failure(Exit::Network)
            .with_help("check that the database of database.url runs, can be reached and takes this user and password"),
        StoreError::Schema(_)
        | StoreError::Inconsistent { .. }
        | StoreError::Contended { .. }
        | StoreError::Overloaded { .. }
        | StoreError::Interrupted
        | StoreError::Closed => failure(Exit::Failure),
    }
}

/// The parties with their keys and their ways to the platform. Without a store their access tokens are this process's alone.
pub(super) fn parties(config: &Config, store: Option<&SharedStore>) -> Result<Vec<Party>, Failure> {
    let PlatformConfig { base_url, timeout, micropay_timeout, .. } = &config.platform;
    // The connections are as patient as the most patient call; each client bounds its own.
    let https = Https::new(base_url, (*timeout).max(*micropay_timeout))
        .map_err(|error| Failure::from_error(Exit::Network, &error))?;
    let mut tokens = TokenSources::new(&config.platform, &https, store)?;
    let mut parties = Vec::new();
    for party in &config.parties {
        let tokens = tokens.of(party)?;
        let live_source = party.live_source.as_ref().map(live_source).transpose()?;
        parties.push(Party {
            name: party.name.clone(),
            appid: party.appid.clone(),
            role: party.role,
            duties: party.duties,
            on_refusal: party.on_refusal,
            locale: party.locale,
            key_ring: Arc::clone(&party.key_ring),
            platform: tokens.map(|tokens| PlatformClient::new(https.clone(), party.appid.clone(), tokens, *timeout)),
            live_source,
        });
    }
    Ok(parties)
}

fn live_source(source: &LiveSourceConfig) -> Result<LiveSource, Failure> {
    let fallback = match source.fallback {
        Fallback::Local => LiveFallback::Local,
        Fallback::Error => LiveFallback::Error,
    };
    LiveSource::new(source.url.clone(), source.bearer.expose(), source.timeout, fallback)
        .map_err(|error| Failure::from_error(Exit::Network, &error))
}

/// What runs payments at the counter.
pub(super) fn micropay_runner(config: &Config, store: &SharedStore) -> MicropayRunner {
    let PlatformConfig { micropay_pace, micropay_timeout, .. } = &config.platform;
    MicropayRunner::new(Arc::clone(store), *micropay_pace, *micropay_timeout)
}

/// What is configured of reconciliation.
pub(super) fn reconcile_options(config: &Config) -> ReconcileOptions {
    let ReconciliationConfig { refund_duplicates, calls_per_second, notification_wait } = config.reconciliation;
    ReconcileOptions { refund_duplicates, calls_per_second, notification_wait, ..ReconcileOptions::default() }
}

/// The systems that events are pushed to.
pub(super) fn webhooks(config: &Config) -> Result<Vec<Arc<Webhook>>, Failure> {
    let webhooks = config.webhooks.iter().map(|webhook| {
        let secrets = webhook.secrets.clone();
        let client = WebhookClient::new(&webhook.url, &webhook.allow_networks, secrets, webhook.timeout);
        let client =
            client.map_err(|cause| Failure::new(Exit::Config, format!("webhook {}: {cause}", webhook.name)))?;
        let (parties, kinds) = (webhook.parties.clone(), webhook.kinds.clone());
        Ok(Arc::new(Webhook { name: webhook.name.clone(), parties, kinds, client }))
    });
    webhooks.collect()
}

/// Starts logging to standard error, as configured.
pub(super) fn start_logging(logging: &LoggingConfig) -> Result<(), Failure> {
    let filter = EnvFilter::try_new(&logging.level)
        .map_err(|error| Failure::new(Exit::Config, format!("logging.level: {error}")))?;
    // Colours are for a person at a terminal, not for the files and collectors that logs end in.
    let colored = io::stderr().is_terminal();
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr).with_ansi(colored);
    let started = match logging.format {
        LogFormat::Text => builder.try_init(),
        LogFormat::Json => builder.json().flatten_event(true).try_init(),
    };
    started.map_err(|error| Failure::new(Exit::Failure, format!("logging cannot be started: {error}")))
}

/// Who may call.
pub(super) fn address_rules(server: &ServerConfig) -> AddressRules {
    AddressRules { allow_from: server.allow_from.clone(), trusted_proxies: server.trusted_proxies.clone() }
}

/// The limits of one callback.
pub(super) const fn callback_limits(server: &ServerConfig) -> CallbackLimits {
    CallbackLimits {
        reply_deadline: server.reply_deadline,
        max_body_bytes: server.max_body_bytes,
        max_import_bytes: server.max_import_bytes,
        max_in_flight: server.max_in_flight,
        envelope_fault_delay: server.envelope_fault_delay,
    }
}

/// How long a connection may wait.
pub(super) const fn connection_limits(server: &ServerConfig) -> ConnectionLimits {
    ConnectionLimits {
        header_timeout: server.header_timeout,
        idle_timeout: server.idle_timeout,
        shutdown_grace: server.shutdown_grace,
    }
}
