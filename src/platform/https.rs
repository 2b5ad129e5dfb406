//! One HTTP call to the platform: bounded in time and size, and silent about the token.

use std::time::Duration;

use reqwest::StatusCode;
use reqwest::header::LOCATION;
use reqwest::redirect::Policy;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::received::{describe, with_status};
use super::{PlatformError, Replied};
use crate::wire::{InvalidJson, from_json};

/// The largest reply that is read. An order with a long history has a few kilobytes.
pub(super) const MAX_REPLY_BYTES: usize = 1 << 20;

/// A pool of connections to the platform, shared by all parties.
#[derive(Clone, Debug)]
pub struct Https {
    client: reqwest::Client,
    base_url: String,
    timeout: Duration,
}

impl Https {
    /// A pool for `base_url`; no call takes longer than `timeout`. No redirect is followed: the platform sends none, and a
    /// token must not travel elsewhere.
    ///
    /// # Errors
    /// [`PlatformError::Unreachable`] when the TLS roots of this machine cannot be read.
    pub fn new(base_url: &str, timeout: Duration) -> Result<Self, PlatformError> {
        let client = reqwest::Client::builder()
            .redirect(Policy::none())
            .user_agent(concat!("nontax-gateway/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|e| PlatformError::Unreachable { api: "https", problem: without_url(e) })?;
        Ok(Self { client, base_url: base_url.trim_end_matches('/').to_owned(), timeout })
    }

    /// The same pool with another patience.
    #[must_use]
    pub fn with_timeout(&self, timeout: Duration) -> Self {
        Self { timeout, ..self.clone() }
    }

    /// Where the calls go, without a slash at the end.
    #[must_use]
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// POSTs a JSON body.
    pub(super) async fn post<T: DeserializeOwned>(
        &self,
        api: &'static str,
        query: &[(&str, &str)],
        body: &impl serde::Serialize,
    ) -> Result<Replied<T>, PlatformError> {
        self.read(api, self.send(api, query, body).await?).await
    }

    /// POSTs a JSON body; what comes back is still to be read.
    pub(super) async fn send(
        &self,
        api: &'static str,
        query: &[(&str, &str)],
        body: &impl serde::Serialize,
    ) -> Result<reqwest::Response, PlatformError> {
        let body = serde_json::to_vec(body)
            .map_err(|e| PlatformError::Unreadable { api, problem: format!("the request cannot be written: {e}") })?;
        let request = self.request_post(api).query(query).header("content-type", "application/json").body(body);
        request.send().await.map_err(|e| unreachable(api, e))
    }

    /// GETs a JSON reply.
    pub(super) async fn get<T: DeserializeOwned>(
        &self,
        api: &'static str,
        query: &[(&str, &str)],
    ) -> Result<Replied<T>, PlatformError> {
        let response = self.request_get(api).query(query).send().await;
        self.read(api, response.map_err(|e| unreachable(api, e))?).await
    }

    /// A GET below the base URL.
    pub(super) fn request_get(&self, path: &str) -> reqwest::RequestBuilder {
        self.client.get(format!("{}{path}", self.base_url)).timeout(self.timeout)
    }

    /// A POST below the base URL.
    pub(super) fn request_post(&self, path: &str) -> reqwest::RequestBuilder {
        self.client.post(format!("{}{path}", self.base_url)).timeout(self.timeout)
    }

    /// GETs a JSON reply from the base URL itself.
    pub(super) async fn get_base<T: DeserializeOwned>(&self, api: &'static str) -> Result<Replied<T>, PlatformError> {
        self.read(api, self.request_get("").send().await.map_err(|e| unreachable(api, e))?).await
    }

    /// Sends a request and reads what comes back, whatever its status.
    pub(super) async fn exchange(
        &self,
        api: &'static str,
        request: reqwest::RequestBuilder,
    ) -> Result<(StatusCode, Vec<u8>), PlatformError> {
        let mut response = request.send().await.map_err(|e| unreachable(api, e))?;
        let reply = read_bytes(api, &mut response, Vec::new()).await?;
        Ok((response.status(), reply))
    }

    async fn read<T: DeserializeOwned>(
        &self,
        api: &'static str,
        mut response: reqwest::Response,
    ) -> Result<Replied<T>, PlatformError> {
        let reply = read_bytes(api, &mut response, Vec::new()).await?;
        check_status(api, &response, &reply)?;
        read_json(api, &reply)
    }
}

/// What is left of a response, after what was read of it already.
pub(super) async fn read_bytes(
    api: &'static str,
    response: &mut reqwest::Response,
    mut reply: Vec<u8>,
) -> Result<Vec<u8>, PlatformError> {
    while let Some(chunk) = response.chunk().await.map_err(|e| unreachable(api, e))? {
        if reply.len() + chunk.len() > MAX_REPLY_BYTES {
            let problem = format!("it is larger than {MAX_REPLY_BYTES} bytes");
            return Err(PlatformError::Unreadable { api, problem });
        }
        reply.extend_from_slice(&chunk);
    }
    Ok(reply)
}

/// The platform replies with status 200 whatever the errcode. A body with an errcode is believed under any status: it says more.
pub(super) fn check_status(api: &'static str, response: &reqwest::Response, reply: &[u8]) -> Result<(), PlatformError> {
    let status = response.status();
    if status.is_success() || refuses(reply) {
        return Ok(());
    }
    let location = response.headers().get(LOCATION).filter(|_| status.is_redirection());
    let problem = with_status(status, location.map(|location| location.to_str().unwrap_or_default()), reply);
    let passes = matches!(status, StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS);
    if status.is_server_error() || passes {
        Err(PlatformError::Unreachable { api, problem })
    } else {
        Err(PlatformError::Unreadable { api, problem })
    }
}

/// Whether a body is a JSON object with an errcode other than 0.
fn refuses(reply: &[u8]) -> bool {
    let document = from_json::<Value>(reply).ok();
    document.and_then(|document| document.get("errcode")?.as_i64()).is_some_and(|errcode| errcode != 0)
}

pub(super) fn read_json<T: DeserializeOwned>(api: &'static str, reply: &[u8]) -> Result<Replied<T>, PlatformError> {
    let unreadable = |e: InvalidJson| PlatformError::Unreadable { api, problem: describe(reply, &e) };
    let document: Value = from_json(reply).map_err(unreadable)?;
    if !document.is_object() {
        // A list would read as an object whose fields are all absent.
        let problem = format!("it is JSON, {} bytes, but no object", reply.len());
        return Err(PlatformError::Unreadable { api, problem });
    }
    Ok(Replied { reply: from_json(reply).map_err(unreadable)?, document })
}

pub(super) fn unreachable(api: &'static str, error: reqwest::Error) -> PlatformError {
    PlatformError::Unreachable { api, problem: without_url(error) }
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
