//! Tests of `nontax api`, from the words on the line to what is printed, against the simulator's HTTP face.

use std::fs;
use std::sync::Arc;

use clap::Parser;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpListener;

use super::*;
use crate::envelope::{KeyEncoding, SigningKey, SymmetricKey};
use crate::simulator::{Settings, SimulatedParty, Simulator};

const APPID: &str = "wx5f6e43071809a9dd";
const APP_SECRET: &str = "the-app-secret-of-the-party";
const AES_KEY: &str = "0123456789abcdefghijklmnopqrstuv";
const PLATFORM_KEY: &str = include_str!("../../../tests/fixtures/envelope/TEST-ONLY-platform-private.pem");
/// 2026-10-14 12:00 in China.
const NOON: i64 = 1_791_950_400;

#[derive(Debug, Parser)]
struct Words {
    #[command(flatten)]
    args: Args,
}

struct Ran {
    outcome: Result<(), Failure>,
    out: String,
}

impl Ran {
    fn reply(self) -> Value {
        self.outcome.unwrap();
        serde_json::from_str(&self.out).unwrap()
    }

    /// The exit code, and all that is told.
    fn failure(self) -> (Exit, String) {
        let failure = self.outcome.unwrap_err();
        (failure.exit(), format!("{failure:?}"))
    }
}

/// A configuration with one party, and the simulator that it calls.
struct Stage {
    folder: TempDir,
    simulator: Arc<Simulator>,
    url: String,
}

impl Stage {
    async fn set() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let key = SymmetricKey::read("1", AES_KEY.as_bytes(), KeyEncoding::Raw).unwrap();
        let party = SimulatedParty::new("unit", APPID, APP_SECRET, key);
        let signing_key = SigningKey::read(PLATFORM_KEY).unwrap();
        let public = signing_key.public_pem().unwrap();
        let simulator = Simulator::new(Settings::new(signing_key, vec![party])).unwrap();
        simulator.set_clock(NOON);
        tokio::spawn(Arc::clone(&simulator).serve(listener, std::future::pending()));
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("weixin.pem"), public).unwrap();
        let stage = Self { folder, simulator, url };
        stage.configure(&stage.url, "en");
        stage
    }

    fn configure(&self, base_url: &str, locale: &str) {
        let (pem, book) = (self.path("weixin.pem"), self.path("nontax.db"));
        let config = format!(
            "[[party]]\nname = \"unit\"\nrole = \"government_unit\"\nmode = \"direct_finance\"\nappid = \"{APPID}\"\n\
             locale = \"{locale}\"\napp_secret = \"{APP_SECRET}\"\n\
             [[party.symmetric_key]]\nvalue = \"{AES_KEY}\"\n[[party.platform_key]]\nfile = {pem:?}\n\
             [platform]\nbase_url = \"{base_url}\"\n[database]\nurl = \"sqlite:{book}\"\n"
        );
        fs::write(self.folder.path().join("nontax.toml"), config).unwrap();
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    async fn run(&self, words: &[&str], input: &str) -> Ran {
        let words = Words::try_parse_from(["api"].iter().chain(words)).unwrap();
        let shared = Shared { config: vec![self.folder.path().join("nontax.toml")] };
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let mut console = Console { input: &mut input.as_bytes(), out: &mut out, err: &mut err, watched: false };
        let outcome = run(&words.args, &shared, &mut console).await;
        let told = String::from_utf8([out.clone(), err].concat()).unwrap() + &format!("{outcome:?}");
        for secret in [APP_SECRET, AES_KEY] {
            assert!(!told.contains(secret), "{told}");
        }
        Ran { outcome, out: String::from_utf8(out).unwrap() }
    }

    async fn ask(&self, method: &str, request: &Value) -> Ran {
        self.run(&[method], &request.to_string()).await
    }

    async fn placed(&self) -> String {
        self.ask("unifiedorder", &order()).await.reply()["order_id"].as_str().unwrap().to_owned()
    }
}

fn order() -> Value {
    json!({
        "bank_id": "test_bank_id", "openid": "ont-9vjAcIdSU-LgB7ubALAVJO9U", "desc": "测试办证缴费", "fee": 2,
        "return_url": "https://example.com/done", "ip": "10.0.0.1", "payment_notice_no": " 08111639088",
        "department_code": "118610002", "department_name": "测试执收单位", "region_code": "440000",
        "items": [{"no": 1, "item_id": "000001", "item_name": "测试", "fee": 2}],
        "payment_notice_create_time": 1_500_967_298, "scene": "biz",
    })
}

fn counter() -> Value {
    let mut request = order();
    for field in ["openid", "return_url", "ip", "scene"] {
        request.as_object_mut().unwrap().remove(field);
    }
    request["auth_code"] = " 134971951305811268".into();
    request
}

