//! `[platform]`: how Weixin's APIs are called.

use std::net::Ipv6Addr;
use std::time::Duration;

use super::Environment;
use super::material::{self, Privacy, SecretKeys};
use super::secret::Secret;
use super::section::{Section, Setting};
use crate::domain::MicropayPace;
use crate::platform::TokenMode;

pub(super) const KEYS: &[&str] = &[
    "base_url",
    "timeout_ms",
    "token_mode",
    "token_url",
    "token_bearer_file",
    "token_bearer_env",
    "micropay_timeout_ms",
    "micropay_system_error_pause_ms",
    "micropay_password_pause_ms",
    "micropay_limit_ms",
];

const BEARER: SecretKeys = SecretKeys { file: "token_bearer_file", value: None, env: Some("token_bearer_env") };

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    Stable,
    Legacy,
    External,
}

const MODES: [(&str, Mode); 3] = [("stable", Mode::Stable), ("legacy", Mode::Legacy), ("external", Mode::External)];

const DEFAULT_BASE_URL: &str = "https://api.weixin.qq.com";

const EXAMPLE_TOKEN_URL: &str = "https://gateway.example/admin/v1/token";

/// Where the access_token comes from.
#[derive(Clone, Debug)]
pub enum TokenConfig {
    /// From the platform.
    Platform(TokenMode),
    /// From another central server.
    External {
        /// Where it is, without a slash at the end.
        url: String,
        /// The bearer token for it.
        bearer: Secret,
    },
}

impl TokenConfig {
    /// The word in the configuration.
    pub(super) const fn mode(&self) -> &'static str {
        match self {
            Self::Platform(mode) => mode.name(),
            Self::External { .. } => "external",
        }
    }
}

/// How Weixin's APIs are called.
#[derive(Clone, Debug)]
pub struct PlatformConfig {
    /// Where they are, without a slash at the end.
    pub base_url: String,
    /// How long one call may take while a callback waits.
    pub timeout: Duration,
    /// Where the access_token comes from.
    pub token: TokenConfig,
    /// How long one call of a payment at the counter may take.
    pub micropay_timeout: Duration,
    /// How fast a payment at the counter moves.
    pub micropay_pace: MicropayPace,
}

pub(super) fn read(
    mut section: Section<'_>,
    reply_deadline: &Setting<Duration>,
    environment: &Environment,
) -> PlatformConfig {
    let base_url = read_url(&mut section, "base_url", DEFAULT_BASE_URL).unwrap_or_else(|| DEFAULT_BASE_URL.to_owned());
    let timeout = section.milliseconds("timeout_ms", 50..=30_000, 1_200);
    let token = read_token(&mut section, environment);
    if timeout.sound && reply_deadline.sound && timeout.value >= reply_deadline.value {
        let place = timeout.place.as_ref().or(reply_deadline.place.as_ref());
        let cause = format!(
            "{} ms is not less than server.reply_deadline_ms, {} ms, within which the callback that waits for it is answered",
            timeout.value.as_millis(),
            reply_deadline.value.as_millis()
        );
        section.error("timeout_ms", place, cause, "lower it, or raise server.reply_deadline_ms");
    }
    let micropay_timeout = section.milliseconds("micropay_timeout_ms", 200..=30_000, 10_000).value;
    let micropay_pace = MicropayPace {
        after_system_error: section.milliseconds("micropay_system_error_pause_ms", 50..=60_000, 5_000).value,
        password_interval: section.milliseconds("micropay_password_pause_ms", 50..=60_000, 10_000).value,
        limit: section.milliseconds("micropay_limit_ms", 1_000..=300_000, 30_000).value,
        ..MicropayPace::default()
    };
    PlatformConfig { base_url, timeout: timeout.value, token, micropay_timeout, micropay_pace }
}

fn read_token(section: &mut Section<'_>, environment: &Environment) -> TokenConfig {
    let mode = section.choice_or("token_mode", &MODES, Mode::Stable);
    let url_given = section.holds("token_url");
    let bearer_given = BEARER.names().find(|name| section.holds(name));
    let url = read_url(section, "token_url", EXAMPLE_TOKEN_URL);
    let bearer = material::read(section, &BEARER, Privacy::Secret, environment)
        .and_then(|material| material.into_secret(section));
    let platform_mode = match mode {
        Mode::Stable => TokenMode::Stable,
        Mode::Legacy => TokenMode::Legacy,
        Mode::External => {
            if !url_given {
                let cause = "token_mode = \"external\" needs the URL of the central access_token server";
                section.error("token_url", None, cause, format!("add token_url = \"{EXAMPLE_TOKEN_URL}\""));
            }
            if bearer_given.is_none() {
                let cause = "token_mode = \"external\" needs the bearer token for the central access_token server";
                let cure = "have its operator make one (nontax token-client add), and add \
                            token_bearer_file = \"secrets/token_bearer\"";
                section.error("token_bearer_file", None, cause, cure);
            }
            return match (url, bearer) {
                (Some(url), Some(bearer)) => TokenConfig::External { url, bearer },
                // An error was told: this configuration is not used.
                _ => TokenConfig::Platform(TokenMode::default()),
            };
        }
    };
    for name in url_given.then_some("token_url").into_iter().chain(bearer_given) {
        let cause = "it is taken with token_mode = \"external\" only, and is ignored";
        section.warn(name, None, cause, "remove it, or write token_mode = \"external\"");
    }
    TokenConfig::Platform(platform_mode)
}

/// A URL to which tokens travel, when the key stands there and is one.
pub(super) fn read_url(section: &mut Section<'_>, name: &str, example: &str) -> Option<String> {
    let Setting { value: url, place, sound: true } = section.text(name)? else { return None };
    let cause = match url.split_once("://") {
        Some(("https" | "http", rest)) if rest.is_empty() || rest.starts_with(['/', ':']) => "it names no host",
        Some(("https" | "http", rest)) if rest.contains(['?', '#', '@', ' ']) => {
            "only a scheme, a host, a port and a path may stand in it"
        }
        Some(("http", rest)) if !is_loopback(rest) => {
            "http is taken for a loopback address only: access tokens would cross the network in clear"
        }
        Some(("https" | "http", _)) => return Some(url.trim_end_matches('/').to_owned()),
        _ => "it does not begin with https://",
    };
    section.error(name, place.as_ref(), cause, format!("write {name} = \"{example}\""));
    None
}

/// Whether what follows `http://` is a host of this machine.
pub(super) fn is_loopback(rest: &str) -> bool {
    let authority = rest.split('/').next().unwrap_or_default();
    if let Some((host, _)) = authority.strip_prefix('[').and_then(|inside| inside.split_once(']')) {
        return host.parse::<Ipv6Addr>().is_ok_and(|address| address.is_loopback());
    }
    let host = authority.split(':').next().unwrap_or_default();
    host == "localhost" || host.parse::<std::net::Ipv4Addr>().is_ok_and(|address| address.is_loopback())
}
