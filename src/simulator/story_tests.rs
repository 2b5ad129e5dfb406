//! Stories over real ports: a scripted party on one side, the simulator on the other.

use std::collections::VecDeque;
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::Uri;
use axum::routing::post;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::*;
use crate::envelope::{KeyEncoding, KeyRing, SignatureOver, SymmetricKey};
use crate::wire::{DATA_ENCRYPT_TYPE, NotifyHistory, read_request_envelope};

const KEY: &[u8] = b"0123456789abcdefghijklmnopqrstuv";
pub(super) const APPID: &str = "wx5f6e43071809a9dd";

/// One for all stories: making a key takes longer than any of them.
static PRIVATE_PEM: LazyLock<String> = LazyLock::new(|| {
    let key = SigningKey::generate(&mut rsa::rand_core::OsRng, 2048).unwrap();
    key.private_pem().unwrap().to_string()
});

pub(super) fn key() -> SymmetricKey {
    SymmetricKey::read("1", KEY, KeyEncoding::Raw).unwrap()
}

/// What the party answers next, and what it was asked.
pub(super) struct Party {
    ring: KeyRing,
    pub(super) script: Mutex<VecDeque<Scripted>>,
    pub(super) asked: Mutex<Vec<(String, Value)>>,
}

pub(super) enum Scripted {
    Sealed(Value),
    Raw(&'static str),
}

async fn answer(State(party): State<Arc<Party>>, uri: Uri, body: String) -> String {
    let sealed = |reply: &Value| {
        let data = key().seal(reply.to_string().as_bytes(), [9; 16]);
        json!({"data": data, "data_encrypt_type": DATA_ENCRYPT_TYPE}).to_string()
    };
    let envelope = read_request_envelope(body.as_bytes()).unwrap();
    let Ok(opened) = party.ring.open(&envelope) else { return sealed(&json!({"errcode": 300})) };
    let plaintext = serde_json::from_slice(opened.plaintext.bytes()).unwrap();
    party.asked.lock().unwrap().push((uri.query().unwrap().to_owned(), plaintext));
    match party.script.lock().unwrap().pop_front() {
        None => sealed(&json!({"errcode": 0, "errmsg": "ok"})),
        Some(Scripted::Sealed(reply)) => sealed(&reply),
        Some(Scripted::Raw(text)) => text.to_owned(),
    }
}

pub(super) struct Stage {
    pub(super) simulator: Arc<Simulator>,
    pub(super) party: Arc<Party>,
    /// Where the simulator serves.
    pub(super) base: String,
    /// Where the party does.
    pub(super) party_base: String,
}

async fn listen() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    (listener, base)
}

pub(super) async fn stage(script: Vec<Scripted>) -> Stage {
    stage_of(script, |settings, _| settings).await
}

/// A stage whose settings are adjusted, with the party's base in hand.
pub(super) async fn stage_of(script: Vec<Scripted>, adjust: impl FnOnce(Settings, &str) -> Settings) -> Stage {
    let signing_key = SigningKey::read(&PRIVATE_PEM).unwrap();
    let platform_key = signing_key.platform_key("1").unwrap();
    let ring = KeyRing::new(vec![key()], vec![platform_key], SignatureOver::Plaintext).unwrap();
    let party = Arc::new(Party { ring, script: Mutex::new(script.into()), asked: Mutex::default() });
    let (listener, party_base) = listen().await;
    let router = Router::new().route("/callback/gz/{callback}", post(answer)).with_state(Arc::clone(&party));
    tokio::spawn(async move { axum::serve(listener, router).await });
    let settings = Settings {
        timing: Timing { retry_pauses: vec![Duration::from_millis(1); 2], ..Timing::default() },
        ..Settings::new(signing_key, vec![SimulatedParty::new("gz", APPID, "secret", key()).served_at(&party_base)])
    };
    let simulator = Simulator::new(adjust(settings, &party_base)).unwrap();
    let (listener, base) = listen().await;
    tokio::spawn(Arc::clone(&simulator).serve(listener, std::future::pending()));
    Stage { simulator, party, base, party_base }
}

impl Stage {
    pub(super) fn placed(&self) -> String {
        self.simulator.place_order(placement::tests::request()).unwrap().order_id.unwrap()
    }

    pub(super) fn history(&self, order_id: &str) -> NotifyHistory {
        self.simulator.order(order_id).unwrap().notify_history.remove(0)
    }

    pub(super) async fn post(&self, path: &str, body: Value) -> Value {
        serde_json::from_slice(&self.post_for_bytes(path, body).await).unwrap()
    }

    pub(super) async fn post_for_bytes(&self, path: &str, body: Value) -> Vec<u8> {
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let reply = client.post(format!("{}{path}", self.base)).json(&body).send().await.unwrap();
        reply.bytes().await.unwrap().to_vec()
    }

