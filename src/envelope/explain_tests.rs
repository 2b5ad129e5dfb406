//! Tests of the explanation: what it finds and what it advises.

use super::*;
use crate::envelope::{SigningKey, SmallKeys};

const RAW: &[u8] = b"0123456789abcdef0123456789abcdef";
const PRIVATE: &str = include_str!("../../tests/fixtures/envelope/TEST-ONLY-platform-private.pem");
const OTHER: &str = include_str!("../../tests/fixtures/envelope/TEST-ONLY-other-private.pem");

fn platform(pem: &str) -> PlatformKey {
    PlatformKey::read("p.pem", &SigningKey::read(pem).unwrap().public_pem().unwrap(), SmallKeys::Refused).unwrap()
}

fn request(encoding: KeyEncoding, over: SignatureOver) -> String {
    let plaintext = br#"{"appid":"wx1","order_id":"1"}"#;
    let data = SymmetricKey::read("k", RAW, encoding).unwrap().seal(plaintext, [9; 16]);
    let signed = if over == SignatureOver::Data { data.as_bytes() } else { plaintext };
    let sign = SigningKey::read(PRIVATE).unwrap().sign(signed);
    serde_json::json!({"data": data, "data_encrypt_type": DATA_ENCRYPT_TYPE, "sign": sign, "sign_type": SIGN_TYPE,
        "version": 1, "appid": "wx1"})
    .to_string()
}

fn explained(body: &str, platform: &[PlatformKey]) -> (Explanation, String) {
    let key = WrittenKey { name: "aes.key", text: RAW };
    let explanation = explain(body.as_bytes(), &[key], KeyEncoding::Raw, platform);
    let text = format!("{explanation:?}");
    assert!(!text.contains("0123456789abcdef"), "the key is shown: {text}");
    (explanation, text)
}

#[test]
fn what_the_signature_covers_is_found_out() {
    for (over, advice) in [(SignatureOver::Plaintext, "plaintext"), (SignatureOver::Data, "data")] {
        let (explanation, text) = explained(&request(KeyEncoding::Raw, over), &[platform(OTHER), platform(PRIVATE)]);
        assert!(explanation.is_good(), "{text}");
        let expected = format!("write signature_over = \"{advice}\" in the party's configuration");
        assert_eq!(explanation.advice, [expected]);
    }
}

#[test]
fn a_key_read_in_the_wrong_encoding_is_told_the_right_one() {
    let (explanation, text) = explained(&request(KeyEncoding::Hex, SignatureOver::Plaintext), &[platform(PRIVATE)]);
    assert!(explanation.is_good(), "{text}");
    assert_eq!(explanation.advice[0], "write encoding = \"hex\" beside the key aes.key");
}

#[test]
fn a_wrong_signature_or_key_is_named() {
    let (explanation, text) = explained(&request(KeyEncoding::Raw, SignatureOver::Data), &[platform(OTHER)]);
    assert!(!explanation.is_good() && text.contains("no platform key verifies it (300)"), "{text}");
    let other = WrittenKey { name: "old.key", text: b"another-key-of-thirty-two-bytes!" };
    let body = request(KeyEncoding::Raw, SignatureOver::Plaintext);
    let text = format!("{:?}", explain(body.as_bytes(), &[other], KeyEncoding::Raw, &[]));
    assert!(text.contains("no key gives a plaintext that is JSON (298)"), "{text}");
    let other = WrittenKey { name: "old.key", text: b"another-key-of-thirty-two-bytes!" };
    let text = format!("{:?}", explain(body.as_bytes(), &[other], KeyEncoding::Raw, &[platform(PRIVATE)]));
    assert!(text.contains("not judged") && !text.contains("(300)"), "{text}");
}

#[test]
fn damage_in_transit_is_recognised() {
    let body = request(KeyEncoding::Raw, SignatureOver::Plaintext);
    let mut members: Map<String, Value> = serde_json::from_str(&body).unwrap();
    let with_data = |change: &dyn Fn(&str) -> String| {
        let data = members["data"].as_str().unwrap().to_owned();
        let mut touched = members.clone();
        touched.insert("data".into(), change(&data).into());
        explained(&Value::Object(touched).to_string(), &[]).1
    };
    assert!(with_data(&|data| data.trim_end_matches('=').to_owned() + " ").contains("holds white space or lacks"));
    assert!(with_data(&|data| format!("-_{}", data[2..].replace('+', "-").replace('/', "_"))).contains("URL-safe"));
    assert!(with_data(&|data| data[..24].to_owned()).contains("was cut short"));
    assert!(with_data(&|_| "数据".to_owned()).contains("is not base64"));
    members.remove("sign");
    let text = explained(&Value::Object(members).to_string(), &[]).1;
    assert!(text.contains("is missing (210)"), "{text}");
    assert!(explained("data=AA", &[]).1.contains("not a JSON object"));
}

#[test]
fn a_reply_has_no_signature() {
    let data = SymmetricKey::read("k", RAW, KeyEncoding::Raw).unwrap().seal(br#"{"errcode":0}"#, [1; 16]);
    let body = serde_json::json!({"data": data, "data_encrypt_type": DATA_ENCRYPT_TYPE}).to_string();
    let (explanation, text) = explained(&body, &[]);
    assert!(explanation.is_good() && text.contains("a reply is not signed"), "{text}");
}
