//! The envelope against vectors that another implementation made (see `tests/fixtures/envelope/README.md`).

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use nontax_gateway::envelope::{
    EnvelopeFault, KeyEncoding, KeyRing, PlatformKey, SignatureOver, SigningKey, SmallKeys, SymmetricKey,
};
use nontax_gateway::wire::{DATA_ENCRYPT_TYPE, PROTOCOL_VERSION, RequestEnvelope, SIGN_TYPE};
use serde::Deserialize;

const VECTORS: &str = include_str!("fixtures/envelope/vectors.json");
const PLATFORM_PRIVATE: &str = include_str!("fixtures/envelope/TEST-ONLY-platform-private.pem");

#[derive(Deserialize)]
struct Document {
    platform_key_spki: String,
    platform_key_pkcs1: String,
    platform_key_certificate: String,
    other_key_spki: String,
    vectors: Vec<Vector>,
}

#[derive(Deserialize)]
struct Vector {
    name: String,
    symmetric_key: String,
    iv: String,
    plaintext: String,
    data: String,
    sign: String,
    signature_over: String,
    verdict: String,
}

impl Vector {
    fn request(&self) -> RequestEnvelope {
        RequestEnvelope {
            data: self.data.clone(),
            data_encrypt_type: DATA_ENCRYPT_TYPE.to_owned(),
            sign: self.sign.clone(),
            sign_type: SIGN_TYPE.to_owned(),
            version: PROTOCOL_VERSION,
            appid: "wx5f6e43071809a9dd".to_owned(),
        }
    }

    fn signature_over(&self) -> SignatureOver {
        if self.signature_over == "data" { SignatureOver::Data } else { SignatureOver::Plaintext }
    }

    fn key(&self) -> SymmetricKey {
        SymmetricKey::read("test", self.symmetric_key.as_bytes(), KeyEncoding::Raw).unwrap()
    }
}

fn document() -> Document {
    serde_json::from_str(VECTORS).unwrap()
}

fn platform_key(pem: &str) -> PlatformKey {
    PlatformKey::read("test", pem, SmallKeys::Refused).unwrap()
}

#[test]
fn every_vector_gets_its_verdict() {
    let document = document();
    for vector in &document.vectors {
        let ring =
            KeyRing::new(vec![vector.key()], vec![platform_key(&document.platform_key_spki)], vector.signature_over())
                .unwrap();
        match (vector.verdict.as_str(), ring.open(&vector.request())) {
            ("opens", Ok(opened)) => {
                assert_eq!(opened.plaintext.bytes(), vector.plaintext.as_bytes(), "{}", vector.name);
            }
            ("decryption", Err(EnvelopeFault::Decryption(_))) | ("signature", Err(EnvelopeFault::Signature { .. })) => {
            }
            (verdict, found) => panic!("{}: expected {verdict}, found {found:?}", vector.name),
        }
    }
}

#[test]
fn sealing_gives_the_same_bytes() {
    let vectors = document().vectors;
    // Another sender's iv is not ours to repeat: its ciphertext holds the iv as well.
    let ours = vectors.iter().filter(|vector| vector.verdict == "opens" && !vector.name.contains("repeated"));
    for vector in ours {
        let iv: [u8; 16] = BASE64.decode(&vector.iv).unwrap().try_into().unwrap();
        assert_eq!(vector.key().seal(vector.plaintext.as_bytes(), iv), vector.data, "{}", vector.name);
    }
}

#[test]
fn signing_gives_the_same_signature() {
    let signing_key = SigningKey::read(PLATFORM_PRIVATE).unwrap();
    for vector in document().vectors.iter().filter(|vector| vector.verdict == "opens") {
        let signed = if vector.signature_over == "data" { &vector.data } else { &vector.plaintext };
        assert_eq!(signing_key.sign(signed.as_bytes()), vector.sign, "{}", vector.name);
    }
}

#[test]
fn a_key_is_the_same_in_every_kind_of_pem() {
    let document = document();
    let vector = &document.vectors[0];
    let signature = BASE64.decode(&vector.sign).unwrap();
    for pem in [&document.platform_key_spki, &document.platform_key_pkcs1, &document.platform_key_certificate] {
        assert!(platform_key(pem).verify(vector.plaintext.as_bytes(), &signature), "{pem}");
    }
    assert!(!platform_key(&document.other_key_spki).verify(vector.plaintext.as_bytes(), &signature));
}

#[test]
fn keys_in_rotation_open_what_either_of_them_made() {
    let document = document();
    for bits in ["128", "256"] {
        let vector = document.vectors.iter().find(|vector| vector.name.contains(bits)).unwrap();
        let keys = ["128", "256"].map(|bits| {
            let sample = document.vectors.iter().find(|vector| vector.name.contains(bits)).unwrap();
            SymmetricKey::read(bits, sample.symmetric_key.as_bytes(), KeyEncoding::Raw).unwrap()
        });
        let platform = vec![platform_key(&document.other_key_spki), platform_key(&document.platform_key_spki)];
        let ring = KeyRing::new(keys.into(), platform, SignatureOver::Plaintext).unwrap();
        let opened = ring.open(&vector.request()).unwrap();
        assert_eq!(opened.symmetric_key.id(), bits);
    }
}
