//! What both stores promise about reconciliation: the book of a day in order, and discrepancies with their lives and events.

use nontax_gateway::domain::{
    BookedTime, ChinaDate, Difference, DifferenceKind, DiscrepancyStep, HealingProgress, HealingStage, Place,
    RefundKind, RefundOrderId,
};
use nontax_gateway::store::{
    DiscrepancyFilter, DiscrepancyRecord, DiscrepancySelection, FoundDifference, MoveDiscrepancyError,
    ReconciliationSums, RunKey, SideSums, Store,
};
use serde_json::Value;

use crate::book::{
    NOON, at, details, errcode, fen, finance, order, paid, party, recording_bank, refunded, refunded_part,
};
use crate::database::texts;
use crate::stores::{TestStore, on_both_stores};

on_both_stores!(
    the_book_of_a_day_comes_in_pages_by_the_bytes_of_the_order,
    what_is_found_again_keeps_its_row_and_what_is_not_found_ends,
    of_two_who_move_a_discrepancy_one_is_told_so,
    a_run_keeps_its_sums,
);

fn day() -> ChinaDate {
    ChinaDate::at(at(NOON))
}

async fn the_book_of_a_day_comes_in_pages_by_the_bytes_of_the_order(test: TestStore) {
    let store = &*test.store;
    // In many collations "a" stands before "B", and "_" counts for nothing.
    for (place, id) in ["a", "B", "A_2", "A10", "A1"].into_iter().enumerate() {
        assert_eq!(errcode(store, id, paid(&place.to_string()), recording_bank()).await, 0);
    }
    assert_eq!(errcode(store, "A10", refunded_part("R", 500), recording_bank()).await, 0);
    assert_eq!(errcode(store, "Z", refunded(), recording_bank()).await, 0);
    let (mut after, mut seen) = (None, Vec::new());
    loop {
        let page = store.book_of_day(party(), day(), after, 2).await.unwrap();
        seen.extend(page.orders.into_iter().map(|order| (order.order_id.to_string(), order.refunds.len())));
        after = page.next_after;
        if after.is_none() {
            break;
        }
    }
    let expected = [("A1", 0), ("A10", 1), ("A_2", 0), ("B", 0), ("Z", 1), ("a", 0)];
    assert_eq!(seen, expected.map(|(id, refunds)| (id.to_owned(), refunds)));
    let empty = store.book_of_day(party(), "20260102".parse().unwrap(), None, 2).await.unwrap();
    assert!(empty.orders.is_empty() && empty.next_after.is_none());

    let all = store.booked_orders(party(), vec![order("Z"), order("nobody's"), order("A10")]).await.unwrap();
    assert_eq!(all[0].refunds[0].kind, RefundKind::Full);
    assert_eq!(all[0].refunds[0].at, BookedTime::Told(at(NOON + 60)));
    assert!(all[1].payment.is_none() && all[1].refunds.is_empty());
    let payment = all[2].payment.as_ref().unwrap();
    assert_eq!((payment.fee, &payment.notice), (Some(fen(20_000)), &details("3", 20_000).notice));
    assert!(matches!(all[2].refunds[0].at, BookedTime::Recorded(_)));
}

fn found(kind: DifferenceKind, order_id: &str) -> FoundDifference {
    let difference = Difference {
        kind,
        order_id: order(order_id),
        refund_order_id: (kind == DifferenceKind::RefundedThereOnly).then(|| RefundOrderId::new("R").unwrap()),
        stated_fee: Some(fen(20_000)),
        booked_fee: None,
        place: Place::Inside,
    };
    FoundDifference { difference, evidence: "{}".into(), in_flight: kind == DifferenceKind::MissingThere }
}

/// A run that finds this and nothing else.
async fn run(store: &dyn Store, found: &[FoundDifference]) -> RunKey {
    let run = store.begin_reconciliation(party(), day(), "ab".repeat(32), at(NOON)).await.unwrap();
    store.keep_differences(run.clone(), found.to_vec(), at(NOON + run.run)).await.unwrap();
    let ended = store.end_unfound(run.clone(), "it agrees".into(), 100, at(NOON + run.run)).await.unwrap();
    assert!(ended < 100);
    run
}

async fn listed(store: &dyn Store, filter: DiscrepancyFilter) -> Vec<DiscrepancyRecord> {
    let selection = DiscrepancySelection { day: Some(day()), filter, after: 0, limit: 100 };
    store.list_discrepancies(party(), selection).await.unwrap()
}

fn lines(records: &[DiscrepancyRecord]) -> Vec<String> {
    records.iter().map(|record| format!("{} {} {}", record.order_id, record.kind.name(), record.state.name())).collect()
}

/// Kind and state of every event, in their order.
async fn events(test: &TestStore) -> Vec<String> {
    let kinds = texts(test, "SELECT kind FROM outbox ORDER BY event_id").await;
    let bodies = texts(test, "SELECT body FROM outbox ORDER BY event_id").await;
    let state = |body: &String| serde_json::from_str::<Value>(body).unwrap()["state"].as_str().unwrap().to_owned();
    kinds.iter().zip(&bodies).map(|(kind, body)| format!("{kind} {}", state(body))).collect()
}

