//! The configuration as it takes effect, for people and programs, without any secret.

use serde::Serialize;

use super::{
    Config, JobsConfig, PartyConfig, RetentionConfig, TokenConfig, WebhookConfig, live_source, logging, party,
};

/// What a secret is shown as.
const REDACTED: &str = "(redacted)";

/// A configuration to be shown. Serialises to TOML and JSON under the keys of the file; a key shows its name and its size.
#[derive(Debug, Serialize)]
pub struct Effective {
    server: Server,
    database: Database,
    platform: Platform,
    jobs: Jobs,
    retention: Retention,
    logging: Logging,
    reconciliation: Reconciliation,
    party: Vec<Party>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    webhook: Vec<Webhook>,
}

#[derive(Debug, Serialize)]
struct Server {
    role: &'static str,
    listen: String,
    admin_listen: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    public_url: Option<String>,
    allow_from: Vec<String>,
    allow_from_anywhere: bool,
    trusted_proxies: Vec<String>,
    reply_deadline_ms: u64,
    max_body_bytes: usize,
    max_import_bytes: usize,
    max_in_flight: usize,
    header_timeout_ms: u64,
    idle_timeout_ms: u64,
    envelope_fault_delay_ms: u64,
    shutdown_grace_ms: u64,
}

#[derive(Debug, Serialize)]
struct Database {
    url: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    password: Option<&'static str>,
    max_connections: u32,
    coalescing: bool,
}

#[derive(Debug, Serialize)]
struct Platform {
    base_url: String,
    timeout_ms: u64,
    token_mode: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    token_url: Option<String>,
    micropay_timeout_ms: u64,
    micropay_system_error_pause_ms: u64,
    micropay_password_pause_ms: u64,
    micropay_limit_ms: u64,
}

#[derive(Debug, Serialize)]
struct Jobs {
    daily_from: String,
    daily_until: String,
    daily_retry_minutes: u64,
    catch_up_days: u8,
}

#[derive(Debug, Serialize)]
struct Retention {
    keep_bodies: bool,
    body_days: u16,
    statement_days: u16,
    event_days: u16,
}

#[derive(Debug, Serialize)]
struct Logging {
    format: &'static str,
    level: String,
}

#[derive(Debug, Serialize)]
struct Reconciliation {
    refund_duplicates: bool,
    calls_per_second: u32,
    notification_wait_ms: u64,
}

#[derive(Debug, Serialize)]
struct Party {
    name: String,
    role: String,
    mode: String,
    appid: String,
    locale: &'static str,
    signature_over: &'static str,
    on_refusal: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    app_secret: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    live_source: Option<LiveSource>,
    symmetric_key: Vec<Key>,
    platform_key: Vec<Key>,
}

#[derive(Debug, Serialize)]
struct LiveSource {
    url: String,
    timeout_ms: u64,
    fallback: &'static str,
    bearer: &'static str,
}

#[derive(Debug, Serialize)]
struct Webhook {
    name: String,
    host: String,
    parties: Vec<String>,
    kinds: Vec<String>,
    secrets: usize,
    allow_networks: Vec<String>,
    timeout_ms: u64,
}

#[derive(Debug, Serialize)]
struct Key {
    id: String,
    bits: usize,
}

