//! What is kept for a while only: bodies of notifications, the bytes of statements, events. Journals and money stay.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use nontax_gateway::app::jobs::{Job as _, JobRun, Ran, RetentionAges, RetentionJob};
use nontax_gateway::domain::{BillType, StatementKind};
use nontax_gateway::store::{KeptStatement, SharedStore, StatementFile, StatementKey};
use nontax_gateway::wire::Locale;

use crate::book::{NOON, at, errcode, finance, import, paid, party, payable};
use crate::database::{eventually, texts};
use crate::served::Setup;
use crate::stores::{TestStore, on_both_stores};
use crate::weixin;

on_both_stores!(
    bodies_of_notifications_are_kept_as_they_came_and_no_others,
    of_what_no_key_opens_only_so_much_is_kept,
    what_is_old_is_pruned_and_what_tells_of_money_stays,
    a_statement_is_pruned_to_its_hash_and_can_be_fetched_again,
);

const AGES: RetentionAges = RetentionAges { body_days: 30, statement_days: 400, event_days: 60 };

/// One run, some days after the noon of the tests.
async fn prune(store: &SharedStore, days: i64) -> String {
    let now = Arc::new(AtomicI64::new(NOON + days * 86_400));
    let clock = Arc::new(move || at(now.load(Ordering::SeqCst)));
    let job = RetentionJob::new(Arc::clone(store), AGES, clock);
    match job.run(JobRun { day: None, started_at: at(NOON) }).await.unwrap() {
        Ran::Done(detail) | Ran::NotYet(detail) => detail,
    }
}

async fn bodies(test: &TestStore) -> usize {
    texts(test, "SELECT body_digest FROM callback_body").await.len()
}

async fn bodies_of_notifications_are_kept_as_they_came_and_no_others(test: TestStore) {
    import(&*test.store, payable("1")).await;
    let served = Setup { keeps_bodies: true, ..Setup::default() }.serve(&test.store).await;
    assert_eq!(served.queried("1").await, 0);
    assert_eq!(served.notified(&weixin::paid("A", "1")).await, 0);
    eventually("the body is kept", async || (bodies(&test).await == 1).then_some(())).await;
    let digests = texts(&test, "SELECT body_digest FROM callback_journal WHERE kind = 'notification'").await;
    let kept = test.store.find_bodies(digests[0].clone()).await.unwrap();
    assert_eq!((kept.len(), &kept[0].party), (1, &party()));
    let raw = String::from_utf8(kept[0].body.clone()).unwrap();
    assert!(raw.contains("\"data\"") && !raw.contains("order_id"), "it is as it came: encrypted");
    served.stopped().await;
    let without = Setup { locale: Locale::English, ..Setup::default() }.serve(&test.open_again().await).await;
    assert_eq!(without.notified(&weixin::paid("A", "1")).await, 0);
    without.stopped().await;
    assert_eq!(bodies(&test).await, 1);
}

async fn of_what_no_key_opens_only_so_much_is_kept(test: TestStore) {
    let served = Setup { keeps_bodies: true, ..Setup::default() }.serve(&test.store).await;
    for number in 0..100 {
        served.post("notification", format!("nonsense {number}").into_bytes()).await;
    }
    // They are written out before the end.
    served.stopped().await;
    let kept = bodies(&test).await;
    assert!((30..100).contains(&kept), "{kept}");
}

async fn what_is_old_is_pruned_and_what_tells_of_money_stays(test: TestStore) {
    import(&*test.store, payable("1")).await;
    assert_eq!(errcode(&*test.store, "A", paid("1"), finance()).await, 0);
    let body = |second: i64| nontax_gateway::store::CallbackBody {
        party: party(),
        body_digest: format!("digest {second}"),
        body: b"{\"data\":\"\"}".to_vec(),
        received_at: at(NOON + second),
    };
    // More than go with one commit.
    test.store.keep_bodies((0..1100).map(body).collect()).await.unwrap();
    test.store.keep_bodies(vec![body(40 * 86_400)]).await.unwrap();
    let everything = [
        "SELECT CAST(COUNT(*) AS TEXT) FROM callback_journal",
        "SELECT CAST(COUNT(*) AS TEXT) FROM state_journal",
        "SELECT CAST(COUNT(*) AS TEXT) FROM payment",
        "SELECT CAST(COUNT(*) AS TEXT) FROM notice",
    ];
    let mut before = Vec::new();
    for query in everything {
        before.push(texts(&test, query).await);
    }
    assert_eq!(prune(&test.store, 29).await, "pruned 0 bodies, 0 chunks of statements, 0 events");
    assert_eq!(prune(&test.store, 31).await, "pruned 1100 bodies, 0 chunks of statements, 0 events");
    assert_eq!(bodies(&test).await, 1);
    let events = texts(&test, "SELECT kind FROM outbox").await.len();
    let pruned = prune(&test.store, 61).await;
    assert!(events > 0 && pruned.ends_with(&format!(" {events} events")), "{pruned}");
    assert_eq!(texts(&test, "SELECT kind FROM outbox").await.len(), 0);
    for (query, before) in everything.into_iter().zip(before) {
        assert_eq!(texts(&test, query).await, before, "{query}");
    }
}

async fn a_statement_is_pruned_to_its_hash_and_can_be_fetched_again(test: TestStore) {
    let key =
        StatementKey { party: party(), bill_date: "20260101".parse().unwrap(), mch_id: None, bill_type: BillType::All };
    let file = |seconds: i64| StatementFile {
        key: key.clone(),
        sha256: "00".repeat(32),
        kind: StatementKind::Csv,
        size_bytes: 3,
        chunk_count: 1,
        fetched_at: at(NOON + seconds),
        seen_at: at(NOON + seconds),
        pruned_at: None,
    };
    let put = async |seconds: i64| {
        test.store.put_statement_chunk(key.clone(), file(0).sha256, 0, b"abc".to_vec()).await.unwrap();
        test.store.keep_statement_file(file(seconds)).await.unwrap()
    };
    put(0).await;
    assert!(prune(&test.store, 399).await.contains("0 chunks"));
    assert!(prune(&test.store, 401).await.contains("1 chunks"));
    let listed = test.store.newest_statement_file(key.clone()).await.unwrap().unwrap();
    assert_eq!(listed.sha256, file(0).sha256);
    let error = test.store.read_statement_chunk(listed, 0).await.unwrap_err();
    assert!(format!("{error}").contains("pruned"), "{error}");
    // Fetched again, it lives as long as a new one.
    assert_eq!(put(401 * 86_400).await.1, KeptStatement::Same);
    assert!(prune(&test.store, 402).await.contains("0 chunks"));
    assert_eq!(test.store.read_statement_chunk(file(0), 0).await.unwrap(), b"abc");
}
