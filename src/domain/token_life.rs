//! How long an access_token is used: until shortly before its end, and from a while before that on only until the next is there.

use std::time::Duration;

use jiff::Timestamp;

/// The next token is fetched when this much is left at the earliest. Before 5 minutes are left the platform gives the same one
/// again.
const EARLIEST_REFRESH: Duration = Duration::from_secs(270);

/// And when this much is left at the latest, which is time for many attempts.
const LATEST_REFRESH: Duration = Duration::from_mins(2);

/// A token that lives less long is refreshed in the last part of its life: one in so many.
const LAST_PART: u32 = 4;

/// With less than this left a token is not used: the call that carries it takes a moment too.
const END_MARGIN: Duration = Duration::from_secs(5);

/// A token that lives less long loses one part in so many at its end.
const END_PART: u32 = 10;

/// How the platform is asked for an access_token. The two kinds know nothing of each other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum TokenMode {
    /// `POST /cgi-bin/stable_token`: asking again does not end the token that others hold.
    #[default]
    Stable,
    /// `GET /cgi-bin/token`: asking again ends the token that others hold.
    Legacy,
}

impl TokenMode {
    /// As it stands in the configuration and in the database.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Stable => "stable",
            Self::Legacy => "legacy",
        }
    }
}

/// The life of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokenLife {
    /// When it was asked for.
    pub issued_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
}

impl TokenLife {
    fn length(&self) -> Duration {
        Duration::try_from(self.expires_at.duration_since(self.issued_at)).unwrap_or_default()
    }

    /// Whether a call may still carry it.
    #[must_use]
    pub fn is_usable(&self, now: Timestamp) -> bool {
        now < self.expires_at - END_MARGIN.min(self.length() / END_PART)
    }

    /// When the next one is to be fetched. `jitter` is a random byte, so that many gateways do not do it at one moment.
    #[must_use]
    pub fn refresh_at(&self, jitter: u8) -> Timestamp {
        let span = EARLIEST_REFRESH.saturating_sub(LATEST_REFRESH);
        let ahead = LATEST_REFRESH + span * u32::from(jitter) / u32::from(u8::MAX);
        self.expires_at - ahead.min(self.length() / LAST_PART)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn life(seconds: i64) -> TokenLife {
        let issued_at = Timestamp::from_second(1_700_000_000).unwrap();
        TokenLife { issued_at, expires_at: issued_at + Duration::from_secs(seconds.unsigned_abs()) }
    }

    fn left(life: TokenLife, at: Timestamp) -> i64 {
        life.expires_at.duration_since(at).as_secs()
    }

    #[test]
    fn the_next_token_is_fetched_when_the_platform_gives_another_one_and_there_is_time_left() {
        let whole = life(7200);
        assert_eq!(left(whole, whole.refresh_at(0)), 120);
        assert_eq!(left(whole, whole.refresh_at(255)), 270);
        assert!((120..270).contains(&left(whole, whole.refresh_at(100))));
        assert_eq!(left(life(60), life(60).refresh_at(255)), 15);
        assert_eq!(left(life(0), life(0).refresh_at(255)), 0);
    }

    #[test]
    fn a_token_is_not_used_to_its_last_moment() {
        let second = Duration::from_secs(1);
        let whole = life(7200);
        assert!(whole.is_usable(whole.expires_at - second * 6));
        assert!(!whole.is_usable(whole.expires_at - second * 5));
        assert!(life(2).is_usable(life(2).issued_at + second));
        assert!(!life(2).is_usable(life(2).expires_at));
        assert!(!life(0).is_usable(life(0).issued_at));
    }
}
