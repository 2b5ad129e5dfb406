//! `nontax token-client`, `nontax token` and `nontax api token`, run as an operator runs them.

use std::path::Path;

use nontax_gateway::domain::Scope;
use serde_json::{Value, json};

use crate::bearers::let_in;
use crate::command::{House, Ran};
use crate::database::texts;
use crate::served::Setup;
use crate::stores::{TestStore, on_both_stores, sqlite};
use crate::token_world::{TOKEN_STEM, TokenPlatform};
use crate::weixin::APPID;

on_both_stores!(
    a_client_is_let_in_with_a_bearer_that_is_shown_once_and_never_kept,
    the_token_is_made_sure_of_looked_at_and_ended_and_never_shown,
);

async fn a_client_is_let_in_with_a_bearer_that_is_shown_once_and_never_kept(test: TestStore) {
    let platform = TokenPlatform::start().await;
    let served = Setup::with_platform(&platform.url).serve(&test.store).await;
    let house = House::new(&test.url, &platform.url, "");
    let nobody = house.nontax(&["token-client", "list"]).await;
    assert_eq!((nobody.code, nobody.out.as_str()), (0, ""), "{}", nobody.err);
    assert!(nobody.err.contains("nontax token-client add NAME"), "{}", nobody.err);

    let added = house.nontax(&["token-client", "add", "erp", "--appid", APPID]).await;
    assert_eq!(added.code, 0, "{}", added.err);
    let bearer = added.out.trim_end();
    let secret = bearer.strip_prefix("erp.").unwrap();
    assert!(secret.len() >= 40 && !secret.contains(char::is_whitespace), "standard output is the bearer alone");
    assert!(!added.err.contains(secret), "it is told once");
    assert!(added.err.contains("erp may: token; for: wx5f6e43071809a9dd"), "{}", added.err);

    let path = format!("/admin/v1/token?appid={APPID}");
    let given = served.api_get(&path, Some(bearer)).await;
    assert_eq!((given.status, &given.body["access_token"]), (200, &json!(format!("{TOKEN_STEM}1"))));
    assert_eq!(served.api_get("/admin/v1/token?appid=wx0", Some(bearer)).await.status, 403);

    let second = house.nontax(&["token-client", "add", "desk", "--scope", "orders", "--scope", "refunds"]).await;
    assert_eq!(second.code, 0, "{}", second.err);
    assert_eq!(served.api_get(&path, Some(second.out.trim_end())).await.status, 403);
    for (arguments, part) in [
        (&["token-client", "add", "erp"][..], "there is, or was, a client called erp"),
        (&["token-client", "add", "e r p"], "A-Z, a-z, 0-9, - and _"),
        (&["token-client", "add", "other", "--appid", "wx0"], APPID),
        (&["token-client", "add", "other", "--scope", "all"], "all"),
        (&["token-client", "revoke", "other"], "nontax token-client list"),
    ] {
        let refused = house.nontax(arguments).await;
        assert_eq!((refused.code, refused.out.as_str()), (2, ""), "{arguments:?}");
        assert!(refused.err.contains(part), "{arguments:?} {}", refused.err);
    }

    assert_eq!(
        clients(&house).await,
        [("desk", "orders refunds", "", false), ("erp", "token", APPID, false)].map(client)
    );
    let revoked = house.nontax(&["token-client", "revoke", "erp"]).await;
    assert!(revoked.code == 0 && revoked.out.contains("erp is revoked"), "{}{}", revoked.out, revoked.err);
    assert_eq!(served.api_get(&path, Some(bearer)).await.status, 401);
    let again = house.nontax(&["token-client", "revoke", "erp"]).await;
    assert!(again.code == 0 && again.out.contains("was revoked before"), "{}{}", again.out, again.err);
    assert_eq!(
        clients(&house).await,
        [("desk", "orders refunds", "", false), ("erp", "token", APPID, true)].map(client)
    );
    assert_eq!(house.nontax(&["token-client", "add", "erp"]).await.code, 2, "a name is one client for ever");

    let listed = house.nontax(&["token-client", "list"]).await;
    assert!(listed.out.contains("erp: token; for wx5f6e43071809a9dd") && listed.out.contains("; revoked "));
    assert!(!listed.out.contains(secret) && !listed.err.contains(secret));
    let kept = texts(&test, "SELECT name || ' ' || secret_hash FROM api_client").await;
    assert_eq!(kept.len(), 2);
    assert!(!kept.concat().contains(secret), "the bearer stands in the table");
    assert!(!files_hold(&test, secret), "the bearer stands in a file of the database");
}

