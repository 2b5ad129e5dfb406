//! The payer's real name (source §9.3): an AES key that the platform encrypted with its private key, and the name under that key.
//!
//! Anybody who has the platform's public key can recover the key, so this hides nothing from whoever holds one: it is the
//! platform's word that the name is right.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use zeroize::{Zeroize as _, Zeroizing};

use super::PlatformKey;
use super::cipher::{self, Aes};
use crate::wire::{DATA_ENCRYPT_TYPE_AES_ECB, GetRealNameReply, KEY_ENCRYPT_TYPE_RSA};

/// `data_encrypt_type` as the sources' table has it; their sample has [`DATA_ENCRYPT_TYPE_AES_ECB`].
const DATA_ENCRYPT_TYPE_IN_FULL: &str = "AES/ECB/PKCS5Padding";

/// The fewest bytes FF of a PKCS#1 type 1 padding (RFC 8017, 9.2).
const MIN_PADDING_BYTES: usize = 8;

/// A name as the platform told it: the sources do not say whether as bare text or as a JSON object. Wiped when dropped, and
/// shown to nobody who does not ask for it.
pub struct RealName(Zeroizing<String>);

impl RealName {
    /// The name. To be given to whoever asked, and neither kept nor logged.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

/// Without the name.
impl fmt::Debug for RealName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RealName(redacted)")
    }
}

/// Why a name cannot be read. Never holds any of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RealNameFault {
    /// The reply lacks a field.
    #[error("the reply has no {0}")]
    Missing(&'static str),
    /// It is encrypted in a way that no source tells.
    #[error("{field} is not {expected}")]
    EncryptType {
        /// The field.
        field: &'static str,
        /// What it has to be.
        expected: &'static str,
    },
    /// A field is not base64.
    #[error("{0} is not base64")]
    NotBase64(&'static str),
    /// No platform key fits.
    #[error("key was not encrypted by any of the configured platform keys: compare them with what Weixin assigned")]
    NoKeyFits,
    /// What a platform key recovered is no AES key.
    #[error("key holds {0} bytes; an AES key has 16, 24 or 32")]
    KeyLength(usize),
    /// The ciphertext does not open.
    #[error("data does not open with the key that came with it")]
    Data,
    /// The plaintext is no text.
    #[error("the name is not UTF-8")]
    NotText,
}

/// Opens the reply to `getrealname`; each platform key is tried.
///
/// # Errors
/// [`RealNameFault`] says which part is wrong.
pub fn open_real_name(reply: &GetRealNameReply, keys: &[PlatformKey]) -> Result<RealName, RealNameFault> {
    check_type("key_encrypt_type", reply.key_encrypt_type.as_deref(), &[KEY_ENCRYPT_TYPE_RSA])?;
    let data_types = [DATA_ENCRYPT_TYPE_AES_ECB, DATA_ENCRYPT_TYPE_IN_FULL];
    check_type("data_encrypt_type", reply.data_encrypt_type.as_deref(), &data_types)?;
    let (key, data) = (decode("key", reply.key.as_deref())?, decode("data", reply.data.as_deref())?);
    let recovered = keys.iter().find_map(|platform| {
        let block = Zeroizing::new(platform.recover(&key)?);
        payload(&block).map(|payload| Zeroizing::new(payload.to_vec()))
    });
    let key = recovered.ok_or(RealNameFault::NoKeyFits)?;
    let aes = Aes::new(&key).ok_or(RealNameFault::KeyLength(key.len()))?;
    let plaintext = cipher::decrypt_ecb(&aes, &data).map_err(|_| RealNameFault::Data)?;
    String::from_utf8(plaintext).map(|name| RealName(Zeroizing::new(name))).map_err(|error| {
        error.into_bytes().zeroize();
        RealNameFault::NotText
    })
}

/// The platform may leave the type out: the sources require neither.
fn check_type(field: &'static str, found: Option<&str>, known: &[&'static str]) -> Result<(), RealNameFault> {
    match found {
        Some(found) if !known.contains(&found) => Err(RealNameFault::EncryptType { field, expected: known[0] }),
        _ => Ok(()),
    }
}

fn decode(field: &'static str, text: Option<&str>) -> Result<Vec<u8>, RealNameFault> {
    let text = text.ok_or(RealNameFault::Missing(field))?;
    BASE64.decode(text.trim()).map_err(|_| RealNameFault::NotBase64(field))
}

/// The payload of a PKCS#1 v1.5 block of type 1, `00 01 FF … FF 00 payload`; `None` for any other block.
fn payload(block: &[u8]) -> Option<&[u8]> {
    let padded = block.strip_prefix(&[0, 1])?;
    let padding = padded.iter().take_while(|byte| **byte == 0xFF).count();
    let payload = padded.get(padding..)?.strip_prefix(&[0])?;
    (padding >= MIN_PADDING_BYTES).then_some(payload)
}

#[cfg(test)]
mod tests {
    use rsa::pkcs8::DecodePrivateKey as _;
    use rsa::traits::SignatureScheme as _;
    use rsa::{Pkcs1v15Sign, RsaPrivateKey};

    use super::*;
    use crate::envelope::SigningKey;

    const PLATFORM: &str = include_str!("../../tests/fixtures/envelope/TEST-ONLY-platform-private.pem");
    const OTHER: &str = include_str!("../../tests/fixtures/envelope/TEST-ONLY-other-private.pem");
    const NAME: &str = "叶红梅";

    type Spoil = fn(&mut GetRealNameReply);

