//! The promises about the access_tokens that all gateways on one database share.

use std::fmt;

use async_trait::async_trait;
use jiff::Timestamp;
use zeroize::Zeroizing;

use super::StoreError;
use crate::domain::{ForcedRefreshes, TokenLife, TokenMode};

/// Whose token, of which kind.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TokenKey {
    /// The account.
    pub appid: String,
    /// The kind.
    pub mode: TokenMode,
}

/// A token as it is kept.
#[derive(Clone, PartialEq, Eq)]
pub struct KeptToken {
    /// The token itself.
    pub text: Zeroizing<String>,
    /// From when to when.
    pub life: TokenLife,
}

/// Without the token.
impl fmt::Debug for KeptToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeptToken").field("life", &self.life).finish_non_exhaustive()
    }
}

/// The right to fetch the next token, for a while.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenLease {
    /// Which process.
    pub owner: String,
    /// From when on others may take it over.
    pub until: Timestamp,
}

/// What is kept of an account's token.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TokenRow {
    /// The token; none before the first, and after the platform refused it.
    pub token: Option<KeptToken>,
    /// How many tokens were put there.
    pub generation: i64,
    /// SHA-256 in hex of the last token that the platform refused, empty for none.
    pub refused_digest: String,
    /// Who fetches the next one.
    pub lease: Option<TokenLease>,
    /// The forced refreshes.
    pub forced: ForcedRefreshes,
}

/// The access_tokens.
#[async_trait]
pub trait AccessTokens: Send + Sync {
    /// What is kept.
    async fn read_access_token(&self, key: TokenKey) -> Result<TokenRow, StoreError>;

    /// Takes the lease, unless somebody else's runs at `at`, or the row is not of `generation` any more. Returns whether it was
    /// taken.
    async fn take_token_lease(
        &self,
        key: TokenKey,
        lease: TokenLease,
        generation: i64,
        at: Timestamp,
    ) -> Result<bool, StoreError>;

    /// Puts the token that the lease's owner fetched, and ends the lease. Returns false, and changes nothing, when the lease is
    /// not the owner's any more.
    async fn put_access_token(&self, key: TokenKey, owner: String, token: KeptToken) -> Result<bool, StoreError>;

    /// Ends a lease, when it is the owner's.
    async fn release_token_lease(&self, key: TokenKey, owner: String) -> Result<(), StoreError>;

    /// Takes a token that the platform refused out of the row. Returns false, and changes nothing, when it is not the one that
    /// stands there.
    async fn invalidate_access_token(
        &self,
        key: TokenKey,
        text: Zeroizing<String>,
        digest: String,
    ) -> Result<bool, StoreError>;

    /// Counts a forced refresh of the lease's owner. Returns false when the lease is not the owner's, or the count is not as it
    /// was.
    async fn count_forced_refresh(
        &self,
        key: TokenKey,
        owner: String,
        was: ForcedRefreshes,
        becomes: ForcedRefreshes,
    ) -> Result<bool, StoreError>;
}
