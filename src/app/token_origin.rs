//! Where a process gets a token that it does not hold yet: the row that all gateways share, or another central server.

use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;

use crate::domain::TokenLife;
use crate::platform::{AccessToken, CurrentToken, ForceRefreshError, PlatformError};

/// The longest that a token is held: the platform's live two hours, and what somebody else's server says may be anything.
const LONGEST_LIFE: Duration = Duration::from_hours(24);

/// A token that was got.
#[derive(Clone, Debug)]
pub(super) struct Fetched {
    pub(super) token: AccessToken,
    pub(super) life: TokenLife,
    /// Whether the platform refused this very token before, and handed it out again all the same.
    pub(super) was_refused: bool,
}

impl Fetched {
    pub(super) fn current(&self) -> CurrentToken {
        CurrentToken { token: self.token.clone(), expires_at: self.life.expires_at }
    }
}

/// Where tokens come from. The keeper asks for one at a time.
#[async_trait]
pub(super) trait TokenOrigin: Send + Sync {
    /// A token that is usable, and not due for a refresh if that can be had. `refused` is the last one that the platform refused;
    /// `jitter` is a random byte.
    async fn fetch(&self, refused: Option<&AccessToken>, jitter: u8) -> Result<Fetched, PlatformError>;

    /// Tells the others that the platform refused a token. Returns whether it was their current one.
    async fn refused(&self, token: &AccessToken) -> bool;

    /// Ends the token that everybody holds, and gets another one.
    async fn force(&self) -> Result<Fetched, ForceRefreshError>;
}

/// The life of a token that was asked for at `issued_at`, when it has one; a day at most.
pub(super) fn life(api: &'static str, issued_at: Timestamp, valid_for: Duration) -> Result<TokenLife, PlatformError> {
    let life = TokenLife { issued_at, expires_at: issued_at + valid_for.min(LONGEST_LIFE) };
    if life.is_usable(Timestamp::now()) {
        return Ok(life);
    }
    let problem = format!("it holds a token that is valid for {} s, which is over", valid_for.as_secs());
    Err(PlatformError::Unreadable { api, problem })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_life_beyond_all_calendars_is_a_day() {
        let now = Timestamp::now();
        let held = |seconds| life("token_url", now, Duration::from_secs(seconds)).unwrap();
        assert_eq!(held(u64::MAX).expires_at, now + LONGEST_LIFE);
        assert_eq!(held(7200).expires_at, now + Duration::from_hours(2));
        assert!(life("token_url", now, Duration::ZERO).is_err());
    }
}
