//! `nontax doctor` against sound and broken surroundings: what it says of each, and its exit code.

use std::os::unix::fs::PermissionsExt as _;

use nontax_gateway::envelope::SigningKey;
use nontax_gateway::simulator::{Settings, SimulatedParty, Simulator};
use serde_json::Value;
use tokio::net::TcpListener;

use crate::command::{House, Ran};
use crate::database::execute;
use crate::served::{APP_SECRET, Setup};
use crate::stores::{TestStore, empty_postgres_database, on_both_stores, sqlite};
use crate::stub_platform::{OrderReply, StubPlatform, TOKEN, http};
use crate::weixin::{APPID, KEY, symmetric_key};

on_both_stores!(sound_surroundings_have_no_failure);

/// The level, and detail and cure together, of each finding about `what`.
fn told(ran: &Ran, what: &str) -> Vec<(String, String)> {
    let findings = ran.json();
    let about = findings.as_array().unwrap().iter().filter(|finding| finding["what"] == what);
    let text = |finding: &Value, key: &str| finding[key].as_str().unwrap_or_default().to_owned();
    about.map(|finding| (text(finding, "level"), text(finding, "detail") + "; " + &text(finding, "cure"))).collect()
}

/// Its one finding about `what` has this level and holds these words.
fn assert_told(ran: &Ran, what: &str, level: &str, parts: &[&str]) {
    let told = told(ran, what);
    assert_eq!(told.len(), 1, "{what}: {}", ran.out);
    assert_eq!(told[0].0, level, "{what}: {}", ran.out);
    for part in parts {
        assert!(told[0].1.contains(part), "{part} in {:?}", told[0]);
    }
}

async fn simulator(app_secret: &str) -> String {
    let signing_key = SigningKey::read(include_str!("../fixtures/envelope/TEST-ONLY-platform-private.pem")).unwrap();
    let party = SimulatedParty::new("gz-finance", APPID, app_secret, symmetric_key("1", KEY));
    let simulator = Simulator::new(Settings::new(signing_key, vec![party])).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(simulator.serve(listener, std::future::pending()));
    url
}

/// A URL of this host at which nobody listens.
async fn nobody() -> String {
    format!("http://{}", TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap())
}

async fn doctor(house: &House) -> Ran {
    house.nontax(&["doctor", "--format", "json"]).await
}

