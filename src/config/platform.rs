//! `[platform]`: how Weixin's APIs are called.

use std::net::Ipv6Addr;
use std::time::Duration;

use super::section::{Section, Setting};
use crate::domain::MicropayPace;
use crate::platform::TokenMode;

pub(super) const KEYS: &[&str] = &[
    "base_url",
    "timeout_ms",
    "token_mode",
    "micropay_timeout_ms",
    "micropay_system_error_pause_ms",
    "micropay_password_pause_ms",
    "micropay_limit_ms",
];

pub(super) const TOKEN_MODES: [(&str, TokenMode); 2] = [("stable", TokenMode::Stable), ("legacy", TokenMode::Legacy)];

const DEFAULT_BASE_URL: &str = "https://api.weixin.qq.com";

/// How Weixin's APIs are called.
#[derive(Clone, Debug)]
pub struct PlatformConfig {
    /// Where they are, without a slash at the end.
    pub base_url: String,
    /// How long one call may take while a callback waits.
    pub timeout: Duration,
    /// How the access_token is asked for.
    pub token_mode: TokenMode,
    /// How long one call of a payment at the counter may take.
    pub micropay_timeout: Duration,
    /// How fast a payment at the counter moves.
    pub micropay_pace: MicropayPace,
}

pub(super) fn read(mut section: Section<'_>, reply_deadline: &Setting<Duration>) -> PlatformConfig {
    let base_url = read_base_url(&mut section);
    let timeout = section.milliseconds("timeout_ms", 50..=30_000, 1_200);
    let token_mode = section.choice_or("token_mode", &TOKEN_MODES, TokenMode::default());
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
    PlatformConfig { base_url, timeout: timeout.value, token_mode, micropay_timeout, micropay_pace }
}

fn read_base_url(section: &mut Section<'_>) -> String {
    let Some(Setting { value: url, place, sound: true }) = section.text("base_url") else {
        return DEFAULT_BASE_URL.to_owned();
    };
    let cause = match url.split_once("://") {
        Some(("https" | "http", rest)) if rest.is_empty() || rest.starts_with(['/', ':']) => "it names no host",
        Some(("https" | "http", rest)) if rest.contains(['?', '#', '@', ' ']) => {
            "only a scheme, a host, a port and a path may stand in it"
        }
        Some(("http", rest)) if !is_loopback(rest) => {
            "http is taken for a loopback address only: access tokens would cross the network in clear"
        }
        Some(("https" | "http", _)) => return url.trim_end_matches('/').to_owned(),
        _ => "it does not begin with https://",
    };
    section.error("base_url", place.as_ref(), cause, format!("write base_url = \"{DEFAULT_BASE_URL}\""));
    DEFAULT_BASE_URL.to_owned()
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
