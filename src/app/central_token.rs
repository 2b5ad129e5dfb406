//! The access_token that another central server gives. It fetches; this process asks, and says when a token was refused.

use async_trait::async_trait;
use jiff::Timestamp;

use super::token_origin::{Fetched, TokenOrigin, life};
use crate::platform::{AccessToken, ForceRefreshError, PlatformError, TokenServer};

/// A token as the central server gives it.
pub(super) struct CentralToken(TokenServer);

impl CentralToken {
    pub(super) const fn new(server: TokenServer) -> Self {
        Self(server)
    }
}

#[async_trait]
impl TokenOrigin for CentralToken {
    async fn fetch(&self, refused: Option<&AccessToken>, _: u8) -> Result<Fetched, PlatformError> {
        let asked_at = Timestamp::now();
        let issued = self.0.fetch().await?;
        let life = life("token_url", asked_at, issued.valid_for)?;
        let was_refused = refused == Some(&issued.token);
        if was_refused {
            tracing::error!(
                token = issued.token.digest_prefix(),
                "the central server gives an access_token that the platform refused; have its operator refresh it by force"
            );
        }
        Ok(Fetched { token: issued.token, life, was_refused })
    }

    async fn refused(&self, token: &AccessToken) -> bool {
        self.0.invalidate(token).await.unwrap_or_else(|error| {
            let error = &error as &dyn std::error::Error;
            tracing::warn!(error, "the central server could not be told of a refused access_token");
            false
        })
    }

    async fn force(&self) -> Result<Fetched, ForceRefreshError> {
        Err(ForceRefreshError::Elsewhere)
    }
}
