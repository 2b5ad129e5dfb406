//! Orders and refunds through the admin API: who may, what the answers are, and what a repetition gets.

use nontax_gateway::domain::{Mode, OrderEvent, Paid, Resolution, Role, Scope};
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::bearers::let_in;
use crate::book::{details, errcode, finance, import, payable};
use crate::scripted_platform::ScriptedPlatform;
use crate::served::{Served, Setup};
use crate::stores::{TestStore, on_both_stores};
use crate::weixin::APPID;

on_both_stores!(an_order_is_placed_once_and_shown, a_refund_is_asked_for_once_and_shown, only_the_scope_opens_the_desk);

/// A call of the desk: its status and its body.
pub(crate) async fn post(
    served: &Served,
    path: &str,
    bearer: &str,
    key: Option<&str>,
    body: &Value,
) -> (StatusCode, Value) {
    let url = format!("http://{}/admin/v1/{path}", served.admin);
    let mut request = served.client.post(url).bearer_auth(bearer).body(body.to_string());
    if let Some(key) = key {
        request = request.header("Idempotency-Key", key);
    }
    let response = request.send().await.unwrap();
    let (status, answer) = (response.status(), response.json().await.unwrap());
    let path = path.split('?').next().unwrap();
    crate::openapi::check("POST", &format!("/admin/v1/{path}"), status.as_u16(), &answer);
    (status, answer)
}

fn order_body(fee: i64) -> Value {
    json!({ "party": "gz-finance", "order": {
        "openid": "oWxNonTax0000000000000000001", "desc": "traffic fine", "fee": fee, "ip": "192.0.2.7",
        "return_url": "https://pay.example.org/done", "payment_notice_no": "1", "department_code": "001002",
        "department_name": "局", "region_code": "440100", "payment_notice_create_time": 1_767_153_600, "scene": "biz",
        "items": [{ "no": 1, "item_id": "103050101200", "item_name": "交通违法罚款", "fee": fee }],
    } })
}

async fn an_order_is_placed_once_and_shown(test: TestStore) {
    let platform = ScriptedPlatform::start(|_, body| {
        let refused = json!({ "errcode": 9_205_002, "errmsg": "not configured" });
        let placed = json!({ "errcode": 0, "order_id": "O", "pay_url": "https://pay.example.org/O" });
        Some(if body["fee"] == 7 { refused } else { placed })
    })
    .await;
    let setup = Setup { role: Role::GovernmentUnit, mode: Mode::DirectBusiness, ..Setup::with_platform(&platform.url) };
    let served = setup.serve(&test.store).await;
    let bearer = let_in(&test.store, "erp", &[Scope::Orders], &[APPID]).await;
    let (status, refused) = post(&served, "orders", &bearer, Some("k"), &order_body(7)).await;
    assert_eq!(
        (status.as_u16(), &refused["error"], &refused["errcode"]),
        (502, &"platform_refused".into(), &9_205_002.into())
    );
    assert!(refused["meaning"].is_string(), "{refused}");
    let (status, placed) = post(&served, "orders", &bearer, Some("k"), &order_body(100)).await;
    assert_eq!((status.as_u16(), &placed["order_id"], &placed["state"]), (201, &"O".into(), &"open".into()));
    let (status, again) = post(&served, "orders", &bearer, Some("k"), &order_body(100)).await;
    assert_eq!((status.as_u16(), &again["pay_url"]), (200, &placed["pay_url"]));
    let (status, conflict) = post(&served, "orders", &bearer, Some("k"), &order_body(101)).await;
    assert_eq!((status.as_u16(), &conflict["error"]), (409, &"conflict".into()));
    let another = let_in(&test.store, "desk", &[Scope::Orders], &[APPID]).await;
    let (status, open) = post(&served, "orders", &another, Some("k"), &order_body(100)).await;
    assert_eq!((status.as_u16(), &open["error"]), (409, &"open_order".into()), "a client's keys are its own");
    let (status, open) = post(&served, "orders", &bearer, Some("l"), &order_body(100)).await;
    assert_eq!((status.as_u16(), &open["error"], &open["order"]["order_id"]), (409, &"open_order".into(), &"O".into()));
    let (status, invalid) = post(&served, "orders", &bearer, Some("m"), &order_body(0)).await;
    assert_eq!((status.as_u16(), &invalid["problems"][0]["field"]), (422, &"fee".into()));
    assert_eq!(post(&served, "orders", &bearer, None, &order_body(100)).await.0.as_u16(), 400);
    assert_eq!(platform.calls("unifiedorder").len(), 2);
    let shown = served.api_get("/admin/v1/orders/O", Some(&bearer)).await;
    assert_eq!((shown.status, &shown.body["pay_url"]), (200, &placed["pay_url"]));
    assert_eq!(served.api_get("/admin/v1/orders/P", Some(&bearer)).await.status, 404);
    for path in ["orders/O?party=a&party=b", "refunds/R?party=a&party=b", "micropay/k?party=a&party=b"] {
        let told = served.api_get(&format!("/admin/v1/{path}"), Some(&bearer)).await;
        assert_eq!((told.status, &told.body["error"]), (400, &"invalid_request".into()), "{path}");
    }
}

