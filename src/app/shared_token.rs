//! The access_token that all gateways on one database share: a row with a lease, which one of them holds while it fetches.

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use jiff::Timestamp;
use zeroize::Zeroizing;

use super::token_origin::{Fetched, TokenOrigin, life};
use crate::domain::{ForcedTooSoon, TokenMode};
use crate::platform::{AccessToken, ForceRefreshError, PlatformError, TokenRequest};
use crate::store::{AccessTokens, KeptToken, StoreError, TokenKey, TokenLease, TokenRow};

/// How long whoever waits for another's fetch pauses before it looks at the row again.
const LOOK_PAUSE: Duration = Duration::from_millis(40);

/// For how many leases one fetch waits: a dead owner's, and one more.
const LEASES_WAITED_FOR: u32 = 3;

/// A token as the platform's token calls and the row know it.
pub(super) struct SharedToken {
    store: Arc<dyn AccessTokens>,
    request: TokenRequest,
    key: TokenKey,
    owner: String,
    lease: Duration,
}

impl SharedToken {
    pub(super) fn new(
        store: Arc<dyn AccessTokens>,
        request: TokenRequest,
        lease: Duration,
    ) -> Result<Self, getrandom::Error> {
        let key = TokenKey { appid: request.appid.clone(), mode: request.mode };
        let owner = format!("{}-{:08x}", std::process::id(), getrandom::u32()?);
        Ok(Self { store, request, key, owner, lease })
    }

    async fn read(&self) -> Result<TokenRow, StoreError> {
        self.store.read_access_token(self.key.clone()).await
    }

    /// The row's token, when it can be used.
    fn adopt(row: &TokenRow, refused: Option<&AccessToken>) -> Option<Fetched> {
        let kept = row.token.as_ref()?;
        let token = AccessToken::new(kept.text.to_string());
        let is_good = kept.life.is_usable(Timestamp::now()) && refused != Some(&token);
        let was_refused = token.digest() == row.refused_digest;
        is_good.then_some(Fetched { token, life: kept.life, was_refused })
    }

    async fn take_lease(&self, row: &TokenRow) -> Result<bool, StoreError> {
        let now = Timestamp::now();
        let lease = TokenLease { owner: self.owner.clone(), until: now + self.lease };
        self.store.take_token_lease(self.key.clone(), lease, row.generation, now).await
    }

    async fn release(&self) {
        // When it cannot be released it ends by itself.
        if let Err(error) = self.store.release_token_lease(self.key.clone(), self.owner.clone()).await {
            tracing::warn!(error = &error as &dyn std::error::Error, "the lease of an access_token was not released");
        }
    }

    async fn ask_platform(
        &self,
        force: bool,
        is_refused: impl Fn(&AccessToken) -> bool,
    ) -> Result<Fetched, PlatformError> {
        let asked_at = Timestamp::now();
        let issued = self.request.fetch(force).await?;
        let life = life("access_token", asked_at, issued.valid_for)?;
        let (appid, token) = (self.key.appid.as_str(), issued.token);
        let was_refused = is_refused(&token);
        if was_refused {
            tracing::error!(
                appid,
                token = token.digest_prefix(),
                "the platform hands out an access_token that it refused; end it with: nontax token refresh --party NAME --force"
            );
        } else {
            tracing::info!(appid, token = token.digest_prefix(), expires_at = %life.expires_at, "a new access_token");
        }
        Ok(Fetched { token, life, was_refused })
    }

    /// Fetches under the lease and puts the token into the row. `None` when the lease was taken over meanwhile: what stands in
    /// the row is newer.
    async fn fetch_under_lease(
        &self,
        force: bool,
        row: &TokenRow,
        refused: Option<&AccessToken>,
    ) -> Result<Option<Fetched>, PlatformError> {
        let is_refused = |token: &AccessToken| refused == Some(token) || token.digest() == row.refused_digest;
        let fetched = match self.ask_platform(force, is_refused).await {
            Ok(fetched) => fetched,
            Err(error) => {
                self.release().await;
                return Err(error);
            }
        };
        let kept = KeptToken { text: Zeroizing::new(fetched.token.expose().to_owned()), life: fetched.life };
        match self.store.put_access_token(self.key.clone(), self.owner.clone(), kept).await {
            Ok(true) => Ok(Some(fetched)),
            Ok(false) => {
                tracing::warn!(appid = self.key.appid, "an access_token came after its lease had ended");
                Ok(None)
            }
            Err(error) => {
                tracing::error!(error = &error as &dyn std::error::Error, "an access_token could not be kept");
                Ok(Some(fetched))
            }
        }
    }

