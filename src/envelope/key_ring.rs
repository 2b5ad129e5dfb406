//! All keys of one party, current first, so that keys can be changed without a missed callback.

use super::{PlatformKey, SymmetricKey};

/// What the platform's signature covers (protocol §2, decided).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SignatureOver {
    /// The decrypted plaintext, byte for byte.
    #[default]
    Plaintext,
    /// The base64 text of `data`.
    Data,
}

/// A key ring that cannot open anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidKeyRing {
    /// No symmetric key.
    #[error("there is no symmetric key")]
    NoSymmetricKey,
    /// No platform key.
    #[error("there is no platform key")]
    NoPlatformKey,
}

/// A party's keys. There is at least one of each kind.
#[derive(Debug)]
pub struct KeyRing {
    pub(super) symmetric: Vec<SymmetricKey>,
    pub(super) platform: Vec<PlatformKey>,
    pub(super) signature_over: SignatureOver,
}

impl KeyRing {
    /// A ring of keys, current first.
    ///
    /// # Errors
    /// [`InvalidKeyRing`] when one of the kinds is missing.
    pub fn new(
        symmetric: Vec<SymmetricKey>,
        platform: Vec<PlatformKey>,
        signature_over: SignatureOver,
    ) -> Result<Self, InvalidKeyRing> {
        if symmetric.is_empty() {
            return Err(InvalidKeyRing::NoSymmetricKey);
        }
        if platform.is_empty() {
            return Err(InvalidKeyRing::NoPlatformKey);
        }
        Ok(Self { symmetric, platform, signature_over })
    }

    /// The current symmetric key: what a reply is sealed with when the request could not be opened.
    #[must_use]
    pub fn current(&self) -> &SymmetricKey {
        &self.symmetric[0]
    }

    /// The platform keys, current first.
    #[must_use]
    pub fn platform_keys(&self) -> &[PlatformKey] {
        &self.platform
    }

    /// The symmetric keys, current first.
    #[must_use]
    pub fn symmetric_keys(&self) -> &[SymmetricKey] {
        &self.symmetric
    }
}