impl From<&Config> for Effective {
    fn from(config: &Config) -> Self {
        let (server, database, platform_config) = (&config.server, &config.database, &config.platform);
        Self {
            server: Server {
                role: server.role.name(),
                listen: server.listen.to_string(),
                admin_listen: server.admin_listen.to_string(),
                public_url: server.public_url.clone(),
                allow_from: server.allow_from.iter().map(ToString::to_string).collect(),
                allow_from_anywhere: server.allow_from_anywhere,
                trusted_proxies: server.trusted_proxies.iter().map(ToString::to_string).collect(),
                reply_deadline_ms: milliseconds(server.reply_deadline),
                max_body_bytes: server.max_body_bytes,
                max_import_bytes: server.max_import_bytes,
                max_in_flight: server.max_in_flight,
                header_timeout_ms: milliseconds(server.header_timeout),
                idle_timeout_ms: milliseconds(server.idle_timeout),
                envelope_fault_delay_ms: milliseconds(server.envelope_fault_delay),
                shutdown_grace_ms: milliseconds(server.shutdown_grace),
            },
            database: Database {
                url: database.url.clone(),
                password: database.password.as_ref().map(|_| REDACTED),
                max_connections: database.max_connections,
                coalescing: database.coalescing,
            },
            platform: Platform {
                base_url: platform_config.base_url.clone(),
                timeout_ms: milliseconds(platform_config.timeout),
                token_mode: platform_config.token.mode(),
                token_url: match &platform_config.token {
                    TokenConfig::Platform(_) => None,
                    TokenConfig::External { url, .. } => Some(url.clone()),
                },
                micropay_timeout_ms: milliseconds(platform_config.micropay_timeout),
                micropay_system_error_pause_ms: milliseconds(platform_config.micropay_pace.after_system_error),
                micropay_password_pause_ms: milliseconds(platform_config.micropay_pace.password_interval),
                micropay_limit_ms: milliseconds(platform_config.micropay_pace.limit),
            },
            jobs: Jobs::from(&config.jobs),
            retention: Retention::from(&config.retention),
            logging: Logging {
                format: word(&logging::FORMATS, config.logging.format),
                level: config.logging.level.clone(),
            },
            reconciliation: Reconciliation {
                refund_duplicates: config.reconciliation.refund_duplicates,
                calls_per_second: config.reconciliation.calls_per_second,
                notification_wait_ms: milliseconds(config.reconciliation.notification_wait),
            },
            party: config.parties.iter().map(Party::from).collect(),
            webhook: config.webhooks.iter().map(Webhook::from).collect(),
        }
    }
}

impl From<&JobsConfig> for Jobs {
    fn from(jobs: &JobsConfig) -> Self {
        let daily = &jobs.daily;
        Self {
            daily_from: daily.from.to_string(),
            daily_until: daily.until.to_string(),
            daily_retry_minutes: daily.retry_every.as_secs() / 60,
            catch_up_days: daily.catch_up_days,
        }
    }
}

impl From<&RetentionConfig> for Retention {
    fn from(retention: &RetentionConfig) -> Self {
        let RetentionConfig { keep_bodies, body_days, statement_days, event_days } = *retention;
        Self { keep_bodies, body_days, statement_days, event_days }
    }
}

impl From<&PartyConfig> for Party {
    fn from(party: &PartyConfig) -> Self {
        let ring = &party.key_ring;
        Self {
            name: party.name.to_string(),
            role: party.role.to_string(),
            mode: party.mode.to_string(),
            appid: party.appid.clone(),
            locale: word(&party::LOCALES, party.locale),
            signature_over: word(&party::SIGNATURE_OVER, party.signature_over),
            on_refusal: word(&party::ON_REFUSAL, party.on_refusal),
            app_secret: party.app_secret.as_ref().map(|_| REDACTED),
            live_source: party.live_source.as_ref().map(|source| LiveSource {
                url: source.url.clone(),
                timeout_ms: milliseconds(source.timeout),
                fallback: word(&live_source::FALLBACKS, source.fallback),
                bearer: REDACTED,
            }),
            symmetric_key: ring
                .symmetric_keys()
                .iter()
                .map(|key| Key { id: key.id().to_owned(), bits: key.bits() })
                .collect(),
            platform_key: ring
                .platform_keys()
                .iter()
                .map(|key| Key { id: key.id().to_owned(), bits: key.bits() })
                .collect(),
        }
    }
}

impl From<&WebhookConfig> for Webhook {
    fn from(webhook: &WebhookConfig) -> Self {
        // What stands behind the host may hold a secret of the receiver.
        let host = webhook.url.split(['/', '?']).take(3).collect::<Vec<_>>().join("/");
        Self {
            name: webhook.name.clone(),
            host,
            parties: webhook.parties.iter().map(ToString::to_string).collect(),
            kinds: webhook.kinds.clone(),
            secrets: webhook.secrets.len(),
            allow_networks: webhook.allow_networks.iter().map(ToString::to_string).collect(),
            timeout_ms: milliseconds(webhook.timeout),
        }
    }
}

/// The word that a choice is written as.
fn word<T: Copy + PartialEq>(words: &[(&'static str, T)], value: T) -> &'static str {
    words.iter().find(|(_, candidate)| *candidate == value).map_or("", |(word, _)| word)
}

fn milliseconds(span: std::time::Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}