    pub(super) async fn token(&self) -> String {
        self.token_of(APPID).await
    }

    pub(super) async fn token_of(&self, appid: &str) -> String {
        let body = json!({"grant_type": "client_credential", "appid": appid, "secret": "secret"});
        self.post("/cgi-bin/stable_token", body).await["access_token"].as_str().unwrap().to_owned()
    }
}

pub(super) fn codes(exchanges: &[Exchange]) -> Vec<Option<i64>> {
    exchanges.iter().map(Exchange::errcode).collect()
}

#[tokio::test]
async fn a_recorded_payment_is_told_once() {
    let stage = stage(vec![]).await;
    let order_id = stage.placed();
    let exchanges = stage.simulator.pay_at(&order_id, Some(1_524_023_367), None).await.unwrap();
    assert_eq!(codes(&exchanges), [Some(0)]);
    let asked = stage.party.asked.lock().unwrap().clone();
    assert_eq!(asked[0].0, format!("wxnontaxstr={}", exchanges[0].wxnontaxstr));
    let expected =
        json!({"order_id": order_id, "status": 3, "pay_channel": "wx_nontax", "pay_finish_time": 1_524_023_367});
    assert_eq!(asked[0].1, expected);
    assert_eq!(stage.simulator.order(&order_id).unwrap().status, Some(3));
    assert_eq!(stage.simulator.pay(&order_id).await.unwrap_err().errcode, 9_200_232);
}

