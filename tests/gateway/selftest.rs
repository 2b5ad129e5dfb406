//! `nontax selftest` between a simulator and a gateway: what passes, and what is told when one of the two is wrong.

use std::sync::Arc;

use axum::Json;
use axum::extract::Path;
use axum::routing::post;
use nontax_gateway::domain::{Mode, OnRefusal, Role};
use nontax_gateway::envelope::{IV_BYTES, KeyRing, SignatureOver, SigningKey};
use nontax_gateway::simulator::{Settings, SimulatedParty, Simulator};
use nontax_gateway::store::{CallbackKind, JournalEntry, SharedStore};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::book::{finance, paid, recording};
use crate::command::House;
use crate::served::{APP_SECRET, Served, Setup};
use crate::stores::{TestStore, on_both_stores, sqlite};
use crate::stub_platform::{OrderReply, StubPlatform};
use crate::weixin::{APPID, KEY, OTHER, OTHER_KEY, WEIXIN, symmetric_key};

on_both_stores!(a_sound_gateway_passes, a_gateway_that_checks_no_signature_is_found_out);

/// The Weixin side, with the party's account and key.
async fn simulator() -> String {
    let signing_key = SigningKey::read(include_str!("../fixtures/envelope/TEST-ONLY-platform-private.pem")).unwrap();
    let party = SimulatedParty::new("gz-finance", APPID, APP_SECRET, symmetric_key("1", KEY));
    let simulator = Simulator::new(Settings::new(signing_key, vec![party])).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(simulator.serve(listener, std::future::pending()));
    url
}

/// Runs the self-test against what is served, and gives back its exit code and its report for a callback.
async fn selftest(test: &TestStore, platform: &str, callbacks: &str, more: &[&str]) -> (i32, Value) {
    let house = House::new(&test.url, platform, &format!("public_url = \"{callbacks}\""));
    let ran = house.nontax(&[&["selftest", "--format", "json"], more].concat()).await;
    (ran.code, ran.json())
}

async fn served(test: &TestStore, platform: &str, setup: Setup) -> (Served, String) {
    let platform = Setup::with_platform(platform).platform;
    let served = Setup { platform, ..setup }.serve(&test.store).await;
    let url = format!("http://{}", served.callbacks);
    (served, url)
}

fn with_keys(symmetric: &str, signing_key: &SigningKey) -> Setup {
    let platform_key = signing_key.platform_key("weixin-1").unwrap();
    let ring = KeyRing::new(vec![symmetric_key("aes-1", symmetric)], vec![platform_key], SignatureOver::Plaintext);
    Setup { key_ring: Arc::new(ring.unwrap()), ..Setup::default() }
}

