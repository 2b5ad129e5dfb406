//! Asking the platform for an access_token: `POST /cgi-bin/stable_token` or `GET /cgi-bin/token` (protocol §6).

use std::fmt;
use std::time::Duration;

use zeroize::Zeroizing;

use super::received::errmsg;
use super::{AccessToken, Https, PlatformError};
use crate::domain::TokenMode;
use crate::wire::{StableTokenRequest, TokenReply};

/// The path of the call that leaves the token of others alone.
pub const STABLE_TOKEN: &str = "/cgi-bin/stable_token";

/// The path of the call that ends the token of others.
pub const LEGACY_TOKEN: &str = "/cgi-bin/token";

/// The AppSecret of an Official Account. It shows itself to nobody.
#[derive(Clone)]
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

/// A token, and for how long it is valid from the moment of the reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IssuedToken {
    /// The token.
    pub token: AccessToken,
    /// For how long.
    pub valid_for: Duration,
}

/// An Official Account as the platform's token calls know it.
#[derive(Clone, Debug)]
pub struct TokenRequest {
    /// The calls' connections.
    pub https: Https,
    /// The account.
    pub appid: String,
    /// Its AppSecret.
    pub secret: AppSecret,
    /// Which call.
    pub mode: TokenMode,
}

impl TokenRequest {
    /// Asks for a token. With `force_refresh`, which `stable_token` alone knows, the token that everybody holds ends at once: 20 times
    /// a day, 30 seconds apart.
    ///
    /// # Errors
    /// [`PlatformError`] when none was given.
    pub async fn fetch(&self, force_refresh: bool) -> Result<IssuedToken, PlatformError> {
        let Self { https, appid, secret, mode } = self;
        let (api, reply): (_, TokenReply) = match mode {
            TokenMode::Stable => {
                let request = StableTokenRequest {
                    grant_type: "client_credential".to_owned(),
                    appid: appid.clone(),
                    secret: secret.0.to_string(),
                    force_refresh,
                };
                (STABLE_TOKEN, https.post(STABLE_TOKEN, &[], &request).await?.reply)
            }
            TokenMode::Legacy => {
                let query = [("grant_type", "client_credential"), ("appid", appid), ("secret", &secret.0)];
                (LEGACY_TOKEN, https.get(LEGACY_TOKEN, &query).await?.reply)
            }
        };
        issued(api, reply)
    }
}

fn issued(api: &'static str, reply: TokenReply) -> Result<IssuedToken, PlatformError> {
    match (reply.access_token, reply.errcode.unwrap_or(0)) {
        (Some(token), 0) => {
            let seconds = reply.expires_in.and_then(|seconds| u64::try_from(seconds).ok()).unwrap_or(0);
            Ok(IssuedToken { token: AccessToken::new(token), valid_for: Duration::from_secs(seconds) })
        }
        (None, 0) => {
            Err(PlatformError::Unreadable { api, problem: "it has neither a token nor an errcode".to_owned() })
        }
        (_, errcode) => Err(PlatformError::Refused { api, errcode, errmsg: errmsg(&reply.errmsg.unwrap_or_default()) }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_a_refusal_fit_a_line() {
        let errmsg = Some(format!("invalid\u{1b}[31m\n{}", "x".repeat(1000)));
        let refused = issued(STABLE_TOKEN, TokenReply { errcode: Some(40_125), errmsg, ..TokenReply::default() });
        let Err(PlatformError::Refused { errmsg, .. }) = refused else { panic!("{refused:?}") };
        assert!(errmsg.starts_with("invalid[31mxxx") && errmsg.len() == 300, "{errmsg}");
    }
}
