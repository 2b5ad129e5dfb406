//! Refunds that the serving gateway follows: when it looks, what it repeats, and what it leaves alone.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use jiff::Timestamp;
use nontax_gateway::app::{Party, RefundLooks, RefundWish, follow_refunds, request_refund};
use nontax_gateway::domain::{Mode, RefundAmount, Role};
use nontax_gateway::store::{RefundRequestRecord, RefundSelection};
use serde_json::{Value, json};

use crate::book::{NOON, at, errcode, fen, finance, import, order, paid, party, payable};
use crate::scripted_platform::ScriptedPlatform;
use crate::stores::{TestStore, on_both_stores};
use crate::stub_platform::order_for;

on_both_stores!(
    what_was_accepted_is_followed_until_it_is_refunded,
    an_unknown_outcome_is_looked_up_and_repeated_under_its_own_number,
    a_platform_that_is_away_is_tried_once_in_a_pass_and_leaves_all_open,
);

/// What the platform shows of order "A": a refund under our number, in a state.
fn showing(refund_out_id: &Value, refund_status: i64) -> Value {
    let mut order = order_for("A", "1");
    order["partial_refund_info"] = json!([{
        "refund_order_id": "R", "refund_out_id": refund_out_id, "refund_fee": 100, "refund_status": refund_status,
        "refund_finish_time": NOON + 90,
    }]);
    order
}

/// Requests a refund of 1 yuan of the paid order "A", at the first minute after the payment.
async fn asked(test: &TestStore, party: &Party, key: &str) -> RefundRequestRecord {
    let wish = RefundWish {
        order_id: order("A"),
        amount: RefundAmount::Part(fen(100)),
        reason: "paid twice".into(),
        caller_key: key.into(),
        requested_by: "counter 3".into(),
        refund_out_id: None,
    };
    request_refund(&*test.store, party, wish, at(NOON + 60)).await.unwrap()
}

async fn paid_order(test: &TestStore) {
    import(&*test.store, payable("1")).await;
    assert_eq!(errcode(&*test.store, "A", paid("1"), finance()).await, 0);
}

fn bank(platform: &ScriptedPlatform) -> Arc<Party> {
    Arc::new(platform.party(Role::Bank, Mode::DirectBank))
}

/// One pass, some seconds after the refund was asked for: the states of what was looked at.
async fn pass(test: &TestStore, party: &Arc<Party>, looks: &mut RefundLooks, seconds: i64) -> Vec<&'static str> {
    let now = move || -> Timestamp { at(NOON + 60 + seconds) };
    let followed = follow_refunds(&*test.store, &[Arc::clone(party)], looks, &now).await.unwrap();
    followed.iter().map(|request| request.state.name()).collect()
}

async fn open(test: &TestStore) -> Vec<RefundRequestRecord> {
    let open_only = RefundSelection { order_id: None, open_only: true };
    test.store.list_refund_requests(party(), open_only, 100).await.unwrap()
}

async fn what_was_accepted_is_followed_until_it_is_refunded(test: TestStore) {
    paid_order(&test).await;
    let done = Arc::new(AtomicBool::new(false));
    let shared = Arc::clone(&done);
    let platform = ScriptedPlatform::start(move |api, _| match api {
        "getorder" => Some(showing(&Value::Null, if shared.load(Ordering::Relaxed) { 5 } else { 6 })),
        _ => Some(json!({ "errcode": 0, "refund_order_id": "R" })),
    })
    .await;
    let (party, mut looks) = (bank(&platform), RefundLooks::default());
    assert_eq!(asked(&test, &party, "1").await.state.name(), "accepted");
    assert!(pass(&test, &party, &mut looks, 59).await.is_empty(), "it is too early");
    assert_eq!(pass(&test, &party, &mut looks, 60).await, ["accepted"]);
    assert!(pass(&test, &party, &mut looks, 119).await.is_empty(), "it was looked at a minute ago");
    done.store(true, Ordering::Relaxed);
    assert_eq!(pass(&test, &party, &mut looks, 120).await, ["refunded"]);
    assert!(pass(&test, &party, &mut looks, 90_000).await.is_empty(), "nothing more can be learnt");
    assert_eq!((platform.calls("refund").len(), platform.calls("getorder").len()), (1, 2));
}

async fn an_unknown_outcome_is_looked_up_and_repeated_under_its_own_number(test: TestStore) {
    paid_order(&test).await;
    let lost = AtomicBool::new(true);
    let platform = ScriptedPlatform::start(move |api, _| match api {
        "getorder" => Some(order_for("A", "1")),
        _ if lost.swap(false, Ordering::Relaxed) => None,
        _ => Some(json!({ "errcode": 0, "refund_order_id": "R" })),
    })
    .await;
    let (party, mut looks) = (bank(&platform), RefundLooks::default());
    let request = asked(&test, &party, "1").await;
    assert_eq!(request.state.name(), "requested");
    assert_eq!(pass(&test, &party, &mut looks, 60).await, ["accepted"]);
    let numbers: Vec<_> = platform.calls("refund").iter().map(|body| body["refund_out_id"].clone()).collect();
    assert_eq!(numbers, [request.refund_out_id.as_str(), request.refund_out_id.as_str()]);
    assert_eq!(platform.calls("getorder").len(), 1, "what was called before is looked up first");
}

async fn a_platform_that_is_away_is_tried_once_in_a_pass_and_leaves_all_open(test: TestStore) {
    paid_order(&test).await;
    let away = Arc::new(AtomicBool::new(false));
    let shared = Arc::clone(&away);
    let platform = ScriptedPlatform::start(move |api, body| match api {
        _ if shared.load(Ordering::Relaxed) => None,
        "getorder" => Some(order_for("A", "1")),
        _ => Some(json!({ "errcode": 0, "refund_order_id": format!("R{}", body["refund_out_id"]) })),
    })
    .await;
    let (party, mut looks) = (bank(&platform), RefundLooks::default());
    for key in ["1", "2", "3"] {
        asked(&test, &party, key).await;
    }
    let before = open(&test).await;
    away.store(true, Ordering::Relaxed);
    assert!(pass(&test, &party, &mut looks, 60).await.is_empty());
    let tries = platform.calls("getorder").len();
    assert!(pass(&test, &party, &mut looks, 90).await.is_empty());
    assert_eq!(platform.calls("getorder").len(), 2 * tries, "one request for each pass");
    assert_eq!(open(&test).await, before);
    away.store(false, Ordering::Relaxed);
    assert_eq!(pass(&test, &party, &mut looks, 150).await.len(), 3, "the others were not kept from their turn");
    assert_eq!(platform.calls("refund").len(), 3);
}
