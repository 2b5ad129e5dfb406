//! A platform that answers badly, or not at all: no fault of it becomes a refusal, and nothing is asked twice at a time.

use std::time::Duration;

use nontax_gateway::domain::{NoticeKey, NoticeState, PaymentNoticeNo};
use serde_json::json;
use tokio::task::JoinSet;

use crate::book::{import, order, party, payable};
use crate::database::{execute, texts};
use crate::served::{PlatformAccess, Setup};
use crate::stores::{TestStore, on_both_stores};
use crate::stub_platform::{OrderReply, StubPlatform, http, order_for};
use crate::weixin::{paid_without_details, refunded};

on_both_stores!(
    a_platform_that_hangs_is_a_fault_that_records_nothing,
    a_bad_reply_is_a_fault_that_records_nothing,
    an_order_without_a_department_pays_the_one_notice_of_its_number,
    a_refund_of_an_order_that_the_platform_denies_is_asked_again,
    an_order_that_does_not_exist_is_refused_and_that_is_recorded,
    a_token_that_is_refused_is_fetched_once_more_and_no_more,
    one_flight_for_all_who_ask_for_one_order,
);

/// Nothing of the order is in the book.
async fn nothing_is_recorded(test: &TestStore, order_id: &str, number: &str) {
    assert_eq!(test.store.find_order(party(), order(order_id)).await.unwrap(), None);
    let found = test.store.find_notices(party(), PaymentNoticeNo::new(number).unwrap()).await.unwrap();
    assert_eq!(found[0].notice.state, NoticeState::Unpaid);
    let rows = texts(test, "SELECT order_id FROM platform_order UNION ALL SELECT order_id FROM payment").await;
    assert_eq!(rows, Vec::<String>::new());
}

async fn a_platform_that_hangs_is_a_fault_that_records_nothing(test: TestStore) {
    import(&*test.store, payable("1")).await;
    let platform = StubPlatform::start(OrderReply::Gated(json!({}))).await;
    let access = PlatformAccess { timeout: Duration::from_millis(200), ..PlatformAccess::at(&platform.url) };
    let served = Setup { platform: Some(access), ..Setup::default() }.serve(&test.store).await;
    assert_eq!(served.notified(&paid_without_details("A")).await, 299);
    assert_eq!(served.notified(&refunded("A")).await, 299);
    nothing_is_recorded(&test, "A", "1").await;
    let failed =
        r#"nontax_callbacks_total{party="gz-finance",kind="notification",errcode="299",outcome="platform_failed"}"#;
    assert_eq!(served.sample(failed).await, Some(2.0));
    platform.answers(OrderReply::Json(order_for("A", "1")));
    // Patient, so that a slow machine does not time out where it should not.
    let later = Setup::with_platform(&platform.url).serve(&test.store).await;
    assert_eq!(later.notified(&paid_without_details("A")).await, 0);
    assert_eq!(later.notified(&paid_without_details("A")).await, 0);
    assert_eq!(platform.order_queries(), 3);
}

async fn a_bad_reply_is_a_fault_that_records_nothing(test: TestStore) {
    import(&*test.store, payable("1")).await;
    let json = |value| OrderReply::Json(value);
    let raw = OrderReply::Raw;
    let lacking = |field: &str| {
        let mut order = order_for("A", "1");
        order.as_object_mut().unwrap().remove(field);
        json(order)
    };
    let mut negative = order_for("A", "1");
    negative["fee"] = (-1).into();
    let mut dollars = order_for("A", "1");
    dollars["fee_type"] = 2.into();
    let mut unreadable = order_for("A", "1");
    unreadable["payment_notice_no"] = "1\u{0}".into();
    let cases = [
        ("HTML", raw(http("200 OK", "<html>blocked by the proxy</html>"))),
        ("500", raw(http("500 Internal Server Error", &order_for("A", "1").to_string()))),
        (
            "a redirect",
            raw(b"HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:9/\r\ncontent-length: 0\r\n\r\n".to_vec()),
        ),
        ("nothing", raw(http("200 OK", ""))),
        ("no HTTP at all", raw(Vec::new())),
        ("too large", raw(http("200 OK", &format!("{}{}", order_for("A", "1"), " ".repeat(1 << 20))))),
        ("cut short", raw(b"HTTP/1.1 200 OK\r\ncontent-length: 5000\r\n\r\n{\"errcode\":0,".to_vec())),
        ("a list", json(json!([]))),
        ("busy", json(json!({ "errcode": -1, "errmsg": "system error" }))),
        ("the address is not on the whitelist", json(json!({ "errcode": 40164, "errmsg": "invalid ip" }))),
        ("not ours", json(json!({ "errcode": 9_291_005, "errmsg": "no permission" }))),
        ("no fee", lacking("fee")),
        ("no region", lacking("region_code")),
        ("another order", json(order_for("B", "1"))),
        ("another currency", json(dollars)),
        ("a negative fee", json(negative)),
        ("a notice number of nobody", json(unreadable)),
    ];
    let platform = StubPlatform::start(json(json!({}))).await;
    let served = Setup::with_platform(&platform.url).serve(&test.store).await;
    for (name, reply) in cases {
        platform.answers(reply);
        assert_eq!(served.notified(&paid_without_details("A")).await, 299, "{name}");
    }
    nothing_is_recorded(&test, "A", "1").await;
    platform.answers(json(order_for("A", "1")));
    assert_eq!(served.notified(&paid_without_details("A")).await, 0);
}

