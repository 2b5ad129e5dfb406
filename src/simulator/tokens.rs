//! The access_tokens: `/cgi-bin/token`, whose new token kills the old one, and `/cgi-bin/stable_token`, apart from it (protocol §6).

use std::collections::HashMap;

use super::api_error::ApiError;
use super::chance::Stream;
use crate::wire::ApiErrcode;
use crate::wire::TokenReply;

/// With less than this left, `stable_token` gives a new token; the old one lives out its time.
const STABLE_RENEWAL_SECONDS: i64 = 300;

/// Forced refreshes of an account in a day.
const FORCED_REFRESHES_PER_DAY: usize = 20;

/// A forced refresh sooner than this after the last one refreshes nothing.
const FORCED_REFRESH_PAUSE_SECONDS: i64 = 30;

const DAY_SECONDS: i64 = 86_400;

/// The tokens of all accounts.
pub(super) struct Tokens {
    chance: Stream,
    issued: HashMap<String, Issued>,
    forced: HashMap<String, Vec<i64>>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Legacy,
    Stable,
}

struct Issued {
    appid: String,
    kind: Kind,
    expires_at: i64,
    /// Whether it is the one that `stable_token` gives again.
    current: bool,
    revoked: bool,
}

impl Tokens {
    pub(super) fn new(chance: Stream) -> Self {
        Self { chance, issued: HashMap::new(), forced: HashMap::new() }
    }

    /// A token of `/cgi-bin/token`. The previous one is invalid from now on. Times are Unix seconds.
    pub(super) fn issue(&mut self, appid: &str, lifetime_seconds: i64, now: i64) -> TokenReply {
        self.revoke(appid, Kind::Legacy);
        self.add(appid, Kind::Legacy, lifetime_seconds, now)
    }

    /// A token of `/cgi-bin/stable_token`: the same one until it has little time left.
    ///
    /// # Errors
    /// 45009 after 20 forced refreshes in a day.
    pub(super) fn issue_stable(
        &mut self,
        appid: &str,
        force_refresh: bool,
        lifetime_seconds: i64,
        now: i64,
    ) -> Result<TokenReply, ApiError> {
        if force_refresh && self.may_force(appid, now)? {
            self.forced.entry(appid.to_owned()).or_default().push(now);
            self.revoke(appid, Kind::Stable);
        }
        // A lifetime set shorter than the renewal time would otherwise renew at every call.
        let renewal_seconds = STABLE_RENEWAL_SECONDS.min(lifetime_seconds / 2);
        let current = self.issued.iter().find(|(_, issued)| {
            issued.appid == appid && issued.kind == Kind::Stable && issued.current && !issued.revoked
        });
        if let Some((token, issued)) = current
            && issued.expires_at - now >= renewal_seconds
        {
            return Ok(reply(token.clone(), issued.expires_at - now));
        }
        for issued in self.issued.values_mut().filter(|i| i.appid == appid && i.kind == Kind::Stable) {
            issued.current = false;
        }
        Ok(self.add(appid, Kind::Stable, lifetime_seconds, now))
    }

    /// Whose token it is.
    ///
    /// # Errors
    /// 41001 without a token, 40001 for an unknown or superseded one, 42001 for one whose time is over.
    pub(super) fn check(&self, token: Option<&str>, now: i64) -> Result<&str, ApiError> {
        let token = token.filter(|token| !token.is_empty()).ok_or(ApiErrcode::AccessTokenMissing)?;
        match self.issued.get(token) {
            None => Err(ApiErrcode::InvalidCredential.into()),
            Some(issued) if issued.revoked => Err(ApiErrcode::InvalidCredential.into()),
            Some(issued) if issued.expires_at <= now => Err(ApiErrcode::AccessTokenExpired.into()),
            Some(issued) => Ok(&issued.appid),
        }
    }

    /// Ends the time of all tokens.
    pub(super) fn expire_all(&mut self, now: i64) {
        for issued in self.issued.values_mut() {
            issued.expires_at = issued.expires_at.min(now);
        }
    }

