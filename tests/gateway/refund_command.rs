//! `nontax refund`, run as an operator runs it.

use std::sync::atomic::{AtomicUsize, Ordering};

use nontax_gateway::domain::{OrderEvent, Paid, Resolution};
use serde_json::json;

use crate::book::{details, errcode, finance, import, payable};
use crate::command::House;
use crate::scripted_platform::ScriptedPlatform;
use crate::stores::sqlite;
use crate::stub_platform::order_for;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refund_is_requested_repeated_followed_and_listed() {
    let calls = AtomicUsize::new(0);
    let platform = ScriptedPlatform::start(move |api, _| match api {
        "getorder" => {
            let mut order = order_for("A", "1");
            order["partial_refund_info"] =
                json!([{ "refund_order_id": "R", "refund_fee": 5_000, "refund_status": 5, "refund_finish_time": 9 }]);
            Some(order)
        }
        _ => Some(match calls.fetch_add(1, Ordering::Relaxed) {
            0 => json!({ "errcode": 0, "refund_order_id": "R" }),
            _ => json!({ "errcode": 9_202_006, "errmsg": "insufficient balance" }),
        }),
    })
    .await;
    let test = sqlite().await;
    import(&*test.store, payable("1")).await;
    let resolution = Resolution::Details(details("1", 20_000));
    let paid = OrderEvent::Paid(Paid { resolution, pay_channel: "wx_nontax".into(), pay_finish_time: None });
    assert_eq!(errcode(&*test.store, "A", paid, finance()).await, 0);
    let house = House::new(&test.url, &platform.url, "");

    let of_a = ["--party", "gz-finance", "--order-id", "A", "--reason", "paid twice", "--format", "json"];
    let part = [&["refund", "request", "--fee", "5000"][..], &of_a].concat();
    let asked = house.nontax(&part).await;
    assert_eq!((asked.code, &asked.json()["state"]), (0, &"accepted".into()), "{}", asked.err);
    assert!(!asked.err.contains("this is the refund"), "{}", asked.err);
    let again = house.nontax(&part).await;
    assert_eq!(again.json(), asked.json(), "the same command is the same refund");
    assert!(again.err.contains("this is the refund asked for at") && again.err.contains("--key"), "{}", again.err);
    let refused = house.nontax(&[&["refund", "request"][..], &of_a].concat()).await;
    assert_eq!((refused.code, &refused.json()["errcode"]), (5, &9_202_006.into()), "{}", refused.err);
    assert_eq!(platform.calls("refund").len(), 2);
    let too_much = house.nontax(&[&["refund", "request", "--fee", "20000"][..], &of_a].concat()).await;
    assert!(too_much.code == 1 && too_much.err.contains("15000 fen that are left"), "{}", too_much.err);

    let id = asked.json()["refund_out_id"].as_str().unwrap().to_owned();
    let one = |verb| ["refund", verb, "--party", "gz-finance", &id, "--format", "json"].map(str::to_owned);
    for verb in ["follow", "show"] {
        let arguments = one(verb);
        let told = house.nontax(&arguments.iter().map(String::as_str).collect::<Vec<_>>()).await;
        assert_eq!(told.json()["state"], "refunded", "{verb} {}", told.err);
    }
    let listed = house.nontax(&["refund", "list", "--party", "gz-finance", "--format", "json"]).await;
    assert_eq!(listed.json()["refunds"].as_array().unwrap().len(), 2, "{}", listed.err);
}
