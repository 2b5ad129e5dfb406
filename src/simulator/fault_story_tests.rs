//! Fault scripts, played against a party over real ports.

use serde_json::{Value, json};

use super::story_tests::{APPID, Stage, codes, stage_of};
use super::*;

async fn stage_with(faults: &str) -> Stage {
    let faults = FaultScript::parse(faults, "faults.toml").unwrap();
    stage_of(vec![], |settings, _| Settings { faults, seed: Some(1), ..settings }).await
}

/// A script with one rule about notifications.
fn notifications(kind: &str) -> String {
    format!("[[fault]]\non = \"callback\"\ncallback = \"notification\"\nnth = [1]\n{kind}\n")
}

fn told(stage: &Stage) -> Vec<Value> {
    stage.party.asked.lock().unwrap().iter().map(|(_, asked)| asked["order_id"].clone()).collect()
}

/// Pays an order while the first notification goes wrong: the errcodes of the calls, and how many the party understood.
async fn paid_with(kind: &str) -> (Vec<Option<i64>>, usize) {
    let stage = stage_with(&notifications(kind)).await;
    let exchanges = stage.simulator.pay(&stage.placed()).await.unwrap();
    assert_eq!(stage.simulator.exchanges().len(), exchanges.len() + usize::from(kind.contains("duplicate")));
    (codes(&exchanges), told(&stage).len())
}

#[tokio::test]
async fn a_callback_is_lost_garbled_doubled_or_slowed_down() {
    let (ok, failed) = (Some(0), None);
    assert_eq!(paid_with("kind = \"drop\"").await, (vec![failed, ok], 1));
    assert_eq!(paid_with("kind = \"lose_reply\"").await, (vec![failed, ok], 2));
    assert_eq!(paid_with("kind = \"duplicate\"").await, (vec![ok], 2));
    // This party answers 300 to whatever it cannot open.
    assert_eq!(paid_with("kind = \"wrong_key\"").await, (vec![Some(300), ok], 1));
    assert_eq!(paid_with("kind = \"delay\"\nmilliseconds = 1").await, (vec![ok], 1));
    assert_eq!(paid_with("kind = \"slow_bytes\"\nmilliseconds = 1").await, (vec![ok], 1));
    assert_eq!(paid_with("kind = \"reorder\"\nmilliseconds = 1").await, (vec![ok], 1));
}

#[tokio::test]
async fn a_held_back_callback_comes_after_the_next_one() {
    let stage = stage_with(&notifications("kind = \"reorder\"\nmilliseconds = 30000")).await;
    let (first, second) = (stage.placed(), stage.placed());
    // On one thread, the first is held back before the second is sent.
    let (held_back, next) = tokio::join!(stage.simulator.pay(&first), stage.simulator.pay(&second));
    assert_eq!((codes(&held_back.unwrap()), codes(&next.unwrap())), (vec![Some(0)], vec![Some(0)]));
    assert_eq!(told(&stage), [json!(second), json!(first)]);
}

#[tokio::test]
async fn a_rule_strikes_the_replies_of_one_api() {
    let stage = stage_with(
        "[[fault]]\non = \"api\"\npath = \"/nontax/getorder\"\nkind = \"errcode\"\nerrcode = -1\nnth = [2]\n",
    )
    .await;
    let token = stage.token().await;
    let order_id = stage.placed();
    let mut errcodes = Vec::new();
    for _ in 0..3 {
        let path = format!("/nontax/getorder?access_token={token}");
        let reply = stage.post(&path, json!({"appid": APPID, "order_id": order_id})).await;
        errcodes.push(reply["errcode"].clone());
        // The controls are never spoiled, nor counted.
        stage.post("/simulator/notify", json!({"order_id": order_id})).await;
    }
    assert_eq!(errcodes, [0, -1, 0]);
}
