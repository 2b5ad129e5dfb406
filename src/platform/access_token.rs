//! The access_token that every call carries, and where a client takes it from.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::PlatformError;

/// An access_token, shared by the calls that use it. It shows a prefix of its digest and nothing of itself.
#[derive(Clone, PartialEq, Eq)]
pub struct AccessToken(Arc<Zeroizing<String>>);

impl AccessToken {
    /// Keeps a token.
    #[must_use]
    pub fn new(token: String) -> Self {
        Self(Arc::new(Zeroizing::new(token)))
    }

    /// The token itself, for the URL of a call and for whoever may take it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Its SHA-256, in lower-case hex.
    #[must_use]
    pub fn digest(&self) -> String {
        let digest: [u8; 32] = Sha256::digest(self.0.as_bytes()).into();
        digest.iter().fold(String::with_capacity(64), |hex, byte| hex + &format!("{byte:02x}"))
    }

    /// What a log may say of it: the first 12 hexadecimal digits of its SHA-256.
    #[must_use]
    pub fn digest_prefix(&self) -> String {
        self.digest().chars().take(12).collect()
    }
}

impl fmt::Debug for AccessToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AccessToken(sha256 {}…)", self.digest_prefix())
    }
}

/// A token, and when it ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CurrentToken {
    /// The token.
    pub token: AccessToken,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// Why a token was not replaced by force.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ForceRefreshError {
    /// The budget of forced refreshes does not allow one now.
    #[error("{reason}; the next one is possible at {next_at}")]
    TooSoon {
        /// Which limit was met.
        reason: &'static str,
        /// When it is possible again.
        next_at: Timestamp,
    },
    /// This process does not fetch the token itself.
    #[error("the access_token comes from another server (platform.token_mode = \"external\"): force it there")]
    Elsewhere,
    /// The platform did not give another one.
    #[error(transparent)]
    Platform(#[from] PlatformError),
}

/// Where the access_token of one Official Account comes from.
#[async_trait]
pub trait TokenSource: Send + Sync {
    /// The token to use now.
    ///
    /// # Errors
    /// [`PlatformError`] when there is none and none could be had.
    async fn current(&self) -> Result<CurrentToken, PlatformError>;

    /// Takes note that the platform refused `token` as invalid or expired. A token that is not the current one any more changes
    /// nothing. Returns whether it was the current one.
    async fn refused(&self, token: &AccessToken) -> bool;

    /// Ends the token that everybody holds and has another one: an operator's action.
    ///
    /// # Errors
    /// [`ForceRefreshError`] when the budget is used up, or none could be had.
    async fn force_refresh(&self) -> Result<CurrentToken, ForceRefreshError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_shows_a_digest_and_not_itself() {
        let token = AccessToken::new("hush".to_owned());
        assert_eq!(format!("{token:?}"), format!("AccessToken(sha256 {}…)", token.digest_prefix()));
        assert!(!format!("{token:?}").contains("hush"));
        assert_eq!(token.digest_prefix().len(), 12);
    }
}
