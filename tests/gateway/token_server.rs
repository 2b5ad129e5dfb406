//! The central access_token server: what clients are given, what they can tell it, and another gateway as its client.

use std::sync::Arc;
use std::time::Duration;

use nontax_gateway::app::TokenKeeper;
use nontax_gateway::domain::Scope;
use nontax_gateway::platform::{AppSecret, ForceRefreshError, Https, PlatformClient, TokenServer, TokenSource};
use serde_json::json;

use crate::bearers::let_in;
use crate::book::order;
use crate::database::texts;
use crate::served::{Served, Setup};
use crate::stores::{TestStore, on_both_stores};
use crate::token_world::{TOKEN_STEM, TokenPlatform};
use crate::weixin::APPID;

on_both_stores!(
    a_client_takes_the_token_and_tells_when_it_was_refused,
    another_gateway_takes_its_token_from_here,
    what_the_platform_refuses_is_told_with_its_cure,
    a_query_string_that_cannot_be_understood_is_told_in_json_and_to_clients_alone,
);

const PATIENCE: Duration = Duration::from_secs(30);

fn token_path() -> String {
    format!("/admin/v1/token?appid={APPID}")
}

async fn a_client_takes_the_token_and_tells_when_it_was_refused(test: TestStore) {
    let platform = TokenPlatform::start().await;
    let served = Setup::with_platform(&platform.url).serve(&test.store).await;
    let erp = let_in(&test.store, "erp", &[Scope::Token], &[]).await;
    let operator = let_in(&test.store, "operator", &[Scope::Admin], &[]).await;
    let given = served.api_get(&token_path(), Some(&erp)).await;
    assert_eq!((given.status, &given.body["access_token"]), (200, &json!(format!("{TOKEN_STEM}1"))));
    let expires_in = given.body["expires_in"].as_i64().unwrap();
    assert!((7000..7200).contains(&expires_in), "{expires_in}");

    platform.expire();
    let refused = json!({ "appid": APPID, "access_token": format!("{TOKEN_STEM}1") });
    for was_current in [true, false] {
        let told = served.api_post("/admin/v1/token/invalidate", &refused, Some(&erp)).await;
        assert_eq!((told.status, told.body), (200, json!({ "was_current": was_current })));
    }
    let given = served.api_get(&token_path(), Some(&erp)).await;
    assert_eq!(given.body["access_token"], format!("{TOKEN_STEM}2"));

    let account = json!({ "appid": APPID });
    assert_eq!(served.api_post("/admin/v1/token/refresh", &account, Some(&erp)).await.status, 403);
    let forced = served.api_post("/admin/v1/token/refresh", &account, Some(&operator)).await;
    assert_eq!((forced.status, &forced.body["access_token"]), (200, &json!(format!("{TOKEN_STEM}3"))));
    let again = served.api_post("/admin/v1/token/refresh", &account, Some(&operator)).await;
    assert_eq!((again.status, &again.body["error"]), (429, &json!("too_soon")));
    assert!(again.body["next_at"].is_string());
    let outcomes = texts(
        &test,
        "SELECT client || ' ' || action || ' ' || outcome FROM api_client_audit \
                                 WHERE client = 'operator' ORDER BY audit_id",
    )
    .await;
    let row = |outcome: &str| format!("operator token.refresh {outcome}");
    assert_eq!(outcomes, [row("asked"), row("refreshed"), row("asked"), row("too_soon")]);

    let unknown = served.api_get("/admin/v1/token?appid=wx0", Some(&erp)).await;
    assert_eq!((unknown.status, &unknown.body["error"]), (404, &json!("appid_unknown")));
    for path in ["/admin/v1/token", "/admin/v1/token/invalidate", "/admin/v1/nothing"] {
        let answer = served.api_post(path, &json!([]), Some(&erp)).await;
        assert!([400, 404, 405].contains(&answer.status), "{path}: {}", answer.status);
    }
}