async fn an_order_without_a_department_pays_the_one_notice_of_its_number(test: TestStore) {
    let mut order = order_for("A", "1");
    order.as_object_mut().unwrap().remove("department_code");
    let platform = StubPlatform::start(OrderReply::Json(order)).await;
    let served = Setup::with_platform(&platform.url).serve(&test.store).await;
    import(&*test.store, payable("1")).await;
    let mut elsewhere = payable("1");
    elsewhere.key = NoticeKey::new("440100", "another", "1").unwrap();
    import(&*test.store, elsewhere.clone()).await;
    assert_eq!(served.notified(&paid_without_details("A")).await, 299, "two have the number");
    nothing_is_recorded(&test, "A", "1").await;
    elsewhere.key = NoticeKey::new("440200", "another", "2").unwrap();
    let mut order = order_for("B", "2");
    order.as_object_mut().unwrap().remove("department_code");
    platform.answers(OrderReply::Json(order));
    import(&*test.store, payable("2")).await;
    import(&*test.store, elsewhere).await;
    assert_eq!(served.notified(&paid_without_details("B")).await, 0, "the other one is in another region");
}

async fn a_refund_of_an_order_that_the_platform_denies_is_asked_again(test: TestStore) {
    import(&*test.store, payable("1")).await;
    let platform = StubPlatform::start(OrderReply::Json(order_for("A", "1"))).await;
    let served = Setup::with_platform(&platform.url).serve(&test.store).await;
    assert_eq!(served.notified(&paid_without_details("A")).await, 0);
    platform.answers(OrderReply::Json(json!({ "errcode": 9_201_010, "errmsg": "no such order" })));
    assert_eq!(served.notified(&refunded("A")).await, 299);
    let mut order = order_for("A", "1");
    order["status"] = 5.into();
    platform.answers(OrderReply::Json(order));
    assert_eq!(served.notified(&refunded("A")).await, 0);
    let queries = platform.order_queries();
    assert_eq!(served.notified(&refunded("A")).await, 0);
    assert_eq!(platform.order_queries(), queries, "a repeat needs no platform");
}

async fn an_order_that_does_not_exist_is_refused_and_that_is_recorded(test: TestStore) {
    let platform =
        StubPlatform::start(OrderReply::Json(json!({ "errcode": 9_201_010, "errmsg": "no such order" }))).await;
    let served = Setup::with_platform(&platform.url).serve(&test.store).await;
    assert_eq!(served.notified(&paid_without_details("A")).await, 231);
    let payments = texts(&test, "SELECT order_id || ' ' || disposition || ' ' || objection FROM payment").await;
    assert_eq!(payments, ["A refused notice_unknown"]);
    // The platform has refunded on it: it stays so, even when the order turns up.
    import(&*test.store, payable("1")).await;
    platform.answers(OrderReply::Json(order_for("A", "1")));
    assert_eq!(served.notified(&paid_without_details("A")).await, 231);
}

async fn a_token_that_is_refused_is_fetched_once_more_and_no_more(test: TestStore) {
    for errcode in [40001, 40014, 42001] {
        // The stub has one token only: without this the row would remember that it was refused.
        execute(&test.url, "DELETE FROM access_token").await.unwrap();
        let platform = StubPlatform::start(OrderReply::Json(json!({ "errcode": errcode, "errmsg": "token" }))).await;
        let served = Setup::with_platform(&platform.url).serve(&test.store).await;
        assert_eq!(served.notified(&paid_without_details("A")).await, 299, "{errcode}");
        assert_eq!(platform.order_queries(), 2, "{errcode}");
        assert_eq!(platform.token_requests(), 2, "{errcode}");
    }
}

async fn one_flight_for_all_who_ask_for_one_order(test: TestStore) {
    import(&*test.store, payable("1")).await;
    // Long enough for all to come while the platform thinks.
    let platform = StubPlatform::start(OrderReply::After(Duration::from_secs(1), order_for("A", "1"))).await;
    let served = std::sync::Arc::new(Setup::with_platform(&platform.url).serve(&test.store).await);
    let mut notifications = JoinSet::new();
    for _ in 0..16 {
        let served = std::sync::Arc::clone(&served);
        notifications.spawn(async move { served.notified(&paid_without_details("A")).await });
    }
    assert_eq!(notifications.join_all().await, [0; 16]);
    assert_eq!(platform.order_queries(), 1);
    assert_eq!(platform.token_requests(), 1);
    assert_eq!(served.sample(r#"nontax_repeats_total{party="gz-finance"}"#).await, Some(15.0));
}
