//! Parties with a live source: what the back office says, what it fails to say, and what a query is answered.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use nontax_gateway::app::notice_file::notice_to_json;
use nontax_gateway::app::{LiveFallback, LiveSource};
use nontax_gateway::domain::{NoticeState, NoticeStep};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::book::{at, author, change, import, key, party, payable};
use crate::served::{Served, Setup};
use crate::stores::{TestStore, on_both_stores};

on_both_stores!(
    what_the_source_says_is_kept_and_answered,
    a_notice_that_does_not_exist_is_told_by_the_source_alone,
    a_failing_source_is_answered_from_the_book_or_not_at_all,
);

const BEARER: &str = "the-bearer-of-the-back-office";

/// Answers by the number that is asked for.
async fn answer(State(asked): State<Arc<AtomicUsize>>, headers: HeaderMap, body: String) -> (StatusCode, String) {
    asked.fetch_add(1, Ordering::SeqCst);
    assert_eq!(headers["authorization"], format!("Bearer {BEARER}"));
    let question: Value = serde_json::from_str(&body).unwrap();
    assert_eq!((&question["party"], &question["region_code"]), (&json!("gz-finance"), &json!("440100")));
    let number = question["payment_notice_no"].as_str().unwrap();
    let mut notice = Value::Object(notice_to_json(&payable(number)));
    notice.as_object_mut().unwrap().remove("status");
    match number {
        "slow" => tokio::time::sleep(Duration::from_mins(1)).await,
        "wrong-sums" => notice["fee"] = json!(1),
        "another" => notice["payment_notice_no"] = json!("1"),
        "canceled" => notice["status"] = json!("canceled"),
        "unknown" => return (StatusCode::NOT_FOUND, json!({ "error": "notice_unknown" }).to_string()),
        "no-route" => return (StatusCode::NOT_FOUND, "not found".into()),
        "broken" => return (StatusCode::INTERNAL_SERVER_ERROR, "{}".into()),
        "no-json" => return (StatusCode::OK, "<html>".into()),
        _ => {}
    }
    (StatusCode::OK, notice.to_string())
}

/// A back office, and how often it was asked.
async fn back_office() -> (String, Arc<AtomicUsize>) {
    let asked = Arc::new(AtomicUsize::new(0));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/notice", listener.local_addr().unwrap());
    let router = Router::new().route("/notice", post(answer)).with_state(Arc::clone(&asked));
    tokio::spawn(async move { axum::serve(listener, router).await });
    (url, asked)
}

async fn serve(test: &TestStore, url: &str, timeout: Duration, fallback: LiveFallback) -> Served {
    let source = LiveSource::new(url.to_owned(), BEARER, timeout, fallback).unwrap();
    Setup { live_source: Some(source), ..Setup::default() }.serve(&test.store).await
}

const PATIENT: Duration = Duration::from_secs(15);

async fn what_the_source_says_is_kept_and_answered(test: TestStore) {
    let (url, asked) = back_office().await;
    let served = serve(&test, &url, PATIENT, LiveFallback::Error).await;
    let found = async |number: &str| test.store.find_notice(party(), key(number)).await.unwrap();
    assert_eq!(served.queried("new").await, 0);
    assert_eq!(found("new").await.unwrap().version, 1);
    assert_eq!(served.queried("new").await, 0);
    assert_eq!(
        (found("new").await.unwrap().version, asked.load(Ordering::SeqCst)),
        (1, 2),
        "the same is not written again"
    );
    assert_eq!(served.queried("canceled").await, 233);

    let cancel = change(key("new"), NoticeStep::Cancel, "here");
    test.store.move_notice(party(), cancel, author(), at(0)).await.unwrap();
    assert_eq!(served.queried("new").await, 233, "the source does not say otherwise");
    let mut paid = payable("paid");
    paid.state = NoticeState::Paid { order_id: None };
    import(&*test.store, paid.clone()).await;
    assert_eq!(served.queried("paid").await, 232);
    assert_eq!(found("paid").await.unwrap().notice, paid);

    let mut dearer = payable("dearer");
    dearer.fee = crate::book::fen(30_000);
    dearer.items[0].fee = dearer.fee;
    import(&*test.store, dearer).await;
    assert_eq!(served.queried("dearer").await, 0);
    assert_eq!(found("dearer").await.unwrap().notice.fee.get(), 20_000);
    let changes =
        test.store.list_changes(party(), Some(key("dearer").to_string()), nontax_gateway::store::Page::new(None, 1));
    assert_eq!(changes.await.unwrap().rows[0].by.who, "live source");
}

async fn a_notice_that_does_not_exist_is_told_by_the_source_alone(test: TestStore) {
    let (url, _) = back_office().await;
    let served = serve(&test, &url, PATIENT, LiveFallback::Local).await;
    assert_eq!(served.queried("unknown").await, 231);
    import(&*test.store, payable("unknown")).await;
    assert_eq!(served.queried("unknown").await, 231, "the source knows better than the copy");
    let mut paid = payable("unknown");
    paid.state = NoticeState::Paid { order_id: None };
    import(&*test.store, paid).await;
    assert_eq!(served.queried("unknown").await, 232, "what was paid was paid");
    for failing in ["no-route", "broken", "no-json", "wrong-sums", "another"] {
        assert_eq!(served.queried(failing).await, 299, "{failing}: nobody says that it does not exist");
        assert_eq!(test.store.find_notice(party(), key(failing)).await.unwrap(), None);
    }
}

async fn a_failing_source_is_answered_from_the_book_or_not_at_all(test: TestStore) {
    let (url, _) = back_office().await;
    let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let down = format!("http://{}/notice", nobody.local_addr().unwrap());
    drop(nobody);
    for number in ["slow", "wrong-sums", "broken"] {
        import(&*test.store, payable(number)).await;
    }
    for (fallback, errcode) in [(LiveFallback::Local, 0), (LiveFallback::Error, 299)] {
        let served = serve(&test, &url, PATIENT, fallback).await;
        assert_eq!(served.queried("wrong-sums").await, errcode);
        assert_eq!(served.queried("broken").await, errcode);
        let impatient = serve(&test, &url, Duration::from_millis(300), fallback).await;
        assert_eq!(impatient.queried("slow").await, errcode);
        let deserted = serve(&test, &down, PATIENT, fallback).await;
        assert_eq!(deserted.queried("slow").await, errcode);
        assert_eq!(deserted.queried("nowhere").await, 299);
    }
    assert!(!crate::logs::lines().contains(BEARER));
}