fn external(central: &Served, bearer: &str) -> Arc<TokenKeeper> {
    let https = Https::new(&format!("http://{}/admin/v1/token", central.admin), PATIENCE).unwrap();
    let server = TokenServer { https, appid: APPID.to_owned(), bearer: AppSecret::new(bearer) };
    Arc::new(TokenKeeper::of_server(server))
}

async fn another_gateway_takes_its_token_from_here(test: TestStore) {
    let platform = TokenPlatform::start().await;
    let served = Setup::with_platform(&platform.url).serve(&test.store).await;
    let keeper = external(&served, &let_in(&test.store, "branch", &[Scope::Token], &[APPID]).await);
    let tokens: Arc<dyn TokenSource> = Arc::<TokenKeeper>::clone(&keeper);
    let https = Https::new(&platform.url, PATIENCE).unwrap();
    let client = PlatformClient::new(https, APPID.to_owned(), tokens, PATIENCE);
    for round in 1..=3 {
        assert_eq!(client.get_order(&order("A")).await, Ok(None));
        assert_eq!(platform.tokens().fetches, round, "each end of the token is one fetch, by the central server");
        platform.expire();
    }
    assert_eq!(keeper.force_refresh().await, Err(ForceRefreshError::Elsewhere));

    let stranger = external(&served, "nobody.c2VjcmV0").current().await.unwrap_err();
    assert!(stranger.to_string().contains("401") && stranger.to_string().contains("bearer_invalid"), "{stranger}");
    assert!(!stranger.outcome_is_unknown());
    assert!(!crate::logs::lines().contains(TOKEN_STEM), "a log holds an access_token");
}

async fn what_the_platform_refuses_is_told_with_its_cure(test: TestStore) {
    let platform = TokenPlatform::start().await;
    let errmsg = "invalid ip 198.51.100.7, not in whitelist";
    platform.tokens().answers = Some(json!({ "errcode": 40164, "errmsg": errmsg }));
    let served = Setup::with_platform(&platform.url).serve(&test.store).await;
    let erp = let_in(&test.store, "erp", &[Scope::Token], &[]).await;
    let failed = served.api_get(&token_path(), Some(&erp)).await;
    assert_eq!((failed.status, &failed.body["errcode"]), (502, &json!(40164)));
    assert_eq!(failed.body["errmsg"], errmsg);
    let message = failed.body["message"].as_str().unwrap();
    assert!(message.contains("198.51.100.7") && message.contains("IP whitelist"), "{message}");
    // A gateway that asks here is told the same.
    let error = external(&served, &erp).current().await.unwrap_err();
    assert_eq!(error.errcode(), Some(40164));
}

async fn a_query_string_that_cannot_be_understood_is_told_in_json_and_to_clients_alone(test: TestStore) {
    let platform = TokenPlatform::start().await;
    let served = Setup::with_platform(&platform.url).serve(&test.store).await;
    let erp = let_in(&test.store, "erp", &[Scope::Token], &[]).await;
    let branch = let_in(&test.store, "branch", &[Scope::Token], &[APPID]).await;
    let twice = format!("?appid={APPID}&appid={APPID}");
    for query in ["", "?", "?appid=", "?appid", "?app_id=wx0", "?appid=%ff", &twice] {
        let path = format!("/admin/v1/token{query}");
        let told = served.api_get(&path, Some(&erp)).await;
        assert!([400, 404].contains(&told.status), "{query}: {}", told.status);
        let is_told = told.body["error"].is_string() && told.body["message"].as_str().unwrap().contains("appid");
        assert!(is_told, "{query}: {}", told.body);
        let stranger = served.api_get(&path, None).await;
        assert_eq!((stranger.status, stranger.asks_for_bearer), (401, true), "{query}");
        let restricted = served.api_get(&path, Some(&branch)).await;
        assert_eq!((restricted.status, &restricted.body["error"]), (403, &json!("appid_not_allowed")), "{query}");
    }
    let told = served.api_get(&format!("/admin/v1/token{twice}"), Some(&erp)).await;
    assert_eq!((told.status, &told.body["error"]), (400, &json!("invalid_request")));
    assert_eq!(platform.tokens().fetches, 0);
}