#[tokio::test]
async fn replies_that_are_not_final_are_asked_again_and_the_first_and_last_are_kept() {
    let script = vec![
        Scripted::Raw("<html>502</html>"),
        Scripted::Sealed(json!({"errcode": 299, "errmsg": "busy"})),
        Scripted::Sealed(json!({"errcode": 0, "errmsg": "ok"})),
    ];
    let stage = stage(script).await;
    let order_id = stage.placed();
    let exchanges = stage.simulator.pay(&order_id).await.unwrap();
    assert_eq!(codes(&exchanges), [None, Some(299), Some(0)]);
    let history = stage.history(&order_id);
    assert_eq!((history.notify_cnt, history.notify_detail.len()), (3, 2));
    let (first, last) = (&history.notify_detail[0], &history.notify_detail[1]);
    assert_eq!((first.ret, first.errcode, first.third_resp.as_deref()), (9_203_002, None, Some("<html>502</html>")));
    assert_eq!((last.ret, last.errcode), (0, Some(0)));
    assert_eq!(last.third_resp_data.as_deref(), Some(r#"{"errcode":0,"errmsg":"ok"}"#));
    assert_eq!(last.wxnontaxstr, exchanges[2].wxnontaxstr);
}

#[tokio::test]
async fn a_refusal_refunds_and_tells_of_it() {
    for code in [231, 232] {
        let stage = stage(vec![Scripted::Sealed(json!({"errcode": code, "order_id": "AQCAanother"}))]).await;
        let order_id = stage.placed();
        let exchanges = stage.simulator.pay(&order_id).await.unwrap();
        assert_eq!(codes(&exchanges), [Some(code), Some(0)]);
        assert_eq!(stage.party.asked.lock().unwrap()[1].1["status"], 5);
        let order = stage.simulator.order(&order_id).unwrap();
        assert_eq!(order.status, Some(5));
        assert_eq!(order.refund_reason, Some(format!("errcode {code} from gz")));
    }
}

#[tokio::test]
async fn a_232_of_the_same_order_and_silence_refund_nothing() {
    let stage = stage(vec![]).await;
    let order_id = stage.placed();
    stage.party.script.lock().unwrap().push_back(Scripted::Sealed(json!({"errcode": 232, "order_id": order_id})));
    assert_eq!(codes(&stage.simulator.pay(&order_id).await.unwrap()), [Some(232)]);
    assert_eq!(stage.simulator.order(&order_id).unwrap().status, Some(3));
    let unanswered = stage.placed();
    stage.party.script.lock().unwrap().extend([Scripted::Raw(""), Scripted::Raw("{"), Scripted::Raw("[]")]);
    assert_eq!(codes(&stage.simulator.pay(&unanswered).await.unwrap()), [None, None, None]);
    assert_eq!(stage.simulator.order(&unanswered).unwrap().status, Some(3));
}

#[tokio::test]
async fn the_apis_over_http() {
    let stage = stage(vec![]).await;
    assert_eq!(stage.post("/nontax/getorder", json!({})).await["errcode"], 41001);
    assert_eq!(stage.post("/nontax/getorder?access_token=x", json!({})).await["errcode"], 40001);
    let token = stage.token().await;
    assert!(token.len() >= 512);
    let path = |api: &str| format!("/nontax/{api}?access_token={token}");
    let order = json!({"appid": APPID, "order_id": "AQCA"});
    assert_eq!(stage.post(&path("getorder"), order).await["errcode"], 9_201_010);
    assert_eq!(stage.post(&path("getorder"), json!([])).await["errcode"], 47001);
    let stranger = json!({"appid": "wx2", "order_id": "AQCA"});
    assert_eq!(stage.post(&path("getorder"), stranger).await["errcode"], 9_291_005);

    let request = serde_json::to_value(placement::tests::request()).unwrap();
    let order_id = stage.post(&path("unifiedorder"), request).await["order_id"].as_str().unwrap().to_owned();
    let paid = stage.post("/simulator/pay", json!({"order_id": order_id})).await;
    assert_eq!(paid["exchanges"][0]["answer"]["reply"]["errcode"], 0, "{paid}");
    let wrong = json!({"order_id": order_id, "variant": "wrong_signature"});
    let told = stage.post("/simulator/notify", wrong).await;
    assert_eq!(told["exchanges"][0]["answer"]["reply"]["errcode"], 300, "{told}");
    let part = json!({"appid": APPID, "order_id": order_id, "reason": "r", "refund_fee": 1, "refund_out_id": "1"});
    assert_eq!(stage.post(&path("refund"), part).await["errcode"], 0);
    let shown = stage.post(&path("getorder"), json!({"appid": APPID, "order_id": order_id})).await;
    assert_eq!((&shown["status"], &shown["partial_refund_info"][0]["refund_fee"]), (&json!(3), &json!(1)));
    stage.simulator.expire_tokens();
    assert_eq!(stage.post(&path("getorder"), json!({})).await["errcode"], 42001);
}

#[tokio::test]
async fn a_moved_clock_ends_orders_and_tokens() {
    let stage = stage(vec![]).await;
    let order_id = stage.placed();
    let path = format!("/nontax/getorder?access_token={}", stage.token().await);
    let order = json!({"appid": APPID, "order_id": order_id});
    assert_eq!(stage.post(&path, order.clone()).await["status"], 1);
    assert_eq!(stage.post("/simulator/clock", json!({"advance_seconds": 600})).await["errcode"], 0);
    assert_eq!(stage.post(&path, order.clone()).await["status"], 12);
    let set = stage.post("/simulator/clock", json!({"set": 4_102_444_800_i64})).await;
    assert!(set["now"].as_i64() >= Some(4_102_444_800));
    assert_eq!(stage.post(&path, order).await["errcode"], 42001);
    for neither_or_both in [json!({}), json!({"set": 1, "advance_seconds": 1})] {
        assert_eq!(stage.post("/simulator/clock", neither_or_both).await["errcode"], 40097);
    }
}

#[tokio::test]
async fn a_seed_repeats_the_run() {
    let run = async || {
        let signing_key = SigningKey::read(&PRIVATE_PEM).unwrap();
        let party = SimulatedParty::new("gz", APPID, "secret", key()).served_at("http://127.0.0.1:1");
        let timing = Timing { retry_pauses: vec![], ..Timing::default() };
        let settings = Settings { timing, seed: Some(7), ..Settings::new(signing_key, vec![party]) };
        let simulator = Simulator::new(settings).unwrap();
        let order_id = simulator.place_order(placement::tests::request()).unwrap().order_id.unwrap();
        let wxnontaxstr = simulator.pay(&order_id).await.unwrap().remove(0).wxnontaxstr;
        (simulator.order(&order_id).unwrap().trans_id, order_id, wxnontaxstr)
    };
    assert_eq!(run().await, run().await);
}

#[tokio::test]
async fn the_query_and_the_test_calls_reach_the_party() {
    let notice = json!({"errcode": 0, "errmsg": "ok", "region_code": "440000", "payment_notice_no": "1", "fee": 3,
        "department_code": "1", "department_name": "d", "payment_notice_type": 1,
        "items": [{"no": 1, "item_id": "1", "item_name": "i", "fee": 3}]});
    let stage = stage(vec![Scripted::Sealed(notice), Scripted::Sealed(json!({"errcode": 231}))]).await;
    let query = json!({"payment_notice_no": "1", "department_code": "1", "region_code": "440000"});
    let placed = stage.post("/simulator/place", query).await;
    assert_eq!(placed["order_id"].as_str().map(str::len), Some(28), "{placed}");
    assert_eq!(stage.party.asked.lock().unwrap()[0].1["appid"], APPID);

    let path = format!("/nontax/mocknotification?access_token={}", stage.token().await);
    let url = format!("{}/callback/gz/notification", stage.party_base);
    let mock = stage.post(&path, json!({"appid": APPID, "url": url, "version": 1})).await;
    assert_eq!((&mock["errcode"], &mock["calls"][1]["errcode"]), (&json!(0), &json!(300)), "{mock}");
    let nowhere = stage.post(&path, json!({"appid": APPID, "url": "http://127.0.0.1:1/", "version": 1})).await;
    assert_eq!(nowhere["errcode"], 9_203_001);
}