/// Name, scopes, accounts, and whether it is revoked.
type Client = (String, String, String, bool);

fn client((name, scopes, appids, is_revoked): (&str, &str, &str, bool)) -> Client {
    (name.to_owned(), scopes.to_owned(), appids.to_owned(), is_revoked)
}

/// The clients that are listed, by name.
async fn clients(house: &House) -> Vec<Client> {
    let listed = house.nontax(&["token-client", "list", "--format", "json"]).await;
    assert_eq!(listed.code, 0, "{}", listed.err);
    let words = |value: &Value| {
        value.as_array().unwrap().iter().map(|word| word.as_str().unwrap()).collect::<Vec<_>>().join(" ")
    };
    let mut clients: Vec<_> = listed
        .out
        .lines()
        .map(|line| {
            let shown: Value = serde_json::from_str(line).unwrap();
            let name = shown["name"].as_str().unwrap().to_owned();
            (name, words(&shown["scopes"]), words(&shown["appids"]), shown["revoked_at"].is_string())
        })
        .collect();
    clients.sort();
    clients
}

/// Whether a text stands in the files of a SQLite database, or beside them.
fn files_hold(test: &TestStore, secret: &str) -> bool {
    let Some(path) = test.url.strip_prefix("sqlite:") else { return false };
    let files: Vec<_> = std::fs::read_dir(Path::new(path).parent().unwrap()).unwrap().collect();
    assert!(!files.is_empty());
    files.into_iter().any(|file| {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        bytes.windows(secret.len()).any(|window| window == secret.as_bytes())
    })
}

/// How often the platform was asked for a token, and how often by force.
fn fetches_and_forced(platform: &TokenPlatform) -> (usize, usize) {
    let tokens = platform.tokens();
    (tokens.fetches, tokens.forced)
}

/// `nontax token` for the party of the tests.
async fn token(house: &House, arguments: &[&str]) -> Ran {
    house.nontax(&[&["token"][..], arguments, &["--party", "gz-finance"]].concat()).await
}

/// A command that went well and showed no token.
fn told(ran: Ran) -> Ran {
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(!ran.out.contains(TOKEN_STEM) && !ran.err.contains(TOKEN_STEM), "{}{}", ran.out, ran.err);
    ran
}

