//! Property tests of the envelope: what was sealed opens, what was touched does not, and nothing panics.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use nontax_gateway::envelope::{
    DecryptionFault, EnvelopeFault, IV_BYTES, KeyEncoding, KeyRing, SignatureFault, SignatureOver, SigningKey,
    SymmetricKey,
};
use nontax_gateway::wire::{DATA_ENCRYPT_TYPE, PROTOCOL_VERSION, RequestEnvelope, SIGN_TYPE, read_request_envelope};
use proptest::prelude::*;

static PLATFORM: LazyLock<SigningKey> = LazyLock::new(|| {
    SigningKey::read(include_str!("fixtures/envelope/TEST-ONLY-platform-private.pem")).expect("the fixture is a key")
});

fn ring(key: &[u8], signature_over: SignatureOver) -> KeyRing {
    let symmetric = SymmetricKey::read("k", BASE64.encode(key).as_bytes(), KeyEncoding::Base64).unwrap();
    KeyRing::new(vec![symmetric], vec![PLATFORM.platform_key("p").unwrap()], signature_over).unwrap()
}

fn request(ring: &KeyRing, plaintext: &[u8], iv: [u8; IV_BYTES], signature_over: SignatureOver) -> RequestEnvelope {
    let data = ring.current().seal(plaintext, iv);
    let sign = match signature_over {
        SignatureOver::Plaintext => PLATFORM.sign(plaintext),
        SignatureOver::Data => PLATFORM.sign(data.as_bytes()),
    };
    RequestEnvelope {
        data,
        data_encrypt_type: DATA_ENCRYPT_TYPE.to_owned(),
        sign,
        sign_type: SIGN_TYPE.to_owned(),
        version: PROTOCOL_VERSION,
        appid: "wx5f6e43071809a9dd".to_owned(),
    }
}

/// The base64 text with one bit of what it stands for flipped.
fn with_bit_flipped(base64: &str, bit: usize) -> String {
    let mut bytes = BASE64.decode(base64).unwrap();
    let bit = bit % (bytes.len() * 8);
    bytes[bit / 8] ^= 1 << (bit % 8);
    BASE64.encode(bytes)
}

fn any_key() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![Just(16_usize), Just(24), Just(32)].prop_flat_map(|bytes| proptest::collection::vec(any::<u8>(), bytes))
}

fn any_signature_over() -> impl Strategy<Value = SignatureOver> {
    prop_oneof![Just(SignatureOver::Plaintext), Just(SignatureOver::Data)]
}