#[tokio::test]
async fn an_order_is_placed_looked_at_listed_and_refunded() {
    let stage = Stage::set().await;
    let placed = stage.ask("unifiedorder", &order()).await.reply();
    assert!(placed["pay_url"].as_str().unwrap().starts_with("https://"), "{placed}");
    assert_eq!(placed["expires_in"], 600);
    let (exit, told) = stage.ask("unifiedorder", &order()).await.failure();
    assert_eq!(exit, Exit::Failure);
    assert!(told.contains("there is an open order") && told.contains("--allow-open-order"), "{told}");
    let order_id = placed["order_id"].as_str().unwrap();
    let found = stage.ask("getorder", &json!({"order_id": order_id})).await.reply();
    assert_eq!((&found["status"], &found["payment_notice_no"]), (&json!(1), &json!("08111639088")));
    let list = json!({"region_code": "440000", "department_code": "118610002", "payment_notice_no": "08111639088"});
    assert_eq!(stage.ask("getorderlist", &list).await.reply()["order_id_list"], json!([order_id]));
    let refund = json!({"order_id": order_id, "reason": "多缴", "refund_fee": 1, "refund_out_id": "R1"});
    let (exit, told) = stage.ask("refund", &refund).await.failure();
    assert_eq!(exit, Exit::Failure);
    assert!(told.contains("the order is not paid") && told.contains("nothing was asked for"), "{told}");
    stage.simulator.pay(order_id).await.unwrap();
    let refunded = stage.ask("refund", &refund).await.reply();
    assert_eq!((&refunded["refund_out_id"], refunded["refund_order_id"].is_string()), (&json!("R1"), true));
    assert_eq!(stage.ask("refund", &refund).await.reply()["refund_order_id"], refunded["refund_order_id"]);
    let order = stage.simulator.order(order_id).unwrap();
    assert_eq!(order.partial_refund_info.len(), 1, "the same number is one refund");
}

