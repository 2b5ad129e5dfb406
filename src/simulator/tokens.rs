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
    /// Every so many seconds all tokens end.
    ends_every_seconds: Option<i64>,
    counts: HashMap<String, u64>,
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
    /// When it ends before that; `i64::MAX` for never.
    ends_at: i64,
    /// Whether it is the one that `stable_token` gives again.
    current: bool,
    revoked: bool,
}

impl Tokens {
    pub(super) fn new(chance: Stream, ends_every_seconds: Option<i64>) -> Self {
        Self { chance, ends_every_seconds, counts: HashMap::new(), issued: HashMap::new(), forced: HashMap::new() }
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
            && issued.ends_at > now
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
            Some(issued) if issued.expires_at.min(issued.ends_at) <= now => Err(ApiErrcode::AccessTokenExpired.into()),
            Some(issued) => Ok(&issued.appid),
        }
    }

    /// How many tokens an account was given.
    pub(super) fn count_of(&self, appid: &str) -> u64 {
        self.counts.get(appid).copied().unwrap_or_default()
    }

    /// The number of a refused call, in the real platform's form.
    pub(super) fn rid(&mut self) -> String {
        let [a, b, c] = [(); 3].map(|()| u32::from_be_bytes(self.chance.bytes()));
        format!("{a:08x}-{b:08x}-{c:08x}")
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
        let ends_at = self.ends_every_seconds.map_or(i64::MAX, |every| {
            let every = every.max(1);
            now.saturating_sub(now.rem_euclid(every)).saturating_add(every)
        });
        *self.counts.entry(appid.to_owned()).or_default() += 1;
        let issued = Issued {
            appid: appid.to_owned(),
            kind,
            expires_at: now + lifetime_seconds,
            ends_at,
            current: true,
            revoked: false,
        };
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
        let mut tokens = Tokens::new(stream(), None);
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
        let mut tokens = Tokens::new(stream(), None);
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
        let mut tokens = Tokens::new(stream(), None);
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

    #[test]
    fn tokens_can_end_every_few_seconds_whatever_they_said() {
        let mut tokens = Tokens::new(stream(), Some(5));
        let first = tokens.issue_stable("wx1", false, LIFETIME, 101).unwrap();
        assert_eq!(first.expires_in, Some(LIFETIME));
        let first = token(first);
        assert_eq!(token(tokens.issue_stable("wx1", false, LIFETIME, 104).unwrap()), first);
        assert!(tokens.check(Some(&first), 104).is_ok());
        assert_eq!(errcode(tokens.check(Some(&first), 105)), 42001);
        let second = token(tokens.issue_stable("wx1", false, LIFETIME, 105).unwrap());
        assert_ne!(second, first);
        assert_eq!((tokens.count_of("wx1"), tokens.count_of("wx2")), (2, 0));
    }
}
