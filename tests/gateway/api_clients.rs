//! The client systems of the admin API: who is let in, who is not, and what is written down of both.

use jiff::Timestamp;
use nontax_gateway::app::new_api_client;
use nontax_gateway::domain::{ApiClientName, Scope};
use nontax_gateway::store::Revocation;
use serde_json::json;

use crate::bearers::let_in;
use crate::book::author;
use crate::database::{execute, texts};
use crate::served::Setup;
use crate::stores::{TestStore, on_both_stores};
use crate::stub_platform::{OrderReply, StubPlatform, TOKEN};
use crate::weixin::APPID;

on_both_stores!(
    a_client_is_kept_and_its_name_is_never_given_again,
    a_request_is_let_through_or_refused_and_audited,
    a_flood_of_refused_attempts_does_not_flood_the_audit,
    the_audit_cannot_be_changed_or_removed,
);

fn name(name: &str) -> ApiClientName {
    ApiClientName::new(name).unwrap()
}

async fn a_client_is_kept_and_its_name_is_never_given_again(test: TestStore) {
    let at = Timestamp::from_second(1_700_000_000).unwrap();
    let scopes = vec![Scope::Token, Scope::Refunds];
    let (erp, _) = new_api_client(name("erp"), scopes, vec!["wx1".into(), "wx2".into()], &[1; 32], at);
    let (again, _) = new_api_client(name("erp"), vec![Scope::Admin], Vec::new(), &[2; 32], at);
    assert!(test.store.add_api_client(erp.clone(), author()).await.unwrap());
    assert!(!test.store.add_api_client(again.clone(), author()).await.unwrap());
    assert_eq!(test.store.find_api_client(name("erp")).await.unwrap().as_ref(), Some(&erp));
    assert_eq!(test.store.find_api_client(name("crm")).await.unwrap(), None);

    assert_eq!(test.store.revoke_api_client(name("crm"), author(), at).await.unwrap(), Revocation::NotFound);
    assert_eq!(test.store.revoke_api_client(name("erp"), author(), at).await.unwrap(), Revocation::Revoked);
    assert_eq!(test.store.revoke_api_client(name("erp"), author(), at).await.unwrap(), Revocation::WasRevoked);
    assert!(!test.store.add_api_client(again, author()).await.unwrap());
    let (crm, _) = new_api_client(name("crm"), vec![Scope::Admin], Vec::new(), &[3; 32], at);
    assert!(test.store.add_api_client(crm.clone(), author()).await.unwrap());
    let mut revoked = erp;
    revoked.revoked_at = Some(at);
    assert_eq!(test.store.list_api_clients().await.unwrap(), [crm, revoked]);
}

const AUDIT: &str = "SELECT client || ' ' || action || ' ' || appid || ' ' || peer || ' ' || outcome \
                     FROM api_client_audit ORDER BY audit_id";

