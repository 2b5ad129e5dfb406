//! Whether a reply is right: its status, its shape, and now and then what is sealed in it.

use std::borrow::Cow;

use miette::{IntoDiagnostic as _, Result, WrapErr as _, bail, ensure};
use nontax_gateway::envelope::SymmetricKey;
use nontax_gateway::wire::DATA_ENCRYPT_TYPE;
use serde::Deserialize;
use serde_json::Value;

/// Every so many replies one is decrypted. All would cost the load more than the sending.
const DECRYPTED_EVERY: u64 = 16;

/// The envelope without a copy of what is in it.
#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow)]
    data: Cow<'a, str>,
    #[serde(borrow)]
    data_encrypt_type: Cow<'a, str>,
}

/// Looks at replies, and counts them.
pub(crate) struct Checker<'a> {
    key: &'a SymmetricKey,
    /// What a decrypted reply may say.
    allowed: &'a [i64],
    seen: u64,
}

impl<'a> Checker<'a> {
    /// For replies that are sealed with a key.
    pub(crate) const fn new(key: &'a SymmetricKey, allowed: &'a [i64]) -> Self {
        Self { key, allowed, seen: 0 }
    }

    /// # Errors
    /// What is wrong with the reply.
    pub(crate) fn check(&mut self, status: u16, body: &[u8]) -> Result<()> {
        let envelope = read_envelope(status, body)?;
        self.seen += 1;
        if self.seen.is_multiple_of(DECRYPTED_EVERY) {
            let answer = decrypt(self.key, &envelope)?;
            let errcode = answer["errcode"].as_i64();
            ensure!(errcode.is_some_and(|errcode| self.allowed.contains(&errcode)), "a wrong reply: {answer}");
        }
        Ok(())
    }
}

/// What a reply says.
pub(crate) fn open(key: &SymmetricKey, status: u16, body: &[u8]) -> Result<Value> {
    decrypt(key, &read_envelope(status, body)?)
}

fn read_envelope(status: u16, body: &[u8]) -> Result<Envelope<'_>> {
    let Ok(envelope) = serde_json::from_slice::<Envelope<'_>>(body) else {
        bail!("a reply is no envelope: status {status}, {}", String::from_utf8_lossy(body));
    };
    ensure!(
        status == 200 && envelope.data_encrypt_type == DATA_ENCRYPT_TYPE && !envelope.data.is_empty(),
        "a reply of the wrong form: status {status}, {}",
        String::from_utf8_lossy(body)
    );
    Ok(envelope)
}

fn decrypt(key: &SymmetricKey, envelope: &Envelope<'_>) -> Result<Value> {
    let plaintext = key.open_unsigned(&envelope.data).into_diagnostic().wrap_err("a reply cannot be decrypted")?;
    serde_json::from_slice(&plaintext).into_diagnostic().wrap_err("a reply's plaintext is no JSON")
}

#[cfg(test)]
mod tests {
    use super::*;
    use nontax_gateway::envelope::KeyEncoding;

    fn key() -> SymmetricKey {
        SymmetricKey::read("test", b"0123456789abcdefghijklmnopqrstuv", KeyEncoding::Raw).unwrap()
    }

    fn reply(plaintext: &str) -> Vec<u8> {
        let data = key().seal(plaintext.as_bytes(), [0; 16]);
        format!(r#"{{"data":"{data}","data_encrypt_type":"{DATA_ENCRYPT_TYPE}"}}"#).into_bytes()
    }

    #[test]
    fn a_wrong_errcode_is_seen_in_every_sixteenth_reply() {
        let key = key();
        let wrong = reply(r#"{"errcode":299}"#);
        let mut checker = Checker::new(&key, &[0, 232]);
        let first_seen = (1..=DECRYPTED_EVERY).find(|_| checker.check(200, &wrong).is_err());
        assert_eq!(first_seen, Some(DECRYPTED_EVERY));
        let right = reply(r#"{"errcode":232}"#);
        assert!((1..=DECRYPTED_EVERY).all(|_| checker.check(200, &right).is_ok()));
    }

    #[test]
    fn a_wrong_form_is_seen_in_every_reply() {
        let key = key();
        let mut checker = Checker::new(&key, &[0]);
        assert!(checker.check(500, &reply(r#"{"errcode":0}"#)).is_err());
        assert!(checker.check(200, br#"{"data":"","data_encrypt_type":"AES/CBC/PKCS7Padding"}"#).is_err());
        assert!(checker.check(200, br#"{"errcode":0}"#).is_err());
        assert!(checker.check(200, b"").is_err());
    }
}
