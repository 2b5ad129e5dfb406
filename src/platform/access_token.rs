//! The access_token that every call carries, and where a client takes it from.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
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

    /// What a log may say of it: the first 12 hexadecimal digits of its SHA-256.
    #[must_use]
    pub fn digest_prefix(&self) -> String {
        let digest: [u8; 32] = Sha256::digest(self.0.as_bytes()).into();
        let prefix = digest.iter().take(6).fold(0_u64, |prefix, byte| prefix << 8 | u64::from(*byte));
        format!("{prefix:012x}")
    }
}

impl fmt::Debug for AccessToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AccessToken(sha256 {}…)", self.digest_prefix())
    }
}

/// Where the access_token of one Official Account comes from.
#[async_trait]
pub trait TokenSource: Send + Sync {
    /// The token to use now.
    ///
    /// # Errors
    /// [`PlatformError`] when there is none and none could be had.
    async fn current(&self) -> Result<AccessToken, PlatformError>;

    /// Takes note that the platform refused `token` as invalid or expired. A token that is not the current one any more changes
    /// nothing.
    async fn refused(&self, token: &AccessToken);
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