async fn a_request_is_let_through_or_refused_and_audited(test: TestStore) {
    let platform = StubPlatform::start(OrderReply::Json(json!({}))).await;
    let served = Setup::with_platform(&platform.url).serve(&test.store).await;
    let path = format!("/admin/v1/token?appid={APPID}");
    let erp = let_in(&test.store, "erp", &[Scope::Token], &[APPID]).await;
    let orders = let_in(&test.store, "orders", &[Scope::Orders], &[]).await;
    let elsewhere = let_in(&test.store, "elsewhere", &[Scope::Token], &["wx0000000000000000"]).await;
    let revoked = let_in(&test.store, "revoked", &[Scope::Admin], &[]).await;
    test.store.revoke_api_client(name("revoked"), author(), Timestamp::now()).await.unwrap();
    let forged = format!("erp.{}", orders.split_once('.').unwrap().1);
    let refused = [
        (None, 401, "bearer_missing"),
        (Some("nonsense"), 401, "bearer_missing"),
        (Some("nobody.c2VjcmV0"), 401, "bearer_invalid"),
        (Some(forged.as_str()), 401, "bearer_invalid"),
        (Some(revoked.as_str()), 401, "bearer_invalid"),
        (Some(orders.as_str()), 403, "scope_not_allowed"),
        (Some(elsewhere.as_str()), 403, "appid_not_allowed"),
    ];
    let mut shapes = Vec::new();
    for (bearer, status, error) in refused {
        let answer = served.api_get(&path, bearer).await;
        assert_eq!((answer.status, &answer.body["error"]), (status, &json!(error)), "{bearer:?}");
        assert_eq!(answer.asks_for_bearer, status == 401, "{bearer:?}");
        assert!(answer.body["message"].as_str().unwrap().contains("nontax token-client add"), "{:?}", answer.body);
        if error == "bearer_invalid" {
            shapes.push(answer.body);
        }
    }
    assert!(shapes.windows(2).all(|pair| pair[0] == pair[1]), "an outsider is told which name exists: {shapes:?}");
    assert_eq!(platform.token_requests(), 0);

    let given = served.api_get(&path, Some(&erp)).await;
    assert_eq!((given.status, &given.body["access_token"]), (200, &json!(TOKEN)));
    assert_eq!(given.cache_control, "no-store");
    let body = json!({ "appid": APPID, "access_token": "another" });
    let answer = served.api_post("/admin/v1/token/invalidate", &body, Some(&erp)).await;
    assert_eq!((answer.status, answer.body), (200, json!({ "was_current": false })));
    let expected = [
        format!(" authorize {APPID} 127.0.0.1 bearer_missing"),
        format!(" authorize {APPID} 127.0.0.1 bearer_missing"),
        format!(" authorize {APPID} 127.0.0.1 bearer_invalid"),
        format!("erp authorize {APPID} 127.0.0.1 bearer_invalid"),
        format!("revoked authorize {APPID} 127.0.0.1 bearer_invalid"),
        format!("orders authorize {APPID} 127.0.0.1 scope_not_allowed"),
        format!("elsewhere authorize {APPID} 127.0.0.1 appid_not_allowed"),
        format!("erp token {APPID} 127.0.0.1 given"),
        format!("erp token.invalidate {APPID} 127.0.0.1 not_current"),
    ];
    assert_eq!(texts(&test, AUDIT).await, expected);
    let details = texts(&test, "SELECT detail FROM api_client_audit ORDER BY audit_id").await;
    assert_eq!(details[..2], ["scope token", "scope token"]);
    assert_eq!((details[7].len(), details[7].contains(TOKEN)), (12, false), "{details:?}");
}

async fn a_flood_of_refused_attempts_does_not_flood_the_audit(test: TestStore) {
    let served = Setup::default().serve(&test.store).await;
    for _ in 0..100 {
        assert_eq!(served.api_get("/admin/v1/token?appid=wx1", Some("nobody.c2VjcmV0")).await.status, 401);
    }
    let rows = texts(&test, AUDIT).await.len();
    assert!((30..=90).contains(&rows), "{rows} rows");
    let counted = served.sample(r#"nontax_api_refusals_total{outcome="bearer_invalid"}"#).await;
    assert_eq!(counted, Some(100.0));
}

async fn the_audit_cannot_be_changed_or_removed(test: TestStore) {
    let served = Setup::default().serve(&test.store).await;
    assert_eq!(served.api_get("/admin/v1/token", None).await.status, 401);
    let mut statements = vec!["UPDATE api_client_audit SET outcome = 'x'", "DELETE FROM api_client_audit"];
    if test.url.starts_with("sqlite:") {
        statements.push(
            "INSERT OR REPLACE INTO api_client_audit SELECT audit_id, '', '', '', '', '', '', 0 FROM api_client_audit",
        );
    } else {
        statements.push("TRUNCATE api_client_audit");
    }
    for statement in statements {
        let refused = execute(&test.url, statement).await.unwrap_err();
        assert!(refused.contains("append-only"), "{statement}: {refused}");
    }
    assert_eq!(texts(&test, "SELECT outcome FROM api_client_audit").await, ["bearer_missing"]);
}
