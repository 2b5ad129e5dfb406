//! The access token of one process: fetched once, kept until shortly before it ends, replaced when the platform refuses it.

use std::time::{Duration, Instant};

use async_trait::async_trait;
use jiff::Timestamp;
use tokio::sync::Mutex;

use super::{AccessToken, CurrentToken, ForceRefreshError, PlatformError, TokenRequest, TokenSource};

/// How long before its end a token is not used any more. Under 5 minutes the platform hands out the next one.
const RENEW_BEFORE_END: Duration = Duration::from_mins(5);

struct Held {
    current: CurrentToken,
    until: Instant,
}

/// The one token of an account in this process.
pub struct HeldToken {
    request: TokenRequest,
    /// Held while a token is fetched: whoever comes meanwhile waits for that one.
    held: Mutex<Option<Held>>,
}

impl HeldToken {
    /// Holds no token yet.
    #[must_use]
    pub fn new(request: TokenRequest) -> Self {
        Self { request, held: Mutex::new(None) }
    }
}

#[async_trait]
impl TokenSource for HeldToken {
    async fn current(&self) -> Result<CurrentToken, PlatformError> {
        let mut held = self.held.lock().await;
        if let Some(held) = held.as_ref().filter(|held| held.until > Instant::now()) {
            return Ok(held.current.clone());
        }
        let issued = self.request.fetch(false).await?;
        let until = Instant::now() + issued.valid_for.saturating_sub(RENEW_BEFORE_END);
        let current = CurrentToken { token: issued.token, expires_at: Timestamp::now() + issued.valid_for };
        *held = Some(Held { current: current.clone(), until });
        Ok(current)
    }

    async fn refused(&self, token: &AccessToken) -> bool {
        let mut held = self.held.lock().await;
        let is_current = held.as_ref().is_some_and(|held| held.current.token == *token);
        if is_current {
            *held = None;
        }
        is_current
    }

    async fn force_refresh(&self) -> Result<CurrentToken, ForceRefreshError> {
        *self.held.lock().await = None;
        Ok(self.current().await?)
    }
}