async fn a_sound_gateway_passes(test: TestStore) {
    let platform = simulator().await;
    let (_served, url) = served(&test, &platform, Setup::default()).await;
    // What was there before does not count.
    let earlier = JournalEntry { received_at: jiff::Timestamp::now(), ..recording("A", paid("1"), finance()).journal };
    test.store.append_journal(vec![earlier]).await.unwrap();
    let house = House::new(&test.url, &platform, &format!("public_url = \"{url}/\""));
    let ran = house.nontax(&["selftest", "--format", "json"]).await;
    let report = ran.json();
    assert_eq!(ran.code, 0, "{report}");
    for (callback, answer) in [("notification", "refused"), ("receivables", "answered")] {
        let told = report.as_array().unwrap().iter().find(|told| told["callback"] == callback).unwrap();
        assert_eq!(told["result"], "passed", "{told}");
        assert_eq!((&told["decrypt"], &told["refuse_wrong_signature"]), (&json!(true), &json!(true)));
        assert_eq!(told["platform_errcode"], 0);
        let calls: Vec<_> = told["calls"].as_array().unwrap().iter().map(|call| &call["outcome"]).collect();
        assert_eq!(calls.len(), 2, "{told}");
        assert!(calls.contains(&&json!(answer)) && calls.contains(&&json!("invalid_signature")), "{told}");
    }
    let ran = house.nontax(&["selftest", "--party", "gz-finance"]).await;
    assert_eq!(ran.code, 0, "{}", ran.out);
    assert!(
        ran.out.contains("ok       decrypt  — opened with key aes-1, answered 231 (\"refused\" in the journal)"),
        "{}",
        ran.out
    );
    assert!(ran.out.contains("ok       refuse a wrong signature  — answered 300"), "{}", ran.out);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_platform_key_fails_the_half_that_decrypts() {
    let test = sqlite().await;
    let platform = simulator().await;
    let (_served, url) = served(&test, &platform, with_keys(KEY, &OTHER)).await;
    let (code, report) = selftest(&test, &platform, &url, &[]).await;
    assert_eq!(code, 1, "{report}");
    let told = &report[0];
    assert_eq!((&told["decrypt"], &told["refuse_wrong_signature"]), (&json!(false), &json!(true)), "{told}");
    assert_eq!(told["platform_errcode"], 9_203_004);
    assert!(told["cause"].as_str().unwrap().contains("no platform key verifies them"), "{told}");
    assert!(told["cure"].as_str().unwrap().contains("signature_over"), "{told}");
}

/// Another key leaves a padding that looks right once in 256 times; such a callback fails at its signature.
const ATTEMPTS_WITH_ANOTHER_KEY: u32 = 4;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_symmetric_key_fails_both_halves() {
    let test = sqlite().await;
    let platform = simulator().await;
    let (_served, url) = served(&test, &platform, with_keys(OTHER_KEY, &WEIXIN)).await;
    let is_told = |told: &Value| told["cause"].as_str().is_some_and(|it| it.contains("no symmetric key decrypts them"));
    for _ in 0..ATTEMPTS_WITH_ANOTHER_KEY {
        let (code, report) = selftest(&test, &platform, &url, &[]).await;
        assert_eq!(code, 1, "{report}");
        let told = report.as_array().unwrap();
        assert!(told.iter().all(|told| told["decrypt"] == json!(false)), "{report}");
        if told.iter().all(is_told) {
            assert!(told.iter().all(|told| told["refuse_wrong_signature"] == json!(false)), "{report}");
            return;
        }
    }
    panic!("no attempt told that no symmetric key decrypts the callbacks");
}

/// What answers 0 to whatever comes, and says in the journal that it opened it.
async fn gullible_gateway(store: SharedStore) -> String {
    let answer = move |Path((_, kind)): Path<(String, String)>| {
        let store = Arc::clone(&store);
        async move {
            let kind = if kind == "receivables" { CallbackKind::Receivables } else { CallbackKind::Notification };
            let entry = JournalEntry {
                kind,
                outcome: "recorded",
                received_at: jiff::Timestamp::now(),
                ..recording("A", paid("1"), finance()).journal
            };
            store.append_journal(vec![entry]).await.unwrap();
            let data = symmetric_key("", KEY).seal(br#"{"errcode":0,"errmsg":"ok"}"#, [7; IV_BYTES]);
            Json(json!({ "data": data, "data_encrypt_type": "AES/CBC/PKCS7Padding" }))
        }
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let router = axum::Router::new().route("/callback/{party}/{kind}", post(answer));
    tokio::spawn(async move { axum::serve(listener, router).await });
    url
}

async fn a_gateway_that_checks_no_signature_is_found_out(test: TestStore) {
    let platform = simulator().await;
    let url = gullible_gateway(Arc::clone(&test.store)).await;
    let (code, report) = selftest(&test, &platform, &url, &[]).await;
    assert_eq!(code, 1, "{report}");
    for told in report.as_array().unwrap() {
        assert_eq!((&told["decrypt"], &told["refuse_wrong_signature"]), (&json!(true), &json!(false)), "{told}");
        assert!(told["cause"].as_str().unwrap().contains("the signature is not checked"), "{told}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_never_arrives_is_told_with_what_to_check() {
    let test = sqlite().await;
    let platform = simulator().await;
    // A port that was free a moment ago.
    let nobody = format!("http://{}", TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap());
    let (code, report) = selftest(&test, &platform, &nobody, &["--wait", "1"]).await;
    assert_eq!(code, 1, "{report}");
    assert_eq!(report[0]["platform_errcode"], 9_203_001, "{report}");
    assert_eq!(report[0]["cause"], "no call arrived at the gateway");
    assert!(report[0]["cure"].as_str().unwrap().contains("allow_from"), "{report}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_held_payment_is_no_fault_of_the_keys() {
    let test = sqlite().await;
    let platform = simulator().await;
    let setup = Setup { on_refusal: OnRefusal::Hold, ..Setup::default() };
    let (_served, url) = served(&test, &platform, setup).await;
    let (code, report) = selftest(&test, &platform, &url, &[]).await;
    assert_eq!(code, 1, "{report}");
    assert_eq!(report[0]["calls"][0]["outcome"], "held", "{report}");
    assert!(report[0]["cause"].as_str().unwrap().contains("opened and answered 299"), "{report}");
    assert_eq!(report[1]["result"], "passed", "{report}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_government_unit_is_not_tested_for_receivables_and_passes() {
    let test = sqlite().await;
    let platform = simulator().await;
    let setup = Setup { role: Role::GovernmentUnit, mode: Mode::DirectFinance, ..Setup::default() };
    let (_served, url) = served(&test, &platform, setup).await;
    let house = House::new(&test.url, &platform, &format!("public_url = \"{url}\""));
    let config = std::fs::read_to_string(house.path().join("nontax.toml")).unwrap();
    house.write("nontax.toml", &config.replace("role = \"finance\"", "role = \"government_unit\""));
    let ran = house.nontax(&["selftest", "--format", "json"]).await;
    let report = ran.json();
    assert_eq!(ran.code, 0, "{report}");
    assert_eq!((&report[0]["result"], &report[1]["result"]), (&json!("passed"), &json!("skipped")), "{report}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_platform_that_refuses_or_is_away_has_its_own_exit_code() {
    let test = sqlite().await;
    let refusal = json!({ "errcode": 48001, "errmsg": "api unauthorized" });
    let platform = StubPlatform::start(OrderReply::Json(refusal)).await;
    let (code, report) = selftest(&test, &platform.url, "http://127.0.0.1:1", &[]).await;
    assert_eq!((code, &report[0]["errcode"]), (5, &json!(48001)), "{report}");
    assert!(report[0]["cure"].as_str().unwrap().contains("configures its permissions"), "{report}");
    let (code, report) = selftest(&test, "http://127.0.0.1:1", "http://127.0.0.1:1", &[]).await;
    assert_eq!((code, &report[0]["result"]), (4, &json!("not_tested")), "{report}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_url_or_with_an_unknown_party_it_says_what_to_write() {
    let test = sqlite().await;
    let house = House::new(&test.url, "http://127.0.0.1:1", "");
    let ran = house.nontax(&["selftest"]).await;
    assert_eq!(ran.code, 2, "{}", ran.err);
    assert!(ran.err.contains("server.public_url"), "{}", ran.err);
    let ran = house.nontax(&["selftest", "--url", "http://pay.example.gov.cn"]).await;
    assert_eq!(ran.code, 2, "{}", ran.err);
    assert!(ran.err.contains("http is taken for a loopback address only"), "{}", ran.err);
    let ran = house.nontax(&["selftest", "--url", "http://127.0.0.1:1", "--party", "nobody"]).await;
    assert_eq!(ran.code, 2, "{}", ran.err);
    assert!(ran.err.contains("there are: gz-finance"), "{}", ran.err);
}
