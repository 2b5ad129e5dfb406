//! The party's AES key: 128, 192 or 256 bits, in one of three encodings.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use zeroize::Zeroizing;

use super::cipher::{self, Aes, BadCiphertext, IV_BYTES};

/// How a key is written down.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum KeyEncoding {
    /// The bytes of the text are the key.
    #[default]
    Raw,
    /// Hexadecimal digits.
    Hex,
    /// Standard base64.
    Base64,
}

impl fmt::Display for KeyEncoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Raw => "raw",
            Self::Hex => "hex",
            Self::Base64 => "base64",
        })
    }
}

/// A key that cannot be used. Never holds the key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidSymmetricKey {
    /// The text is not of its encoding.
    #[error("the key is not {encoding}: {problem}")]
    Encoding {
        /// What it should be.
        encoding: KeyEncoding,
        /// What is wrong, without the text.
        problem: &'static str,
    },
    /// The length is none that AES knows.
    #[error("the key has {found} bytes as {encoding}; AES takes 16, 24 or 32 (the platform's \"256\" is 32 bytes)")]
    Length {
        /// The encoding that was used.
        encoding: KeyEncoding,
        /// How many bytes there are.
        found: usize,
    },
}

/// A symmetric key with its schedule prepared. Its bytes are wiped when it is dropped, and it shows none of them.
pub struct SymmetricKey {
    id: String,
    aes: Aes,
}

impl SymmetricKey {
    /// Reads a key as an operator writes it down. Line ends after it are dropped; with hex and base64, blanks too.
    ///
    /// # Errors
    /// [`InvalidSymmetricKey`] says what was expected and the length found, never the key.
    pub fn read(id: &str, text: &[u8], encoding: KeyEncoding) -> Result<Self, InvalidSymmetricKey> {
        let end = text.iter().rposition(|byte| !matches!(byte, b'\r' | b'\n')).map_or(0, |last| last + 1);
        let text = &text[..end];
        let bytes = Zeroizing::new(match encoding {
            KeyEncoding::Raw => text.to_vec(),
            KeyEncoding::Hex => decode_hex(text.trim_ascii()).ok_or(InvalidSymmetricKey::Encoding {
                encoding,
                problem: "it takes an even number of digits 0-9, a-f",
            })?,
            KeyEncoding::Base64 => BASE64.decode(text.trim_ascii()).map_err(|_| InvalidSymmetricKey::Encoding {
                encoding,
                problem: "it takes A-Z, a-z, 0-9, +, / and = at the end",
            })?,
        });
        let aes = Aes::new(&bytes).ok_or(InvalidSymmetricKey::Length { encoding, found: bytes.len() })?;
        Ok(Self { id: id.to_owned(), aes })
    }

    /// The name by which the journal and the log know the key.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// How many bits it has.
    #[must_use]
    pub const fn bits(&self) -> usize {
        self.aes.bits()
    }

    /// base64( iv ‖ AES-CBC-PKCS7(plaintext) ): the `data` of a request or a reply. The iv must be fresh and random.
    #[must_use]
    pub fn seal(&self, plaintext: &[u8], iv: [u8; IV_BYTES]) -> String {
        BASE64.encode(cipher::encrypt(&self.aes, plaintext, iv))
    }

    /// The plaintext of a `data` field. Nothing says that it is genuine: a reply of ours is not signed.
    ///
    /// # Errors
    /// [`super::DecryptionFault`] says what is wrong with it.
    pub fn open_unsigned(&self, data: &str) -> Result<Vec<u8>, super::DecryptionFault> {
        let bytes = BASE64.decode(data.trim()).map_err(|_| super::DecryptionFault::NotBase64)?;
        Ok(self.decrypt(&bytes)?)
    }

    pub(super) fn decrypt(&self, iv_and_ciphertext: &[u8]) -> Result<Vec<u8>, BadCiphertext> {
        cipher::decrypt(&self.aes, iv_and_ciphertext)
    }
}

/// Without the key.
impl fmt::Debug for SymmetricKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SymmetricKey").field("id", &self.id).field("bits", &self.bits()).finish_non_exhaustive()
    }
}

fn decode_hex(digits: &[u8]) -> Option<Vec<u8>> {
    let nibble = |digit: u8| char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok());
    if !digits.len().is_multiple_of(2) {
        return None;
    }
    digits.chunks_exact(2).map(|pair| Some(nibble(pair[0])? << 4 | nibble(pair[1])?)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &[u8] = b"0123456789abcdefghijklmnopqrstuv";

    #[test]
    fn every_encoding_of_a_key_is_the_same_key() {
        let raw = SymmetricKey::read("1", b"0123456789abcdefghijklmnopqrstuv\n", KeyEncoding::Raw).unwrap();
        let hex = b" 303132333435363738396162636465666768696A6B6C6D6E6f707172737475 76\r\n";
        assert!(SymmetricKey::read("1", hex, KeyEncoding::Hex).is_err(), "a blank inside");
        let hex = b" 303132333435363738396162636465666768696A6B6C6D6E6f70717273747576\r\n";
        let hex = SymmetricKey::read("1", hex, KeyEncoding::Hex).unwrap();
        let base64 = SymmetricKey::read("1", BASE64.encode(TEXT).as_bytes(), KeyEncoding::Base64).unwrap();
        let sealed = raw.seal(b"x", [7; 16]);
        assert_eq!(hex.seal(b"x", [7; 16]), sealed);
        assert_eq!(base64.seal(b"x", [7; 16]), sealed);
        assert_eq!(raw.bits(), 256);
    }

    #[test]
    fn a_blank_at_the_end_of_a_raw_key_is_a_byte_of_it() {
        assert!(SymmetricKey::read("1", b"0123456789abcde ", KeyEncoding::Raw).is_ok());
    }

    #[test]
    fn refused_with_the_length_and_without_the_key() {
        let secret = b"hunter2hunter2";
        for encoding in [KeyEncoding::Raw, KeyEncoding::Hex, KeyEncoding::Base64] {
            let error = SymmetricKey::read("1", secret, encoding).unwrap_err();
            assert!(!error.to_string().contains("hunter2"), "{error}");
        }
        let error = SymmetricKey::read("1", secret, KeyEncoding::Raw).unwrap_err();
        assert!(error.to_string().contains("14 bytes"), "{error}");
        let key = SymmetricKey::read("1", TEXT, KeyEncoding::Raw).unwrap();
        assert!(!format!("{key:?}").contains("0123"));
    }
}