async fn sound_surroundings_have_no_failure(test: TestStore) {
    let platform = simulator(APP_SECRET).await;
    let served = Setup::default().serve(&test.store).await;
    let house = House::new(&test.url, &platform, &format!("admin_listen = \"{}\"", served.admin));
    let ran = doctor(&house).await;
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    let product = if test.url.starts_with("sqlite:") { "SQLite 3" } else { "PostgreSQL 1" };
    assert_told(&ran, "database", "ok", &[product, "up to date"]);
    assert_told(&ran, "access_token gz-finance", "ok", &["sha256"]);
    for (what, part) in [
        ("permissions", "closed to others"),
        ("listeners", "127.0.0.1:8080"),
        ("disk", ""),
        ("gateway", "one runs here"),
        ("dns", "127.0.0.1"),
        ("outgoing address", "127.0.0.1"),
        ("platform", "answers"),
        ("clock", "within 1 s"),
    ] {
        let told = told(&ran, what);
        // A machine with little room, or with a clock that is set while the test runs, fails no test.
        assert!(told.len() == 1 && (what == "disk" || what == "clock" || told[0].0 == "ok"), "{what}: {}", ran.out);
        assert!(what == "clock" || told[0].1.contains(part), "{what}: {}", ran.out);
    }
    assert_eq!(told(&ran, "keys gz-finance").len(), 2, "{}", ran.out);
    let ran = house.nontax(&["doctor", "--party", "gz-finance", "--offline"]).await;
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    assert!(ran.out.lines().all(|line| line.starts_with("ok ") || line.starts_with("warning ")), "{}", ran.out);
    assert!(ran.out.contains("ok       gateway  — one runs here"), "{}", ran.out);
    assert!(!ran.out.contains("access_token") && !ran.out.contains("dns"), "{}", ran.out);
    for secret in [APP_SECRET, KEY] {
        assert!(!ran.out.contains(secret) && !ran.err.contains(secret));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_address_is_shown_as_the_platform_saw_it() {
    let errmsg = "invalid ip 203.0.113.7 ipv6 ::ffff:203.0.113.7, not in whitelist rid: 1";
    let platform = stub_refusing(40164, errmsg).await;
    let ran = doctor(&House::new(&sqlite().await.url, &platform, "")).await;
    assert_eq!(ran.code, 1, "{}", ran.out);
    assert_told(&ran, "access_token gz-finance", "failure", &["40164", "it saw 203.0.113.7", "IP whitelist"]);
}

async fn nothing_is_left_beside_a_book_that_nobody_has_open() {
    let house = House::new("sqlite:nontax.db", "http://127.0.0.1:1", "");
    assert_eq!(house.nontax(&["migrate"]).await.code, 0);
    let files = || {
        let mut names: Vec<_> =
            std::fs::read_dir(house.path()).unwrap().map(|file| file.unwrap().file_name()).collect();
        names.sort();
        names
    };
    let before = files();
    let ran = house.nontax(&["doctor", "--offline", "--format", "json"]).await;
    assert_told(&ran, "database", "ok", &["up to date"]);
    assert_eq!(files(), before);
}

/// A platform that refuses whatever it is asked.
async fn stub_refusing(errcode: i64, errmsg: &str) -> String {
    let body = serde_json::json!({ "errcode": errcode, "errmsg": errmsg });
    let router = axum::Router::new().fallback(move || std::future::ready(axum::Json(body.clone())));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    url
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_app_secret_is_told_without_it() {
    let platform = simulator("another-secret").await;
    let ran = doctor(&House::new(&sqlite().await.url, &platform, "")).await;
    assert_eq!(ran.code, 1, "{}", ran.out);
    assert_told(&ran, "access_token gz-finance", "failure", &["40125", "write the account's AppSecret"]);
    assert!(!ran.out.contains(APP_SECRET));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn databases_that_are_not_ready_are_told_apart_and_left_alone() {
    let url = empty_postgres_database().await;
    let house = House::new(&url, "http://127.0.0.1:1", "");
    for _ in 0..2 {
        let ran = house.nontax(&["doctor", "--offline", "--format", "json"]).await;
        assert_eq!(ran.code, 1, "{}", ran.out);
        assert_told(&ran, "database", "failure", &["never migrated", "nontax migrate"]);
    }

    let test = sqlite().await;
    execute(&test.url, "DELETE FROM _sqlx_migrations WHERE version = 2").await.unwrap();
    let ran =
        House::new(&test.url, "http://127.0.0.1:1", "").nontax(&["doctor", "--offline", "--format", "json"]).await;
    assert_told(&ran, "database", "warning", &["lacks migration 2"]);
    nothing_is_left_beside_a_book_that_nobody_has_open().await;

    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("nontax.db");
    let house = House::new(&format!("sqlite:{}", path.display()), "http://127.0.0.1:1", "");
    let ran = house.nontax(&["doctor", "--offline", "--format", "json"]).await;
    assert_eq!(ran.code, 0, "{}", ran.out);
    assert_told(&ran, "database", "warning", &["is not there yet"]);
    assert!(!path.exists());

    std::fs::write(&path, "region_code,payment_notice_no\n".repeat(100)).unwrap();
    let ran = house.nontax(&["doctor", "--offline", "--format", "json"]).await;
    assert_eq!(ran.code, 1, "{}", ran.out);
    assert_told(&ran, "database", "failure", &["nontax.db", "not a database"]);

    let house = House::new("postgres://nontax@127.0.0.1:1/nontax", "http://127.0.0.1:1", "");
    let ran = house.nontax(&["doctor", "--offline", "--format", "json"]).await;
    assert_told(&ran, "database", "failure", &["get a connection", "can be reached"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_that_are_open_to_others_are_told_with_the_command() {
    let test = sqlite().await;
    let house = House::new(&test.url, "http://127.0.0.1:1", "");
    let open_up = |name: &str, mode| {
        std::fs::set_permissions(house.path().join(name), std::fs::Permissions::from_mode(mode)).unwrap();
    };
    open_up("app_secret", 0o644);
    let ran = house.nontax(&["doctor", "--offline", "--format", "json"]).await;
    assert_eq!(ran.code, 0, "{}", ran.out);
    assert_told(
        &ran,
        "config party[\"gz-finance\"].app_secret_file",
        "warning",
        &["can be read by others than its owner (mode 0644)", "run: chmod 600"],
    );
    open_up("nontax.toml", 0o666);
    let ran = house.nontax(&["doctor", "--offline", "--format", "json"]).await;
    assert_eq!(ran.code, 1, "{}", ran.out);
    assert_told(&ran, "permissions", "failure", &["can be changed by others", "run: chmod go-w"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clock_that_is_wrong_is_told_with_how_much() {
    let dated = |date: &str| OrderReply::Raw(http(&format!("404 Not Found\r\ndate: {date}"), "not found"));
    let platform = StubPlatform::start(dated("Thu, 01 Jan 2026 04:00:00 GMT")).await;
    let house = House::new(&sqlite().await.url, &platform.url, "");
    let ran = doctor(&house).await;
    assert_eq!(ran.code, 1, "{}", ran.out);
    assert_told(&ran, "clock", "failure", &["s ahead of the platform's", "NTP"]);
    assert!(!ran.out.contains(TOKEN), "{}", ran.out);
    platform.answers(dated("yesterday"));
    assert_told(&doctor(&house).await, "clock", "warning", &["has no date"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_platform_that_is_away_is_one_failure_for_each_who_needs_it() {
    let ran = doctor(&House::new(&sqlite().await.url, &nobody().await, "")).await;
    assert_eq!(ran.code, 1, "{}", ran.out);
    assert_told(&ran, "platform", "failure", &["refused", "firewall"]);
    assert_told(&ran, "access_token gz-finance", "failure", &["could not be reached"]);
    assert_told(&ran, "outgoing address", "warning", &["takes no connection"]);
    assert_told(&ran, "clock", "warning", &["not reached"]);
    assert_told(&ran, "database", "ok", &["up to date"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_speaks_no_tls_is_told_from_what_is_away() {
    let platform = stub_refusing(40001, "").await.replace("http://", "https://");
    let ran = doctor(&House::new(&sqlite().await.url, &platform, "")).await;
    assert_eq!(ran.code, 1, "{}", ran.out);
    assert_told(&ran, "platform", "failure", &["does not speak TLS"]);
    assert_told(&ran, "outgoing address", "ok", &["127.0.0.1"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_platform_that_hangs_does_not_hide_the_rest() {
    let platform = StubPlatform::start(OrderReply::Gated(Value::Null)).await;
    let ran = doctor(&House::new(&sqlite().await.url, &platform.url, "")).await;
    assert_eq!(ran.code, 1, "{}", ran.out);
    assert_told(&ran, "platform", "failure", &["timed out"]);
    assert_told(&ran, "access_token gz-finance", "ok", &["sha256"]);
    assert_told(&ran, "database", "ok", &["up to date"]);
}

#[tokio::test]
async fn a_configuration_that_cannot_be_used_is_all_that_is_told() {
    let house = House::new("sqlite:nontax.db", "http://127.0.0.1:1", "listen = \"0.0.0.0:8080\"");
    let ran = doctor(&house).await;
    assert_eq!(ran.code, 3, "{}", ran.out);
    assert_told(&ran, "config server.allow_from", "failure", &["anybody could call", "allow_from_anywhere"]);
    let ran = house.nontax(&["doctor", "--party", "nobody"]).await;
    assert_eq!(ran.code, 3, "{}", ran.out);
}