fn any_plaintext() -> impl Strategy<Value = Vec<u8>> {
    proptest::collection::vec(any::<u8>(), 0..200)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_was_sealed_opens(
        key in any_key(),
        plaintext in any_plaintext(),
        iv in any::<[u8; IV_BYTES]>(),
        over in any_signature_over(),
    ) {
        let ring = ring(&key, over);
        let sealed = request(&ring, &plaintext, iv, over);
        let opened = ring.open(&sealed).map(|opened| opened.plaintext.bytes().to_vec());
        prop_assert_eq!(opened.as_ref(), Ok(&plaintext));
        let reply = ring.current().seal(&plaintext, iv);
        prop_assert_eq!(ring.current().open_unsigned(&reply), Ok(plaintext));
    }

    #[test]
    fn a_flipped_bit_of_the_data_is_refused(
        key in any_key(),
        plaintext in any_plaintext(),
        over in any_signature_over(),
        bit in any::<prop::sample::Index>(),
    ) {
        let ring = ring(&key, over);
        let mut touched = request(&ring, &plaintext, [7; IV_BYTES], over);
        touched.data = with_bit_flipped(&touched.data, bit.index(1 << 20));
        prop_assert!(ring.open(&touched).is_err());
    }

    #[test]
    fn a_flipped_bit_of_the_signature_is_refused(
        plaintext in any_plaintext(),
        over in any_signature_over(),
        bit in any::<prop::sample::Index>(),
    ) {
        let ring = ring(&[3; 32], over);
        let mut touched = request(&ring, &plaintext, [7; IV_BYTES], over);
        touched.sign = with_bit_flipped(&touched.sign, bit.index(1 << 20));
        let fault = ring.open(&touched).unwrap_err();
        prop_assert!(matches!(fault, EnvelopeFault::Signature { problem: SignatureFault::NoKeyFits, .. }), "{fault}");
    }

    #[test]
    fn a_signature_over_the_other_bytes_is_refused(plaintext in any_plaintext()) {
        let plain = ring(&[3; 32], SignatureOver::Plaintext);
        let data = ring(&[3; 32], SignatureOver::Data);
        prop_assert!(plain.open(&request(&data, &plaintext, [7; IV_BYTES], SignatureOver::Data)).is_err());
        prop_assert!(data.open(&request(&plain, &plaintext, [7; IV_BYTES], SignatureOver::Plaintext)).is_err());
    }

    #[test]
    fn nothing_panics_on_any_text(data in ".*", encrypt_type in ".*", sign in ".*", sign_type in ".*") {
        let ring = ring(&[3; 32], SignatureOver::Plaintext);
        let fields = |data_encrypt_type: &str, sign_type: &str| RequestEnvelope {
            data: data.clone(),
            data_encrypt_type: data_encrypt_type.to_owned(),
            sign: sign.clone(),
            sign_type: sign_type.to_owned(),
            version: PROTOCOL_VERSION,
            appid: String::new(),
        };
        prop_assert!(ring.open(&fields(&encrypt_type, &sign_type)).is_err());
        prop_assert!(ring.open(&fields(DATA_ENCRYPT_TYPE, SIGN_TYPE)).is_err());
        prop_assert!(ring.current().open_unsigned(&data).is_err());
    }

    #[test]
    fn nothing_panics_on_any_bytes_of_any_length(bytes in proptest::collection::vec(any::<u8>(), 0..100)) {
        let ring = ring(&[3; 32], SignatureOver::Plaintext);
        let mut touched = request(&ring, b"{}", [7; IV_BYTES], SignatureOver::Plaintext);
        touched.data = BASE64.encode(&bytes);
        prop_assert!(ring.open(&touched).is_err());
        prop_assert!(read_request_envelope(&bytes).is_err());
    }
}

#[test]
fn each_fault_is_called_by_its_name() {
    use EnvelopeFault::Decryption;
    let ring = ring(&[3; 32], SignatureOver::Plaintext);
    let good = request(&ring, b"{}", [7; IV_BYTES], SignatureOver::Plaintext);
    let fault_of = |change: fn(&mut RequestEnvelope)| {
        let mut touched = good.clone();
        change(&mut touched);
        ring.open(&touched).unwrap_err()
    };
    assert_eq!(
        fault_of(|request| request.data_encrypt_type = "AES/ECB".into()),
        Decryption(DecryptionFault::EncryptType)
    );
    assert_eq!(fault_of(|request| request.data.push('*')), Decryption(DecryptionFault::NotBase64));
    assert_eq!(fault_of(|request| request.data = "AAAA".into()), Decryption(DecryptionFault::Length(3)));
    assert_eq!(fault_of(|request| request.sign_type = "MD5".into()), signature(SignatureFault::SignType));
    assert_eq!(fault_of(|request| request.sign.push('*')), signature(SignatureFault::NotBase64));
    assert_eq!(fault_of(|request| request.sign = "AAAA".into()), signature(SignatureFault::NoKeyFits));
    // Both wrong: the first step that fails names it.
    let both = fault_of(|request| {
        request.data.push('*');
        request.sign_type = "MD5".into();
    });
    assert_eq!(both, Decryption(DecryptionFault::NotBase64));
}

fn signature(problem: SignatureFault) -> EnvelopeFault {
    EnvelopeFault::Signature { problem, opened_by: "k".into() }
}
