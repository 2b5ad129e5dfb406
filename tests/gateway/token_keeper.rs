//! One access_token for all gateways: fetched by one of them, waited for by the others, replaced once when the platform ends it.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use nontax_gateway::app::TokenKeeper;
use nontax_gateway::domain::{TokenLife, TokenMode};
use nontax_gateway::platform::{ForceRefreshError, PlatformError, TokenSource as _};
use nontax_gateway::store::{KeptToken, SharedStore, TokenKey, TokenLease};
use serde_json::json;
use tokio::task::JoinSet;

use crate::book::order;
use crate::database::eventually;
use crate::stores::{TestStore, on_both_stores, open};
use crate::token_world::{LEASE, TOKEN_STEM, TokenPlatform};
use crate::weixin::APPID;

on_both_stores!(
    two_gateways_fetch_one_token_for_all_their_callers,
    an_ended_token_is_replaced_once_and_no_call_fails,
    a_refusal_of_a_token_that_is_not_current_changes_nothing,
    an_aging_token_of_the_row_is_replaced_or_used_while_another_replaces_it,
    whoever_loses_the_lease_waits_and_adopts,
    a_dead_owner_s_lease_is_taken_over,
    a_failed_fetch_is_told_to_all_and_not_repeated_by_each,
    without_the_database_a_stable_token_is_had_alone_and_a_legacy_one_is_not,
    a_token_that_is_refused_and_handed_out_again_is_told_of,
    forced_refreshes_have_a_budget_that_is_kept,
);

fn key(mode: TokenMode) -> TokenKey {
    TokenKey { appid: APPID.to_owned(), mode }
}

/// Puts a token into the row as another gateway does.
async fn put(store: &SharedStore, text: &str, left: Duration) {
    let (key, now) = (key(TokenMode::Stable), Timestamp::now());
    let generation = store.read_access_token(key.clone()).await.unwrap().generation;
    let lease = TokenLease { owner: "another".to_owned(), until: now + LEASE };
    assert!(store.take_token_lease(key.clone(), lease, generation, now).await.unwrap());
    put_under_lease(store, text, left).await;
}

async fn put_under_lease(store: &SharedStore, text: &str, left: Duration) {
    let expires_at = Timestamp::now() + left;
    let life = TokenLife { issued_at: expires_at - Duration::from_hours(2), expires_at };
    let token = KeptToken { text: text.to_owned().into(), life };
    assert!(store.put_access_token(key(TokenMode::Stable), "another".to_owned(), token).await.unwrap());
}

async fn text(keeper: &Arc<TokenKeeper>) -> String {
    keeper.current().await.unwrap().token.expose().to_owned()
}

/// The token that 100 callers of these keepers get at one moment.
async fn all_get(keepers: &[Arc<TokenKeeper>]) -> Vec<Result<String, PlatformError>> {
    let mut callers = JoinSet::new();
    for caller in 0..100 {
        let keeper = Arc::clone(&keepers[caller % keepers.len()]);
        callers.spawn(async move { keeper.current().await.map(|current| current.token.expose().to_owned()) });
    }
    callers.join_all().await
}

async fn two_gateways_fetch_one_token_for_all_their_callers(test: TestStore) {
    for mode in [TokenMode::Stable, TokenMode::Legacy] {
        let platform = TokenPlatform::start().await;
        platform.tokens().thinks = Duration::from_millis(300);
        let keepers = [platform.keeper(&test.store, mode), platform.keeper(&open(&test.url).await, mode)];
        let first = format!("{TOKEN_STEM}1");
        assert_eq!(all_get(&keepers).await, vec![Ok(first); 100], "{mode:?}");
        assert_eq!(platform.tokens().fetches, 1, "{mode:?}");
        // A third one, such as a command's, takes what is there.
        assert_eq!(text(&platform.keeper(&test.store, mode)).await, format!("{TOKEN_STEM}1"));
        assert_eq!(platform.tokens().fetches, 1, "{mode:?}");
    }
}

