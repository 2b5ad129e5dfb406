//! The access token of one process: fetched once, kept until shortly before it ends, replaced when the platform refuses it.

use std::time::{Duration, Instant};

use async_trait::async_trait;
use tokio::sync::Mutex;

use super::{AccessToken, PlatformError, TokenRequest, TokenSource};

/// How long before its end a token is not used any more. Under 5 minutes the platform hands out the next one.
const RENEW_BEFORE_END: Duration = Duration::from_mins(5);

struct Held {
    token: AccessToken,
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
    async fn current(&self) -> Result<AccessToken, PlatformError> {
        let mut held = self.held.lock().await;
        if let Some(held) = held.as_ref().filter(|held| held.until > Instant::now()) {
            return Ok(held.token.clone());
        }
        let issued = self.request.fetch(false).await?;
        let until = Instant::now() + issued.valid_for.saturating_sub(RENEW_BEFORE_END);
        *held = Some(Held { token: issued.token.clone(), until });
        Ok(issued.token)
    }

    async fn refused(&self, token: &AccessToken) {
        let mut held = self.held.lock().await;
        if held.as_ref().is_some_and(|held| held.token == *token) {
            *held = None;
        }
    }
}
