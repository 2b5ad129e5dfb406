//! Orders placed here whose time is over: the platform is asked, and what it says is what becomes of them.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use nontax_gateway::app::jobs::{Job as _, JobError, JobRun, OrderExpiryJob, Ran};
use nontax_gateway::app::{Party, PlacedOrderAnswer, place_order};
use nontax_gateway::domain::OrderState;
use serde_json::json;

use crate::book::{NOON, at, errcode, finance, import, order, paid, party, payable};
use crate::database::texts;
use crate::placed_orders::{opened, request, unit, wish};
use crate::scripted_platform::ScriptedPlatform;
use crate::stores::{TestStore, on_both_stores};
use crate::stub_platform::order_for;

on_both_stores!(
    an_order_that_was_not_paid_expires_and_is_told_once,
    a_paid_order_that_was_not_notified_is_notified_once_more,
    a_paid_order_ends_without_a_question,
    an_open_order_is_looked_at_again_and_a_platform_that_is_away_changes_nothing,
);

/// A status that makes the platform break the connection off.
const AWAY: i64 = -1;

/// A platform that placed order "A" and shows it in a status.
async fn placed(test: &TestStore, status: &Arc<AtomicI64>) -> (ScriptedPlatform, Arc<Party>) {
    let shown = Arc::clone(status);
    let platform = ScriptedPlatform::start(move |api, _| match api {
        "unifiedorder" => Some(opened("A")),
        "getorder" if shown.load(Ordering::SeqCst) == AWAY => None,
        "getorder" => {
            let mut order = order_for("A", "1");
            order["status"] = json!(shown.load(Ordering::SeqCst));
            Some(order)
        }
        _ => Some(json!({ "errcode": 0, "errmsg": "ok" })),
    })
    .await;
    let party = Arc::new(unit(&platform));
    place_order(&*test.store, &party, wish("k", request("1", 100)), at(NOON)).await.unwrap();
    (platform, party)
}

/// One run, some seconds after the order was placed.
async fn run(test: &TestStore, party: &Arc<Party>, seconds: i64) -> Result<String, JobError> {
    let job = OrderExpiryJob::new(Arc::clone(&test.store), Arc::clone(party));
    let ran = job.run(JobRun { day: None, started_at: at(NOON + seconds) }).await?;
    Ok(match ran {
        Ran::Done(detail) | Ran::NotYet(detail) => detail,
    })
}

async fn an_order_that_was_not_paid_expires_and_is_told_once(test: TestStore) {
    let status = Arc::new(AtomicI64::new(12));
    let (platform, unit) = placed(&test, &status).await;
    assert!(run(&test, &unit, 710).await.unwrap().starts_with("0 expired"), "within the grace");
    assert_eq!(run(&test, &unit, 721).await.unwrap(), "1 expired, 0 paid, 0 notified anew, 0 still open");
    assert!(run(&test, &unit, 90_000).await.unwrap().starts_with("0 expired"));
    assert_eq!(platform.calls("getorder").len(), 1);
    let (shown, state) = test.store.find_placed_order(party(), order("A")).await.unwrap().unwrap();
    assert_eq!((shown.state.name(), state), ("expired", OrderState::Open));
    // Even by a clock that runs behind.
    assert_eq!(PlacedOrderAnswer::at(&shown, at(NOON)).unwrap().state, "expired");
    let events = texts(&test, "SELECT kind FROM outbox WHERE subject = 'A' ORDER BY event_id").await;
    assert_eq!(events, ["order.placed", "order.expired"]);
    let steps = texts(&test, "SELECT step FROM state_journal WHERE subject = 'A' ORDER BY change_id").await;
    assert_eq!(steps, ["place", "expire"]);
    let another = place_order(&*test.store, &unit, wish("k2", request("1", 100)), at(NOON + 800)).await;
    assert!(another.is_ok(), "another may be placed");
}

async fn a_paid_order_that_was_not_notified_is_notified_once_more(test: TestStore) {
    let status = Arc::new(AtomicI64::new(3));
    let (platform, unit) = placed(&test, &status).await;
    assert_eq!(run(&test, &unit, 721).await.unwrap(), "0 expired, 0 paid, 1 notified anew, 0 still open");
    assert_eq!(platform.calls("notifyinconsistentorder")[0]["order_id"], "A");
    run(&test, &unit, 760).await.unwrap();
    assert_eq!(platform.calls("notifyinconsistentorder").len(), 1, "it has a while to arrive");
    let (shown, _) = test.store.find_placed_order(party(), order("A")).await.unwrap().unwrap();
    assert_eq!(shown.state.name(), "open");
}

async fn a_paid_order_ends_without_a_question(test: TestStore) {
    import(&*test.store, payable("2")).await;
    let status = Arc::new(AtomicI64::new(3));
    let (platform, unit) = placed(&test, &status).await;
    assert_eq!(errcode(&*test.store, "A", paid("2"), finance()).await, 0);
    assert_eq!(run(&test, &unit, 721).await.unwrap(), "0 expired, 1 paid, 0 notified anew, 0 still open");
    assert!(platform.calls("getorder").is_empty());
    assert_eq!(run(&test, &unit, 90_000).await.unwrap(), "0 expired, 0 paid, 0 notified anew, 0 still open");
}

async fn an_open_order_is_looked_at_again_and_a_platform_that_is_away_changes_nothing(test: TestStore) {
    let status = Arc::new(AtomicI64::new(1));
    let (platform, unit) = placed(&test, &status).await;
    assert_eq!(run(&test, &unit, 721).await.unwrap(), "0 expired, 0 paid, 0 notified anew, 1 still open");
    assert!(run(&test, &unit, 800).await.unwrap().ends_with("0 still open"), "it was looked at just now");
    assert_eq!(platform.calls("getorder").len(), 1);
    status.store(AWAY, Ordering::SeqCst);
    let later = i64::try_from(Duration::from_mins(30).as_secs()).unwrap();
    assert!(run(&test, &unit, later).await.is_err());
    status.store(12, Ordering::SeqCst);
    assert!(run(&test, &unit, later).await.unwrap().starts_with("1 expired"));
}
