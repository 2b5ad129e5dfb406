//! `[party.live_source]`: the back office that is asked for a notice while a query waits.

use std::time::Duration;

use super::Environment;
use super::material::{self, Privacy, SecretKeys};
use super::platform::read_url;
use super::secret::Secret;
use super::section::{Section, Setting};

pub(super) const KEYS: &[&str] = &["url", "timeout_ms", "fallback", "bearer_file", "bearer_env"];

const BEARER: SecretKeys = SecretKeys { file: "bearer_file", value: None, env: Some("bearer_env") };

const EXAMPLE_URL: &str = "https://back-office.example.gov.cn/notice";

/// What is done when the back office does not answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fallback {
    /// The book's copy is answered.
    Local,
    /// 299.
    Error,
}

pub(super) const FALLBACKS: [(&str, Fallback); 2] = [("local", Fallback::Local), ("error", Fallback::Error)];

/// A back office.
#[derive(Clone, Debug)]
pub struct LiveSourceConfig {
    /// Where it is asked.
    pub url: String,
    /// How long it may take.
    pub timeout: Duration,
    /// What is done when it does not answer.
    pub fallback: Fallback,
    /// The bearer token for it.
    pub bearer: Secret,
}

/// Reads the section of a party, where there is one.
pub(super) fn read(
    party: &mut Section<'_>,
    reply_deadline: &Setting<Duration>,
    environment: &Environment,
) -> Option<LiveSourceConfig> {
    if !party.holds("live_source") {
        return None;
    }
    let mut section = party.section("live_source", KEYS);
    let url_given = section.holds("url");
    let url = read_url(&mut section, "url", EXAMPLE_URL);
    if !url_given {
        section.error("url", None, "the key is missing", format!("add url = \"{EXAMPLE_URL}\""));
    }
    let timeout = section.milliseconds("timeout_ms", 50..=30_000, 1_000);
    if timeout.sound && reply_deadline.sound && timeout.value >= reply_deadline.value {
        let cause = format!(
            "{} ms is not less than server.reply_deadline_ms, {} ms, within which the query that waits for it is answered",
            timeout.value.as_millis(),
            reply_deadline.value.as_millis()
        );
        let place = timeout.place.as_ref().or(reply_deadline.place.as_ref());
        section.error("timeout_ms", place, cause, "lower it, or raise server.reply_deadline_ms");
    }
    let fallback = section.choice_or("fallback", &FALLBACKS, Fallback::Local);
    if !BEARER.names().any(|name| section.holds(name)) {
        let cure = "add bearer_file = \"secrets/live_source_bearer\"";
        section.error("bearer_file", None, "the back office needs a bearer token to know the gateway by", cure);
    }
    let bearer = material::read(&mut section, &BEARER, Privacy::Secret, environment)
        .and_then(|material| material.into_secret(&mut section));
    Some(LiveSourceConfig { url: url?, timeout: timeout.value, fallback, bearer: bearer? })
}
