//! The admin listener: alive, ready, what is counted; and that no secret and no payer is in the metrics or the logs.

use serde_json::{Value, json};

use crate::book::{import, party, payable};
use crate::database::HeldBook;
use crate::served::{APP_SECRET, Setup};
use crate::stores::{TestStore, empty_postgres_database, on_both_stores, open, postgres};
use crate::stub_platform::{OrderReply, StubPlatform, TOKEN, http, order_for};
use crate::weixin::{KEY, OTHER, WEIXIN, envelope_with, paid, paid_without_details, query, with};

on_both_stores!(
    a_gateway_that_can_serve_is_ready,
    a_store_that_was_closed_is_not_ready,
    every_metric_is_there_and_can_be_read,
    no_secret_and_no_payer_is_logged_or_counted,
);

async fn a_gateway_that_can_serve_is_ready(test: TestStore) {
    let served = Setup::default().serve(&test.store).await;
    assert_eq!(served.admin("/livez").await, (200, "ok\n".to_owned()));
    let (status, body) = served.admin("/readyz").await;
    let expected = json!({
        "ready": true,
        "database": "ok",
        "parties": [{ "name": "gz-finance", "symmetric_keys": ["aes-1"], "platform_keys": ["weixin-1"] }],
    });
    assert_eq!((status, serde_json::from_str::<Value>(&body).unwrap()), (200, expected));
}

async fn a_store_that_was_closed_is_not_ready(test: TestStore) {
    let served = Setup::default().serve(&test.store).await;
    test.store.close().await;
    let (status, body) = served.admin("/readyz").await;
    let body: Value = serde_json::from_str(&body).unwrap();
    assert_eq!((status, &body["ready"]), (503, &json!(false)));
    assert!(body["database"].as_str().unwrap().contains("get a connection"), "{body}");
    // Alive all the same, and what cannot be answered is 299.
    assert_eq!(served.admin("/livez").await.0, 200);
    assert_eq!(served.admin("/metrics").await.0, 200);
    assert_eq!(served.queried("1").await, 299);
    assert_eq!(served.notified(&paid("A", "1")).await, 299);
}

#[tokio::test]
async fn a_postgres_that_was_never_migrated_is_not_ready() {
    let store = open(&empty_postgres_database().await).await;
    let served = Setup::default().serve(&store).await;
    let (status, body) = served.admin("/readyz").await;
    assert_eq!(status, 503);
    assert!(body.contains("nontax migrate"), "{body}");
    assert_eq!(served.queried("1").await, 299);
    store.migrate().await.unwrap();
    assert_eq!(served.admin("/readyz").await.0, 200);
    assert_eq!(served.queried("1").await, 231);
}

