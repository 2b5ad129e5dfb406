//! A party's access to the platform.

use std::fmt;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use zeroize::Zeroizing;

use super::access_token::AccessToken;
use super::{Https, PlatformError, TokenMode};

/// Errcodes that mean: the access token is not valid (any more). A fresh one is fetched and the call repeated, once.
const TOKEN_ERRCODES: [i64; 3] = [40001, 40014, 42001];

/// The AppSecret of an Official Account. It shows itself to nobody.
pub struct AppSecret(Zeroizing<String>);

impl AppSecret {
    /// Keeps a secret.
    #[must_use]
    pub fn new(secret: &str) -> Self {
        Self(Zeroizing::new(secret.to_owned()))
    }

    pub(super) fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for AppSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AppSecret(redacted)")
    }
}

/// A client for the APIs that one party may call.
pub struct PlatformClient {
    https: Https,
    timeout: Duration,
    pub(super) appid: String,
    access_token: AccessToken,
}

impl PlatformClient {
    /// A client that calls as `appid`. No call takes longer than `timeout`, an access token fetched for it included.
    #[must_use]
    pub fn new(https: Https, appid: String, secret: AppSecret, mode: TokenMode, timeout: Duration) -> Self {
        let access_token = AccessToken::new(mode, appid.clone(), secret);
        Self { https, timeout, appid, access_token }
    }

    /// Calls an API with the access token; once more with a fresh one when the token is refused. `errcode_of` reads the
    /// errcode and errmsg of a reply.
    pub(super) async fn call<T: DeserializeOwned>(
        &self,
        api: &'static str,
        body: &impl Serialize,
        errcode_of: fn(&T) -> (i64, Option<String>),
    ) -> Result<T, PlatformError> {
        let called = tokio::time::timeout(self.timeout, self.call_with_token(api, body, errcode_of)).await;
        called.unwrap_or_else(|_| {
            let problem = format!("no reply within {} ms, the access token included", self.timeout.as_millis());
            Err(PlatformError::Unreachable { api, problem })
        })
    }

    async fn call_with_token<T: DeserializeOwned>(
        &self,
        api: &'static str,
        body: &impl Serialize,
        errcode_of: fn(&T) -> (i64, Option<String>),
    ) -> Result<T, PlatformError> {
        let mut repeated = false;
        loop {
            let token = self.access_token.current(&self.https).await?;
            let reply: T = self.https.post(api, &[("access_token", &token)], body).await?;
            match errcode_of(&reply) {
                (0, _) => return Ok(reply),
                (errcode, _) if TOKEN_ERRCODES.contains(&errcode) && !repeated => {
                    self.access_token.forget(&token).await;
                    repeated = true;
                }
                (errcode, errmsg) => {
                    let errmsg = errmsg.unwrap_or_default();
                    return Err(PlatformError::Refused { api, errcode, errmsg });
                }
            }
        }
    }
}
