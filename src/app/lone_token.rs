//! The access_token of a program that looks around without a database: asked for, used, and not kept.

use async_trait::async_trait;
use jiff::Timestamp;

use super::token_origin::{Fetched, TokenOrigin, life};
use crate::domain::TokenMode;
use crate::platform::{AccessToken, ForceRefreshError, PlatformError, TokenRequest};

/// Asks the platform each time. `stable_token` gives everybody the same token, so that asking harms nobody; a legacy one would
/// end the token that the gateways hold, and is not asked for.
pub(super) struct LoneToken(pub(super) TokenRequest);

#[async_trait]
impl TokenOrigin for LoneToken {
    async fn fetch(&self, _: Option<&AccessToken>, _: u8) -> Result<Fetched, PlatformError> {
        if self.0.mode == TokenMode::Legacy {
            return Err(unkept(
                "with token_mode = \"legacy\" a token fetched here would end the one that the gateways hold",
            ));
        }
        let asked_at = Timestamp::now();
        let issued = self.0.fetch(false).await?;
        let life = life("access_token", asked_at, issued.valid_for)?;
        Ok(Fetched { token: issued.token, life, was_refused: false })
    }

    async fn refused(&self, _: &AccessToken) -> bool {
        true
    }

    async fn force(&self) -> Result<Fetched, ForceRefreshError> {
        Err(unkept("a token is replaced by force only where it is kept").into())
    }
}

fn unkept(problem: &str) -> PlatformError {
    PlatformError::NoToken { problem: format!("{problem}; nontax token show tells of the one that is kept") }
}
