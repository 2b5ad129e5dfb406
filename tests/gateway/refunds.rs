//! The refund desk: what is asked of the platform, how often, and what the book makes of the notification that follows.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use jiff::{Timestamp, ToSpan as _};
use nontax_gateway::app::{Party, RefundDeskError, RefundWish, follow_refund, request_refund};
use nontax_gateway::domain::{Mode, RefundAmount, RefundOutId, RefundRequestState, RefundStep, Role};
use nontax_gateway::store::{BegunCall, RefundNews, RefundRequestRecord, RefundSelection};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::book::{NOON, at, errcode, fen, finance, import, order, paid, party, payable, refunded, refunded_part};
use crate::database::texts;
use crate::scripted_platform::ScriptedPlatform;
use crate::stores::{TestStore, on_both_stores, open};
use crate::stub_platform::order_for;

on_both_stores!(
    a_whole_a_part_and_the_rest_are_asked_for,
    a_key_is_one_refund,
    two_at_once_never_exceed_what_was_paid,
    many_with_one_key_make_one_call,
    an_unknown_outcome_is_looked_up_and_repeated_with_the_same_number,
    a_whole_refund_of_unknown_outcome_is_not_repeated_when_the_order_shows_it,
    refunded_and_conflict_mean_what_the_call_was,
    a_call_that_was_not_made_does_not_count,
    an_unlisted_code_and_a_word_on_the_caller_free_nothing,
    a_number_is_one_refund,
    late_news_of_a_call_that_was_taken_over_are_not_kept,
    an_order_that_was_not_notified_is_asked_about,
    the_rules_are_told_and_nothing_is_stored,
    a_notification_is_recognised_by_either_number,
);

/// A paid order "A" for a notice of 200 yuan.
async fn paid_order(test: &TestStore) {
    import(&*test.store, payable("1")).await;
    assert_eq!(errcode(&*test.store, "A", paid("1"), finance()).await, 0);
}

fn bank(platform: &ScriptedPlatform) -> Party {
    platform.party(Role::Bank, Mode::DirectBank)
}

fn wish(key: &str, amount: RefundAmount) -> RefundWish {
    RefundWish {
        order_id: order("A"),
        amount,
        reason: "paid twice".into(),
        caller_key: key.into(),
        requested_by: "counter 3".into(),
        refund_out_id: None,
    }
}

fn part(amount: i64) -> RefundAmount {
    RefundAmount::Part(fen(amount))
}

/// Some minutes after the payment.
fn minute(minutes: i64) -> Timestamp {
    at(NOON + 60 * minutes)
}

#[expect(clippy::unnecessary_wraps, reason = "it is what a script gives back")]
fn accepted(refund_order_id: &str) -> Option<Value> {
    Some(json!({ "errcode": 0, "errmsg": "ok", "refund_order_id": refund_order_id }))
}

#[expect(clippy::unnecessary_wraps, reason = "it is what a script gives back")]
fn refuses(errcode: i64) -> Option<Value> {
    Some(json!({ "errcode": errcode, "errmsg": "no" }))
}

async fn ask(test: &TestStore, party: &Party, wish: RefundWish) -> Result<RefundRequestRecord, RefundDeskError> {
    request_refund(&*test.store, party, wish, minute(1)).await
}

fn state(request: &RefundRequestRecord) -> &'static str {
    request.state.name()
}

async fn a_whole_a_part_and_the_rest_are_asked_for(test: TestStore) {
    paid_order(&test).await;
    let platform = ScriptedPlatform::start(|_, _| accepted("R")).await;
    let first = ask(&test, &bank(&platform), wish("1", part(5_000))).await.unwrap();
    assert_eq!(state(&first), "accepted");
    let rest = ask(&test, &bank(&platform), wish("2", RefundAmount::All)).await.unwrap();
    assert_eq!(rest.refund_fee(), Some(fen(15_000)));
    let calls = platform.calls("refund");
    assert_eq!(calls[0]["refund_fee"], 5_000);
    assert_eq!(calls[0]["refund_out_id"], first.refund_out_id.as_str());
    assert_eq!(calls[1]["refund_fee"], 15_000);
    assert_ne!(first.refund_out_id, rest.refund_out_id);

    import(&*test.store, payable("2")).await;
    assert_eq!(errcode(&*test.store, "B", paid("2"), finance()).await, 0);
    let whole = RefundWish { order_id: order("B"), ..wish("3", RefundAmount::All) };
    assert_eq!(ask(&test, &bank(&platform), whole).await.unwrap().refund_fee(), None);
    let fields: Vec<_> = platform.calls("refund")[2].as_object().unwrap().keys().cloned().collect();
    assert_eq!(fields, ["appid", "order_id", "reason"]);
    assert_eq!(platform.calls("getorder").len(), 0, "the book knows what was paid");
}

