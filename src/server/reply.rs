//! Replies under a key, and the one shape of every envelope fault.

use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse as _, Response};

use crate::envelope::{IV_BYTES, SymmetricKey};
use crate::wire::{Errcode, Locale, NotificationReply, reply_envelope_json};

/// The length of every envelope fault's plaintext. JSON allows white space at its end, so shorter ones are filled up with it.
const FAULT_PLAINTEXT_BYTES: usize = 96;

/// The plaintext for 210, 298 and 300 of the envelope: one length whatever the code and the language.
pub(super) fn envelope_fault_plaintext(errcode: Errcode, locale: Locale) -> Vec<u8> {
    let reply =
        NotificationReply { errcode: errcode.code(), errmsg: errcode.message(locale).to_owned(), order_id: None };
    let mut plaintext = serde_json::to_vec(&reply).unwrap_or_default();
    plaintext.resize(FAULT_PLAINTEXT_BYTES, b' ');
    plaintext
}

/// Seals a plaintext under a fresh iv from the operating system.
pub(super) fn seal(key: &SymmetricKey, plaintext: &[u8]) -> Result<Response, getrandom::Error> {
    let mut iv = [0; IV_BYTES];
    getrandom::fill(&mut iv)?;
    let content_type = (header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    Ok(([content_type], reply_envelope_json(&key.seal(plaintext, iv))).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_envelope_fault_has_one_length_and_is_json() {
        for errcode in [Errcode::InvalidFormat, Errcode::DecryptionFailed, Errcode::InvalidSignature] {
            for locale in [Locale::Chinese, Locale::English] {
                let plaintext = envelope_fault_plaintext(errcode, locale);
                assert_eq!(plaintext.len(), FAULT_PLAINTEXT_BYTES);
                let reply: NotificationReply = serde_json::from_slice(&plaintext).unwrap();
                assert_eq!(reply.errcode, errcode.code());
                assert_eq!(reply.errmsg, errcode.message(locale));
            }
        }
    }
}