async fn what_is_found_again_keeps_its_row_and_what_is_not_found_ends(test: TestStore) {
    let store = &*test.store;
    let all = [
        found(DifferenceKind::UnknownHere, "A"),
        found(DifferenceKind::RefundedThereOnly, "A"),
        found(DifferenceKind::MissingThere, "B"),
    ];
    run(store, &all).await;
    let first = listed(store, DiscrepancyFilter::All).await;
    assert_eq!(lines(&first), ["A unknown_here open", "A refunded_there_only open", "B missing_there in_flight"]);
    assert_eq!(events(&test).await, ["discrepancy.opened open", "discrepancy.opened open"]);

    let progress = HealingProgress::default().into_stage(HealingStage::AskedToNotify, at(NOON + 9));
    let which = (first[0].discrepancy_id, first[0].version);
    store.move_discrepancy(party(), which, DiscrepancyStep::Heal(progress.clone()), None, at(NOON + 9)).await.unwrap();
    let landed = FoundDifference { in_flight: false, ..all[2].clone() };
    run(store, &[all[0].clone(), landed]).await;
    let second = listed(store, DiscrepancyFilter::All).await;
    assert_eq!(lines(&second), ["A unknown_here healing", "A refunded_there_only vanished", "B missing_there open"]);
    assert_eq!((second[0].opened_at, second[0].state.progress()), (at(NOON + 1), progress));
    assert_eq!((second[1].state.reason(), second[1].closed_at), ("it agrees", Some(at(NOON + 2))));
    let told = ["discrepancy.opened open", "discrepancy.closed vanished"];
    assert_eq!(events(&test).await[2..], told, "B opened, and A's refund ended");

    run(store, &[]).await;
    let third = listed(store, DiscrepancyFilter::All).await;
    assert_eq!(lines(&third), ["A unknown_here healed", "A refunded_there_only vanished", "B missing_there vanished"]);
    assert_eq!(store.count_remaining(party(), None).await.unwrap(), 0);
    run(store, &all[..1]).await;
    assert_eq!(lines(&listed(store, DiscrepancyFilter::Remaining).await), ["A unknown_here open"]);
    assert_eq!(store.count_remaining(party(), Some(day())).await.unwrap(), 1);
}

async fn of_two_who_move_a_discrepancy_one_is_told_so(test: TestStore) {
    let store = &*test.store;
    run(store, &[found(DifferenceKind::PaidTwice, "A")]).await;
    let open = listed(store, DiscrepancyFilter::ToHeal).await.remove(0);
    let which = (open.discrepancy_id, open.version);
    let queue = DiscrepancyStep::Queue { reason: "refund it?".into() };
    let queued =
        store.move_discrepancy(party(), which, queue.clone(), Some("{\"a\":1}".into()), at(NOON)).await.unwrap();
    assert_eq!((queued.state.reason(), queued.seen.as_str()), ("refund it?", "{\"a\":1}"));
    let late = store.move_discrepancy(party(), which, queue.clone(), None, at(NOON)).await;
    assert!(matches!(late, Err(MoveDiscrepancyError::Outdated(_))), "{late:?}");
    let which = (open.discrepancy_id, queued.version);
    let refused = store.move_discrepancy(party(), which, queue, None, at(NOON)).await;
    assert!(matches!(refused, Err(MoveDiscrepancyError::Refused(_))), "{refused:?}");
    let close = DiscrepancyStep::Close { by: "li".into(), reason: "repaid in cash".into() };
    let closed = store.move_discrepancy(party(), which, close, None, at(NOON)).await.unwrap();
    assert_eq!(store.find_discrepancy(party(), open.discrepancy_id).await.unwrap(), Some(closed));
    run(store, &[found(DifferenceKind::PaidTwice, "A")]).await;
    assert_eq!(lines(&listed(store, DiscrepancyFilter::All).await), ["A paid_twice closed"], "a person's word stands");
    assert_eq!(events(&test).await, ["discrepancy.opened open", "discrepancy.closed closed"]);
}

async fn a_run_keeps_its_sums(test: TestStore) {
    let store = &*test.store;
    assert_eq!(store.find_reconciliation(party(), day()).await.unwrap(), None);
    let first = run(store, &[]).await;
    let second = run(store, &[]).await;
    let side = SideSums { payments: 3, paid_fee: fen(60_000), refunds: 1, refunded_fee: fen(5) };
    let sums = ReconciliationSums { stated: side, booked: SideSums { payments: 2, ..side }, bad_rows: 4 };
    store.end_reconciliation(second, sums, at(NOON + 5)).await.unwrap();
    store.end_reconciliation(first, ReconciliationSums::default(), at(NOON + 6)).await.unwrap();
    let kept = store.find_reconciliation(party(), day()).await.unwrap().unwrap();
    assert_eq!((kept.run, kept.sums, kept.ended_at), (2, sums, Some(at(NOON + 5))), "the later run wins");
    assert_eq!(errcode(store, "A", paid("1"), finance()).await, 231);
}