async fn a_key_is_one_refund(test: TestStore) {
    paid_order(&test).await;
    let platform = ScriptedPlatform::start(|_, _| accepted("R")).await;
    let party = bank(&platform);
    let first = ask(&test, &party, wish("1", part(100))).await.unwrap();
    assert_eq!(ask(&test, &party, wish("1", part(100))).await.unwrap(), first);
    for other in [wish("1", part(101)), RefundWish { reason: "another".into(), ..wish("1", part(100)) }] {
        let refused = ask(&test, &party, other).await.unwrap_err();
        assert!(matches!(refused, RefundDeskError::KeyTaken { .. }), "{refused}");
    }
    assert_eq!(platform.calls("refund").len(), 1);
}

async fn two_at_once_never_exceed_what_was_paid(test: TestStore) {
    paid_order(&test).await;
    let platform = Arc::new(ScriptedPlatform::start(|_, _| accepted("R")).await);
    let stores = [Arc::clone(&test.store), open(&test.url).await];
    let mut all = JoinSet::new();
    for number in 0..8 {
        let (store, platform) = (Arc::clone(&stores[number % 2]), Arc::clone(&platform));
        all.spawn(async move {
            let wish = wish(&number.to_string(), part(6_000));
            request_refund(&*store, &bank(&platform), wish, minute(1)).await.is_ok()
        });
    }
    let allowed = all.join_all().await.into_iter().filter(|allowed| *allowed).count();
    assert_eq!((allowed, platform.calls("refund").len()), (3, 3));
}

async fn many_with_one_key_make_one_call(test: TestStore) {
    paid_order(&test).await;
    let platform = Arc::new(ScriptedPlatform::start(|_, _| accepted("R")).await);
    let second = open(&test.url).await;
    let mut all = JoinSet::new();
    for number in 0..16 {
        let store = if number % 2 == 0 { Arc::clone(&test.store) } else { Arc::clone(&second) };
        let platform = Arc::clone(&platform);
        all.spawn(async move {
            request_refund(&*store, &bank(&platform), wish("1", RefundAmount::All), minute(1)).await.unwrap()
        });
    }
    let ids: Vec<_> = all.join_all().await.into_iter().map(|request| request.refund_out_id).collect();
    assert!(ids.iter().all(|id| *id == ids[0]));
    assert_eq!(platform.calls("refund").len(), 1);
}

async fn an_unknown_outcome_is_looked_up_and_repeated_with_the_same_number(test: TestStore) {
    paid_order(&test).await;
    let calls = AtomicUsize::new(0);
    let platform = ScriptedPlatform::start(move |api, _| match api {
        "getorder" => Some(order_for("A", "1")),
        // Taken, and no word of it; then broken; then there.
        _ => match calls.fetch_add(1, Ordering::Relaxed) {
            0 => None,
            1 => refuses(-1),
            _ => accepted("R"),
        },
    })
    .await;
    let party = bank(&platform);
    let request = ask(&test, &party, wish("1", part(5_000))).await.unwrap();
    assert_eq!((state(&request), request.attempts), ("requested", 1));
    assert!(request.problem.is_some());
    let request = ask(&test, &party, wish("1", part(5_000))).await.unwrap();
    assert_eq!((state(&request), request.attempts), ("requested", 2));
    let request = follow_refund(&*test.store, &party, &request.refund_out_id, minute(2)).await.unwrap();
    assert_eq!((state(&request), request.problem), ("accepted", None));
    let numbers: Vec<_> = platform.calls("refund").iter().map(|body| body["refund_out_id"].clone()).collect();
    assert_eq!(numbers.len(), 3);
    assert!(numbers.iter().all(|number| *number == numbers[0]));
    assert_eq!(platform.calls("getorder").len(), 2, "what was called before is looked up first");
}

