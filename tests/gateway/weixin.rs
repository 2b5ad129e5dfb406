//! What Weixin sends and how it reads replies: plaintexts, envelopes sealed and signed, replies opened.

use std::sync::{Arc, LazyLock};

use nontax_gateway::envelope::{IV_BYTES, KeyEncoding, KeyRing, SignatureOver, SigningKey, SymmetricKey};
use serde_json::{Value, json};

use crate::book::NOON;

/// The Official Account of the party.
pub(crate) const APPID: &str = "wx5f6e43071809a9dd";

/// The party's symmetric key, which no reply, log or metric may show.
pub(crate) const KEY: &str = "0123456789abcdefghijklmnopqrstuv";

/// Another symmetric key: the one before, or a stranger's.
pub(crate) const OTHER_KEY: &str = "vutsrqponmlkjihgfedcba9876543210";

/// Weixin's key pair.
pub(crate) static WEIXIN: LazyLock<SigningKey> =
    LazyLock::new(|| SigningKey::read(include_str!("../fixtures/envelope/TEST-ONLY-platform-private.pem")).unwrap());

/// Another key pair: the next one, or a stranger's.
pub(crate) static OTHER: LazyLock<SigningKey> =
    LazyLock::new(|| SigningKey::read(include_str!("../fixtures/envelope/TEST-ONLY-other-private.pem")).unwrap());

/// A symmetric key by its text.
pub(crate) fn symmetric_key(id: &str, text: &str) -> SymmetricKey {
    SymmetricKey::read(id, text.as_bytes(), KeyEncoding::Raw).unwrap()
}

/// One key of each kind, the signature over the plaintext.
pub(crate) fn key_ring() -> Arc<KeyRing> {
    let platform_key = WEIXIN.platform_key("weixin-1").unwrap();
    Arc::new(KeyRing::new(vec![symmetric_key("aes-1", KEY)], vec![platform_key], SignatureOver::Plaintext).unwrap())
}

/// A request as it must be.
pub(crate) fn envelope(plaintext: &[u8]) -> Value {
    envelope_with(KEY, &WEIXIN, plaintext)
}

/// A request under another symmetric key, or signed with another key pair.
pub(crate) fn envelope_with(key: &str, signing_key: &SigningKey, plaintext: &[u8]) -> Value {
    json!({
        "data": symmetric_key("", key).seal(plaintext, [7; IV_BYTES]),
        "data_encrypt_type": "AES/CBC/PKCS7Padding",
        "sign": signing_key.sign(plaintext),
        "sign_type": "SHA256withRSA",
        "version": 1,
        "appid": APPID,
    })
}

/// The plaintext of a reply's body.
pub(crate) fn open_reply(key: &str, body: &[u8]) -> Value {
    let envelope: Value = serde_json::from_slice(body).unwrap();
    assert_eq!(envelope["data_encrypt_type"], "AES/CBC/PKCS7Padding");
    let plaintext = symmetric_key("", key).open_unsigned(envelope["data"].as_str().unwrap()).unwrap();
    serde_json::from_slice(&plaintext).unwrap()
}

/// A receivables query for a notice.
pub(crate) fn query(number: &str) -> Value {
    json!({
        "appid": APPID,
        "region_code": "440100",
        "payment_notice_no": number,
        "department_code": "001002",
        "payment_notice_type": 1,
        "bank_id": "ICBC",
    })
}

/// The notification that an order was paid, as the sources list it: it does not say which notice that pays.
pub(crate) fn paid_without_details(order_id: &str) -> Value {
    json!({ "order_id": order_id, "status": 3, "pay_channel": "wx_nontax", "pay_finish_time": NOON })
}

/// The notification that an order paid a notice of 200 yuan, with the fields that say so.
pub(crate) fn paid(order_id: &str, number: &str) -> Value {
    with(
        paid_without_details(order_id),
        &json!({
            "payment_notice_no": number,
            "region_code": "440100",
            "department_code": "001002",
            "fee": 20_000,
        }),
    )
}

/// The notification that an order was refunded.
pub(crate) fn refunded(order_id: &str) -> Value {
    json!({ "order_id": order_id, "status": 5, "pay_channel": "wx_nontax", "pay_finish_time": NOON,
            "refund_finish_time": NOON + 60 })
}

/// An object with some fields more, or with other values.
pub(crate) fn with(mut object: Value, fields: &Value) -> Value {
    for (name, value) in fields.as_object().unwrap() {
        object[name] = value.clone();
    }
    object
}
