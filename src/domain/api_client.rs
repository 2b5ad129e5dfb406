//! A client system of the admin API: what it is called, what it may do, and for which accounts.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use subtle::ConstantTimeEq as _;

use super::InvalidIdentifier;

/// Longest name of a client in bytes; it stands in every row of the audit.
const MAX_NAME_BYTES: usize = 64;

/// The name of a client system, which stands before the dot of its bearer token.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ApiClientName(String);

impl ApiClientName {
    /// Checks and keeps a name.
    ///
    /// # Errors
    /// [`InvalidIdentifier`] unless it is 1 to 64 of A-Z, a-z, 0-9, `-` and `_`.
    pub fn new(text: &str) -> Result<Self, InvalidIdentifier> {
        let fits = (1..=MAX_NAME_BYTES).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
        if fits {
            return Ok(Self(text.to_owned()));
        }
        Err(InvalidIdentifier::new("client", "is not 1 to 64 of A-Z, a-z, 0-9, - and _"))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ApiClientName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a client system may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scope {
    /// Take the access_token, and say that the platform refused it.
    Token,
    /// Place orders and look at them.
    Orders,
    /// Refund.
    Refunds,
    /// Take payments at the counter.
    Micropay,
    /// Look at what the gateway holds, and follow what happens; changes nothing.
    Read,
    /// All of these, and what is an operator's.
    Admin,
}

impl Scope {
    /// Every scope.
    pub const ALL: [Self; 6] = [Self::Token, Self::Orders, Self::Refunds, Self::Micropay, Self::Read, Self::Admin];

    /// As it stands on the command line and in the database.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Token => "token",
            Self::Orders => "orders",
            Self::Refunds => "refunds",
            Self::Micropay => "micropay",
            Self::Read => "read",
            Self::Admin => "admin",
        }
    }
}

/// A word that is no scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it is none of token, orders, refunds, micropay, read, admin")]
pub struct UnknownScope;

impl FromStr for Scope {
    type Err = UnknownScope;

    fn from_str(text: &str) -> Result<Self, UnknownScope> {
        Self::ALL.into_iter().find(|scope| scope.name() == text).ok_or(UnknownScope)
    }
}

/// The SHA-256 of a client's secret. The secret has 256 random bits, so nothing slower is needed to keep it from being guessed.
#[derive(Clone)]
pub struct SecretHash([u8; 32]);

impl SecretHash {
    /// A digest.
    #[must_use]
    pub const fn new(digest: [u8; 32]) -> Self {
        Self(digest)
    }

    /// The digest.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl PartialEq for SecretHash {
    /// In a time that does not tell how much of them is equal.
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for SecretHash {}

impl fmt::Debug for SecretHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretHash(redacted)")
    }
}

/// A client system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiClient {
    /// Its name.
    pub name: ApiClientName,
    /// The digest of its secret.
    pub secret_hash: SecretHash,
    /// What it may do.
    pub scopes: Vec<Scope>,
    /// For which accounts; empty means all.
    pub appids: Vec<String>,
    /// Since when it is there.
    pub created_at: Timestamp,
    /// Since when it may do nothing any more.
    pub revoked_at: Option<Timestamp>,
}

impl ApiClient {
    /// Whether it may do what `scope` covers.
    #[must_use]
    pub fn may(&self, scope: Scope) -> bool {
        self.scopes.iter().any(|held| *held == scope || *held == Scope::Admin)
    }

    /// Whether it may do it for an account. What is about no account in particular is only for those who have all of them.
    #[must_use]
    pub fn may_for(&self, appid: Option<&str>) -> bool {
        self.appids.is_empty() || appid.is_some_and(|appid| self.appids.iter().any(|held| held == appid))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(scopes: &[Scope], appids: &[&str]) -> ApiClient {
        ApiClient {
            name: ApiClientName::new("erp").unwrap(),
            secret_hash: SecretHash::new([7; 32]),
            scopes: scopes.to_vec(),
            appids: appids.iter().map(ToString::to_string).collect(),
            created_at: Timestamp::UNIX_EPOCH,
            revoked_at: None,
        }
    }

    #[test]
    fn admin_covers_every_scope_and_no_other_does() {
        for scope in Scope::ALL {
            assert!(client(&[Scope::Admin], &[]).may(scope));
            assert!(client(&[scope], &[]).may(scope));
            assert_eq!(client(&[Scope::Token], &[]).may(scope), scope == Scope::Token);
            assert!(!client(&[], &[]).may(scope));
            assert_eq!(scope.name().parse(), Ok(scope));
        }
        assert_eq!("root".parse::<Scope>(), Err(UnknownScope));
    }

    #[test]
    fn accounts_that_are_named_are_the_only_ones() {
        assert!(client(&[], &[]).may_for(Some("wx1")) && client(&[], &[]).may_for(None));
        let bound = client(&[], &["wx1", "wx2"]);
        assert!(bound.may_for(Some("wx2")));
        assert!(!bound.may_for(Some("wx")) && !bound.may_for(Some("wx3")) && !bound.may_for(None));
    }

    #[test]
    fn names_can_stand_before_the_dot() {
        for name in ["", "a.b", "a b", "叶", "a\n", &"a".repeat(65)] {
            assert!(ApiClientName::new(name).is_err(), "{name:?}");
        }
        assert_eq!(ApiClientName::new("ERP_2-a").unwrap().as_str(), "ERP_2-a");
    }

    #[test]
    fn a_hash_shows_nothing() {
        assert_eq!(format!("{:?}", SecretHash::new([7; 32])), "SecretHash(redacted)");
        assert_ne!(SecretHash::new([7; 32]), SecretHash::new([8; 32]));
    }
}