async fn a_whole_refund_of_unknown_outcome_is_not_repeated_when_the_order_shows_it(test: TestStore) {
    paid_order(&test).await;
    let platform = ScriptedPlatform::start(|api, _| {
        let mut order = order_for("A", "1");
        order["status"] = 5.into();
        order["refund_finish_time"] = (NOON + 90).into();
        order["refund_order_id"] = "R".into();
        (api == "getorder").then_some(order)
    })
    .await;
    let party = bank(&platform);
    let request = ask(&test, &party, wish("1", RefundAmount::All)).await.unwrap();
    assert_eq!(state(&request), "requested");
    let request = follow_refund(&*test.store, &party, &request.refund_out_id, minute(2)).await.unwrap();
    let RefundRequestState::Refunded { refund_order_id, at: done } = request.state else { panic!("{request:?}") };
    assert_eq!((refund_order_id.unwrap().as_str(), done), ("R", Some(at(NOON + 90))));
    assert_eq!(platform.calls("refund").len(), 1);
}

async fn refunded_and_conflict_mean_what_the_call_was(test: TestStore) {
    paid_order(&test).await;
    let calls = AtomicUsize::new(0);
    let platform = ScriptedPlatform::start(move |api, _| match api {
        "getorder" => Some(order_for("A", "1")),
        _ => match calls.fetch_add(1, Ordering::Relaxed) {
            0 | 2 => None,
            1 | 4 => refuses(9_202_011),
            _ => refuses(9_202_013),
        },
    })
    .await;
    let party = bank(&platform);
    let again = |key: &'static str| async {
        ask(&test, &party, wish(key, part(1))).await.unwrap();
        ask(&test, &party, wish(key, part(1))).await.unwrap()
    };
    assert_eq!(state(&again("1").await), "accepted", "already done");
    let conflict = again("2").await;
    assert!(matches!(conflict.state, RefundRequestState::Refused { errcode: 9_202_013, .. }), "{conflict:?}");
    let by_another = ask(&test, &party, wish("3", part(1))).await.unwrap();
    assert!(matches!(by_another.state, RefundRequestState::Refused { errcode: 9_202_011, .. }), "{by_another:?}");
    assert_eq!(ask(&test, &party, wish("3", part(1))).await.unwrap(), by_another, "it stays refused");
    let kinds = texts(&test, "SELECT kind FROM outbox WHERE kind LIKE 'refund.%' ORDER BY event_id").await;
    let requested = "refund.requested";
    assert_eq!(kinds, [requested, "refund.accepted", requested, "refund.refused", requested, "refund.refused"]);
}

async fn a_call_that_was_not_made_does_not_count(test: TestStore) {
    paid_order(&test).await;
    // Nothing listens there: there is no access token.
    let nowhere = crate::scripted_platform::party_at("http://127.0.0.1:9", Role::Bank, Mode::DirectBank);
    let request = ask(&test, &nowhere, wish("1", part(1))).await.unwrap();
    assert_eq!((state(&request), request.attempts), ("requested", 0));
    let platform = ScriptedPlatform::start(|_, _| refuses(9_202_011)).await;
    let request = ask(&test, &bank(&platform), wish("1", part(1))).await.unwrap();
    assert!(matches!(request.state, RefundRequestState::Refused { .. }), "it was the first call: {request:?}");
}

