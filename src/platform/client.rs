//! A party's access to the platform.

use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::time::Instant;

use super::received;
use super::reply::ApiReply;
use super::{AccessToken, Api, Https, PlatformError, Repetition, Replied, TokenSource, pause_before_repetition};
use crate::wire::{ApiErrcode, CheckedRequest};

/// A client for the APIs that one party may call. Copies share their connections and their token.
#[derive(Clone)]
pub struct PlatformClient {
    https: Https,
    timeout: Duration,
    appid: String,
    tokens: Arc<dyn TokenSource>,
}

impl PlatformClient {
    /// A client that calls as `appid`. No call takes longer than `timeout`, the wait for an access token included.
    #[must_use]
    pub fn new(https: Https, appid: String, tokens: Arc<dyn TokenSource>, timeout: Duration) -> Self {
        Self { https, timeout, appid, tokens }
    }

    /// The same client with another patience: nobody waits for a callback's reply behind every call.
    #[must_use]
    pub fn with_timeout(&self, timeout: Duration) -> Self {
        Self { timeout, https: self.https.with_timeout(timeout), ..self.clone() }
    }

    /// Its connections.
    #[must_use]
    pub fn https(&self) -> &Https {
        &self.https
    }

    /// The account that it calls as.
    #[must_use]
    pub fn appid(&self) -> &str {
        &self.appid
    }

    /// Where its tokens come from.
    #[must_use]
    pub fn tokens(&self) -> &Arc<dyn TokenSource> {
        &self.tokens
    }

    /// Calls an API; a request that breaks a rule of the platform's is not sent, and a reply that refuses is an error. A call that is
    /// safe to repeat is repeated while it fails for a moment and the client's patience lasts.
    pub(super) async fn call<T: DeserializeOwned + ApiReply>(
        &self,
        api: &'static str,
        body: &(impl Serialize + CheckedRequest),
    ) -> Result<Replied<T>, PlatformError> {
        let is_safe_to_repeat = Api::repetition_of(api) == Repetition::Safe;
        let deadline = Instant::now() + self.timeout;
        let mut attempt = 1;
        loop {
            let error = match self.exchange_until(deadline, api, body).await.and_then(|replied| accepted(api, replied))
            {
                Ok(replied) => return Ok(replied),
                Err(error) => error,
            };
            match pause_before_repetition(api, &error, attempt, chance()) {
                Some(pause) if is_safe_to_repeat && Instant::now() + pause < deadline => {
                    tokio::time::sleep(pause).await;
                }
                _ => return Err(error),
            }
            attempt += 1;
        }
    }

    /// Calls an API with a request that keeps the rules and gives back its reply, whatever the errcode. The call is made once more
    /// with a fresh token when the platform refused the token, which is before it looked at anything else, and never otherwise.
    pub(super) async fn exchange<T: DeserializeOwned + ApiReply>(
        &self,
        api: &'static str,
        body: &(impl Serialize + CheckedRequest),
    ) -> Result<Replied<T>, PlatformError> {
        self.exchange_until(Instant::now() + self.timeout, api, body).await
    }

    async fn exchange_until<T: DeserializeOwned + ApiReply>(
        &self,
        deadline: Instant,
        api: &'static str,
        body: &(impl Serialize + CheckedRequest),
    ) -> Result<Replied<T>, PlatformError> {
        let problems = body.problems();
        if !problems.is_empty() {
            return Err(PlatformError::InvalidRequest { api, problems });
        }
        let exchanged = tokio::time::timeout_at(deadline, self.exchange_with_token(api, body)).await;
        exchanged.unwrap_or_else(|_| {
            let problem = format!("no reply within {} ms, the access token included", self.timeout.as_millis());
            Err(PlatformError::Unreachable { api, problem })
        })
    }

    async fn exchange_with_token<T: DeserializeOwned + ApiReply>(
        &self,
        api: &'static str,
        body: &impl Serialize,
    ) -> Result<Replied<T>, PlatformError> {
        let token = self.tokens.current().await?.token;
        let replied: Replied<T> = self.exchange_once(api, &token, body).await?;
        if !refuses_the_token(replied.errcode()) {
            return Ok(replied);
        }
        self.tokens.refused(&token).await;
        let token = self.tokens.current().await?.token;
        self.exchange_once(api, &token, body).await
    }

    async fn exchange_once<T: DeserializeOwned + ApiReply>(
        &self,
        api: &'static str,
        token: &AccessToken,
        body: &impl Serialize,
    ) -> Result<Replied<T>, PlatformError> {
        let replied: Replied<T> = self.https.post(api, &[("access_token", token.expose())], body).await?;
        // Every reply has one. An object without it would read as success.
        if replied.document.get("errcode").is_none() {
            let problem = "it is a JSON object without an errcode".to_owned();
            return Err(PlatformError::Unreadable { api, problem });
        }
        Ok(replied)
    }
}

/// A reply that does not refuse.
fn accepted<T: ApiReply>(api: &'static str, replied: Replied<T>) -> Result<Replied<T>, PlatformError> {
    match replied.errcode() {
        0 => Ok(replied),
        errcode => {
            let errmsg = received::errmsg(replied.errmsg().unwrap_or_default());
            Err(PlatformError::Refused { api, errcode, errmsg })
        }
    }
}

/// A random fraction of 1, so that those who failed together do not come back together. Without randomness, the middle.
pub(super) fn chance() -> f64 {
    getrandom::u32().map_or(0.5, |random| f64::from(random) / f64::from(u32::MAX))
}

/// Whether an errcode means that the access token is not valid, or not any more. That it is another account's (9291005) is no
/// reason to fetch one.
pub(super) const fn refuses_the_token(errcode: i64) -> bool {
    matches!(
        ApiErrcode::from_code(errcode),
        Some(ApiErrcode::InvalidCredential | ApiErrcode::InvalidAccessToken | ApiErrcode::AccessTokenExpired)
    )
}
