//! Payments at the counter over the admin API.

use nontax_gateway::domain::Scope;
use serde_json::{Value, json};

use crate::bearers::let_in;
use crate::book::party;
use crate::counter_platform::{Act, CounterPlatform, payment};
use crate::served::{Served, Setup};
use crate::stores::{TestStore, on_both_stores};

const CODE: &str = "134971951305811268";

async fn post(served: &Served, bearer: &str, key: Option<&str>, body: &Value) -> (u16, Value) {
    let url = format!("http://{}/admin/v1/micropay?wait_seconds=20", served.admin);
    let request = served.client.post(url).bearer_auth(bearer).body(body.to_string());
    let request = if let Some(key) = key { request.header("Idempotency-Key", key) } else { request };
    let response = request.send().await.unwrap();
    (response.status().as_u16(), response.json().await.unwrap())
}

async fn a_payment_is_waited_for_and_asked_after(test: TestStore) {
    let platform = CounterPlatform::start(&[Act::Pay]).await;
    let served = Setup::with_platform(&platform.url).serve(&test.store).await;
    let bearer = let_in(&test.store, "till", &[Scope::Micropay], &[]).await;
    let body = json!({ "party": party().as_str(), "payment": payment("N1", CODE) });
    let (status, paid) = post(&served, &bearer, Some("k"), &body).await;
    assert_eq!(
        (status, &paid["state"], &paid["next"], &paid["ended"]),
        (200, &json!("paid"), &json!("done"), &json!(true))
    );
    assert_eq!(post(&served, &bearer, Some("k"), &body).await, (200, paid.clone()));
    let shown = served.api_get(&format!("/admin/v1/micropay/k?party={}", party()), Some(&bearer)).await;
    assert_eq!((shown.status, shown.body), (200, paid.clone()));
    let path = format!("/admin/v1/micropay/k/cancel?party={}", party());
    let canceled = served.api_post(&path, &json!({}), Some(&bearer)).await;
    // Too late: it stays paid.
    assert_eq!((canceled.status, canceled.body, platform.charges()), (200, paid, 1));
}

async fn what_is_wrong_is_told_and_nothing_is_called(test: TestStore) {
    let platform = CounterPlatform::start(&[Act::Pay]).await;
    let served = Setup::with_platform(&platform.url).serve(&test.store).await;
    let bearer = let_in(&test.store, "till", &[Scope::Micropay], &[]).await;
    let body = |payment: Value| json!({ "party": party().as_str(), "payment": payment });
    let sound = body(payment("N1", CODE));
    let wrong = let_in(&test.store, "desk", &[Scope::Refunds], &[]).await;
    assert_eq!(post(&served, &wrong, Some("k"), &sound).await.0, 403);
    assert_eq!(post(&served, &bearer, None, &sound).await.1["error"], "invalid_request");
    let (status, told) = post(&served, &bearer, Some("k"), &body(payment("N1", "99"))).await;
    assert_eq!((status, &told["error"]), (422, &json!("invalid_payment")));
    assert!(told["message"].as_str().unwrap().contains("auth_code"), "{told}");
    let mut number = payment("N1", CODE);
    number["auth_code"] = json!(134_971_951_305_811_268_i64);
    let (status, told) = post(&served, &bearer, Some("k"), &body(number)).await;
    assert_eq!(status, 400);
    assert!(!told.to_string().contains(CODE), "{told}");
    let unknown = served.api_get(&format!("/admin/v1/micropay/k?party={}", party()), Some(&bearer)).await;
    assert_eq!((unknown.status, &unknown.body["error"]), (404, &json!("payment_unknown")));
    assert_eq!(platform.calls(), 0);
    assert_eq!(post(&served, &bearer, Some("k"), &sound).await.0, 200);
    let (status, told) = post(&served, &bearer, Some("k"), &body(payment("N2", CODE))).await;
    assert_eq!((status, &told["error"]), (409, &json!("key_of_another_payment")));
}

on_both_stores!(a_payment_is_waited_for_and_asked_after, what_is_wrong_is_told_and_nothing_is_called);