    /// Whether a forced refresh refreshes.
    fn may_force(&mut self, appid: &str, now: i64) -> Result<bool, ApiError> {
        let forced = self.forced.entry(appid.to_owned()).or_default();
        forced.retain(|at| now - at < DAY_SECONDS);
        if forced.last().is_some_and(|last| now - last < FORCED_REFRESH_PAUSE_SECONDS) {
            return Ok(false);
        }
        if forced.len() >= FORCED_REFRESHES_PER_DAY {
            return Err(ApiError::because(ApiErrcode::DailyQuotaReached, "20 forced refreshes in a day"));
        }
        Ok(true)
    }

    fn revoke(&mut self, appid: &str, kind: Kind) {
        for issued in self.issued.values_mut().filter(|i| i.appid == appid && i.kind == kind) {
            issued.revoked = true;
        }
    }

    fn add(&mut self, appid: &str, kind: Kind, lifetime_seconds: i64, now: i64) -> TokenReply {
        self.issued.retain(|_, issued| now - issued.expires_at < DAY_SECONDS);
        let token = self.chance.text::<512>();
        let issued =
            Issued { appid: appid.to_owned(), kind, expires_at: now + lifetime_seconds, current: true, revoked: false };
        self.issued.insert(token.clone(), issued);
        reply(token, lifetime_seconds)
    }
}

fn reply(token: String, expires_in: i64) -> TokenReply {
    TokenReply { access_token: Some(token), expires_in: Some(expires_in), ..Default::default() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulator::chance::tests::stream;

    const LIFETIME: i64 = 7200;

    fn token(reply: TokenReply) -> String {
        reply.access_token.unwrap()
    }

    fn errcode(checked: Result<&str, ApiError>) -> i64 {
        checked.unwrap_err().errcode
    }

    #[test]
    fn a_new_token_kills_the_old_one_and_not_the_stable_one() {
        let mut tokens = Tokens::new(stream());
        let stable = token(tokens.issue_stable("wx1", false, LIFETIME, 0).unwrap());
        let first = token(tokens.issue("wx1", LIFETIME, 0));
        let second = token(tokens.issue("wx1", LIFETIME, 1));
        assert_eq!(errcode(tokens.check(Some(&first), 2)), 40001);
        assert_eq!(tokens.check(Some(&second), 2), Ok("wx1"));
        assert_eq!(tokens.check(Some(&stable), 2), Ok("wx1"));
        assert_eq!(errcode(tokens.check(Some(&second), 7201)), 42001);
        assert_eq!(errcode(tokens.check(None, 2)), 41001);
        assert_eq!(errcode(tokens.check(Some("x"), 2)), 40001);
    }

    #[test]
    fn the_stable_token_stays_until_five_minutes_are_left_and_then_both_live() {
        let mut tokens = Tokens::new(stream());
        let first = token(tokens.issue_stable("wx1", false, LIFETIME, 0).unwrap());
        let again = tokens.issue_stable("wx1", false, LIFETIME, 6900).unwrap();
        assert_eq!(again.expires_in, Some(300));
        assert_eq!(token(again), first);
        let renewed = token(tokens.issue_stable("wx1", false, LIFETIME, 6901).unwrap());
        assert_ne!(renewed, first);
        assert!(tokens.check(Some(&first), 7199).is_ok());
        assert!(tokens.check(Some(&renewed), 7199).is_ok());
        assert_eq!(token(tokens.issue_stable("wx1", false, LIFETIME, 7000).unwrap()), renewed);
    }

    #[test]
    fn force_kills_at_once_not_twice_in_30_seconds_and_20_times_a_day() {
        let mut tokens = Tokens::new(stream());
        let first = token(tokens.issue_stable("wx1", false, LIFETIME, 0).unwrap());
        let forced = token(tokens.issue_stable("wx1", true, LIFETIME, 0).unwrap());
        assert_eq!(errcode(tokens.check(Some(&first), 1)), 40001);
        assert_eq!(token(tokens.issue_stable("wx1", true, LIFETIME, 29).unwrap()), forced);
        for n in 1..20 {
            assert!(tokens.issue_stable("wx1", true, LIFETIME, n * 30).is_ok());
        }
        assert_eq!(tokens.issue_stable("wx1", true, LIFETIME, 20 * 30).unwrap_err().errcode, 45009);
        assert!(tokens.issue_stable("wx1", true, LIFETIME, DAY_SECONDS + 600).is_ok());
    }
}
