//! A refund from the desk to the platform's own notification of it, over the simulator's HTTP.

use nontax_gateway::domain::Scope;
use nontax_gateway::simulator::{FaultScript, Settings};
use serde_json::{Value, json};

use crate::bearers::let_in;
use crate::book::{import, payable};
use crate::database::{eventually, texts};
use crate::desk_routes::post;
use crate::served::PlatformAccess;
use crate::simulated_world::World;
use crate::stores::{TestStore, on_both_stores};

/// How long the simulated platform takes for a refund. The test moves its clock past that.
const REFUND_SECONDS: i64 = 3_600;

on_both_stores!(
    a_partial_refund_comes_back_as_ours_by_the_platforms_number,
    a_refund_whose_reply_was_lost_comes_back_as_ours_by_our_own_number,
);

/// An order is paid and a part of it refunded through the desk; then the money is back, and the platform tells that. Returns what
/// the desk answered first, and what it shows in the end.
async fn refunded(test: &TestStore, vary: impl FnOnce(&mut Settings)) -> (Value, Value) {
    import(&*test.store, payable("1")).await;
    let world = World::start(&test.store, PlatformAccess::at(""), |settings| {
        settings.timing.refund_seconds = REFUND_SECONDS;
        vary(settings);
    })
    .await;
    let order_id = world.placed("1").await;
    assert_eq!(world.paid(&order_id).await, [Some(0)]);
    let bearer = let_in(&test.store, "erp", &[Scope::Refunds], &[]).await;
    let body = json!({ "party": "gz-finance", "order_id": order_id, "refund_fee": 5_000, "reason": "paid twice" });
    let (_, asked) = post(&world.served, "refunds", &bearer, Some("k"), &body).await;
    let part = &world.simulator.order(&order_id).unwrap().partial_refund_info[0];
    assert_eq!(part.refund_out_id.as_deref(), asked["refund_out_id"].as_str(), "{asked}");

    world.simulator.move_clock(REFUND_SECONDS);
    let path = format!("/admin/v1/refunds/{}?party=gz-finance", asked["refund_out_id"].as_str().unwrap());
    let shown = eventually("the notification ended the request", || async {
        let shown = world.served.api_get(&path, Some(&bearer)).await.body;
        (shown["state"] == "refunded").then_some(shown)
    })
    .await;
    assert_eq!(shown["refund_order_id"], part.refund_order_id.as_str());
    let recorded = texts(test, "SELECT body FROM outbox WHERE kind = 'refund.recorded'").await;
    let recorded: Vec<Value> = recorded.iter().map(|body| serde_json::from_str(body).unwrap()).collect();
    assert_eq!(recorded.len(), 1);
    assert_eq!((&recorded[0]["requested_here"], &recorded[0]["refund_fee"]), (&true.into(), &5_000.into()));
    assert_eq!(recorded[0]["refund_out_id"], asked["refund_out_id"]);
    let together = "SELECT ours.kind FROM outbox ours JOIN outbox told ON told.recorded_at = ours.recorded_at \
                    WHERE ours.kind = 'refund.refunded' AND told.kind = 'refund.recorded'";
    assert_eq!(texts(test, together).await, ["refund.refunded"], "both are of one notification");
    (asked, shown)
}

async fn a_partial_refund_comes_back_as_ours_by_the_platforms_number(test: TestStore) {
    let (asked, shown) = refunded(&test, |settings| settings.parties[0].tells_partial_refunds = true).await;
    assert_eq!(asked["state"], "accepted", "{asked}");
    assert_eq!(asked["refund_order_id"], shown["refund_order_id"]);
}

async fn a_refund_whose_reply_was_lost_comes_back_as_ours_by_our_own_number(test: TestStore) {
    let lost = "[[fault]]\non = \"api\"\npath = \"/nontax/refund\"\nkind = \"drop\"\nnth = [1]\n";
    // The notification tells no number at all: the order is asked.
    let (asked, _) = refunded(&test, |settings| settings.faults = FaultScript::parse(lost, "test").unwrap()).await;
    assert_eq!((&asked["state"], &asked["refund_order_id"]), (&"requested".into(), &Value::Null), "{asked}");
}
