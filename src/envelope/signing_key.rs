//! A private RSA key: the platform's part in the simulator, in tests and in the offline commands. The gateway itself holds none.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use rsa::pkcs1::DecodeRsaPrivateKey as _;
use rsa::pkcs1v15;
use rsa::pkcs8::{DecodePrivateKey as _, EncodePrivateKey as _, EncodePublicKey as _, LineEnding};
use rsa::rand_core::CryptoRngCore;
use rsa::sha2::Sha256;
use rsa::signature::{SignatureEncoding as _, Signer as _};
use rsa::{Pkcs1v15Sign, RsaPrivateKey, RsaPublicKey};
use zeroize::Zeroizing;

use super::platform_key::{InvalidPlatformKey, PlatformKey, SmallKeys, pem_label};

/// A private key that cannot be used. Never holds the key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "not a readable RSA private key ({0}): expected -----BEGIN PRIVATE KEY----- or -----BEGIN RSA PRIVATE KEY-----"
)]
pub struct InvalidSigningKey(String);

/// A private RSA key.
pub struct SigningKey(pkcs1v15::SigningKey<Sha256>);

impl SigningKey {
    /// Makes a key of `bits` bits.
    ///
    /// # Errors
    /// [`InvalidSigningKey`] for a size that the algorithm does not take.
    pub fn generate(random: &mut impl CryptoRngCore, bits: usize) -> Result<Self, InvalidSigningKey> {
        let key = RsaPrivateKey::new(random, bits).map_err(|e| InvalidSigningKey(e.to_string()))?;
        Ok(Self(pkcs1v15::SigningKey::new(key)))
    }

    /// Reads a PEM file, PKCS#8 or PKCS#1.
    ///
    /// # Errors
    /// [`InvalidSigningKey`] when there is no such key in it.
    pub fn read(pem: &str) -> Result<Self, InvalidSigningKey> {
        let pem = pem.trim();
        let key = match pem_label(pem) {
            Some("RSA PRIVATE KEY") => RsaPrivateKey::from_pkcs1_pem(pem).map_err(|e| e.to_string()),
            Some(_) => RsaPrivateKey::from_pkcs8_pem(pem).map_err(|e| e.to_string()),
            None => Err("no PEM block found".to_owned()),
        };
        Ok(Self(pkcs1v15::SigningKey::new(key.map_err(InvalidSigningKey)?)))
    }

    /// The private key as PKCS#8 PEM.
    ///
    /// # Errors
    /// [`InvalidSigningKey`] when the key cannot be encoded, which a key that was read or generated always can.
    pub fn private_pem(&self) -> Result<Zeroizing<String>, InvalidSigningKey> {
        let key: &RsaPrivateKey = self.0.as_ref();
        key.to_pkcs8_pem(LineEnding::LF).map_err(|e| InvalidSigningKey(e.to_string()))
    }

    /// The public key as SPKI PEM, as the platform hands it out.
    ///
    /// # Errors
    /// [`InvalidSigningKey`] when the key cannot be encoded, which a key that was read or generated always can.
    pub fn public_pem(&self) -> Result<String, InvalidSigningKey> {
        let key: &RsaPrivateKey = self.0.as_ref();
        RsaPublicKey::from(key).to_public_key_pem(LineEnding::LF).map_err(|e| InvalidSigningKey(e.to_string()))
    }

    /// The public key, ready to verify.
    ///
    /// # Errors
    /// [`InvalidPlatformKey`] when the key is smaller than a platform key may be.
    pub fn platform_key(&self, id: &str) -> Result<PlatformKey, InvalidPlatformKey> {
        let key: &RsaPrivateKey = self.0.as_ref();
        PlatformKey::from_rsa(id, &RsaPublicKey::from(key), SmallKeys::Refused)
    }

    /// The `sign` of a request over `message`: base64 of the RSASSA-PKCS1-v1_5 / SHA-256 signature.
    #[must_use]
    pub fn sign(&self, message: &[u8]) -> String {
        BASE64.encode(self.0.sign(message).to_bytes())
    }

    /// `key` of a real name (source §9.3): base64 of a short secret under PKCS#1 type 1 padding and the private key, as a signature
    /// of bytes that were not hashed is made. Whoever has the public key reads it.
    ///
    /// # Errors
    /// [`InvalidSigningKey`] for a secret that is too long for the key.
    pub fn seal_short(&self, secret: &[u8]) -> Result<String, InvalidSigningKey> {
        let key: &RsaPrivateKey = self.0.as_ref();
        let sealed = key.sign(Pkcs1v15Sign::new_unprefixed(), secret);
        sealed.map(|sealed| BASE64.encode(sealed)).map_err(|e| InvalidSigningKey(e.to_string()))
    }
}

/// Without the key.
impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningKey(redacted)")
    }
}
