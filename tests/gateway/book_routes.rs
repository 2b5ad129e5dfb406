//! The admin API over the book and the journals: looking, changing, and going from page to page.

use std::collections::BTreeSet;

use nontax_gateway::domain::{NoticeState, OrderEvent, Paid, PartyName, Resolution, Scope};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};

use crate::bearers::{let_in, let_in_for};
use crate::book::{NOON, at, details, errcode, fen, finance, import, notice, payable};
use crate::served::{Served, Setup};
use crate::stores::{TestStore, on_both_stores};
use crate::weixin;

on_both_stores!(
    notices_are_searched_and_shown,
    a_notice_is_changed_from_the_version_that_was_seen,
    suspensions_are_put_listed_and_lifted,
    payments_and_journals_are_listed,
    a_client_reaches_its_parties_alone,
    pages_of_any_size_hold_each_row_once,
);

const NOTICE: &str = "/admin/v1/notices/440100/001002";

async fn notices_are_searched_and_shown(test: TestStore) {
    for number in ["1", "2", "3"] {
        import(&*test.store, notice(number)).await;
    }
    let mut canceled = notice("4");
    canceled.state = NoticeState::Canceled;
    canceled.user_name = Some("叶小梅".into());
    canceled.payment_expire_date = None;
    import(&*test.store, canceled).await;
    let served = Setup::default().serve(&test.store).await;
    let bearer = let_in(&test.store, "desk", &[Scope::Read], &[]).await;
    let numbers = async |query: &str| {
        let found = served.api_get(&format!("/admin/v1/notices?{query}"), Some(&bearer)).await;
        assert_eq!(found.status, 200, "{query}: {}", found.body);
        let rows = found.body["notices"].as_array().unwrap().clone();
        rows.iter().map(|row| row["notice"]["payment_notice_no"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(numbers("").await, ["1", "2", "3", "4"]);
    assert_eq!(numbers("status=canceled").await, ["4"]);
    assert_eq!(numbers("payment_notice_no=2&status=unpaid").await, ["2"]);
    assert_eq!(numbers("payment_notice_no=2&status=paid").await, [""; 0]);
    assert_eq!(numbers("department_code=001002&expires_from=20261231&expires_until=20261231").await, ["1", "2", "3"]);
    assert_eq!(numbers("expires_from=20270101").await, [""; 0]);
    let made_out = NOON - 86_400;
    assert_eq!(numbers(&format!("create_time_from={made_out}&limit=1")).await, ["1"]);
    assert_eq!(numbers(&format!("create_time_before={made_out}")).await, [""; 0]);
    let listed = served.api_get("/admin/v1/notices?status=canceled", Some(&bearer)).await.body;
    assert_eq!(listed["notices"][0]["notice"]["user_name"], "叶*梅", "a list masks the payer's name");

    let shown = served.api_get(&format!("{NOTICE}/4?party=gz-finance"), Some(&bearer)).await;
    assert_eq!((shown.status, &shown.body["version"]), (200, &json!(1)));
    assert_eq!(shown.body["notice"]["user_name"], "叶小梅");
    assert_eq!(shown.body["history"][0]["to_state"], "canceled");
    let unknown = served.api_get(&format!("{NOTICE}/9"), Some(&bearer)).await;
    assert_eq!((unknown.status, &unknown.body["error"]), (404, &json!("notice_unknown")));
    for query in ["status=gone", "expires_from=2026", "after=x", "statuss=paid", "create_time_from=-1"] {
        let refused = served.api_get(&format!("/admin/v1/notices?{query}"), Some(&bearer)).await;
        assert_eq!((refused.status, &refused.body["error"]), (400, &json!("invalid_request")), "{query}");
    }
}

async fn a_notice_is_changed_from_the_version_that_was_seen(test: TestStore) {
    import(&*test.store, payable("1")).await;
    let served = Setup::default().serve(&test.store).await;
    let bearer = let_in(&test.store, "erp", &[Scope::Notices], &[]).await;
    let body = |version: Value| json!({ "party": "gz-finance", "reason": "信访", "version": version });
    let post =
        async |step: &str, body: &Value| served.api_post(&format!("{NOTICE}/1/{step}"), body, Some(&bearer)).await;
    let suspended = post("suspend", &body(json!(1))).await;
    assert_eq!((suspended.status, &suspended.body["version"]), (200, &json!(2)));
    assert_eq!(suspended.body["notice"]["status"], "suspended");
    assert_eq!(served.queried("1").await, 211);
    let stale = post("restore", &body(json!(1))).await;
    assert_eq!(
        (stale.status, &stale.body["error"], &stale.body["version"]),
        (409, &json!("version_differs"), &json!(2))
    );
    assert_eq!(stale.body["current"]["notice"]["status"], "suspended");

    let url = format!("http://{}{NOTICE}/1/restore", served.admin);
    let if_match = async |tag: &str, version: Value| {
        let request = served.client.post(&url).header("if-match", tag).bearer_auth(&bearer);
        let response = request.body(body(version).to_string()).send().await.unwrap();
        let etag = response.headers().get("etag").map(|etag| etag.to_str().unwrap().to_owned());
        (response.status().as_u16(), etag)
    };
    assert_eq!(if_match("\"1\"", Value::Null).await, (409, None));
    assert_eq!(if_match("2", Value::Null).await, (400, None));
    assert_eq!(if_match("\"2\"", json!(3)).await, (400, None));
    assert_eq!(if_match("\"2\"", Value::Null).await, (200, Some("\"3\"".into())));
    assert_eq!(served.queried("1").await, 0);

    let again = post("restore", &body(Value::Null)).await;
    assert_eq!((again.status, &again.body["error"]), (409, &json!("step_not_allowed")));
    let no_reason = post("cancel", &json!({ "party": "gz-finance", "reason": " " })).await;
    assert_eq!((no_reason.status, &no_reason.body["error"]), (422, &json!("invalid_reason")));
    assert_eq!(post("cancel", &body(Value::Null)).await.status, 200);
    assert_eq!(served.queried("1").await, 233);
    let reader = let_in(&test.store, "desk", &[Scope::Read], &[]).await;
    let refused = served.api_post(&format!("{NOTICE}/1/restore"), &body(Value::Null), Some(&reader)).await;
    assert_eq!((refused.status, &refused.body["error"]), (403, &json!("scope_not_allowed")));

    let operator = let_in(&test.store, "operator", &[Scope::Admin], &[]).await;
    let audit = served.api_get("/admin/v1/journal/audit?subject=440100/001002/1", Some(&operator)).await;
    let newest = &audit.body["audit"][0];
    assert_eq!(
        (&newest["who"], &newest["from"], &newest["action"]),
        (&json!("erp"), &json!("127.0.0.1"), &json!("notice.cancel"))
    );
    assert_eq!((&newest["before"]["status"], &newest["after"]["status"]), (&json!("unpaid"), &json!("canceled")));
    assert_eq!(newest["reason"], "信访");
    assert_eq!(served.api_get("/admin/v1/journal/audit", Some(&reader)).await.status, 403);
}

async fn suspensions_are_put_listed_and_lifted(test: TestStore) {
    import(&*test.store, payable("1")).await;
    let served = Setup::default().serve(&test.store).await;
    let bearer = let_in(&test.store, "erp", &[Scope::Notices], &[]).await;
    let body = |scope: &str, subject: &str, more: Value| {
        let mut body = json!({ "party": "gz-finance", "scope": scope, "subject": subject, "reason": "结账" });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    };
    let put = async |body: &Value| served.api_put("/admin/v1/suspensions", body, Some(&bearer)).await;
    let whole = put(&body("everything", "", json!({}))).await;
    assert_eq!((whole.status, &whole.body["in_force"], &whole.body["until"]), (200, &json!(true), &Value::Null));
    assert_eq!(served.queried("1").await, 297);
    let ahead = body("everything", "", json!({ "from": "2999-12-31T22:00:00+08:00" }));
    assert_eq!(put(&ahead).await.body["from"], "2999-12-31T14:00:00Z");
    assert_eq!(served.queried("1").await, 0);
    assert_eq!(put(&body("department", "001002", json!({ "until": "2999-01-01T00:00:00Z" }))).await.status, 200);
    assert_eq!(served.queried("1").await, 211);
    let listed = async |query: &str| {
        let listed = served.api_get(&format!("/admin/v1/suspensions?{query}"), Some(&bearer)).await;
        let scopes = listed.body["suspensions"].as_array().unwrap().clone();
        scopes.iter().map(|row| row["scope"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(listed("").await, ["department", "everything"]);
    assert_eq!(listed("in_force=true").await, ["department"]);
    let lift = async |body: &Value| served.api_post("/admin/v1/suspensions/lift", body, Some(&bearer)).await;
    let gone = lift(&body("department", "001002", json!({}))).await;
    assert_eq!((gone.status, &gone.body["lifted"]), (200, &json!(true)));
    let again = lift(&body("department", "001002", json!({}))).await;
    assert_eq!((again.status, &again.body["error"]), (404, &json!("suspension_unknown")));
    assert_eq!(served.queried("1").await, 0);
    for wrong in [
        body("everything", "001002", json!({})),
        body("item", "", json!({})),
        body("notice", "1", json!({})),
        body("everything", "", json!({ "from": "tomorrow" })),
        body("everything", "", json!({ "from": "2030-01-01T00:00:00Z", "until": "2029-01-01T00:00:00Z" })),
    ] {
        let refused = put(&wrong).await;
        assert_eq!((refused.status, &refused.body["error"]), (422, &json!("invalid_suspension")), "{wrong}");
    }
}

async fn payments_and_journals_are_listed(test: TestStore) {
    let served = Setup::default().serve(&test.store).await;
    let bearer = let_in(&test.store, "desk", &[Scope::Read], &[]).await;
    let get = async |path: &str| served.api_get(&format!("/admin/v1/{path}"), Some(&bearer)).await;
    for number in ["1", "2"] {
        import(&*test.store, payable(number)).await;
        let order_id = format!("A{number}");
        assert_eq!(served.notified(&weixin::paid(&order_id, number)).await, 0);
    }
    assert_eq!(served.queried("1").await, 232);
    let payments = get("payments").await.body;
    let ids: Vec<_> = payments["payments"].as_array().unwrap().iter().map(|row| row["order_id"].clone()).collect();
    assert_eq!((ids, &payments["next"]), (vec![json!("A2"), json!("A1")], &Value::Null));
    assert_eq!(get("payments?disposition=held").await.body["payments"], json!([]));
    assert_eq!(get("payments?disposition=lost").await.status, 400);
    let shown = get("payments/A1").await.body;
    assert_eq!(
        (&shown["state"], &shown["fee"], &shown["payment_notice_no"]),
        (&json!("paid"), &json!(20_000), &json!("1"))
    );
    assert_eq!(get("payments/B").await.body["error"], "payment_unknown");
    assert_eq!(get("orders").await.body["orders"], json!([]));
    assert_eq!(get("refunds?open=true").await.body["refunds"], json!([]));

    let changes = get("journal/changes?subject=440100/001002/1").await.body;
    assert_eq!(changes["changes"][0]["to_state"], "paid");
    let wxnontaxstr = changes["changes"][0]["cause"].as_str().unwrap().to_owned();
    let callbacks = get(&format!("journal/callbacks?wxnontaxstr={wxnontaxstr}&subject=A1")).await.body;
    assert_eq!(
        (&callbacks["callbacks"][0]["errcode"], &callbacks["callbacks"][0]["subject"]),
        (&json!(0), &json!("A1"))
    );
    assert!(!get("journal/changes").await.body["changes"].as_array().unwrap().is_empty());
    assert_eq!(get("journal/changes?subject_kind=notice").await.status, 400);
    let none = get("journal/changes?subject_kind=order&subject=440100/001002/1").await.body;
    assert_eq!(none["changes"], json!([]));
    assert!(get("journal/callbacks").await.body["callbacks"].as_array().unwrap().len() >= 2);
}

async fn a_client_reaches_its_parties_alone(test: TestStore) {
    import(&*test.store, payable("1")).await;
    let served = Setup::default().serve(&test.store).await;
    let party = |name: &str| PartyName::new(name).unwrap();
    let mine = let_in_for(&test.store, "mine", &[Scope::Read, Scope::Notices], &[party("gz-finance")]).await;
    let others = let_in_for(&test.store, "others", &[Scope::Admin], &[party("sz-finance")]).await;
    assert_eq!(served.api_get("/admin/v1/notices", Some(&mine)).await.status, 200);
    let body = json!({ "party": "gz-finance", "reason": "r" });
    assert_eq!(served.api_post(&format!("{NOTICE}/1/cancel"), &body, Some(&mine)).await.status, 200);
    for path in
        ["notices", "payments", "journal/audit", "orders/A", "refunds/R", &format!("token?appid={}", weixin::APPID)]
    {
        let refused = served.api_get(&format!("/admin/v1/{path}"), Some(&others)).await;
        assert_eq!((refused.status, &refused.body["error"]), (403, &json!("party_not_allowed")), "{path}");
    }
    let refused = served.api_get("/admin/v1/notices?party=nobody", Some(&mine)).await;
    assert_eq!(refused.body["error"], "party_not_allowed", "a client of one party learns nothing of the others");
}

async fn pages_of_any_size_hold_each_row_once(test: TestStore) {
    for number in 0..23 {
        let mut unpaid = payable(&format!("n{number}"));
        unpaid.key =
            nontax_gateway::domain::NoticeKey::new("440100", &format!("d{}", number % 3), &format!("n{}", number / 2))
                .unwrap();
        import(&*test.store, unpaid).await;
        let paid = Paid {
            resolution: Resolution::Details(details(&format!("p{number}"), 20_000)),
            pay_channel: "wx_nontax".into(),
            pay_finish_time: Some(at(NOON)),
        };
        import(&*test.store, payable(&format!("p{number}"))).await;
        assert_eq!(errcode(&*test.store, &format!("O{number}"), OrderEvent::Paid(paid), finance()).await, 0);
    }
    assert_eq!(fen(1).get(), 1);
    let served = Setup::default().serve(&test.store).await;
    let bearer = let_in(&test.store, "desk", &[Scope::Read], &[]).await;
    let handle = tokio::runtime::Handle::current();
    let lists = prop::sample::select(vec![
        ("notices", "status=unpaid", "notices", 23),
        ("notices", "department_code=001002", "notices", 23),
        ("payments", "disposition=settles", "payments", 23),
        ("journal/changes", "", "changes", usize::MAX),
    ]);
    // Every case asks over HTTP: a few of them are many requests.
    let mut runner = TestRunner::new(Config { cases: 16, failure_persistence: None, ..Config::default() });
    let outcome = tokio::task::block_in_place(|| {
        runner.run(&(lists, 1_u32..30), |((path, filter, member, count), limit)| {
            let seen = handle.block_on(all_pages(&served, &bearer, path, filter, member, limit));
            let distinct: BTreeSet<_> = seen.iter().map(ToString::to_string).collect();
            prop_assert_eq!(distinct.len(), seen.len(), "a row came twice");
            prop_assert!(count == usize::MAX || seen.len() == count, "{} of {}", seen.len(), count);
            Ok(())
        })
    });
    outcome.unwrap();
}

async fn all_pages(served: &Served, bearer: &str, path: &str, filter: &str, member: &str, limit: u32) -> Vec<Value> {
    let mut seen = Vec::new();
    let mut after = String::new();
    loop {
        let page = served.api_get(&format!("/admin/v1/{path}?{filter}&limit={limit}{after}"), Some(bearer)).await.body;
        let rows = page[member].as_array().unwrap();
        assert!(rows.len() <= limit as usize);
        seen.extend(rows.iter().cloned());
        match page["next"].as_str() {
            Some(next) => after = format!("&after={next}"),
            None => return seen,
        }
    }
}
