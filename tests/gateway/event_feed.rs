//! The feed of events: nothing skipped, nothing out of order, whoever dies and whoever commits late.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::Timestamp;
use nontax_gateway::app::{event_to_json, read_feed};
use nontax_gateway::domain::{EVENT_KINDS, NoticeState, NoticeStep, Scope, Suspension, SuspensionScope};
use nontax_gateway::store::{FeedEvent, SharedStore};
use serde_json::Value;
use sqlx::{Connection as _, Executor as _, PgConnection};
use tokio::task::JoinSet;

use crate::bearers::let_in;
use crate::book::{
    NOON, at, author, change, finance, import, key, notice, order, paid, party, record, recording_bank, refunded,
    refunded_part,
};
use crate::database::{execute, texts};
use crate::served::Setup;
use crate::stores::{TestStore, on_both_stores};
use crate::weixin::APPID;

on_both_stores!(
    a_consumer_that_is_killed_misses_nothing,
    every_event_is_of_a_kind_that_is_documented,
    positions_of_several_gateways_are_given_once,
    old_events_are_pruned_and_whoever_misses_them_is_told,
    the_feed_is_read_over_http,
    money_is_told_to_the_fen,
);

/// How many notices are paid, paid twice and refunded while the consumer dies.
const NOTICES: usize = 40;

