//! Stories of orders and who may do what with them, over the platform's APIs.

use serde_json::{Value, json};

use super::story_tests::{APPID, Scripted, Stage, key, stage, stage_of};
use super::*;

/// The account of a unit that places orders, beside the finance of [`APPID`].
const UNIT_APPID: &str = "wxunit000000000000";

/// A finance that answers queries, and a unit that only places orders.
async fn stage_with_a_unit(script: Vec<Scripted>) -> Stage {
    stage_of(script, |mut settings, _| {
        let unit = SimulatedParty::new("unit", UNIT_APPID, "secret", key());
        settings.parties.push(SimulatedParty { role: SimulatedRole::GovernmentUnit, ..unit });
        settings
    })
    .await
}

fn order_of(appid: &str) -> Value {
    let request = UnifiedOrderRequest { appid: appid.to_owned(), ..placement::tests::request() };
    serde_json::to_value(request).unwrap()
}

/// What finance answers for the notice of [`order_of`].
fn due(fee: i64) -> Scripted {
    Scripted::Sealed(json!({"errcode": 0, "errmsg": "ok", "region_code": "440000", "payment_notice_no": "08111639088",
        "department_code": "118610002", "department_name": "d", "payment_notice_type": 1, "fee": fee,
        "items": [{"no": 1, "item_id": "1", "item_name": "i", "fee": fee}]}))
}

#[tokio::test]
async fn finance_is_asked_before_a_unit_places_an_order() {
    let stage = stage_with_a_unit(vec![due(3), due(4), Scripted::Sealed(json!({"errcode": 231}))]).await;
    let path = format!("/nontax/unifiedorder?access_token={}", stage.token_of(UNIT_APPID).await);
    assert_eq!(stage.post(&path, order_of(UNIT_APPID)).await["errcode"], 0);
    let other_amount = stage.post(&path, order_of(UNIT_APPID)).await;
    assert_eq!(other_amount["errcode"], 9_201_023, "{other_amount}");
    assert_eq!(stage.post(&path, order_of(UNIT_APPID)).await["errcode"], 9_200_231);
    assert_eq!(stage.party.asked.lock().unwrap().len(), 3);
}

#[tokio::test]
async fn a_paid_notice_is_not_placed_again_until_it_is_refunded_and_the_list_says_so() {
    let stage = stage(vec![]).await;
    let token = stage.token().await;
    let place = format!("/nontax/unifiedorder?access_token={token}");
    let list = format!("/nontax/getorderlist?access_token={token}");
    let notice = json!({"appid": APPID, "region_code": "440000", "department_code": "118610002",
        "payment_notice_no": "08111639088"});
    let nothing = stage.post(&list, notice.clone()).await;
    assert_eq!((&nothing["errcode"], nothing.get("order_id_list")), (&json!(0), None));
    let first = stage.post(&place, order_of(APPID)).await["order_id"].as_str().unwrap().to_owned();
    let second = stage.post(&place, order_of(APPID)).await["order_id"].as_str().unwrap().to_owned();
    assert_eq!(stage.post(&list, notice.clone()).await.get("paid_order_id"), None);
    stage.simulator.pay(&second).await.unwrap();
    let listed = stage.post(&list, notice.clone()).await;
    assert_eq!((&listed["order_id_list"], &listed["paid_order_id"]), (&json!([first, second]), &json!(second)));
    assert_eq!(stage.post(&place, order_of(APPID)).await["errcode"], 9_200_232);
    stage.post("/simulator/refund", json!({"order_id": second, "reason": "r"})).await;
    assert_eq!(stage.post(&place, order_of(APPID)).await["errcode"], 0);
    for (field, code) in [("region_code", 9_201_021), ("department_code", 9_201_019), ("payment_notice_no", 9_201_018)]
    {
        let mut without = notice.clone();
        without[field] = json!("");
        assert_eq!(stage.post(&list, without).await["errcode"], code, "{field}");
    }
}

