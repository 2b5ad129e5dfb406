//! The access token of a party: fetched once, kept until shortly before it ends, replaced when the platform refuses it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::Mutex;
use zeroize::Zeroizing;

use super::{AppSecret, Https, PlatformError};
use crate::wire::{StableTokenRequest, TokenReply};

/// How long before its end a token is not used any more. Under 5 minutes the platform hands out the next one.
const RENEW_BEFORE_END: Duration = Duration::from_mins(5);

const STABLE_TOKEN: &str = "/cgi-bin/stable_token";
const LEGACY_TOKEN: &str = "/cgi-bin/token";

/// How a token is got.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TokenMode {
    /// `POST /cgi-bin/stable_token`: asking again does not end the token that others hold.
    #[default]
    Stable,
    /// `GET /cgi-bin/token`: asking again ends the token that others hold.
    Legacy,
}

/// A token, shared by the calls that use it.
pub(super) type Token = Arc<Zeroizing<String>>;

struct Held {
    token: Token,
    until: Instant,
}

/// The one token of a party.
pub(super) struct AccessToken {
    mode: TokenMode,
    appid: String,
    secret: AppSecret,
    /// Held while a token is fetched: whoever comes meanwhile waits for that one.
    held: Mutex<Option<Held>>,
}

impl AccessToken {
    pub(super) fn new(mode: TokenMode, appid: String, secret: AppSecret) -> Self {
        Self { mode, appid, secret, held: Mutex::new(None) }
    }

    /// The token to use now.
    pub(super) async fn current(&self, https: &Https) -> Result<Token, PlatformError> {
        let mut held = self.held.lock().await;
        if let Some(held) = held.as_ref().filter(|held| held.until > Instant::now()) {
            return Ok(Arc::clone(&held.token));
        }
        let fetched = self.fetch(https).await?;
        let token = Arc::clone(&fetched.token);
        *held = Some(fetched);
        Ok(token)
    }

    /// Forgets `refused`, unless another call has replaced it already.
    pub(super) async fn forget(&self, refused: &Token) {
        let mut held = self.held.lock().await;
        if held.as_ref().is_some_and(|held| Arc::ptr_eq(&held.token, refused)) {
            *held = None;
        }
    }

    async fn fetch(&self, https: &Https) -> Result<Held, PlatformError> {
        let (api, reply): (_, TokenReply) = match self.mode {
            TokenMode::Stable => {
                let request = StableTokenRequest {
                    grant_type: "client_credential".to_owned(),
                    appid: self.appid.clone(),
                    secret: self.secret.expose().to_owned(),
                    force_refresh: false,
                };
                (STABLE_TOKEN, https.post(STABLE_TOKEN, &[], &request).await?)
            }
            TokenMode::Legacy => {
                let query =
                    [("grant_type", "client_credential"), ("appid", &self.appid), ("secret", self.secret.expose())];
                (LEGACY_TOKEN, https.get(LEGACY_TOKEN, &query).await?)
            }
        };
        match (reply.access_token, reply.errcode.unwrap_or(0)) {
            (Some(token), 0) => {
                let seconds = reply.expires_in.and_then(|seconds| u64::try_from(seconds).ok()).unwrap_or(0);
                let usable = Duration::from_secs(seconds).saturating_sub(RENEW_BEFORE_END);
                Ok(Held { token: Arc::new(Zeroizing::new(token)), until: Instant::now() + usable })
            }
            (None, 0) => {
                Err(PlatformError::Unreadable { api, problem: "it has neither a token nor an errcode".to_owned() })
            }
            (_, errcode) => Err(PlatformError::Refused { api, errcode, errmsg: reply.errmsg.unwrap_or_default() }),
        }
    }
}