#[tokio::test]
async fn a_payment_at_the_counter_takes_the_code_from_standard_input_only() {
    let stage = Stage::set().await;
    let (exit, told) = stage.run(&["micropay", &counter().to_string()], "").await.failure();
    assert_eq!(exit, Exit::Usage);
    assert!(told.contains("auth_code stands on the command line") && !told.contains("971951"), "{told}");
    let explained = stage.run(&["micropay", "--explain"], &counter().to_string()).await;
    assert!(
        explained.out.contains(r#""auth_code": "***""#) && explained.out.contains("May be repeated: no"),
        "{}",
        explained.out
    );
    assert!(stage.simulator.orders().is_empty());
    let paid = stage.ask("micropay", &counter()).await.reply();
    assert_eq!((&paid["state"], paid["order_id"].is_string()), (&json!("paid"), true));
    let again = stage.run(&["micropay", "--key", paid["key"].as_str().unwrap()], &counter().to_string()).await;
    assert_eq!(again.reply()["order_id"], paid["order_id"], "the same key is the same payment");
    assert_eq!(stage.simulator.orders().len(), 1);
}

#[tokio::test]
async fn explain_sends_nothing_and_shows_no_secret() {
    let stage = Stage::set().await;
    let request = json!({"order_id": "A", "reason": "多缴"}).to_string();
    let explained = stage.run(&["refund", "--explain", &request], "").await;
    explained.outcome.unwrap();
    for line in [
        &format!("POST {}/nontax/refund?access_token=ACCESS_TOKEN", stage.url),
        "\"appid\": \"wx5f6e43071809a9dd\"",
        "  - refund_fee and refund_out_id are both there",
        "May be repeated: with the same refund_out_id",
        "Nothing was sent.",
    ] {
        assert!(explained.out.contains(line), "{line}: {}", explained.out);
    }
    let token = stage.run(&["token", "--explain"], "").await;
    assert!(token.out.contains("/cgi-bin/stable_token") && token.out.contains(r#""secret": "***""#), "{}", token.out);
    assert_eq!(stage.simulator.tokens_issued(APPID), 0);
}

#[tokio::test]
async fn a_request_that_breaks_the_rules_is_told_whole_and_not_sent() {
    let stage = Stage::set().await;
    let mut request = order();
    request["fee"] = 3.into();
    request["scene"] = "cityservice".into();
    let (exit, told) = stage.ask("unifiedorder", &request).await.failure();
    assert_eq!(exit, Exit::Usage);
    assert!(told.contains("fee: must be the sum") && told.contains("scene: must be one of biz"), "{told}");
    for (request, word) in [
        ("[]", "no object"),
        ("{\"fee\":", "no JSON"),
        ("{\"fee\":\"two\"}", "shape"),
        ("{\"payment_notice_number\":\"1\"}", "no such field: payment_notice_number"),
        ("{\"items\":[{\"no\":1,\"item_id\":\"1\",\"item_name\":\"1\",\"fee\":1,\"feee\":1}]}", "items[0].feee"),
    ] {
        let (exit, told) = stage.run(&["unifiedorder", request], "").await.failure();
        assert!(exit == Exit::Usage && told.contains(word), "{request}: {told}");
    }
    assert_eq!(stage.simulator.tokens_issued(APPID), 0);
}

#[tokio::test]
async fn refusals_come_in_the_partys_language_and_a_far_side_that_is_away_is_the_networks_fault() {
    let stage = Stage::set().await;
    stage.configure(&stage.url, "zh-CN");
    for (method, request, errcode) in [
        ("getorder", json!({"order_id": "nowhere"}), "9201010"),
        ("notifyinconsistentorder", json!({"order_id": "nowhere"}), "9201010"),
        ("mocknotification", json!({"url": "http://127.0.0.1:9/"}), "9203001"),
        ("mockqueryfee", json!({"url": "http://127.0.0.1:9/", "version": 1}), "9203001"),
    ] {
        let (exit, told) = stage.ask(method, &request).await.failure();
        assert_eq!(exit, Exit::Refused, "{method}: {told}");
        assert!(told.contains(errcode) && told.contains("原因：") && told.contains("处理："), "{method}: {told}");
    }
    stage.configure("http://127.0.0.1:9", "en");
    let (exit, told) = stage.ask("getorder", &json!({"order_id": "A"})).await.failure();
    assert_eq!(exit, Exit::Network, "{told}");
}

#[tokio::test]
async fn a_statement_appears_whole_or_not_at_all() {
    let stage = Stage::set().await;
    let out = stage.path("bill.csv");
    let request = json!({"bill_date": "20261014", "mch_id": "1900016021"}).to_string();
    let (exit, told) = stage.run(&["downloadbill", &request, "--out", &out], "").await.failure();
    assert_eq!(exit, Exit::Refused, "{told}");
    let order_id = stage.placed().await;
    stage.simulator.pay(&order_id).await.unwrap();
    stage.simulator.move_clock(24 * 3600);
    let files = || fs::read_dir(stage.folder.path()).unwrap().count();
    let before = files();
    let told = stage.run(&["downloadbill", &request, "--out", &out], "").await.reply();
    assert_eq!((&told["kind"], files()), (&json!("csv"), before + 1));
    let csv = fs::read(&out).unwrap();
    assert_eq!(told["sha256"], crate::envelope::sha256_hex(&csv));
    assert!(String::from_utf8(csv).unwrap().contains(&order_id));
    let (exit, _) = stage.run(&["downloadbill", &request], "").await.failure();
    assert_eq!(exit, Exit::Usage);
}

#[tokio::test]
async fn a_real_name_is_opened_and_printed() {
    let stage = Stage::set().await;
    let link = stage.ask("getauthurl", &json!({"redirect_url": "https://example.com/back"})).await.reply();
    let back = stage.simulator.authorize(link["auth_url"].as_str().unwrap(), "欧阳修").unwrap();
    let token = back.rsplit_once("wx_realname_token=").unwrap().1;
    let named = stage.ask("getrealname", &json!({"wx_realname_token": token})).await.reply();
    assert_eq!(named["real_name"], "欧阳修");
    let (exit, told) = stage.ask("getrealname", &json!({"wx_realname_token": token})).await.failure();
    assert!(exit == Exit::Refused && told.contains("9204000"), "{told}");
}

#[tokio::test]
async fn the_other_methods_answer_too() {
    let stage = Stage::set().await;
    let token = stage.run(&["token"], "").await.reply();
    assert!(token["access_token"].as_str().unwrap().len() > 20, "{token}");
    let query = json!({
        "service_id": 1, "payment_notice_no": "1", "department_code": "1", "region_code": "1",
    });
    let (exit, told) = stage.ask("queryfee", &query).await.failure();
    assert!(exit == Exit::Refused && told.contains("9205000"), "{told}");
    let url = format!("{}/intp/getclientip", stage.url);
    assert_eq!(stage.run(&["getclientip", "--url", &url], "").await.reply()["client_ip"], "127.0.0.1");
    assert!(stage.run(&["getclientip"], "").await.out.contains("user's page calls it"));
    let list = stage.run(&["--list"], "").await.out;
    assert_eq!(list.lines().count(), APIS.len() + 1);
    let (exit, told) = stage.run(&["token", "--party", "nobody"], "").await.failure();
    assert!(exit == Exit::Usage && told.contains("unit"), "{told}");
}