#[tokio::test]
async fn a_unit_sees_its_own_orders_and_finance_all() {
    let stage = stage_with_a_unit(vec![due(3)]).await;
    let unit = format!("/nontax/getorder?access_token={}", stage.token_of(UNIT_APPID).await);
    let finance = format!("/nontax/getorder?access_token={}", stage.token().await);
    let others = stage.placed();
    assert_eq!(stage.post(&unit, json!({"appid": UNIT_APPID, "order_id": others})).await["errcode"], 9_200_002);
    let place = unit.replace("getorder", "unifiedorder");
    let own = stage.post(&place, order_of(UNIT_APPID)).await["order_id"].as_str().unwrap().to_owned();
    assert_eq!(stage.post(&unit, json!({"appid": UNIT_APPID, "order_id": own})).await["errcode"], 0);
    assert_eq!(stage.post(&finance, json!({"appid": APPID, "order_id": own})).await["errcode"], 0);
}

#[tokio::test]
async fn an_inconsistent_order_is_told_once_more_and_only_when_it_was_not_taken() {
    let busy = || Scripted::Sealed(json!({"errcode": 299, "errmsg": "busy"}));
    let stage = stage(vec![busy(), busy(), busy(), busy()]).await;
    let path = format!("/nontax/notifyinconsistentorder?access_token={}", stage.token().await);
    let order_id = stage.placed();
    let request = json!({"appid": APPID, "order_id": order_id});
    assert_eq!(stage.post(&path, json!({"appid": APPID, "order_id": "AQCA"})).await["errcode"], 9_201_010);
    assert_eq!(stage.post(&path, request.clone()).await["errcode"], 40097);
    stage.simulator.pay(&order_id).await.unwrap();
    assert_eq!(stage.post(&path, request.clone()).await["errcode"], 9_203_000);
    assert_eq!(stage.post(&path, request.clone()).await["errcode"], 0);
    assert_eq!(stage.history(&order_id).notify_cnt, 5);
    assert_eq!(stage.post(&path, request).await["errcode"], 0);
    assert_eq!(stage.history(&order_id).notify_cnt, 5);
}

