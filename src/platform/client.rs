//! A party's access to the platform.

use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::reply::ApiReply;
use super::{Https, PlatformError, Replied, TokenSource};
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
        Self { timeout, ..self.clone() }
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

    /// Calls an API; a request that breaks a rule of the platform's is not sent, and a reply that refuses is an error.
    pub(super) async fn call<T: DeserializeOwned + ApiReply>(
        &self,
        api: &'static str,
        body: &(impl Serialize + CheckedRequest),
    ) -> Result<Replied<T>, PlatformError> {
        let replied: Replied<T> = self.exchange(api, body).await?;
        match replied.errcode() {
            0 => Ok(replied),
            errcode => {
                let errmsg = replied.errmsg().unwrap_or_default().to_owned();
                Err(PlatformError::Refused { api, errcode, errmsg })
            }
        }
    }

    /// Calls an API with a request that keeps the rules and gives back its reply, whatever the errcode. The call is made once more with a fresh token when the platform
    /// refused the token, which is before it looked at anything else.
    pub(super) async fn exchange<T: DeserializeOwned + ApiReply>(
        &self,
        api: &'static str,
        body: &(impl Serialize + CheckedRequest),
    ) -> Result<Replied<T>, PlatformError> {
        let problems = body.problems();
        if !problems.is_empty() {
            return Err(PlatformError::InvalidRequest { api, problems });
        }
        let exchanged = tokio::time::timeout(self.timeout, self.exchange_with_token(api, body)).await;
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
        let replied: Replied<T> = self.https.post(api, &[("access_token", token.expose())], body).await?;
        if !refuses_the_token(replied.errcode()) {
            return Ok(replied);
        }
        self.tokens.refused(&token).await;
        let token = self.tokens.current().await?.token;
        self.https.post(api, &[("access_token", token.expose())], body).await
    }
}

/// Whether an errcode means that the access token is not valid, or not any more. That it is another account's (9291005) is no
/// reason to fetch one.
const fn refuses_the_token(errcode: i64) -> bool {
    matches!(
        ApiErrcode::from_code(errcode),
        Some(ApiErrcode::InvalidCredential | ApiErrcode::InvalidAccessToken | ApiErrcode::AccessTokenExpired)
    )
}
