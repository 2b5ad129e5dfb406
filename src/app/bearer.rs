//! The bearer token of a client system: `NAME.SECRET`, made once, kept as a digest, compared without telling how much fits.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jiff::Timestamp;
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use crate::domain::{ApiClient, ApiClientName, Scope, SecretHash};

/// How many random bytes a secret is made of: 256 bits, which nobody guesses.
pub const SECRET_BYTES: usize = 32;

/// What an unknown name is compared with. No secret has this digest.
const NOBODY: SecretHash = SecretHash::new([0; 32]);

/// A bearer token as it was presented. What is secret in it is a digest already.
pub struct Bearer {
    /// Whose it claims to be.
    pub name: ApiClientName,
    presented: SecretHash,
}

impl Bearer {
    /// Reads `NAME.SECRET`.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let (name, secret) = text.trim().split_once('.')?;
        Some(Self { name: ApiClientName::new(name).ok()?, presented: digest(secret) })
    }

    /// Whether it is this client's. A client that is not there takes the same time.
    #[must_use]
    pub fn is_of(&self, client: Option<&ApiClient>) -> bool {
        let held = client.map_or(&NOBODY, |client| &client.secret_hash);
        (*held == self.presented) & client.is_some()
    }
}

/// A new client system of all parties, and its bearer token, which is shown once. The secret comes from `random`.
#[must_use]
pub fn new_api_client(
    name: ApiClientName,
    scopes: Vec<Scope>,
    appids: Vec<String>,
    random: &[u8; SECRET_BYTES],
    created_at: Timestamp,
) -> (ApiClient, Zeroizing<String>) {
    let secret = Zeroizing::new(BASE64_URL_SAFE_NO_PAD.encode(random));
    let bearer = Zeroizing::new(format!("{name}.{}", *secret));
    let secret_hash = digest(&secret);
    (ApiClient { name, secret_hash, scopes, appids, parties: Vec::new(), created_at, revoked_at: None }, bearer)
}

fn digest(secret: &str) -> SecretHash {
    SecretHash::new(Sha256::digest(secret.as_bytes()).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(name: &str, random: u8) -> (ApiClient, Zeroizing<String>) {
        let name = ApiClientName::new(name).unwrap();
        new_api_client(name, vec![Scope::Token], Vec::new(), &[random; SECRET_BYTES], Timestamp::UNIX_EPOCH)
    }

    #[test]
    fn a_bearer_token_is_of_its_client_and_of_no_other() {
        let ((erp, bearer), (other, others)) = (client("erp", 1), client("other", 2));
        let read = Bearer::read(&bearer).unwrap();
        assert_eq!(read.name, erp.name);
        assert!(read.is_of(Some(&erp)));
        assert!(!read.is_of(Some(&other)) && !read.is_of(None));
        assert!(!Bearer::read(&others).unwrap().is_of(Some(&erp)));
        assert_eq!(bearer.len(), "erp.".len() + 43);
    }

    #[test]
    fn what_is_no_bearer_token_is_none() {
        for text in ["", "erp", ".secret", "a b.secret", "叶.secret"] {
            assert!(Bearer::read(text).is_none(), "{text:?}");
        }
        let (erp, _) = client("erp", 1);
        assert!(!Bearer::read("erp.").unwrap().is_of(Some(&erp)));
    }
}