    fn public(pem: &str) -> PlatformKey {
        SigningKey::read(pem).unwrap().platform_key("k").unwrap()
    }

    /// What the platform replies: the key padded and raised with the private exponent, the name under the key.
    fn sealed(key: &[u8], name: &[u8]) -> GetRealNameReply {
        let private = RsaPrivateKey::from_pkcs8_pem(PLATFORM).unwrap();
        let block = Pkcs1v15Sign::new_unprefixed().sign(None::<&mut rsa::rand_core::OsRng>, &private, key).unwrap();
        let data = Aes::new(key).map_or_else(Vec::new, |aes| cipher::encrypt_ecb(&aes, name));
        GetRealNameReply {
            key_encrypt_type: Some(KEY_ENCRYPT_TYPE_RSA.into()),
            key: Some(BASE64.encode(block)),
            data_encrypt_type: Some(DATA_ENCRYPT_TYPE_AES_ECB.into()),
            data: Some(BASE64.encode(data)),
            ..Default::default()
        }
    }

    #[test]
    fn a_name_opens_with_whichever_platform_key_fits_and_is_not_shown() {
        for key in [&[7_u8; 16][..], &[7; 24], &[7; 32]] {
            let name = open_real_name(&sealed(key, NAME.as_bytes()), &[public(OTHER), public(PLATFORM)]).unwrap();
            assert_eq!(name.expose(), NAME);
            assert_eq!(format!("{name:?}"), "RealName(redacted)");
        }
    }

    #[test]
    fn each_fault_is_told_without_content() {
        let keys = [public(PLATFORM)];
        let good = sealed(&[7; 16], NAME.as_bytes());
        assert_eq!(open_real_name(&good, &[public(OTHER)]).unwrap_err(), RealNameFault::NoKeyFits);
        assert_eq!(open_real_name(&good, &[]).unwrap_err(), RealNameFault::NoKeyFits);
        assert_eq!(open_real_name(&sealed(&[7; 15], b"x"), &keys).unwrap_err(), RealNameFault::KeyLength(15));
        assert_eq!(open_real_name(&sealed(&[7; 16], b"\xff"), &keys).unwrap_err(), RealNameFault::NotText);
        let cases: [(RealNameFault, Spoil); 5] = [
            (RealNameFault::Missing("key"), |r| r.key = None),
            (RealNameFault::NotBase64("data"), |r| r.data = Some("%".into())),
            (RealNameFault::Data, |r| r.data = Some(BASE64.encode([1; 15]))),
            (RealNameFault::NoKeyFits, |r| r.key = Some(BASE64.encode([1; 255]))),
            (RealNameFault::EncryptType { field: "key_encrypt_type", expected: "RSA" }, |r| {
                r.key_encrypt_type = Some("SM2".into());
            }),
        ];
        for (fault, spoil) in cases {
            let mut spoilt = good.clone();
            spoil(&mut spoilt);
            let found = open_real_name(&spoilt, &keys).unwrap_err();
            assert_eq!(found, fault);
            assert!(!found.to_string().contains(NAME));
        }
    }

    #[test]
    fn only_type_1_with_enough_padding_is_taken() {
        let block = |start: &[u8], padding: usize| [start, &vec![0xFF; padding], &[0, 42]].concat();
        assert_eq!(payload(&block(&[0, 1], 8)), Some(&[42][..]));
        assert_eq!(payload(&block(&[0, 1], 7)), None);
        assert_eq!(payload(&block(&[0, 2], 8)), None);
        assert_eq!(payload(&block(&[1, 1], 8)), None);
        assert_eq!(payload(&[0, 1, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFE, 0, 42]), None);
        assert_eq!(payload(&[0, 1, 0xFF]), None);
    }

    #[test]
    fn the_sample_of_the_sources_has_the_sizes_of_a_2048_bit_key_and_four_blocks() {
        let reply = GetRealNameReply {
            key_encrypt_type: Some("RSA".into()),
            data_encrypt_type: Some("AES_ECB".into()),
            data: Some("f06i5EaQQiBV5uXoKcfjYFkT/UKGGuU77sVlMjpC0kKea/wz9Ow1WPlD19w3g1vXFgBqHykP1s+Iy3LjfiqYNQ==".into()),
            key: Some("V60tpxnZPsBfFQhEnCWVeetm07OUk3PyH4PYozNlK1WxaYqbLAnKld/sMN+pjo8Td6mhAImcOq7Sue8h0SxGzTA4o3Wf32ff2IoUbTHPO0AgkpZJy36eECkY/TklgaVqPtqE9iJ66Qt+0/GM3pdQ3f8FYMVmkvK6m53aHn1u6cX6mL0nbYBfVOpyGOh3iIuHnBCW3IeXXa41D6DbHrzmeKbBi6T56wxHLYnmMB7P20+EzSdCQZzeY1MtdT0TT1KrlkZsL2fYKcjg/ytvGiEewH/jY4zf83AVJW3KjSDJaLZGXYsPvNHopAQTP9jz/hUtIa2fDgSAi3mGdxDsJcesmQ==".into()),
            ..Default::default()
        };
        assert_eq!(decode("key", reply.key.as_deref()).unwrap().len(), 256);
        assert_eq!(decode("data", reply.data.as_deref()).unwrap().len(), 64);
        assert_eq!(open_real_name(&reply, &[public(PLATFORM)]).unwrap_err(), RealNameFault::NoKeyFits);
    }
}
