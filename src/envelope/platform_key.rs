//! The platform's public RSA key, which verifies that a request is the platform's.

use std::fmt;

use aws_lc_rs::signature::{
    ParsedPublicKey, RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY, RSA_PKCS1_2048_8192_SHA256,
};
use rsa::pkcs1::DecodeRsaPublicKey as _;
use rsa::pkcs8::{DecodePublicKey as _, EncodePublicKey as _};
use rsa::traits::PublicKeyParts as _;
use rsa::{BigUint, RsaPublicKey};
use x509_cert::der::{DecodePem as _, Encode as _};

/// The smallest key that is taken without a word from the operator, in bits.
const MIN_KEY_BITS: usize = 2048;

/// The smallest key that is taken at all, in bits.
const MIN_KEY_BITS_ALLOWED: usize = 1024;

/// The largest key that is taken, in bits. A larger one only costs time.
const MAX_KEY_BITS: usize = 8192;

/// Whether a key of 1024 to 2047 bits is taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SmallKeys {
    /// It is refused.
    #[default]
    Refused,
    /// It is taken, because the operator says so.
    Allowed,
}

/// A key that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPlatformKey {
    /// There is no PEM block.
    #[error(
        "no PEM block found: expected -----BEGIN PUBLIC KEY-----, -----BEGIN RSA PUBLIC KEY----- or -----BEGIN CERTIFICATE-----"
    )]
    NotPem,
    /// A private key stands where a public one belongs.
    #[error(
        "this is a private key ({label}): the platform's public key is wanted, and a private key does not belong here"
    )]
    Private {
        /// The label of the PEM block.
        label: String,
    },
    /// The PEM block is of another kind.
    #[error("the PEM block is {label:?}: expected PUBLIC KEY, RSA PUBLIC KEY or CERTIFICATE")]
    Label {
        /// The label found.
        label: String,
    },
    /// The block does not hold an RSA key.
    #[error("the {label} block does not hold a readable RSA public key: {problem}")]
    Unreadable {
        /// The label of the block.
        label: String,
        /// What the parser said.
        problem: String,
    },
    /// The key is too small or too large.
    #[error("the RSA key has {found} bits: 2048 to 8192 are taken (1024 and more with allow_small_key = true)")]
    Size {
        /// The bits found.
        found: usize,
    },
    /// The exponent makes signatures forgeable, or slow to check.
    #[error("the RSA key's public exponent is not an odd number from 65537 to 2^33")]
    Exponent,
}

/// A public key, parsed once.
pub struct PlatformKey {
    id: String,
    bits: usize,
    verifier: ParsedPublicKey,
    public: RsaPublicKey,
}

impl PlatformKey {
    /// Reads a PEM file: SPKI, PKCS#1 or a certificate.
    ///
    /// # Errors
    /// [`InvalidPlatformKey`] says what was found and what is expected.
    pub fn read(id: &str, pem: &str, small_keys: SmallKeys) -> Result<Self, InvalidPlatformKey> {
        Self::from_rsa(id, &read_public_key(pem)?, small_keys)
    }

    pub(super) fn from_rsa(id: &str, key: &RsaPublicKey, small_keys: SmallKeys) -> Result<Self, InvalidPlatformKey> {
        let bits = key.n().bits();
        let (smallest, algorithm) = match small_keys {
            SmallKeys::Refused => (MIN_KEY_BITS, &RSA_PKCS1_2048_8192_SHA256),
            SmallKeys::Allowed => (MIN_KEY_BITS_ALLOWED, &RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY),
        };
        if !(smallest..=MAX_KEY_BITS).contains(&bits) {
            return Err(InvalidPlatformKey::Size { found: bits });
        }
        let exponent = key.e();
        if *exponent < BigUint::from(65_537_u32) || exponent.bits() > 33 {
            return Err(InvalidPlatformKey::Exponent);
        }
        let unreadable = |problem: String| InvalidPlatformKey::Unreadable { label: "PUBLIC KEY".to_owned(), problem };
        let der = key.to_public_key_der().map_err(|e| unreadable(e.to_string()))?;
        let verifier = ParsedPublicKey::new(algorithm, der.as_bytes()).map_err(|e| unreadable(e.to_string()))?;
        Ok(Self { id: id.to_owned(), bits, verifier, public: key.clone() })
    }

    /// The name by which the log and the metrics know the key.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// How many bits the modulus has.
    #[must_use]
    pub const fn bits(&self) -> usize {
        self.bits
    }

    /// Whether `signature` is this key's RSASSA-PKCS1-v1_5 / SHA-256 signature of `message`.
    #[must_use]
    pub fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        self.verifier.verify_sig(message, signature).is_ok()
    }

    /// What the platform raised with its private exponent, as a block of the key's length; `None` for bytes of another length or
    /// out of range. The padding is not looked at. Nothing in it is secret: the key is public, and so is what it recovers.
    pub(super) fn recover(&self, raised: &[u8]) -> Option<Vec<u8>> {
        let number = BigUint::from_bytes_be(raised);
        if raised.len() != self.public.size() || number >= *self.public.n() {
            return None;
        }
        let block = number.modpow(self.public.e(), self.public.n()).to_bytes_be();
        let mut padded = vec![0; raised.len() - block.len()];
        padded.extend_from_slice(&block);
        Some(padded)
    }
}

impl fmt::Debug for PlatformKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PlatformKey").field("id", &self.id).field("bits", &self.bits).finish_non_exhaustive()
    }
}

/// The label of the first PEM block of a text.
pub(super) fn pem_label(pem: &str) -> Option<&str> {
    let (_, rest) = pem.split_once("-----BEGIN ")?;
    rest.split_once("-----").map(|(label, _)| label)
}

fn read_public_key(pem: &str) -> Result<RsaPublicKey, InvalidPlatformKey> {
    let pem = pem.trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
    let label = pem_label(pem).ok_or(InvalidPlatformKey::NotPem)?;
    let unreadable = |problem: &dyn fmt::Display| InvalidPlatformKey::Unreadable {
        label: label.to_owned(),
        problem: problem.to_string(),
    };
    match label {
        "PUBLIC KEY" => RsaPublicKey::from_public_key_pem(pem).map_err(|e| unreadable(&e)),
        "RSA PUBLIC KEY" => RsaPublicKey::from_pkcs1_pem(pem).map_err(|e| unreadable(&e)),
        "CERTIFICATE" => {
            let certificate = x509_cert::Certificate::from_pem(pem).map_err(|e| unreadable(&e))?;
            let key = certificate.tbs_certificate.subject_public_key_info.to_der().map_err(|e| unreadable(&e))?;
            RsaPublicKey::from_public_key_der(&key).map_err(|e| unreadable(&e))
        }
        _ if label.contains("PRIVATE KEY") => Err(InvalidPlatformKey::Private { label: label.to_owned() }),
        _ => Err(InvalidPlatformKey::Label { label: label.to_owned() }),
    }
}
