//! What the envelope costs on one core: a request of 400 bytes of plaintext opened and its reply sealed, and the parts of it.
//!
//! AES-256 and RSA-2048. The verification of the `rsa` crate stands beside ours to show what the choice of aws-lc-rs is worth.

#![expect(clippy::unwrap_used, reason = "a benchmark fails by panicking")]

use std::hint::black_box;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use criterion::{Criterion, criterion_group, criterion_main};
use nontax_gateway::envelope::{IV_BYTES, KeyEncoding, KeyRing, SignatureOver, SigningKey, SymmetricKey};
use nontax_gateway::wire::{DATA_ENCRYPT_TYPE, PROTOCOL_VERSION, RequestEnvelope, SIGN_TYPE};
use rsa::pkcs1v15::{Signature, VerifyingKey};
use rsa::pkcs8::DecodePublicKey as _;
use rsa::sha2::Sha256;
use rsa::signature::Verifier as _;

const PLATFORM_PRIVATE: &str = include_str!("../tests/fixtures/envelope/TEST-ONLY-platform-private.pem");
const SYMMETRIC: &[u8] = b"0123456789abcdefghijklmnopqrstuv";

/// A notification has about 120 bytes, a query 200, a reply with an item 400.
const PLAINTEXT_BYTES: usize = 400;

/// The iv of requests and replies. Which bytes it has makes no difference to the time.
const IV: [u8; IV_BYTES] = [0x5A; IV_BYTES];

fn envelope(criterion: &mut Criterion) {
    let signing_key = SigningKey::read(PLATFORM_PRIVATE).unwrap();
    let platform_key = signing_key.platform_key("bench").unwrap();
    let symmetric_key = || SymmetricKey::read("bench", SYMMETRIC, KeyEncoding::Raw).unwrap();
    let plaintext = plaintext();
    let request = request(&signing_key, &symmetric_key(), &plaintext);
    let signature = BASE64.decode(&request.sign).unwrap();

    let mut group = criterion.benchmark_group("envelope");
    group.bench_function("open, verify and seal", |bencher| {
        let platform_keys = vec![signing_key.platform_key("bench").unwrap()];
        let ring = KeyRing::new(vec![symmetric_key()], platform_keys, SignatureOver::Plaintext).unwrap();
        bencher.iter(|| {
            let opened = ring.open(black_box(&request)).unwrap();
            opened.symmetric_key.seal(opened.plaintext.bytes(), IV)
        });
    });
    let key = symmetric_key();
    group.bench_function("part: decrypt", |bencher| {
        bencher.iter(|| key.open_unsigned(black_box(&request.data)).unwrap());
    });
    group.bench_function("part: verify", |bencher| {
        assert!(platform_key.verify(&plaintext, &signature));
        bencher.iter(|| platform_key.verify(black_box(&plaintext), black_box(&signature)));
    });
    group.bench_function("part: seal", |bencher| {
        bencher.iter(|| key.seal(black_box(&plaintext), IV));
    });
    group.bench_function("for comparison: verify with the rsa crate", |bencher| {
        let public_key = rsa::RsaPublicKey::from_public_key_pem(&signing_key.public_pem().unwrap()).unwrap();
        let verifier = VerifyingKey::<Sha256>::new(public_key);
        let signature = Signature::try_from(signature.as_slice()).unwrap();
        verifier.verify(&plaintext, &signature).unwrap();
        bencher.iter(|| verifier.verify(black_box(&plaintext), black_box(&signature)).is_ok());
    });
    group.finish();
}

/// A JSON object of exactly [`PLAINTEXT_BYTES`].
fn plaintext() -> Vec<u8> {
    let (head, tail) = (br#"{"order_id":""#, br#""}"#);
    let mut plaintext = head.to_vec();
    plaintext.resize(PLAINTEXT_BYTES - tail.len(), b'1');
    plaintext.extend_from_slice(tail);
    plaintext
}

fn request(signing_key: &SigningKey, symmetric_key: &SymmetricKey, plaintext: &[u8]) -> RequestEnvelope {
    RequestEnvelope {
        data: symmetric_key.seal(plaintext, IV),
        data_encrypt_type: DATA_ENCRYPT_TYPE.to_owned(),
        sign: signing_key.sign(plaintext),
        sign_type: SIGN_TYPE.to_owned(),
        version: PROTOCOL_VERSION,
        appid: "wx5f6e43071809a9dd".to_owned(),
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default().warm_up_time(Duration::from_secs(1)).measurement_time(Duration::from_secs(4));
    targets = envelope
}
criterion_main!(benches);
