//! The envelope of the callbacks (protocol §2; source §7): AES-CBC-PKCS7 under the party's key, SHA256withRSA by the platform.
//!
//! [`KeyRing::open`] gives a [`Verified`] plaintext, which nothing else can make: whoever holds one holds bytes that the
//! platform signed. Pure: the bytes of an iv come in as an argument.

mod cipher;
mod digest;
mod explain;
mod key_ring;
mod open;
mod platform_key;
mod real_name;
mod signing_key;
mod symmetric_key;

pub use cipher::IV_BYTES;
pub use digest::{hex, sha256_hex};
pub use explain::{Explanation, Step, Verdict, WrittenKey, explain};
pub use key_ring::{InvalidKeyRing, KeyRing, SignatureOver};
pub use open::{DecryptionFault, EnvelopeFault, Opened, SignatureFault, Verified};
pub use platform_key::{InvalidPlatformKey, PlatformKey, SmallKeys};
pub use real_name::{RealName, RealNameFault, open_real_name};
pub use signing_key::{InvalidSigningKey, SigningKey};
pub use symmetric_key::{InvalidSymmetricKey, KeyEncoding, SymmetricKey};