async fn a_refund_is_asked_for_once_and_shown(test: TestStore) {
    let platform = ScriptedPlatform::start(|_, _| Some(json!({ "errcode": 0, "refund_order_id": "R" }))).await;
    import(&*test.store, payable("1")).await;
    // Nobody told when it was paid, so that no refund period ends while the test lives.
    let resolution = Resolution::Details(details("1", 20_000));
    let paid = OrderEvent::Paid(Paid { resolution, pay_channel: "wx_nontax".into(), pay_finish_time: None });
    assert_eq!(errcode(&*test.store, "A", paid, finance()).await, 0);
    let served = Setup::with_platform(&platform.url).serve(&test.store).await;
    let bearer = let_in(&test.store, "erp", &[Scope::Refunds], &[]).await;
    let body = |fee: i64| json!({ "party": "gz-finance", "order_id": "A", "refund_fee": fee, "reason": "paid twice" });

    let (status, too_much) = post(&served, "refunds", &bearer, Some("k"), &body(20_001)).await;
    assert_eq!((status.as_u16(), &too_much["error"]), (422, &"more_than_left".into()));
    let (status, asked) = post(&served, "refunds", &bearer, Some("k"), &body(5_000)).await;
    assert_eq!((status.as_u16(), &asked["state"], &asked["refund_order_id"]), (201, &"accepted".into(), &"R".into()));
    let (status, again) = post(&served, "refunds", &bearer, Some("k"), &body(5_000)).await;
    assert_eq!((status.as_u16(), &again), (200, &asked));
    let (status, conflict) = post(&served, "refunds", &bearer, Some("k"), &body(1)).await;
    assert_eq!((status.as_u16(), &conflict["error"]), (409, &"conflict".into()));
    assert_eq!((platform.calls("refund").len(), &asked["key"]), (1, &"k".into()));
    let path = format!("/admin/v1/refunds/{}", asked["refund_out_id"].as_str().unwrap());
    let shown = served.api_get(&path, Some(&bearer)).await;
    assert_eq!((shown.status, &shown.body), (200, &asked));
    let another = let_in(&test.store, "desk", &[Scope::Refunds], &[]).await;
    let (status, of_another) = post(&served, "refunds", &another, Some("k"), &body(1)).await;
    assert_eq!((status.as_u16(), &of_another["key"]), (201, &"k".into()), "a client's keys are its own");
    assert_ne!(of_another["refund_out_id"], asked["refund_out_id"]);
}

async fn only_the_scope_opens_the_desk(test: TestStore) {
    let served = Setup::default().serve(&test.store).await;
    let other = let_in(&test.store, "other", &[Scope::Token], &[]).await;
    for path in ["orders", "refunds"] {
        assert_eq!(post(&served, path, &other, Some("k"), &order_body(1)).await.0.as_u16(), 403, "{path}");
        assert_eq!(served.api_get(&format!("/admin/v1/{path}/A"), None).await.status, 401, "{path}");
    }
}
