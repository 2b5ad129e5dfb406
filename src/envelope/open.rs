//! Opening a request: decrypt, then verify, over the raw bytes and before anything parses them.
//!
//! Every request costs one decryption and one round of verifications for each symmetric key until one opens it, whatever is
//! wrong with it, so that the work does not tell which step failed.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

use super::cipher::BadCiphertext;
use super::{KeyRing, PlatformKey, SignatureOver, SymmetricKey};
use crate::wire::{DATA_ENCRYPT_TYPE, RequestEnvelope, SIGN_TYPE};

/// A plaintext that the platform signed, as it came out of the cipher. Only [`KeyRing::open`] makes one.
pub struct Verified(Vec<u8>);

/// Without the plaintext: it may hold a payer's name.
impl fmt::Debug for Verified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Verified({} bytes)", self.0.len())
    }
}

impl Verified {
    /// The bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }
}

/// An opened request.
#[derive(Debug)]
pub struct Opened<'a> {
    /// What the platform signed.
    pub plaintext: Verified,
    /// The key that opened the request; the reply is sealed with it.
    pub symmetric_key: &'a SymmetricKey,
    /// The key that verified it.
    pub platform_key: &'a PlatformKey,
}

/// Why a request could not be opened. For the log and the journal only: a reply must not tell an outsider.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EnvelopeFault {
    /// 298.
    #[error("decryption failed: {0}")]
    Decryption(DecryptionFault),
    /// 300.
    #[error("invalid signature: {problem} (decrypted with key {opened_by})")]
    Signature {
        /// What is wrong with it.
        problem: SignatureFault,
        /// The symmetric key that gave a well padded plaintext.
        opened_by: String,
    },
}

/// Why `data` could not be decrypted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecryptionFault {
    /// `data_encrypt_type` is not `AES/CBC/PKCS7Padding`.
    #[error("data_encrypt_type is not {DATA_ENCRYPT_TYPE}")]
    EncryptType,
    /// `data` is not base64.
    #[error("data is not base64")]
    NotBase64,
    /// `data` is not an iv and whole blocks.
    #[error("data has {0} bytes: not an iv of 16 and one or more blocks of 16")]
    Length(usize),
    /// No key gives a well padded plaintext.
    #[error("no symmetric key fits (the padding is wrong under each)")]
    NoKeyFits,
}

/// Why a signature was not accepted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignatureFault {
    /// `sign_type` is not `SHA256withRSA`.
    #[error("sign_type is not {SIGN_TYPE}")]
    SignType,
    /// `sign` is not base64.
    #[error("sign is not base64")]
    NotBase64,
    /// No platform key verifies it.
    #[error("no platform key verifies it")]
    NoKeyFits,
}

impl From<BadCiphertext> for DecryptionFault {
    fn from(bad: BadCiphertext) -> Self {
        match bad {
            BadCiphertext::Length(length) => Self::Length(length),
            BadCiphertext::Padding => Self::NoKeyFits,
        }
    }
}

impl KeyRing {
    /// Opens a request with the keys of this ring.
    ///
    /// # Errors
    /// [`EnvelopeFault`] says which step failed. A plaintext that is well padded under a key but verified by none is a
    /// signature fault.
    pub fn open(&self, request: &RequestEnvelope) -> Result<Opened<'_>, EnvelopeFault> {
        let data = BASE64.decode(request.data.as_bytes());
        let sign = BASE64.decode(request.sign.as_bytes());
        let signature_fault = if request.sign_type != SIGN_TYPE {
            SignatureFault::SignType
        } else if sign.is_err() {
            SignatureFault::NotBase64
        } else {
            SignatureFault::NoKeyFits
        };
        let encrypt_type_fits = request.data_encrypt_type == DATA_ENCRYPT_TYPE;
        let sign_type_fits = request.sign_type == SIGN_TYPE;
        let mut fault = match (&data, encrypt_type_fits) {
            (_, false) => EnvelopeFault::Decryption(DecryptionFault::EncryptType),
            (Err(_), _) => EnvelopeFault::Decryption(DecryptionFault::NotBase64),
            (Ok(_), true) => EnvelopeFault::Decryption(DecryptionFault::NoKeyFits),
        };
        // What cannot be decoded is replaced, so that the work below is done all the same.
        let data = data.unwrap_or_default();
        let sign = sign.unwrap_or_default();
        let mut unlikely = None;
        for symmetric_key in &self.symmetric {
            let decrypted = symmetric_key.decrypt(&data);
            let message = match (self.signature_over, &decrypted) {
                (SignatureOver::Plaintext, Ok(plaintext)) => plaintext.as_slice(),
                (SignatureOver::Plaintext, Err(_)) => &data,
                (SignatureOver::Data, _) => request.data.as_bytes(),
            };
            let verified_by = self.verified_by(message, &sign);
            if !encrypt_type_fits {
                continue;
            }
            match (decrypted, verified_by) {
                (Ok(plaintext), Some(platform_key)) if sign_type_fits => {
                    // A signature over the base64 text fits whatever a key gave, and a wrong key gives a right padding now and
                    // then: what is no text is taken only when no other key gives something better.
                    let likely = self.signature_over == SignatureOver::Plaintext || str::from_utf8(&plaintext).is_ok();
                    let opened = Opened { plaintext: Verified(plaintext), symmetric_key, platform_key };
                    if likely {
                        return Ok(opened);
                    }
                    unlikely.get_or_insert(opened);
                }
                (Ok(_), _) => {
                    let opened_by = symmetric_key.id().to_owned();
                    fault = EnvelopeFault::Signature { problem: signature_fault.clone(), opened_by };
                }
                (Err(BadCiphertext::Length(length)), _) if !data.is_empty() => {
                    fault = EnvelopeFault::Decryption(DecryptionFault::Length(length));
                }
                (Err(_), _) => {}
            }
        }
        unlikely.ok_or(fault)
    }

    /// The key that verifies `sign` over `message`.
    fn verified_by(&self, message: &[u8], sign: &[u8]) -> Option<&PlatformKey> {
        self.platform.iter().find(|key| key.verify(message, sign))
    }
}
