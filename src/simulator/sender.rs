//! Sending a callback and waiting for its reply: bounded in time and size, and prepared for anything.

use std::error::Error;
use std::time::{Duration, Instant};

use reqwest::header::CONTENT_TYPE;

use super::exchange::{self, Answer, ReplyFault};
use crate::envelope::SymmetricKey;

/// The longest reply that is read. A real one has a few kilobytes.
const MAX_REPLY_BYTES: usize = 1024 * 1024;

/// The HTTP client of the simulated platform.
#[derive(Debug)]
pub(super) struct Sender {
    client: reqwest::Client,
    reply_timeout: Duration,
}

/// What came back.
pub(super) struct Received {
    pub(super) http_status: Option<u16>,
    pub(super) body: Option<String>,
    pub(super) answer: Answer,
    pub(super) elapsed_ms: u64,
}

impl Sender {
    /// # Errors
    /// When the TLS library cannot be set up.
    pub(super) fn new(reply_timeout: Duration) -> Result<Self, reqwest::Error> {
        // The platform follows no redirect, and no proxy of the environment stands between the two on one machine.
        let builder = || {
            reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy().user_agent("Mozilla/4.0")
        };
        // On a machine without CA certificates only https is out of reach.
        let client = builder().build().or_else(|_| builder().tls_certs_only([]).build())?;
        Ok(Self { client, reply_timeout })
    }

    /// How long a party has for a reply.
    pub(super) const fn reply_timeout(&self) -> Duration {
        self.reply_timeout
    }

    /// Posts a body, and reads the reply with the key that it should be sealed with.
    pub(super) async fn send(&self, url: &str, body: Vec<u8>, key: &SymmetricKey) -> Received {
        self.send_within(url, body.into(), key, self.reply_timeout).await
    }

    /// As [`Self::send`], with all the time that `timeout` gives.
    pub(super) async fn send_within(
        &self,
        url: &str,
        body: reqwest::Body,
        key: &SymmetricKey,
        timeout: Duration,
    ) -> Received {
        let started = Instant::now();
        let outcome = self.post(url, body, timeout).await;
        let elapsed_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        match outcome {
            Ok((status, body)) => Received {
                http_status: Some(status),
                answer: exchange::read(status, &body, key),
                body: Some(String::from_utf8_lossy(&body).into_owned()),
                elapsed_ms,
            },
            Err((status, fault)) => {
                Received { http_status: status, body: None, answer: Answer::Fault(fault), elapsed_ms }
            }
        }
    }

    async fn post(
        &self,
        url: &str,
        body: reqwest::Body,
        timeout: Duration,
    ) -> Result<(u16, Vec<u8>), (Option<u16>, ReplyFault)> {
        let fault = |e: &reqwest::Error| fault(e, timeout);
        let request = self.client.post(url).header(CONTENT_TYPE, "application/json").timeout(timeout).body(body);
        let mut response = request.send().await.map_err(|e| (None, fault(&e)))?;
        let status = response.status().as_u16();
        let mut received = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|e| (Some(status), fault(&e)))? {
            if received.len() + chunk.len() > MAX_REPLY_BYTES {
                return Err((Some(status), ReplyFault::TooLarge(MAX_REPLY_BYTES)));
            }
            received.extend_from_slice(&chunk);
        }
        Ok((status, received))
    }
}

fn fault(error: &reqwest::Error, timeout: Duration) -> ReplyFault {
    if error.is_timeout() {
        return ReplyFault::TimedOut(timeout.as_millis());
    }
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    ReplyFault::Unreachable(text)
}