    /// Without the database: another stable token hurts nobody, another legacy token would end the others'.
    async fn fetch_alone(&self, error: &StoreError, refused: Option<&AccessToken>) -> Result<Fetched, PlatformError> {
        if self.key.mode == TokenMode::Legacy {
            let problem = format!(
                "the database does not answer, and in legacy mode another token would end the one that others hold: {error}"
            );
            return Err(PlatformError::NoToken { problem });
        }
        let appid = self.key.appid.as_str();
        tracing::warn!(
            error = error as &dyn std::error::Error,
            appid,
            "the database does not answer: a token for this process alone"
        );
        self.ask_platform(false, |token| refused == Some(token)).await
    }

    /// When there is no more waiting for the leases of others.
    fn patience_ends(&self) -> Instant {
        Instant::now() + self.lease * LEASES_WAITED_FOR
    }
}

#[async_trait]
impl TokenOrigin for SharedToken {
    async fn fetch(&self, refused: Option<&AccessToken>, jitter: u8) -> Result<Fetched, PlatformError> {
        let patience_ends = self.patience_ends();
        // Once somebody else is seen to fetch, a token that ages does until the next one is there.
        let mut others_fetch = false;
        loop {
            let row = match self.read().await {
                Ok(row) => row,
                Err(error) => return self.fetch_alone(&error, refused).await,
            };
            let kept = Self::adopt(&row, refused);
            let is_fresh = |kept: &Fetched| Timestamp::now() < kept.life.refresh_at(jitter);
            match kept {
                Some(kept) if is_fresh(&kept) || others_fetch => return Ok(kept),
                _ => {}
            }
            match self.take_lease(&row).await {
                Ok(true) => {
                    if let Some(fetched) = self.fetch_under_lease(false, &row, refused).await? {
                        return Ok(fetched);
                    }
                }
                Ok(false) => others_fetch = true,
                Err(error) => return self.fetch_alone(&error, refused).await,
            }
            if Instant::now() >= patience_ends {
                return Err(waited_too_long(&row));
            }
            tokio::time::sleep(LOOK_PAUSE).await;
        }
    }

    async fn refused(&self, token: &AccessToken) -> bool {
        let text = Zeroizing::new(token.expose().to_owned());
        let invalidated = self.store.invalidate_access_token(self.key.clone(), text, token.digest()).await;
        invalidated.unwrap_or_else(|error| {
            let error = &error as &dyn std::error::Error;
            tracing::warn!(error, "a refused access_token could not be taken out of the database");
            false
        })
    }

    async fn force(&self) -> Result<Fetched, ForceRefreshError> {
        let no_token = |error: StoreError| PlatformError::NoToken {
            problem: format!("the database, which keeps the budget of forced refreshes, does not answer: {error}"),
        };
        let patience_ends = self.patience_ends();
        loop {
            let row = self.read().await.map_err(no_token)?;
            let too_soon = |ForcedTooSoon { reason, next_at }| ForceRefreshError::TooSoon { reason, next_at };
            let becomes = row.forced.one_more(Timestamp::now()).map_err(too_soon)?;
            if self.take_lease(&row).await.map_err(no_token)? {
                let (key, owner) = (self.key.clone(), self.owner.clone());
                let counted = self.store.count_forced_refresh(key, owner, row.forced, becomes).await;
                if !matches!(counted, Ok(true)) {
                    self.release().await;
                    counted.map_err(no_token)?;
                } else if let Some(fetched) = self.fetch_under_lease(true, &row, None).await? {
                    return Ok(fetched);
                }
            }
            if Instant::now() >= patience_ends {
                return Err(waited_too_long(&row).into());
            }
            tokio::time::sleep(LOOK_PAUSE).await;
        }
    }
}

fn waited_too_long(row: &TokenRow) -> PlatformError {
    let owner = row.lease.as_ref().map_or("nobody", |lease| &lease.owner);
    PlatformError::NoToken {
        problem: format!("another gateway ({owner}) has been fetching it for too long; try again"),
    }
}