#[tokio::test]
async fn the_metrics_do_not_wait_for_a_database_that_hangs() {
    let test = postgres().await;
    let served = Setup::default().serve(&test.store).await;
    let held = HeldBook::hold(&test).await;
    let gives_up = test.store.count_held(party());
    tokio::select! {
        biased;
        (status, metrics) = served.admin("/metrics") => {
            assert_eq!(status, 200);
            assert!(metrics.contains("nontax_build_info"), "{metrics}");
        }
        _ = gives_up => panic!("the metrics came after the database had given up"),
    }
    held.release().await;
    assert_eq!(served.sample(r#"nontax_held_payments{party="gz-finance"}"#).await, Some(0.0));
}

/// Whether a line of the metrics has the shape of the text format.
fn is_sample(line: &str) -> bool {
    let Some((name, value)) = line.rsplit_once(' ') else { return false };
    let labels_close = !name.contains('{') || name.ends_with('}');
    name.starts_with("nontax_") && labels_close && (value.parse::<f64>().is_ok())
}

async fn every_metric_is_there_and_can_be_read(test: TestStore) {
    import(&*test.store, payable("1")).await;
    let served = Setup::default().serve(&test.store).await;
    assert_eq!(served.notified(&paid("A", "1")).await, 0);
    assert_eq!(served.notified(&paid("A", "1")).await, 0);
    assert_eq!(served.notified(&paid("B", "1")).await, 232);
    assert_eq!(served.queried("1").await, 232);
    let forged = envelope_with(KEY, &OTHER, paid("C", "1").to_string().as_bytes());
    assert_eq!(served.post("notification", forged.to_string().into_bytes()).await.opened()["errcode"], 300);
    assert_eq!(served.post("receivables", b"nonsense".to_vec()).await.opened()["errcode"], 210);

    let (_, metrics) = served.admin("/metrics").await;
    assert!(metrics.ends_with("# EOF\n"), "{metrics}");
    for line in metrics.lines().filter(|line| !line.starts_with('#')) {
        assert!(is_sample(line), "{line}");
    }
    let callbacks = |kind: &str, errcode: i64, outcome: &str| {
        format!(r#"nontax_callbacks_total{{party="gz-finance",kind="{kind}",errcode="{errcode}",outcome="{outcome}"}}"#)
    };
    let expected = [
        (callbacks("notification", 0, "recorded"), 1.0),
        (callbacks("notification", 0, "already_recorded"), 1.0),
        (callbacks("notification", 232, "refused"), 1.0),
        (callbacks("notification", 300, "invalid_signature"), 1.0),
        (callbacks("receivables", 232, "answered"), 1.0),
        (callbacks("receivables", 210, "invalid_envelope"), 1.0),
        (r#"nontax_callback_duration_seconds_count{kind="notification"}"#.into(), 4.0),
        (r#"nontax_callback_duration_seconds_bucket{le="+Inf",kind="receivables"}"#.into(), 2.0),
        ("nontax_callbacks_in_flight".into(), 0.0),
        (r#"nontax_repeats_total{party="gz-finance"}"#.into(), 1.0),
        (r#"nontax_signature_failures_total{party="gz-finance",key="aes-1"}"#.into(), 1.0),
        (r#"nontax_verified_total{party="gz-finance",key="weixin-1"}"#.into(), 4.0),
        (r#"nontax_refunding_replies_total{party="gz-finance",errcode="232"}"#.into(), 1.0),
        (r#"nontax_held_payments{party="gz-finance"}"#.into(), 0.0),
        ("nontax_rejected_addresses_total".into(), 0.0),
        ("nontax_journal_lost_total".into(), 0.0),
        (format!(r#"nontax_build_info{{version="{}"}}"#, env!("CARGO_PKG_VERSION")), 1.0),
    ];
    for (name, value) in expected {
        assert_eq!(served.sample(&name).await, Some(value), "{name} in\n{metrics}");
    }
}

async fn no_secret_and_no_payer_is_logged_or_counted(test: TestStore) {
    import(&*test.store, payable("1")).await;
    let platform = StubPlatform::start(OrderReply::Json(order_for("A", "1"))).await;
    let served = Setup::with_platform(&platform.url).serve(&test.store).await;
    assert_eq!(served.query("1").await["user_name"], "叶*梅");
    assert_eq!(served.notified(&paid_without_details("A")).await, 0);
    // Faults of every kind: of the envelope, of the plaintext, of the platform, of the network.
    let forged = envelope_with(KEY, &OTHER, query("1").to_string().as_bytes());
    served.post("receivables", forged.to_string().into_bytes()).await;
    served.post("receivables", format!("{{\"data\":\"{KEY}").into_bytes()).await;
    served.notified(&with(paid("叶*梅", "1"), &json!({ "status": "叶*梅" }))).await;
    platform.answers(OrderReply::Raw(http("200 OK", "<html>no</html>")));
    assert_eq!(served.notified(&paid_without_details("B")).await, 299);
    platform.answers(OrderReply::Raw(Vec::new()));
    assert_eq!(served.notified(&paid_without_details("C")).await, 299);
    let nowhere = Setup::with_platform("http://127.0.0.1:9").serve(&test.store).await;
    assert_eq!(nowhere.notified(&paid_without_details("D")).await, 299);

    let (_, metrics) = served.admin("/metrics").await;
    let (_, ready) = served.admin("/readyz").await;
    // The log of all tests, most of which know the same secrets.
    let logs = crate::logs::lines();
    assert!(logs.contains("2ba37f90d155d390") && logs.contains("callback answered"), "nothing was logged");
    let private = WEIXIN.private_pem().unwrap();
    let private_line = private.lines().nth(3).unwrap();
    for secret in [KEY, APP_SECRET, TOKEN, "叶*梅", "access_token=", private_line] {
        for (place, text) in [("metrics", &metrics), ("readyz", &ready), ("logs", &logs)] {
            let line = text.lines().find(|line| line.contains(secret));
            assert_eq!(line, None, "{secret} is in the {place}");
        }
    }
}