async fn an_unlisted_code_and_a_word_on_the_caller_free_nothing(test: TestStore) {
    paid_order(&test).await;
    for (key, code, attempts, look_ups) in [("1", 9_202_007, 1, 1), ("2", 9_202_004, 0, 0)] {
        let calls = AtomicUsize::new(0);
        let platform = ScriptedPlatform::start(move |api, _| match api {
            "getorder" => Some(order_for("A", "1")),
            _ if calls.fetch_add(1, Ordering::Relaxed) == 0 => refuses(code),
            _ => accepted("R"),
        })
        .await;
        let party = bank(&platform);
        let most = || wish(key, part(8_000));
        let request = ask(&test, &party, most()).await.unwrap();
        assert_eq!((state(&request), request.attempts), ("requested", attempts), "{code}");
        let more = ask(&test, &party, wish("3", part(12_001))).await.unwrap_err();
        assert!(matches!(&more, RefundDeskError::Refused(rule) if rule.name() == "more_than_left"), "{code}: {more}");
        assert_eq!(state(&ask(&test, &party, most()).await.unwrap()), "accepted", "{code}");
        let numbers: Vec<_> = platform.calls("refund").iter().map(|body| body["refund_out_id"].clone()).collect();
        assert!(numbers.len() == 2 && numbers[0] == numbers[1], "{code}: {numbers:?}");
        assert_eq!(platform.calls("getorder").len(), look_ups, "{code}");
    }
}

async fn a_number_is_one_refund(test: TestStore) {
    paid_order(&test).await;
    import(&*test.store, payable("2")).await;
    assert_eq!(errcode(&*test.store, "B", paid("2"), finance()).await, 0);
    let platform = ScriptedPlatform::start(|_, _| accepted("R")).await;
    let party = bank(&platform);
    let numbered =
        |key, number: &str| RefundWish { refund_out_id: RefundOutId::new(number).ok(), ..wish(key, part(5)) };
    let first = ask(&test, &party, numbered("1", "N")).await.unwrap();
    assert_eq!(ask(&test, &party, numbered("2", "N")).await.unwrap(), first);
    assert_eq!(ask(&test, &party, wish("1", part(5))).await.unwrap(), first, "no number asks for no other");
    let of_another = RefundWish { order_id: order("B"), ..numbered("3", "N") };
    for other in [numbered("1", "M"), RefundWish { amount: part(6), ..numbered("4", "N") }, of_another] {
        let refused = ask(&test, &party, other).await.unwrap_err();
        assert!(matches!(refused, RefundDeskError::KeyTaken { .. }), "{refused}");
    }
    assert_eq!(platform.calls("refund").len(), 1);
}

async fn late_news_of_a_call_that_was_taken_over_are_not_kept(test: TestStore) {
    paid_order(&test).await;
    let platform = ScriptedPlatform::start(|_, _| None).await;
    let request = ask(&test, &bank(&platform), wish("1", part(5))).await.unwrap();
    let id = &request.refund_out_id;
    let begin = |minutes| test.store.begin_refund_call(party(), id.clone(), minute(minutes), minute(minutes - 1));
    let keep =
        |call: i64, news| test.store.keep_refund_news(party(), id.clone(), Some(minute(call)), news, minute(call + 5));
    let refuse = || RefundNews::Step(RefundStep::Refuse { errcode: 9_202_006, errmsg: "no".into() });
    assert!(matches!(begin(2).await.unwrap(), BegunCall::Call(_)));
    assert!(matches!(begin(4).await.unwrap(), BegunCall::Call(_)), "it was taken over");
    for late in [refuse(), RefundNews::NotCalled { problem: "late".into() }] {
        let kept = keep(2, late).await.unwrap();
        assert_eq!((state(&kept), kept.call_began_at, kept.attempts), ("requested", Some(minute(4)), 3));
    }
    assert_eq!(state(&keep(4, refuse()).await.unwrap()), "refused");
    let accepted = RefundNews::Step(RefundStep::Accept { refund_order_id: None });
    assert_eq!(state(&keep(2, accepted).await.unwrap()), "accepted", "it is proof, however late");
}