#[tokio::test]
async fn finance_that_refuses_an_inconsistent_order_has_it_refunded() {
    let stage = stage(vec![Scripted::Sealed(json!({"errcode": 231}))]).await;
    let path = format!("/nontax/notifyinconsistentorder?access_token={}", stage.token().await);
    let order_id = stage.placed();
    stage.simulator.record_payment(&order_id, None, None).unwrap();
    assert_eq!(stage.post(&path, json!({"appid": APPID, "order_id": order_id})).await["errcode"], 0);
    for _ in 0..500 {
        if stage.simulator.order(&order_id).unwrap().status == Some(5) {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("the order was not refunded");
}

#[tokio::test]
async fn a_refund_is_told_when_its_time_has_come() {
    let stage = stage_of(vec![], |mut settings, _| {
        settings.timing.refund_seconds = 3600;
        settings
    })
    .await;
    let token = stage.token().await;
    let order_id = stage.placed();
    stage.simulator.pay(&order_id).await.unwrap();
    let request = json!({"appid": APPID, "order_id": order_id, "reason": "r"});
    let refunded = stage.post(&format!("/nontax/refund?access_token={token}"), request).await;
    assert_eq!(refunded["errcode"], 0);
    assert_eq!(stage.simulator.order(&order_id).unwrap().status, Some(6));
    assert_eq!(stage.simulator.notify(&order_id, Some(5)).await.unwrap_err().errcode, 40097);
    assert_eq!(stage.history(&order_id).notify_cnt, 1);
    stage.simulator.move_clock(3600);
    let order = stage.simulator.order(&order_id).unwrap();
    assert_eq!(order.status, Some(5));
    assert_eq!(refunded["refund_order_id"], json!(order.refund_order_id));
    for _ in 0..500 {
        if stage.history(&order_id).notify_cnt == 2 {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("the refund was not told");
}

#[tokio::test]
async fn a_unit_refunds_nothing() {
    let stage = stage_with_a_unit(vec![due(3)]).await;
    let token = stage.token_of(UNIT_APPID).await;
    let refund = format!("/nontax/refund?access_token={token}");
    let place = format!("/nontax/unifiedorder?access_token={token}");
    let own = stage.post(&place, order_of(UNIT_APPID)).await["order_id"].as_str().unwrap().to_owned();
    let request = |order_id: &str| json!({"appid": UNIT_APPID, "order_id": order_id, "reason": "r"});
    assert_eq!(stage.post(&refund, request(&own)).await["errcode"], 9_202_002);
    assert_eq!(stage.post(&refund, request(&stage.placed())).await["errcode"], 9_200_002);
}

#[tokio::test]
async fn a_caller_that_is_not_listed_gets_no_token_and_no_refund() {
    let elsewhere = || Some(vec!["203.0.113.9".parse().unwrap()]);
    let stage = stage_of(vec![], |settings, _| Settings { allowed_token_ips: elsewhere(), ..settings }).await;
    let body = json!({"grant_type": "client_credential", "appid": APPID, "secret": "secret"});
    let refused = stage.post("/cgi-bin/stable_token", body).await;
    let errmsg = refused["errmsg"].as_str().unwrap();
    assert_eq!(refused["errcode"], 40164);
    assert!(errmsg.starts_with("invalid ip 127.0.0.1 ipv6 ::ffff:127.0.0.1, not in whitelist rid: "), "{errmsg}");
    assert_eq!(stage.simulator.tokens_issued(APPID), 0);

    let stage = stage_of(vec![], |settings, _| Settings { allowed_refund_ips: elsewhere(), ..settings }).await;
    let token = stage.token().await;
    let request = json!({"appid": APPID, "order_id": stage.placed(), "reason": "r"});
    let refund = stage.post(&format!("/nontax/refund?access_token={token}"), request).await;
    assert_eq!(refund["errcode"], 9_202_003);
    assert_eq!(stage.token().await, token);
    assert_eq!(stage.simulator.tokens_issued(APPID), 1);
}

#[tokio::test]
async fn statements_are_csv_of_a_merchant_and_a_zip_of_all() {
    let stage = stage(vec![]).await;
    // Noon of 2030-01-02 in China.
    stage.simulator.set_clock(1_893_556_800);
    let path = format!("/nontax/downloadbill?access_token={}", stage.token().await);
    let ask = async |more: Value| {
        let mut request = json!({"appid": APPID, "bill_date": "20300102"});
        request.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        stage.post_for_bytes(&path, request).await
    };
    let errcode = |body: Vec<u8>| serde_json::from_slice::<Value>(&body).unwrap()["errcode"].as_i64().unwrap();
    assert_eq!(errcode(ask(json!({})).await), 9_205_201);
    let order_id = stage.placed();
    let elsewhere = UnifiedOrderRequest { mch_id: Some("1900000009".into()), ..placement::tests::request() };
    stage.simulator.place_order(elsewhere).unwrap();
    stage.simulator.pay(&order_id).await.unwrap();
    let csv = String::from_utf8(ask(json!({"mch_id": TEST_MCH_ID})).await).unwrap();
    assert!(csv.contains(&format!(",`{order_id},`")) && csv.ends_with("`1,`0.03,`0.00,`0.00,`0.00000\n"), "{csv}");
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(ask(json!({})).await)).unwrap();
    let names: Vec<String> = archive.file_names().map(|name| name.unwrap().into_owned()).collect();
    assert_eq!(names, ["1900000009_20300102.csv", "1900016021_20300102.csv"]);
    let mut unzipped = String::new();
    std::io::Read::read_to_string(&mut archive.by_index(1).unwrap(), &mut unzipped).unwrap();
    assert_eq!(unzipped, csv);
    for (wrong, code) in [
        (json!({"bill_date": "20300103"}), 9_201_013),
        (json!({"bill_date": "2030-1-2"}), 9_201_013),
        (json!({"bill_date": "20300101"}), 9_205_201),
        (json!({"bill_type": "PAID"}), 9_201_014),
        (json!({"mch_id": "1"}), 9_201_012),
    ] {
        assert_eq!(errcode(ask(wrong.clone()).await), code, "{wrong}");
    }
}