/// All events of the party behind a position.
async fn all_after(store: &SharedStore, mut after: i64) -> Vec<FeedEvent> {
    let mut all = Vec::new();
    loop {
        let page = read_feed(&**store, party(), after, 50).await.unwrap();
        after = page.next;
        all.extend(page.events);
        if !page.more {
            return all;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_that_commits_late_is_not_skipped() {
    let test = crate::stores::postgres().await;
    let mut late = PgConnection::connect(&test.url).await.unwrap();
    late.execute("BEGIN").await.unwrap();
    late.execute(
        "INSERT INTO outbox (party, kind, subject, body, recorded_at) \
         VALUES ('gz-finance', 'notice.paid', 'late', '{}', 0)",
    )
    .await
    .unwrap();
    import(&*test.store, notice("1")).await;
    record(&*test.store, "A", paid("1"), finance()).await.unwrap();
    let before = read_feed(&*test.store, party(), 0, 100).await.unwrap();
    assert!(!before.events.is_empty() && before.events.iter().all(|event| event.subject != "late"));
    late.execute("COMMIT").await.unwrap();
    let after = read_feed(&*test.store, party(), before.next, 100).await.unwrap();
    let [found] = after.events.as_slice() else { panic!("{after:?}") };
    assert_eq!(found.subject, "late");
    // The trap was there: a cursor of numbers would have passed it.
    assert!(before.events.iter().all(|event| event.event_id > found.event_id), "{found:?}");
    assert!(before.events.iter().all(|event| event.position < found.position), "{found:?}");
}

/// What a consumer keeps: where it is, and what it saw.
#[derive(Default)]
struct Kept {
    next: Mutex<i64>,
    seen: Mutex<Vec<FeedEvent>>,
}

/// Reads on from where it is, for as long as it lives. It keeps what it saw before it keeps where it is.
async fn consume(store: SharedStore, kept: Arc<Kept>) {
    loop {
        let after = *kept.next.lock().unwrap();
        let page = read_feed(&*store, party(), after, 7).await.unwrap();
        kept.seen.lock().unwrap().extend(page.events);
        tokio::time::sleep(Duration::from_millis(10)).await;
        *kept.next.lock().unwrap() = page.next;
    }
}

async fn a_consumer_that_is_killed_misses_nothing(test: TestStore) {
    let gateways = [Arc::clone(&test.store), test.open_again().await];
    let mut payers = JoinSet::new();
    for number in 0..NOTICES {
        let store = Arc::clone(&gateways[number % 2]);
        payers.spawn(async move {
            let (number, first, second) = (number.to_string(), format!("{number}-A"), format!("{number}-B"));
            import(&*store, notice(&number)).await;
            record(&*store, &first, paid(&number), finance()).await.unwrap();
            record(&*store, &second, paid(&number), finance()).await.unwrap();
            record(&*store, &first, refunded(), finance()).await.unwrap();
        });
    }
    let kept = Arc::new(Kept::default());
    let reading = test.open_again().await;
    let (mut kills, mut chance) = (0, 7_u64);
    while kills < 30 || !payers.is_empty() || *kept.next.lock().unwrap() == 0 {
        let consumer = tokio::spawn(consume(Arc::clone(&reading), Arc::clone(&kept)));
        chance = chance.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        tokio::time::sleep(Duration::from_millis(1 + (chance >> 59))).await;
        consumer.abort();
        let _ = consumer.await;
        kills += 1;
        while let Some(done) = payers.try_join_next() {
            done.unwrap();
        }
    }
    let next = *kept.next.lock().unwrap();
    let rest = all_after(&test.store, next).await;
    let mut seen = kept.seen.lock().unwrap().clone();
    seen.extend(rest);

    let told: BTreeSet<String> = seen.iter().map(|event| event.event_id.to_string()).collect();
    let written = texts(&test, "SELECT CAST(event_id AS TEXT) FROM outbox").await.into_iter().collect();
    assert_eq!(told, written);
    assert!(seen.len() > told.len(), "no consumer died between seeing and keeping: the test shows nothing");
    let mut stories: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut known = BTreeSet::new();
    for event in seen.iter().filter(|event| known.insert(event.event_id)) {
        let json = event_to_json(event);
        stories.entry(json["ordering_key"].as_str().unwrap().to_owned()).or_default().push(event.kind.clone());
    }
    assert_eq!(stories.len(), NOTICES);
    for (notice, story) in stories {
        // The rows of one notification are about different things, and come in the order in which its changes were written.
        assert_eq!(story[..2], ["notice.paid", "payment.refused"], "{notice}");
        let rest: BTreeSet<_> = story[2..].iter().map(String::as_str).collect();
        assert_eq!(rest, BTreeSet::from(["refund.recorded", "notice.reopened"]), "{notice}");
    }
}

async fn positions_of_several_gateways_are_given_once(test: TestStore) {
    for number in 0..20 {
        import(&*test.store, notice(&number.to_string())).await;
        record(&*test.store, &format!("O{number}"), paid(&number.to_string()), finance()).await.unwrap();
    }
    let mut sequencers = JoinSet::new();
    for _ in 0..4 {
        let store = test.open_again().await;
        sequencers.spawn(async move { store.sequence_events().await.unwrap() });
    }
    assert_eq!(sequencers.join_all().await, [20; 4]);
    let positions: Vec<_> = all_after(&test.store, 0).await.iter().map(|event| event.position).collect();
    assert_eq!(positions, (1..=20).collect::<Vec<_>>());
}

/// Everything that tells something, as far as a store does it alone.
async fn every_event_is_of_a_kind_that_is_documented(test: TestStore) {
    let store = &*test.store;
    for number in ["1", "2", "3", "4"] {
        import(store, notice(number)).await;
    }
    record(store, "A", paid("1"), finance()).await.unwrap();
    record(store, "B", paid("1"), finance()).await.unwrap();
    record(store, "C", paid("1"), recording_bank()).await.unwrap();
    record(store, "A", refunded_part("R1", 500), finance()).await.unwrap();
    record(store, "A", refunded(), finance()).await.unwrap();
    for step in [NoticeStep::Suspend, NoticeStep::Restore, NoticeStep::Cancel] {
        store.move_notice(party(), change(key("2"), step, "a reason"), author(), at(NOON)).await.unwrap();
    }
    import(store, notice("2")).await;
    let mut paid_elsewhere = notice("3");
    paid_elsewhere.state = NoticeState::Paid { order_id: None };
    import(store, paid_elsewhere).await;
    let everything = Suspension::new(SuspensionScope::Everything, "audit".into());
    store.suspend(party(), everything, author(), at(NOON)).await.unwrap();
    store.lift_suspension(party(), SuspensionScope::Everything, "done".into(), author(), at(NOON)).await.unwrap();

    let events = all_after(&test.store, 0).await;
    let mut told = BTreeSet::new();
    for event in &events {
        let json = event_to_json(event);
        let kind = EVENT_KINDS.into_iter().find(|kind| kind.name == event.kind).unwrap_or_else(|| panic!("{json}"));
        let members: BTreeSet<_> = json["body"].as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(members, kind.members.iter().copied().collect(), "{json}");
        assert_eq!((&json["version"], &json["party"]), (&1.into(), &"gz-finance".into()));
        told.insert(event.kind.as_str());
    }
    for kind in ["notice.paid", "payment.refused", "payment.recorded", "refund.recorded", "notice.reopened"] {
        assert!(told.contains(kind), "{kind} of {told:?}");
    }
    for kind in ["notice.suspended", "notice.restored", "notice.canceled", "notice.unpaid", "suspension.begun"] {
        assert!(told.contains(kind), "{kind} of {told:?}");
    }
}

/// What settles, less what was reopened, is what is in hand; and a refund of the rest says how much that was.
async fn money_is_told_to_the_fen(test: TestStore) {
    let store = &*test.store;
    import(store, notice("1")).await;
    record(store, "A", paid("1"), recording_bank()).await.unwrap();
    record(store, "B", paid("1"), recording_bank()).await.unwrap();
    record(store, "A", refunded_part("R1", 500), recording_bank()).await.unwrap();
    record(store, "A", refunded(), recording_bank()).await.unwrap();
    let events: Vec<Value> = all_after(&test.store, 0).await.iter().map(event_to_json).collect();
    let of = |kind: &str| events.iter().filter(move |event| event["kind"] == kind).collect::<Vec<_>>();
    let facts = |event: &Value| {
        let body = &event["body"];
        (body["order_id"].as_str().unwrap().to_owned(), body["fee"].as_i64(), body["pay_finish_time"].as_i64())
    };
    let settled: Vec<_> = of("notice.paid").into_iter().map(facts).collect();
    let own = |order: &str| (order.to_owned(), Some(20_000), Some(NOON));
    assert_eq!(settled, [own("A"), own("B")], "the order that waits takes the place of the one that went back");
    assert_eq!(of("notice.reopened").into_iter().map(facts).collect::<Vec<_>>(), [own("A")]);
    let back: Vec<_> = of("refund.recorded").into_iter().map(|event| event["body"]["refunded_fee"].as_i64()).collect();
    assert_eq!(back, [Some(500), Some(19_500)]);
}

async fn old_events_are_pruned_and_whoever_misses_them_is_told(test: TestStore) {
    let store = &*test.store;
    for number in ["1", "2"] {
        import(store, notice(number)).await;
        record(store, number, paid(number), finance()).await.unwrap();
    }
    assert_eq!(store.prune_outbox(at(NOON - 10), 100).await.unwrap(), 0, "they are younger");
    assert_eq!(store.prune_outbox(at(NOON + 10), 1).await.unwrap(), 1);
    let page = read_feed(store, party(), 0, 100).await.unwrap();
    assert_eq!((page.events.len(), page.pruned), (1, 1));
    assert_eq!(store.prune_outbox(at(NOON + 10), 100).await.unwrap(), 1);
    import(store, notice("3")).await;
    record(store, "3", paid("3"), finance()).await.unwrap();
    let page = read_feed(store, party(), 2, 100).await.unwrap();
    assert_eq!(page.events[0].position, 3, "positions go on behind those that are gone");

    let bearer = let_in(&test.store, "erp", &[Scope::Read], &[]).await;
    let served = Setup::default().serve(&test.store).await;
    let answer = served.api_get("/admin/v1/events?after=1", Some(&bearer)).await;
    assert_eq!((answer.status, answer.body["error"].as_str()), (410, Some("events_pruned")));
    let answer = served.api_get("/admin/v1/events", Some(&bearer)).await;
    assert_eq!((answer.status, answer.body["events"].as_array().unwrap().len()), (200, 1));
    served.stopped().await;
}

async fn the_feed_is_read_over_http(test: TestStore) {
    let reader = let_in(&test.store, "reader", &[Scope::Read], &[APPID]).await;
    let token = let_in(&test.store, "token", &[Scope::Token], &[]).await;
    let stranger = let_in(&test.store, "stranger", &[Scope::Read], &["wx0000000000000000"]).await;
    let served = Setup::default().serve(&test.store).await;
    for (bearer, error) in [(&token, "scope_not_allowed"), (&stranger, "appid_not_allowed")] {
        let answer = served.api_get("/admin/v1/events?party=gz-finance", Some(bearer)).await;
        assert_eq!((answer.status, answer.body["error"].as_str()), (403, Some(error)));
    }
    for wrong in ["after=x", "after=-1", "limit=0", "limit=1001", "wait=61"] {
        let answer = served.api_get(&format!("/admin/v1/events?{wrong}"), Some(&reader)).await;
        assert_eq!((answer.status, answer.body["error"].as_str()), (400, Some("invalid_request")), "{wrong}");
    }
    let empty = served.api_get("/admin/v1/events?wait=1", Some(&reader)).await;
    assert_eq!((empty.status, empty.body["events"].as_array().unwrap().len()), (200, 0));

    // Many wait, and one event wakes them all.
    let began = Timestamp::now();
    let waiting = (0..10).map(|_| served.api_get("/admin/v1/events?party=gz-finance&wait=60", Some(&reader)));
    let waiting: Vec<_> = waiting.collect();
    let paying = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        import(&*test.store, notice("1")).await;
        record(&*test.store, "A", paid("1"), finance()).await.unwrap();
    };
    let mut answers = Vec::new();
    let all = async {
        for answer in waiting {
            answers.push(answer.await);
        }
    };
    tokio::join!(all, paying);
    assert!(Timestamp::now().duration_since(began).as_secs() < 50, "they waited to the end");
    for answer in answers {
        let event = &answer.body["events"][0];
        assert_eq!((&event["kind"], &event["body"]["order_id"]), (&"notice.paid".into(), &order("A").as_str().into()));
        let read_on = format!("/admin/v1/events?after={}", answer.body["next"].as_str().unwrap());
        assert!(served.api_get(&read_on, Some(&reader)).await.body["events"].as_array().unwrap().is_empty());
    }
    served.stopped().await;
}

/// A row that a broken writer left is passed on rather than to hold up what follows.
#[tokio::test]
async fn a_body_that_is_no_json_holds_up_nothing() {
    let test = crate::stores::sqlite().await;
    let broken =
        "INSERT INTO outbox (party, kind, subject, body, recorded_at) VALUES ('gz-finance', 'x.y', 's', 'no', 0)";
    execute(&test.url, broken).await.unwrap();
    let events = all_after(&test.store, 0).await;
    assert_eq!(event_to_json(&events[0])["body"], "no");
}
