//! Stories of the counter, over the platform's APIs.

use serde_json::{Value, json};

use super::story_tests::{APPID, Stage, stage};

fn request(auth_code: &str, notice: &str) -> Value {
    json!({"appid": APPID, "desc": "d", "fee": 3, "items": [{"no": 1, "item_id": "1", "item_name": "i", "fee": 3}],
        "payment_notice_create_time": 1_500_967_298, "payment_notice_no": notice, "department_code": "118610002",
        "department_name": "d", "region_code": "440000", "auth_code": auth_code})
}

/// A payer's code with an ending, a notice of its own, and what the calls replied.
struct Till {
    stage: Stage,
    path: String,
}

impl Till {
    async fn open() -> Self {
        let stage = stage(vec![]).await;
        let path = format!("/nontax/micropay?access_token={}", stage.token().await);
        Self { stage, path }
    }

    async fn call(&self, ending: u8, order_id: Option<&str>) -> Value {
        let mut request = request(&format!("1349719513058112{ending:02}"), &format!("notice-{ending}"));
        if let Some(order_id) = order_id {
            request["order_id"] = json!(order_id);
        }
        self.stage.post(&self.path, request).await
    }

    /// The errcodes of the calls, each with the order that the first reply named, and that order.
    async fn story(&self, ending: u8, calls: usize) -> (Vec<i64>, String) {
        let first = self.call(ending, None).await;
        let order_id = first["order_id"].as_str().unwrap_or_else(|| panic!("{first}")).to_owned();
        let mut errcodes = vec![first["errcode"].as_i64().unwrap()];
        for _ in 1..calls {
            let reply = self.call(ending, Some(&order_id)).await;
            assert_eq!(reply["order_id"], json!(order_id));
            errcodes.push(reply["errcode"].as_i64().unwrap());
        }
        (errcodes, order_id)
    }

    fn status(&self, order_id: &str) -> i64 {
        self.stage.simulator.order(order_id).unwrap().status.unwrap()
    }

    async fn told(&self, order_id: &str) {
        let is_told = || self.stage.party.asked.lock().unwrap().iter().any(|(_, told)| told["order_id"] == order_id);
        for _ in 0..500 {
            if is_told() {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        panic!("nobody was told of {order_id}");
    }
}

#[tokio::test]
async fn payments_with_and_without_a_password() {
    let till = Till::open().await;
    let stories: [(u8, &[i64], i64); 6] = [
        (0, &[0, 0], 3),
        (80, &[9_207_008, 0, 0], 3),
        (81, &[9_207_008, 9_207_008, 0], 3),
        (82, &[9_207_008, 9_207_008, 9_207_008, 9_207_008], 1),
        (83, &[-1, 0], 3),
        (84, &[-1, 0], 3),
    ];
    for (ending, errcodes, status) in stories {
        let (replied, order_id) = till.story(ending, errcodes.len()).await;
        assert_eq!(replied, errcodes, "{ending}");
        assert_eq!(till.status(&order_id), status, "{ending}");
        if status == 3 {
            till.told(&order_id).await;
        }
    }
    assert_eq!(till.stage.simulator.orders().len(), 6);
}

#[tokio::test]
async fn a_system_error_can_hide_a_payment() {
    let till = Till::open().await;
    let (replied, order_id) = till.story(84, 1).await;
    assert_eq!((replied, till.status(&order_id)), (vec![-1], 3));
    let unnamed = till.call(93, None).await;
    assert_eq!((&unnamed["errcode"], unnamed.get("order_id")), (&json!(-1), None));
    assert_eq!(till.call(93, None).await["errcode"], 9_207_009);
    assert_eq!(till.stage.simulator.orders()[1].status, Some(3));
}

#[tokio::test]
async fn a_code_is_good_for_one_order_and_an_order_for_one_payment() {
    let till = Till::open().await;
    let (_, waiting) = till.story(82, 1).await;
    assert_eq!(till.call(82, None).await["errcode"], 9_207_009);
    assert_eq!(till.call(82, Some("AQCA")).await["errcode"], 9_201_010);
    let (_, paid) = till.story(0, 1).await;
    assert_eq!(till.call(82, Some(&paid)).await["errcode"], 9_207_009);
    assert_eq!(till.call(1, Some(&paid)).await["errcode"], 9_200_232);
    // A fresh code for the order that still waits.
    assert_eq!(till.call(1, Some(&waiting)).await["errcode"], 0);
    assert_eq!(till.call(82, Some(&waiting)).await["errcode"], 0);
    till.told(&waiting).await;
    let elsewhere = till.stage.placed();
    assert_eq!(till.call(2, Some(&elsewhere)).await["errcode"], 9_201_010);
}

#[tokio::test]
async fn refusals_are_final() {
    let till = Till::open().await;
    for (ending, code) in [(86, 9_207_003), (87, 9_207_004), (88, 9_207_005), (89, 9_207_006), (90, 9_207_007)] {
        let (replied, order_id) = till.story(ending, 2).await;
        assert_eq!(replied, [code, code]);
        assert_eq!(till.status(&order_id), if ending == 90 { 12 } else { 1 });
    }
    let placed = till.stage.simulator.orders().len();
    for (ending, code) in [(91, 9_207_009), (92, 9_207_010)] {
        assert_eq!(till.call(ending, None).await["errcode"], code);
    }
    for (auth_code, code) in [(" ", 9_201_033), ("134971951305811", 9_207_010), ("164971951305811200", 9_207_010)] {
        assert_eq!(till.stage.post(&till.path, request(auth_code, "1")).await["errcode"], code);
    }
    assert_eq!(till.stage.simulator.orders().len(), placed);
}

#[tokio::test]
async fn one_pays_when_nobody_waits_any_more_and_another_never() {
    let till = Till::open().await;
    let (replied, late) = till.story(85, 2).await;
    assert_eq!((replied, till.status(&late)), (vec![9_207_008; 2], 1));
    till.stage.simulator.move_clock(34);
    let (_, never) = till.story(82, 1).await;
    till.stage.simulator.move_clock(600);
    assert_eq!((till.status(&late), till.status(&never)), (3, 12));
    assert_eq!(till.call(82, Some(&never)).await["errcode"], 9_207_007);
    till.told(&late).await;
}
