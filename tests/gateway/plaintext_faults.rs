//! Plaintexts that Weixin signed and that are still not right, and odd ones that are.

use serde_json::{Value, json};

use crate::book::{NOON, import, payable};
use crate::served::{Served, Setup};
use crate::stores::{TestStore, on_both_stores};
use crate::weixin::{KEY, envelope, open_reply, paid, paid_without_details, query, refunded, with};

on_both_stores!(
    a_query_that_breaks_the_protocol_is_210,
    a_notification_that_breaks_the_protocol_is_210_and_records_nothing,
    numbers_as_text_blanks_and_unknown_fields_are_no_error,
    a_byte_order_mark_is_no_error,
);

/// A plaintext that need not be an object, sealed and signed as it must be.
async fn errcode_of_bytes(served: &Served, callback: &str, plaintext: &[u8]) -> i64 {
    let reply = served.post(callback, envelope(plaintext).to_string().into_bytes()).await;
    reply.opened()["errcode"].as_i64().unwrap()
}

fn without(mut object: Value, field: &str) -> Value {
    object.as_object_mut().unwrap().remove(field);
    object
}

const NO_DOCUMENTS: [&[u8]; 6] = [b"", b"null", b"[]", b"\"text\"", b"{\"order_id\":", b"\xff\xfe"];

async fn a_query_that_breaks_the_protocol_is_210(test: TestStore) {
    import(&*test.store, payable("1")).await;
    let served = Setup::default().serve(&test.store).await;
    for plaintext in NO_DOCUMENTS {
        assert_eq!(errcode_of_bytes(&served, "receivables", plaintext).await, 210, "{plaintext:?}");
    }
    for field in ["appid", "region_code", "payment_notice_no", "bank_id"] {
        let lacking = without(query("1"), field);
        assert_eq!(served.ask("receivables", &lacking).await["errcode"], 210, "without {field}");
    }
    let long = "9".repeat(129);
    let wrong = [
        json!({ "appid": "wx0000000000000000" }),
        json!({ "payment_notice_no": "" }),
        json!({ "payment_notice_no": "1\u{0}" }),
        json!({ "payment_notice_no": "1\n2" }),
        json!({ "payment_notice_no": long }),
        json!({ "payment_notice_no": 1 }),
        json!({ "region_code": "\u{0}" }),
        json!({ "region_code": long }),
        json!({ "department_code": "001\u{0}002" }),
        json!({ "department_code": long }),
        json!({ "bank_id": "IC\u{0}BC" }),
        json!({ "bank_id": long }),
        json!({ "payment_notice_type": "general" }),
    ];
    for fields in &wrong {
        let reply = served.ask("receivables", &with(query("1"), fields)).await;
        assert_eq!(reply, json!({ "errcode": 210, "errmsg": "数据格式错误" }), "{fields}");
    }
    // What was replied to so many is not what a right one gets.
    assert_eq!(served.queried("1").await, 0);
}

async fn a_notification_that_breaks_the_protocol_is_210_and_records_nothing(test: TestStore) {
    import(&*test.store, payable("1")).await;
    let served = Setup::default().serve(&test.store).await;
    for plaintext in NO_DOCUMENTS {
        assert_eq!(errcode_of_bytes(&served, "notification", plaintext).await, 210, "{plaintext:?}");
    }
    for field in ["order_id", "status", "pay_channel", "pay_finish_time"] {
        assert_eq!(served.notified(&without(paid("A", "1"), field)).await, 210, "without {field}");
    }
    let long = "9".repeat(129);
    let wrong = [
        json!({ "order_id": "" }),
        json!({ "order_id": "A\u{0}" }),
        json!({ "order_id": long }),
        json!({ "order_id": ["A"] }),
        json!({ "status": 1 }),
        json!({ "status": 12 }),
        json!({ "status": "paid" }),
        json!({ "status": 3.5 }),
        json!({ "pay_channel": "wx\u{0}nontax" }),
        json!({ "pay_channel": long }),
        json!({ "pay_finish_time": -1 }),
        json!({ "pay_finish_time": 1e300 }),
        json!({ "pay_finish_time": i64::MAX }),
        json!({ "fee": -1 }),
        json!({ "fee": "200.00" }),
        json!({ "payment_notice_no": "1\u{0}" }),
        json!({ "department_code": long }),
        json!({ "bank_id": "\u{1}" }),
    ];
    for fields in &wrong {
        let reply = served.notify(&with(paid("A", "1"), fields)).await;
        assert_eq!(reply, json!({ "errcode": 210, "errmsg": "数据格式错误" }), "{fields}");
    }
    let wrong_refunds = [
        json!({ "refund_fee": 100 }),
        json!({ "refund_fee": -1, "refund_order_id": "R" }),
        json!({ "refund_fee": 100, "refund_order_id": "R\u{0}" }),
        json!({ "refund_fee": 100, "refund_order_id": long }),
        json!({ "refund_finish_time": -1 }),
    ];
    for fields in &wrong_refunds {
        assert_eq!(served.notified(&with(refunded("A"), fields)).await, 210, "{fields}");
    }
    assert_eq!(served.queried("1").await, 0);
    assert_eq!(served.notified(&paid("A", "1")).await, 0);
}

async fn numbers_as_text_blanks_and_unknown_fields_are_no_error(test: TestStore) {
    import(&*test.store, payable("1")).await;
    let served = Setup::default().serve(&test.store).await;
    let odd = with(query(" 1 "), &json!({ "payment_notice_type": " 1", "region_code": "440100 ", "more": [1] }));
    assert_eq!(served.ask("receivables", &odd).await["errcode"], 0);
    let odd = json!({ "status": "3", "pay_finish_time": format!(" {NOON}"), "fee": "20000", "refund_fee": "",
                      "refund_order_id": "", "refund_finish_time": null, "more": { "a": 1 } });
    assert_eq!(served.notified(&with(paid("A", "1"), &odd)).await, 0);
    assert_eq!(served.notified(&paid("A ", "1")).await, 0);
    assert_eq!(served.query("1").await["order_id"], "A");
    let mut envelope = envelope(query("1").to_string().as_bytes());
    envelope["version"] = " 1".into();
    envelope["more"] = 1.into();
    assert_eq!(served.post("receivables", envelope.to_string().into_bytes()).await.opened()["errcode"], 232);
}

async fn a_byte_order_mark_is_no_error(test: TestStore) {
    import(&*test.store, payable("1")).await;
    let served = Setup::default().serve(&test.store).await;
    let marked = format!("\u{feff}\r\n {} \n", paid("A", "1"));
    let body = format!("\u{feff} {}\n", envelope(marked.as_bytes()));
    let reply = served.post("notification", body.into_bytes()).await;
    assert_eq!(open_reply(KEY, &reply.body)["errcode"], 0);
    assert_eq!(served.query("1").await["order_id"], "A");
    // Without a word on what it pays, and nobody to ask.
    assert_eq!(served.notified(&paid_without_details("B")).await, 299);
}
