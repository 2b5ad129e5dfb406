//! The magic values, played against a party over real ports.

use serde_json::{Value, json};

use super::placement::tests::request;
use super::story_tests::{APPID, Scripted, Stage, codes, stage};
use super::*;
use crate::wire::DownloadBillRequest;

/// The statuses that the party was told, in their order.
fn told(stage: &Stage) -> Vec<i64> {
    stage.party.asked.lock().unwrap().iter().filter_map(|(_, asked)| asked["status"].as_i64()).collect()
}

fn placed(stage: &Stage, fee: i64, bank_id: Option<&str>) -> String {
    let mut request = UnifiedOrderRequest { fee: Some(fee), bank_id: bank_id.map(str::to_owned), ..request() };
    request.items.truncate(1);
    request.items[0].fee = fee;
    stage.simulator.place_order(request).unwrap().order_id.unwrap()
}

/// Pays an order of a fee to a party that answers so; what it was told, and the order's status at the end.
async fn paid(fee: i64, script: Vec<Scripted>) -> (Vec<i64>, GetOrderReply, Vec<Option<i64>>) {
    let stage = stage(script).await;
    let order_id = placed(&stage, fee, None);
    let exchanges = stage.simulator.pay(&order_id).await.unwrap();
    (told(&stage), stage.simulator.order(&order_id).unwrap(), codes(&exchanges))
}

fn busy() -> Scripted {
    Scripted::Sealed(json!({"errcode": 299, "errmsg": "busy"}))
}

#[tokio::test]
async fn a_fee_chooses_how_often_a_payment_is_told() {
    let (ordinary, _, _) = paid(1_000, vec![busy()]).await;
    assert_eq!(ordinary, [3, 3]);
    let (once, order, _) = paid(1_001, vec![busy()]).await;
    assert_eq!((once, order.status), (vec![3], Some(3)));
    let (never, order, _) = paid(1_007, vec![]).await;
    assert_eq!((never, order.status), (vec![], Some(3)));
    assert!(Story::of(1_007).in_statement());
    let (told, order, _) = paid(1_008, vec![]).await;
    assert_eq!((told, order.status), (vec![3], Some(3)));
    assert!(!Story::of(1_008).in_statement());
}

#[tokio::test]
async fn a_fee_chooses_whether_the_statement_has_the_order() {
    let stage = stage(vec![]).await;
    stage.simulator.set_clock(1_700_000_000);
    let mut order_ids = Vec::new();
    for fee in [1_000, 1_007, 1_008] {
        let order_id = placed(&stage, fee, None);
        stage.simulator.pay(&order_id).await.unwrap();
        order_ids.push(order_id);
    }
    let request = DownloadBillRequest {
        appid: APPID.to_owned(),
        bill_date: "20231115".to_owned(),
        mch_id: Some(TEST_MCH_ID.to_owned()),
        ..DownloadBillRequest::default()
    };
    let statement = String::from_utf8(stage.simulator.download_bill(&request).unwrap().body).unwrap();
    assert_eq!(order_ids.iter().map(|id| statement.contains(id)).collect::<Vec<_>>(), [true, true, false]);
}

#[tokio::test]
async fn lost_notifications_are_in_the_history_and_the_third_arrives() {
    let (told, order, codes) = paid(1_004, vec![busy()]).await;
    // Both pauses of the stage are used up by the losses.
    assert_eq!((told, codes), (vec![3], vec![None, None, Some(299)]));
    let history = &order.notify_history[0];
    assert_eq!((history.notify_cnt, history.notify_detail[0].ret), (3, 9_203_001));
}

#[tokio::test]
async fn a_fee_chooses_refunds() {
    let (told, order, _) = paid(1_003, vec![]).await;
    assert_eq!((told, order.status), (vec![5, 3, 5], Some(5)));
    let (told, order, _) = paid(1_005, vec![]).await;
    assert_eq!((told, order.status), (vec![3, 5], Some(5)));
    let (told, order, _) = paid(1_006, vec![]).await;
    let parts: Vec<_> = order.partial_refund_info.iter().filter_map(|part| part.refund_fee).collect();
    assert_eq!((told, order.status, parts), (vec![3, 5, 5], Some(3), vec![335, 335]));
    let refused = vec![Scripted::Sealed(json!({"errcode": 231}))];
    let (told, order, _) = paid(1_006, refused).await;
    assert_eq!((told, order.status), (vec![3, 5], Some(5)));
}