async fn an_ended_token_is_replaced_once_and_no_call_fails(test: TestStore) {
    for mode in [TokenMode::Stable, TokenMode::Legacy] {
        let platform = TokenPlatform::start().await;
        let keepers = [platform.keeper(&test.store, mode), platform.keeper(&open(&test.url).await, mode)];
        for keeper in &keepers {
            text(keeper).await;
        }
        for round in 1..=4 {
            platform.expire();
            let mut calls = JoinSet::new();
            for caller in 0..500 {
                let client = platform.client(&keepers[caller % 2]);
                calls.spawn(async move { client.get_order(&order("A")).await });
            }
            for outcome in calls.join_all().await {
                assert_eq!(outcome, Ok(None), "{mode:?} round {round}");
            }
            let tokens = platform.tokens();
            assert_eq!((tokens.issued, tokens.fetches), (round + 1, round + 1), "{mode:?}");
            assert!(tokens.refused_calls >= round, "the token never ended");
        }
    }
    assert!(!crate::logs::lines().contains(TOKEN_STEM), "a log holds an access_token");
}

async fn a_refusal_of_a_token_that_is_not_current_changes_nothing(test: TestStore) {
    let platform = TokenPlatform::start().await;
    let (one, other) =
        (platform.keeper(&test.store, TokenMode::Stable), platform.keeper(&open(&test.url).await, TokenMode::Stable));
    let first = one.current().await.unwrap().token;
    assert_eq!(other.current().await.unwrap().token, first);
    platform.expire();
    assert!(one.refused(&first).await);
    let second = one.current().await.unwrap().token;
    assert_ne!(second, first);
    // The other one comes late with the same news, and again.
    assert!(!one.refused(&first).await);
    assert!(!other.refused(&first).await);
    assert_eq!(other.current().await.unwrap().token, second);
    assert!(!other.refused(&first).await);
    assert_eq!(one.current().await.unwrap().token, second);
    assert_eq!(platform.tokens().fetches, 2);
}

async fn an_aging_token_of_the_row_is_replaced_or_used_while_another_replaces_it(test: TestStore) {
    let platform = TokenPlatform::start().await;
    put(&test.store, "an-old-token", Duration::from_secs(100)).await;
    assert_eq!(text(&platform.keeper(&test.store, TokenMode::Stable)).await, format!("{TOKEN_STEM}1"));
    put(&test.store, "an-aging-token", Duration::from_secs(110)).await;
    let (key, now) = (key(TokenMode::Stable), Timestamp::now());
    let lease = TokenLease { owner: "another".to_owned(), until: now + LEASE };
    assert!(test.store.take_token_lease(key, lease, 3, now).await.unwrap());
    assert_eq!(text(&platform.keeper(&test.store, TokenMode::Stable)).await, "an-aging-token");
    assert_eq!(platform.tokens().fetches, 1);
}

async fn whoever_loses_the_lease_waits_and_adopts(test: TestStore) {
    let platform = TokenPlatform::start().await;
    let (key, now) = (key(TokenMode::Stable), Timestamp::now());
    let lease = TokenLease { owner: "another".to_owned(), until: now + LEASE };
    assert!(test.store.take_token_lease(key, lease, 0, now).await.unwrap());
    let keeper = platform.keeper(&test.store, TokenMode::Stable);
    let waiting = tokio::spawn(async move { text(&keeper).await });
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert!(!waiting.is_finished());
    put_under_lease(&test.store, "the-other-s-token", Duration::from_hours(2)).await;
    assert_eq!(waiting.await.unwrap(), "the-other-s-token");
    assert_eq!(platform.tokens().fetches, 0);
}

async fn a_dead_owner_s_lease_is_taken_over(test: TestStore) {
    let platform = TokenPlatform::start().await;
    let (key, now) = (key(TokenMode::Stable), Timestamp::now());
    let until = now + Duration::from_millis(700);
    let lease = TokenLease { owner: "the-dead".to_owned(), until };
    assert!(test.store.take_token_lease(key.clone(), lease, 0, now).await.unwrap());
    assert_eq!(text(&platform.keeper(&test.store, TokenMode::Stable)).await, format!("{TOKEN_STEM}1"));
    assert!(Timestamp::now() >= until, "it was taken over while its owner may have lived");
    // What the dead one brings after all is not taken.
    let life = TokenLife { issued_at: now, expires_at: now + Duration::from_hours(2) };
    let late = KeptToken { text: "late".to_owned().into(), life };
    assert!(!test.store.put_access_token(key.clone(), "the-dead".to_owned(), late).await.unwrap());
    let row = test.store.read_access_token(key).await.unwrap();
    assert_eq!((row.generation, row.lease), (1, None));
}