async fn the_token_is_made_sure_of_looked_at_and_ended_and_never_shown(test: TestStore) {
    let platform = TokenPlatform::start().await;
    let house = House::new(&test.url, &platform.url, "");
    let shown = told(token(&house, &["show", "--format", "json"]).await).json();
    assert_eq!((&shown["token"], &shown["generation"]), (&json!(null), &json!(0)), "{shown}");
    assert!(told(token(&house, &["show"]).await).out.contains("no token"));
    assert_eq!(platform.tokens().fetches, 0, "a look fetches nothing");

    let first = told(token(&house, &["refresh"]).await).out;
    assert!(first.starts_with("wx5f6e43071809a9dd: sha256 "), "{first}");
    let digest = first.split_once(", until ").unwrap().0;
    assert!(told(token(&house, &["refresh"]).await).out.starts_with(digest), "one that is good is kept");
    assert_eq!(platform.tokens().fetches, 1);
    let shown = told(token(&house, &["show", "--format", "json"]).await).json();
    let prefix = shown["token"]["digest_prefix"].as_str().unwrap();
    assert!(first.contains(prefix), "{first} {prefix}");
    assert_eq!((&shown["appid"], &shown["mode"]), (&json!(APPID), &json!("stable")));
    assert_eq!((&shown["token"]["usable"], &shown["lease"]), (&json!(true), &json!(null)));
    assert_eq!((&shown["generation"], &shown["forced_on_that_day"]), (&json!(1), &json!(0)));
    assert!(told(token(&house, &["show"]).await).out.contains("never refreshed by force"));

    let forced = told(token(&house, &["refresh", "--force"]).await).out;
    assert!(!forced.starts_with(digest), "{forced}");
    assert_eq!(fetches_and_forced(&platform), (2, 1));
    let refused = token(&house, &["refresh", "--force"]).await;
    assert_eq!((refused.code, refused.out.as_str()), (5, ""), "{}", refused.err);
    assert!(refused.err.contains("30 seconds apart") && !refused.err.contains(TOKEN_STEM), "{}", refused.err);
    assert_eq!(platform.tokens().fetches, 2, "the budget is looked at first");
    let shown = told(token(&house, &["show", "--format", "json"]).await).json();
    assert_eq!((&shown["forced_on_that_day"], shown["last_forced_at"].is_string()), (&json!(1), true));

    let printed = house.nontax(&["api", "token"]).await;
    assert_eq!(printed.json()["access_token"], format!("{TOKEN_STEM}2"), "it is asked for");
    let expires_in = printed.json()["expires_in"].as_i64().unwrap();
    assert!((7000..=7200).contains(&expires_in), "{expires_in}");
    assert_eq!(platform.tokens().fetches, 2);
    let strange = house.nontax(&["token", "show", "--party", "nobody"]).await;
    assert!(strange.code == 2 && strange.err.contains("gz-finance"), "{} {}", strange.code, strange.err);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_platform_refuses_is_told_with_its_cure() {
    let (platform, test) = (TokenPlatform::start().await, sqlite().await);
    platform.tokens().answers = Some(json!({ "errcode": 40164, "errmsg": "invalid ip 198.51.100.7" }));
    let house = House::new(&test.url, &platform.url, "");
    for arguments in [&["refresh"][..], &["refresh", "--force"]] {
        let refused = token(&house, arguments).await;
        assert_eq!((refused.code, refused.out.as_str()), (5, ""), "{}", refused.err);
        assert!(refused.err.contains("198.51.100.7") && refused.err.contains("IP whitelist"), "{}", refused.err);
    }
    let away = token(&House::new(&test.url, "http://127.0.0.1:1", ""), &["refresh"]).await;
    assert!(away.code == 4 && away.err.contains("platform.base_url"), "{} {}", away.code, away.err);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_of_another_server_is_taken_there_and_ended_there() {
    let (platform, central, branch) = (TokenPlatform::start().await, sqlite().await, sqlite().await);
    let served = Setup::with_platform(&platform.url).serve(&central.store).await;
    let house = House::new(&branch.url, &platform.url, "");
    house.write("bearer", &let_in(&central.store, "branch", &[Scope::Token], &[]).await);
    let config = std::fs::read_to_string(house.path().join("nontax.toml")).unwrap();
    let external = format!(
        "[platform]\ntoken_mode = \"external\"\ntoken_url = \"http://{}/admin/v1/token\"\ntoken_bearer_file = \"bearer\"\n",
        served.admin
    );
    house.write("nontax.toml", &config.replace("[platform]\n", &external));
    assert!(told(token(&house, &["refresh"]).await).out.contains("sha256 "));
    let printed = house.nontax(&["api", "token"]).await;
    assert_eq!(printed.json()["access_token"], format!("{TOKEN_STEM}1"), "{}", printed.err);
    for arguments in [&["show"][..], &["refresh", "--force"]] {
        let refused = token(&house, arguments).await;
        assert_eq!((refused.code, refused.out.as_str()), (2, ""), "{arguments:?} {}", refused.err);
        assert!(refused.err.contains("another"), "{arguments:?} {}", refused.err);
    }
    assert_eq!(fetches_and_forced(&platform), (1, 0));
}
