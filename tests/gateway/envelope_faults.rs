//! Everything that can be wrong with an envelope: one status, one length, one moment, and the right errcode inside.

use std::time::{Duration, Instant};

use serde_json::Value;

use crate::book::{import, payable};
use crate::served::{Served, Setup};
use crate::stores::{TestStore, on_both_stores};
use crate::weixin::{KEY, OTHER, OTHER_KEY, WEIXIN, envelope, envelope_with, query};

on_both_stores!(faults_are_told_apart_inside_and_nowhere_else, a_body_over_the_limit_is_refused);

/// A request with a field that is not as it must be.
fn with_field(field: &str, value: impl Into<Value>) -> Vec<u8> {
    let mut envelope = envelope(query("1").to_string().as_bytes());
    envelope[field] = value.into();
    envelope.to_string().into_bytes()
}

/// The genuine `data`, changed by `change` on its decoded bytes.
fn with_data(change: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    use base64::Engine as _;
    let base64 = base64::engine::general_purpose::STANDARD;
    let genuine = envelope(query("1").to_string().as_bytes());
    let mut data = base64.decode(genuine["data"].as_str().unwrap()).unwrap();
    change(&mut data);
    with_field("data", base64.encode(data))
}

/// Bodies that are no request at all, or lack something: 210.
fn misshapen() -> Vec<(String, Vec<u8>, i64)> {
    let genuine = envelope(query("1").to_string().as_bytes());
    let mut cases = vec![
        ("no JSON".to_owned(), b"hello".to_vec(), 210),
        ("an empty body".to_owned(), Vec::new(), 210),
        ("blanks".to_owned(), b"  \r\n".to_vec(), 210),
        ("a list".to_owned(), b"[]".to_vec(), 210),
        ("not UTF-8".to_owned(), b"{\"data\":\"\xff\xfe\"}".to_vec(), 210),
        ("JSON cut short".to_owned(), genuine.to_string().as_bytes()[..200].to_vec(), 210),
        ("two documents".to_owned(), format!("{genuine}{genuine}").into_bytes(), 210),
        ("deep nesting".to_owned(), "[".repeat(60_000).into_bytes(), 210),
    ];
    for field in ["data", "data_encrypt_type", "sign", "sign_type", "version", "appid"] {
        let mut lacking = genuine.clone();
        lacking.as_object_mut().unwrap().remove(field);
        cases.push((format!("no {field}"), lacking.to_string().into_bytes(), 210));
        cases.push((format!("{field} is null"), with_field(field, Value::Null), 210));
        cases.push((format!("{field} is a list"), with_field(field, vec![1]), 210));
    }
    for version in [Value::from(0), Value::from(2), Value::from("2"), Value::from(""), Value::from("one")] {
        cases.push((format!("version {version}"), with_field("version", version), 210));
    }
    cases
}

/// Envelopes that do not open, or are signed by nobody known, or for somebody else.
fn unopened() -> Vec<(String, Vec<u8>, i64)> {
    let plaintext = query("1").to_string();
    let wrong_key = envelope_with(OTHER_KEY, &WEIXIN, plaintext.as_bytes());
    let wrong_signer = envelope_with(KEY, &OTHER, plaintext.as_bytes());
    let other_plaintext = WEIXIN.sign(b"another plaintext");
    let cases = [
        ("another cipher", with_field("data_encrypt_type", "AES/ECB/PKCS5Padding"), 298),
        ("data is not base64", with_field("data", "!!!"), 298),
        ("data is empty", with_field("data", ""), 298),
        ("data is base64 of another alphabet", with_field("data", "-_-_"), 298),
        ("data is cut inside of a block", with_data(|data| data.truncate(data.len() - 1)), 298),
        ("data has no iv", with_data(|data| data.truncate(15)), 298),
        ("data is only an iv", with_data(|data| data.truncate(16)), 298),
        ("the last block is missing", with_data(|data| data.truncate(data.len() - 16)), 298),
        (
            "the padding is wrong",
            with_data(|data| {
                let at = data.len() - 17;
                data[at] ^= 0xff;
            }),
            298,
        ),
        ("another key", wrong_key.to_string().into_bytes(), 298),
        ("another kind of signature", with_field("sign_type", "MD5withRSA"), 300),
        ("sign is not base64", with_field("sign", "!!!"), 300),
        ("sign is empty", with_field("sign", ""), 300),
        ("sign is short", with_field("sign", "AAAA"), 300),
        ("signed by somebody else", wrong_signer.to_string().into_bytes(), 300),
        ("the signature of something else", with_field("sign", other_plaintext), 300),
        ("the plaintext was changed", with_data(|data| data[0] ^= 1), 300),
        ("another account", with_field("appid", "wx0000000000000000"), 210),
        ("no account", with_field("appid", ""), 210),
    ];
    cases.map(|(name, body, errcode)| (name.to_owned(), body, errcode)).to_vec()
}

async fn faults_are_told_apart_inside_and_nowhere_else(test: TestStore) {
    import(&*test.store, payable("1")).await;
    let delay = Duration::from_millis(30);
    let mut setup = Setup::default();
    setup.limits.envelope_fault_delay = delay;
    let served = setup.serve(&test.store).await;
    // The request that all of them are variations of is right.
    let genuine = envelope(query("1").to_string().as_bytes()).to_string().into_bytes();
    assert_eq!(served.post("receivables", genuine).await.opened()["errcode"], 0);

    let mut lengths = Vec::new();
    for (name, body, errcode) in misshapen().into_iter().chain(unopened()) {
        for callback in ["receivables", "notification"] {
            let started = Instant::now();
            let reply = served.post(callback, body.clone()).await;
            assert!(started.elapsed() >= delay, "{name} was answered early");
            assert_eq!(reply.opened()["errcode"], errcode, "{name}");
            lengths.push(reply.body.len());
        }
    }
    lengths.dedup();
    assert_eq!(lengths.len(), 1, "{lengths:?}");
    still_serves(&served).await;
}

async fn a_body_over_the_limit_is_refused(test: TestStore) {
    import(&*test.store, payable("1")).await;
    let mut setup = Setup::default();
    setup.limits.max_body_bytes = 4096;
    let served = setup.serve(&test.store).await;
    let mut body = envelope(query("1").to_string().as_bytes()).to_string().into_bytes();
    body.resize(4096, b' ');
    assert_eq!(served.post("receivables", body.clone()).await.opened()["errcode"], 0);
    body.push(b' ');
    let reply = served.post("receivables", body.clone()).await;
    assert_eq!(reply.opened()["errcode"], 210);
    let misshapen = served.post("receivables", b"hello".to_vec()).await;
    assert_eq!(reply.body.len(), misshapen.body.len());
    body.resize(3 << 20, b' ');
    assert_eq!(served.post("receivables", body).await.opened()["errcode"], 210);
    still_serves(&served).await;
}

async fn still_serves(served: &Served) {
    assert_eq!(served.queried("1").await, 0);
}
