//! Making the request of a callback: sealed and signed as it must be, or wrong in one chosen way.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::{Deserialize, Serialize};

use super::chance::Stream;
use super::settings::SimulatedParty;
use crate::envelope::{KeyEncoding, SignatureOver, SigningKey, SymmetricKey};
use crate::wire::{DATA_ENCRYPT_TYPE, PROTOCOL_VERSION, RequestEnvelope, SIGN_TYPE};

/// The two callbacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Callback {
    /// The receivables query.
    Receivables,
    /// The payment status notification.
    Notification,
}

/// How a request is made, and the errcode that a party must answer it with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Variant {
    /// As it must be.
    #[default]
    Genuine,
    /// Signed over other bytes: 300.
    WrongSignature,
    /// The plaintext was changed after it was signed: 300.
    Tampered,
    /// Sealed with a key that is not the party's: 298.
    WrongKey,
    /// `data` ends in the middle of a block: 298.
    Cut,
    /// Signed as it must be, but for another Official Account: 210.
    WrongAppid,
    /// The body is not a request envelope: 210.
    NotAnEnvelope,
}

impl Variant {
    /// The errcode that a party must answer it with; `None` for a genuine request.
    #[must_use]
    pub const fn expected_errcode(self) -> Option<i64> {
        match self {
            Self::Genuine => None,
            Self::WrongSignature | Self::Tampered => Some(300),
            Self::WrongKey | Self::Cut => Some(298),
            Self::WrongAppid | Self::NotAnEnvelope => Some(210),
        }
    }
}

/// The body of a request with `plaintext` to a party.
pub(super) fn body(
    party: &SimulatedParty,
    signing_key: &SigningKey,
    plaintext: &[u8],
    variant: Variant,
    chance: &mut Stream,
) -> Vec<u8> {
    if variant == Variant::NotAnEnvelope {
        return b"<html><body>not an envelope</body></html>".to_vec();
    }
    let data = match variant {
        Variant::WrongKey => sealed_with_another_key(&party.symmetric_key, plaintext, chance),
        _ => party.symmetric_key.seal(plaintext, chance.iv()),
    };
    let mut message = match party.signature_over {
        SignatureOver::Plaintext => plaintext.to_vec(),
        SignatureOver::Data => data.clone().into_bytes(),
    };
    if variant == Variant::WrongSignature {
        message.push(b' ');
    }
    let envelope = RequestEnvelope {
        data: match variant {
            Variant::Tampered => altered(&data, |bytes| {
                // A bit of the iv is a bit of the first block of plaintext, and the padding stays right.
                if let Some(first) = bytes.first_mut() {
                    *first ^= 1;
                }
            }),
            Variant::Cut => altered(&data, |bytes| bytes.truncate(bytes.len().saturating_sub(5))),
            _ => data,
        },
        data_encrypt_type: DATA_ENCRYPT_TYPE.to_owned(),
        sign: signing_key.sign(&message),
        sign_type: SIGN_TYPE.to_owned(),
        version: PROTOCOL_VERSION,
        appid: match variant {
            Variant::WrongAppid => "wxanothers00000000".to_owned(),
            _ => party.appid.clone(),
        },
    };
    serde_json::to_vec(&envelope).expect("an envelope of texts and a number always serializes")
}

/// Sealed so that the party's own key surely fails: by chance, one wrong key in 256 gives a right padding.
fn sealed_with_another_key(key: &SymmetricKey, plaintext: &[u8], chance: &mut Stream) -> String {
    loop {
        let another = SymmetricKey::read("another", &chance.bytes::<32>(), KeyEncoding::Raw);
        if let Ok(another) = another {
            let data = another.seal(plaintext, chance.iv());
            if key.open_unsigned(&data).is_err() {
                return data;
            }
        }
    }
}

fn altered(data: &str, alter: impl FnOnce(&mut Vec<u8>)) -> String {
    let mut bytes = BASE64.decode(data).unwrap_or_default();
    alter(&mut bytes);
    BASE64.encode(bytes)
}

/// A URL with `wxnontaxstr` appended to its query.
pub(super) fn with_wxnontaxstr(url: &str, wxnontaxstr: &str) -> String {
    with_parameter(url, "wxnontaxstr", wxnontaxstr)
}

/// A URL with a parameter appended to its query. Neither name nor value needs an escape.
pub(super) fn with_parameter(url: &str, name: &str, value: &str) -> String {
    let (url, fragment) = url.split_once('#').map_or((url, None), |(url, fragment)| (url, Some(fragment)));
    let separator = match url.find('?') {
        None => "?",
        Some(_) if url.ends_with(['?', '&']) => "",
        Some(_) => "&",
    };
    let fragment = fragment.map(|fragment| format!("#{fragment}")).unwrap_or_default();
    format!("{url}{separator}{name}={value}{fragment}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::envelope::{EnvelopeFault, KeyRing, SignatureFault};
    use crate::simulator::chance::tests::stream;
    use crate::wire::read_request_envelope;

    const TEXT: &[u8] = b"0123456789abcdefghijklmnopqrstuv";

    fn symmetric_key() -> SymmetricKey {
        SymmetricKey::read("1", TEXT, KeyEncoding::Raw).unwrap()
    }

    #[test]
    fn each_variant_fails_where_it_says() {
        let signing_key = SigningKey::generate(&mut rsa::rand_core::OsRng, 2048).unwrap();
        for signature_over in [SignatureOver::Plaintext, SignatureOver::Data] {
            let party =
                SimulatedParty { signature_over, ..SimulatedParty::new("gz", "wx1", "secret", symmetric_key()) };
            let platform_key = signing_key.platform_key("1").unwrap();
            let ring = KeyRing::new(vec![symmetric_key()], vec![platform_key], signature_over).unwrap();
            let open = |variant| {
                let body = body(&party, &signing_key, br#"{"order_id":"A"}"#, variant, &mut stream());
                ring.open(&read_request_envelope(&body).unwrap()).map(|opened| opened.plaintext.bytes().to_vec())
            };
            assert_eq!(open(Variant::Genuine).unwrap(), br#"{"order_id":"A"}"#);
            assert!(open(Variant::WrongAppid).is_ok());
            for variant in [Variant::WrongSignature, Variant::Tampered] {
                assert!(
                    matches!(open(variant), Err(EnvelopeFault::Signature { problem: SignatureFault::NoKeyFits, .. })),
                    "{variant:?}"
                );
            }
            for variant in [Variant::WrongKey, Variant::Cut] {
                assert!(matches!(open(variant), Err(EnvelopeFault::Decryption(_))), "{variant:?}");
            }
            let garbage = body(&party, &signing_key, b"{}", Variant::NotAnEnvelope, &mut stream());
            assert!(read_request_envelope(&garbage).is_err());
        }
    }

    #[test]
    fn a_query_that_is_there_stays() {
        assert_eq!(with_wxnontaxstr("http://x/a", "1"), "http://x/a?wxnontaxstr=1");
        assert_eq!(with_wxnontaxstr("http://x/a?b=c", "1"), "http://x/a?b=c&wxnontaxstr=1");
        assert_eq!(with_wxnontaxstr("http://x/a?", "1"), "http://x/a?wxnontaxstr=1");
        assert_eq!(with_wxnontaxstr("http://x/a?b=c&#d", "1"), "http://x/a?b=c&wxnontaxstr=1#d");
    }
}