#[tokio::test]
async fn nobody_is_asked_for_a_magic_number() {
    let stage = stage(vec![]).await;
    let path = |api: &str, token: &str| format!("/nontax/{api}?access_token={token}");
    let token = stage.token().await;
    let query = |number: &str| json!({"appid": APPID, "payment_notice_no": number, "department_code": "1", "region_code": "440000"});
    let refused = stage.post(&path("queryfee", &token), query("44990235")).await;
    assert_eq!(refused["errcode"], 9_200_235, "{refused}");
    let payable = stage.post(&path("queryfee", &token), query("44990000")).await;
    assert_eq!((&payable["errcode"], &payable["fee"]), (&json!(0), &json!(20_000)), "{payable}");
    let order = |number: &str| {
        serde_json::to_value(UnifiedOrderRequest { payment_notice_no: Some(number.to_owned()), ..request() }).unwrap()
    };
    let refused = stage.post(&path("unifiedorder", &token), order("44990233")).await;
    assert_eq!(refused["errcode"], 9_200_233, "{refused}");
    let placed = stage.post(&path("unifiedorder", &token), order("44990000")).await;
    assert!(placed["order_id"].is_string(), "{placed}");
    let by_hand = stage.post("/simulator/place", query("55990000")).await;
    assert!(by_hand["order_id"].is_string(), "{by_hand}");
    assert!(stage.party.asked.lock().unwrap().is_empty());
}

#[tokio::test]
async fn an_order_in_the_test_bank_stays_paid_whatever_the_party_says() {
    for (bank_id, status) in [(Some(cases::TEST_BANK_ID), 3), (Some("ICBC"), 5), (None, 5)] {
        let stage = stage(vec![Scripted::Sealed(json!({"errcode": 231}))]).await;
        let order_id = placed(&stage, 20_000, bank_id);
        stage.simulator.pay(&order_id).await.unwrap();
        assert_eq!(stage.simulator.order(&order_id).unwrap().status, Some(status), "{bank_id:?}");
    }
}

#[tokio::test]
async fn a_header_chooses_the_reply_and_says_what_it_may_be() {
    let stage = stage(vec![]).await;
    let path = format!("{}/nontax/unifiedorder?access_token={}", stage.base, stage.token().await);
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let ask = |case: &str| client.post(&path).header(cases::CASE_HEADER, case).json(&request()).send();
    let orders = || stage.simulator.orders().len();

    let refused: Value = ask("errcode=9201001").await.unwrap().json().await.unwrap();
    assert_eq!((&refused["errcode"], orders()), (&json!(9_201_001), 0), "{refused}");
    let unknown: Value = ask("sometimes").await.unwrap().json().await.unwrap();
    assert_eq!(unknown["errcode"], 40097);
    assert!(unknown["errmsg"].as_str().unwrap().contains("X-Nontax-Simulate: \"sometimes\" is none of errcode,"));
    assert!(ask("redirect-loop").await.unwrap_err().is_redirect());
    assert_eq!(orders(), 0);

    let status = ask("status=503").await.unwrap();
    assert_eq!((status.status().as_u16(), orders()), (503, 1));
    let text = async |case: &str| ask(case).await.unwrap().text().await.unwrap();
    assert!(text("html").await.starts_with("<html>"));
    assert_eq!(text("empty").await, "");
    let cut = text("cut").await;
    assert!(cut.starts_with("{\"errcode\":0") && serde_json::from_str::<Value>(&cut).is_err(), "{cut}");
    let wrong: Value = serde_json::from_str(&text("wrong-type").await).unwrap();
    assert_eq!(wrong["errcode"], json!([0]));
    for case in ["delay=1", "slow-bytes=1"] {
        let late: Value = serde_json::from_str(&text(case).await).unwrap();
        assert!(late["order_id"].is_string(), "{case}: {late}");
    }
    let dropped = ask("drop").await;
    assert!(dropped.is_err() || dropped.unwrap().bytes().await.is_err());
    // What was asked for was done each time, which is what makes a bad reply dangerous.
    assert_eq!(orders(), 8);
}