async fn a_failed_fetch_is_told_to_all_and_not_repeated_by_each(test: TestStore) {
    let platform = TokenPlatform::start().await;
    let errmsg = "invalid ip 198.51.100.7, not in whitelist";
    platform.tokens().answers = Some(json!({ "errcode": 40164, "errmsg": errmsg }));
    platform.tokens().thinks = Duration::from_millis(100);
    let keeper = platform.keeper(&test.store, TokenMode::Stable);
    let mut outcomes = all_get(&[Arc::clone(&keeper)]).await;
    outcomes.extend(all_get(&[Arc::clone(&keeper)]).await);
    for outcome in outcomes {
        let error = outcome.unwrap_err();
        assert_eq!(error.errcode(), Some(40164));
        assert!(error.to_string().contains("198.51.100.7"), "{error}");
    }
    assert!(platform.tokens().fetches <= 3, "{} fetches", platform.tokens().fetches);
    let row = test.store.read_access_token(key(TokenMode::Stable)).await.unwrap();
    assert_eq!(row.lease, None, "a failed fetch keeps no lease");
    platform.tokens().answers = None;
    eventually("the token came after the rest", || async { keeper.current().await.ok() }).await;
}

async fn without_the_database_a_stable_token_is_had_alone_and_a_legacy_one_is_not(test: TestStore) {
    let platform = TokenPlatform::start().await;
    let held = platform.keeper(&test.store, TokenMode::Legacy);
    let first = text(&held).await;
    test.store.close().await;
    assert_eq!(text(&held).await, first, "what is held is served");
    let stable = platform.keeper(&test.store, TokenMode::Stable);
    assert_eq!(text(&stable).await, format!("{TOKEN_STEM}1"));
    let error = platform.keeper(&test.store, TokenMode::Legacy).current().await.unwrap_err();
    assert!(matches!(&error, PlatformError::NoToken { problem } if problem.contains("legacy")), "{error}");
    let forced = stable.force_refresh().await.unwrap_err();
    assert!(matches!(forced, ForceRefreshError::Platform(PlatformError::NoToken { .. })), "{forced}");
    assert_eq!(platform.tokens().forced, 0);
}

async fn a_token_that_is_refused_and_handed_out_again_is_told_of(test: TestStore) {
    let platform = TokenPlatform::start().await;
    platform.tokens().is_stubborn = true;
    let keeper = platform.keeper(&test.store, TokenMode::Stable);
    text(&keeper).await;
    platform.expire();
    let mut calls = JoinSet::new();
    for _ in 0..50 {
        let client = platform.client(&keeper);
        calls.spawn(async move { client.get_order(&order("A")).await });
    }
    for outcome in calls.join_all().await {
        assert_eq!(outcome.unwrap_err().errcode(), Some(42001));
    }
    assert!(platform.tokens().fetches <= 3, "{} fetches", platform.tokens().fetches);
    assert!(crate::logs::lines().contains("nontax token refresh --party NAME --force"));
    // The operator's cure.
    keeper.force_refresh().await.unwrap();
    assert_eq!(platform.client(&keeper).get_order(&order("A")).await, Ok(None));
}

async fn forced_refreshes_have_a_budget_that_is_kept(test: TestStore) {
    let platform = TokenPlatform::start().await;
    let (one, other) =
        (platform.keeper(&test.store, TokenMode::Stable), platform.keeper(&open(&test.url).await, TokenMode::Stable));
    assert_eq!(text(&other).await, format!("{TOKEN_STEM}1"));
    let before = Timestamp::now();
    let forced = one.force_refresh().await.unwrap();
    assert_eq!(forced.token.expose(), format!("{TOKEN_STEM}2"));
    assert_eq!(text(&one).await, format!("{TOKEN_STEM}2"));
    for keeper in [&one, &other] {
        match keeper.force_refresh().await.unwrap_err() {
            ForceRefreshError::TooSoon { next_at, .. } => assert!(next_at > before + Duration::from_secs(29)),
            error => panic!("{error}"),
        }
    }
    assert_eq!(platform.tokens().forced, 1);
    assert_eq!(platform.tokens().fetches, 2);
    // The other gateway finds out by its next call.
    assert_eq!(platform.client(&other).get_order(&order("A")).await, Ok(None));
    assert_eq!(platform.tokens().fetches, 2);
}
