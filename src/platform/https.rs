//! One HTTP call to the platform: bounded in time and size, and silent about the token.

use std::time::Duration;

use reqwest::redirect::Policy;
use serde::de::DeserializeOwned;

use super::{PlatformError, Replied};
use crate::wire::{InvalidJson, from_json};

/// The largest reply that is read. An order with a long history has a few kilobytes.
const MAX_REPLY_BYTES: usize = 1 << 20;

/// How much of an unreadable reply an error shows.
const SHOWN_CHARS: usize = 80;

/// A pool of connections to the platform, shared by all parties.
#[derive(Clone, Debug)]
pub struct Https {
    client: reqwest::Client,
    base_url: String,
}

impl Https {
    /// A pool for `base_url`; no call takes longer than `timeout`. No redirect is followed: the platform sends none, and a
    /// token must not travel elsewhere.
    ///
    /// # Errors
    /// [`PlatformError::Unreachable`] when the TLS roots of this machine cannot be read.
    pub fn new(base_url: &str, timeout: Duration) -> Result<Self, PlatformError> {
        let client = reqwest::Client::builder()
            .timeout(timeout)
            .redirect(Policy::none())
            .user_agent(concat!("nontax-gateway/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|e| PlatformError::Unreachable { api: "https", problem: without_url(e) })?;
        Ok(Self { client, base_url: base_url.trim_end_matches('/').to_owned() })
    }

    /// POSTs a JSON body.
    pub(super) async fn post<T: DeserializeOwned>(
        &self,
        api: &'static str,
        query: &[(&str, &str)],
        body: &impl serde::Serialize,
    ) -> Result<Replied<T>, PlatformError> {
        let body = serde_json::to_vec(body)
            .map_err(|e| PlatformError::Unreadable { api, problem: format!("the request cannot be written: {e}") })?;
        let request = self
            .client
            .post(format!("{}{api}", self.base_url))
            .query(query)
            .header("content-type", "application/json")
            .body(body);
        self.call(api, request).await
    }

    /// GETs a JSON reply.
    pub(super) async fn get<T: DeserializeOwned>(
        &self,
        api: &'static str,
        query: &[(&str, &str)],
    ) -> Result<Replied<T>, PlatformError> {
        self.call(api, self.client.get(format!("{}{api}", self.base_url)).query(query)).await
    }

    async fn call<T: DeserializeOwned>(
        &self,
        api: &'static str,
        request: reqwest::RequestBuilder,
    ) -> Result<Replied<T>, PlatformError> {
        let unreachable = |e| PlatformError::Unreachable { api, problem: without_url(e) };
        let mut response = request.send().await.map_err(unreachable)?;
        let status = response.status();
        let mut reply = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(unreachable)? {
            if reply.len() + chunk.len() > MAX_REPLY_BYTES {
                let problem = format!("it is larger than {MAX_REPLY_BYTES} bytes");
                return Err(PlatformError::Unreadable { api, problem });
            }
            reply.extend_from_slice(&chunk);
        }
        if !status.is_success() {
            return Err(PlatformError::Unreachable { api, problem: format!("HTTP status {status}") });
        }
        let unreadable = |e: InvalidJson| PlatformError::Unreadable { api, problem: describe(&reply, &e) };
        Ok(Replied { reply: from_json(&reply).map_err(unreadable)?, document: from_json(&reply).map_err(unreadable)? })
    }
}

fn describe(reply: &[u8], error: &dyn std::fmt::Display) -> String {
    match reply.trim_ascii_start().first() {
        None => "it is empty".to_owned(),
        Some(b'<') => {
            let start: String = String::from_utf8_lossy(reply).chars().take(SHOWN_CHARS).collect();
            format!("it looks like HTML in place of JSON, from a proxy perhaps: {start:?}")
        }
        Some(_) => error.to_string(),
    }
}

fn without_url(error: reqwest::Error) -> String {
    let timed_out = error.is_timeout();
    let error = error.without_url();
    let mut text = error.to_string();
    let mut source = std::error::Error::source(&error);
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    if timed_out { format!("it took too long ({text})") } else { text }
}