async fn an_order_that_was_not_notified_is_asked_about(test: TestStore) {
    import(&*test.store, payable("1")).await;
    let platform = ScriptedPlatform::start(|api, _| {
        let mut order = order_for("A", "1");
        order["pay_finish_time"] = NOON.into();
        order["partial_refund_info"] = json!([{ "refund_order_id": "S", "refund_fee": 5_000, "refund_status": 6 }]);
        if api == "getorder" { Some(order) } else { accepted("R") }
    })
    .await;
    let request = ask(&test, &bank(&platform), wish("1", RefundAmount::All)).await.unwrap();
    assert_eq!(request.refund_fee(), Some(fen(15_000)), "a part is on its way already");
    let unpaid = ScriptedPlatform::start(|_, _| {
        let mut order = order_for("B", "1");
        order["status"] = 1.into();
        Some(order)
    })
    .await;
    let wish = RefundWish { order_id: order("B"), ..wish("2", RefundAmount::All) };
    let refused = ask(&test, &bank(&unpaid), wish).await.unwrap_err();
    assert!(matches!(&refused, RefundDeskError::Refused(rule) if rule.name() == "nothing_paid"), "{refused}");
}

async fn the_rules_are_told_and_nothing_is_stored(test: TestStore) {
    paid_order(&test).await;
    let platform = ScriptedPlatform::start(|_, _| accepted("R")).await;
    let party = bank(&platform);
    let too_late = at(NOON).checked_add((366 * 24).hours()).unwrap();
    for (wish, now, rule) in [
        (wish("1", part(20_001)), minute(1), "more_than_left"),
        (wish("1", part(0)), minute(1), "zero"),
        (wish("1", RefundAmount::All), too_late, "too_late"),
    ] {
        let refused = request_refund(&*test.store, &party, wish, now).await.unwrap_err();
        assert!(matches!(&refused, RefundDeskError::Refused(refusal) if refusal.name() == rule), "{refused}");
    }
    let no_reason = RefundWish { reason: " ".into(), ..wish("1", part(1)) };
    assert!(matches!(ask(&test, &party, no_reason).await, Err(RefundDeskError::Invalid { field: "reason", .. })));
    assert_eq!(list(&test).await, []);
    assert_eq!(platform.calls("refund").len(), 0);
}

async fn list(test: &TestStore) -> Vec<RefundRequestRecord> {
    test.store.list_refund_requests(party(), RefundSelection::default(), 100).await.unwrap()
}

async fn a_notification_is_recognised_by_either_number(test: TestStore) {
    paid_order(&test).await;
    let numbers = AtomicUsize::new(0);
    let platform =
        ScriptedPlatform::start(move |_, _| accepted(&format!("R{}", numbers.fetch_add(1, Ordering::Relaxed)))).await;
    let party_with_access = bank(&platform);
    let ours = ask(&test, &party_with_access, wish("1", part(5_000))).await.unwrap();
    assert_eq!(errcode(&*test.store, "A", refunded_part("another", 100), finance()).await, 0);
    assert_eq!(errcode(&*test.store, "A", refunded_part("R0", 5_000), finance()).await, 0);
    let request = test.store.find_refund_request(party(), ours.refund_out_id.clone()).await.unwrap().unwrap();
    assert_eq!(state(&request), "refunded");
    let events = texts(&test, "SELECT body FROM outbox WHERE kind = 'refund.recorded' ORDER BY event_id").await;
    let events: Vec<Value> = events.iter().map(|body| serde_json::from_str(body).unwrap()).collect();
    assert_eq!((&events[0]["requested_here"], &events[0]["refund_out_id"]), (&false.into(), &Value::Null));
    assert_eq!(events[1]["requested_here"], true);
    assert_eq!(events[1]["refund_out_id"], ours.refund_out_id.as_str());

    import(&*test.store, payable("2")).await;
    assert_eq!(errcode(&*test.store, "B", paid("2"), finance()).await, 0);
    let whole = RefundWish { order_id: order("B"), ..wish("2", RefundAmount::All) };
    let whole = ask(&test, &party_with_access, whole).await.unwrap();
    assert_eq!(errcode(&*test.store, "B", refunded(), finance()).await, 0);
    let request = test.store.find_refund_request(party(), whole.refund_out_id.clone()).await.unwrap().unwrap();
    let RefundRequestState::Refunded { refund_order_id, at: done } = request.state else { panic!("{request:?}") };
    assert_eq!((refund_order_id.unwrap().as_str(), done), ("R1", Some(at(NOON + 60))));
}
