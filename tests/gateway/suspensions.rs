//! Suspensions for a time, notices moved by version, and what the audit keeps of both.

use nontax_gateway::domain::{DepartmentCode, NoticeState, NoticeStep, Suspension, SuspensionScope};
use nontax_gateway::store::{MoveNoticeError, NoticeChange, Page};
use serde_json::json;

use crate::book::{NOON, at, author, change, details, import, key, notice, party, payable};
use crate::database::{execute, texts};
use crate::served::Setup;
use crate::stores::{TestStore, on_both_stores};

on_both_stores!(
    a_suspension_counts_while_it_is_in_force,
    a_suspension_that_is_over_or_ahead_stops_nobody,
    a_notice_moves_from_the_version_that_was_seen,
    every_change_is_audited_with_what_was_before,
    the_audit_of_changes_cannot_be_changed_or_removed,
);

const HOUR: i64 = 3_600;

fn between(scope: SuspensionScope, from: i64, until: i64) -> Suspension {
    Suspension::new(scope, "year's end".into()).between(Some(at(from)), Some(at(until))).unwrap()
}

async fn a_suspension_counts_while_it_is_in_force(test: TestStore) {
    import(&*test.store, payable("1")).await;
    let now = jiff::Timestamp::now().as_second();
    let served = Setup::default().serve(&test.store).await;
    let department = SuspensionScope::Department(DepartmentCode::new("001002").unwrap());
    let scopes = [(SuspensionScope::Everything, 297), (department, 211)];
    for (scope, errcode) in scopes {
        let put = |from, until| test.store.suspend(party(), between(scope.clone(), from, until), author(), at(now));
        put(now - HOUR, now + HOUR).await.unwrap();
        assert_eq!(served.queried("1").await, errcode);
        for (from, until) in [(now - 2 * HOUR, now - HOUR), (now + HOUR, now + 2 * HOUR)] {
            put(from, until).await.unwrap();
            assert_eq!(served.queried("1").await, 0, "{from} {until}");
        }
    }
    assert_eq!(test.store.list_suspensions(party()).await.unwrap().len(), 2);
}

async fn a_suspension_that_is_over_or_ahead_stops_nobody(test: TestStore) {
    use crate::book::{errcode, finance};
    use nontax_gateway::domain::{OrderEvent, Paid, Resolution};
    let pay = async |id: &str, number: &str| {
        let resolution = Resolution::Details(details(number, 20_000));
        let paid = Paid { resolution, pay_channel: "wx_nontax".into(), pay_finish_time: Some(at(NOON)) };
        errcode(&*test.store, id, OrderEvent::Paid(paid), finance()).await
    };
    for number in ["1", "2"] {
        import(&*test.store, notice(number)).await;
    }
    let item = || SuspensionScope::Item("103050101200".into());
    // The notification comes at noon, whenever the test runs.
    test.store.suspend(party(), between(item(), NOON - 2 * HOUR, NOON), author(), at(NOON)).await.unwrap();
    assert_eq!(pay("A", "1").await, 0, "it is over");
    test.store.suspend(party(), between(item(), NOON, NOON + HOUR), author(), at(NOON)).await.unwrap();
    assert_eq!(pay("B", "2").await, 211, "it is in force from its first moment on");
}

async fn a_notice_moves_from_the_version_that_was_seen(test: TestStore) {
    import(&*test.store, notice("1")).await;
    let of_version = |step, version| NoticeChange { expected_version: Some(version), ..change(key("1"), step, "r") };
    let moved = |change| test.store.move_notice(party(), change, author(), at(NOON));
    let suspended = moved(of_version(NoticeStep::Suspend, 1)).await.unwrap();
    assert_eq!((suspended.version, suspended.notice.state), (2, NoticeState::Suspended));
    match moved(of_version(NoticeStep::Restore, 1)).await.unwrap_err() {
        MoveNoticeError::Changed { expected: 1, current } => {
            assert_eq!((current.version, current.notice.state), (2, NoticeState::Suspended));
        }
        other => panic!("{other}"),
    }
    assert_eq!(moved(of_version(NoticeStep::Restore, 2)).await.unwrap().version, 3);
    assert!(matches!(moved(change(key("2"), NoticeStep::Cancel, "r")).await, Err(MoveNoticeError::NotFound)));
}

async fn every_change_is_audited_with_what_was_before(test: TestStore) {
    import(&*test.store, notice("1")).await;
    let mut dearer = notice("1");
    dearer.fee = crate::book::fen(30_000);
    dearer.items[0].fee = dearer.fee;
    import(&*test.store, dearer).await;
    let everything = SuspensionScope::Everything;
    let store = &test.store;
    store.move_notice(party(), change(key("1"), NoticeStep::Cancel, "wrong"), author(), at(NOON)).await.unwrap();
    store.suspend(party(), Suspension::new(everything.clone(), "closed".into()), author(), at(NOON)).await.unwrap();
    store.suspend(party(), between(everything.clone(), 0, NOON), author(), at(NOON)).await.unwrap();
    store.lift_suspension(party(), everything, "open".into(), author(), at(NOON)).await.unwrap();

    let page = store.list_changes(party(), None, Page::new(None, 100)).await.unwrap();
    let subject = key("1").to_string();
    let closed = json!({ "reason": "closed", "from": null, "until": null });
    let bounded = json!({ "reason": "year's end", "from": "1970-01-01T00:00:00Z", "until": at(NOON).to_string() });
    let batch = |added, updated| json!({ "added": added, "updated": updated, "kept_paid": 0, "last": subject });
    let unpaid = |fee| json!({ "status": "unpaid", "fee": fee });
    let expected = [
        ("notices.import", subject.as_str(), None, Some(batch(1, 0)), "import"),
        ("notices.import", &subject, None, Some(batch(0, 1)), "import"),
        ("notice.import", &subject, Some(unpaid(20_000)), Some(unpaid(30_000)), "import"),
        (
            "notice.cancel",
            &subject,
            Some(json!({ "status": "unpaid", "version": 2 })),
            Some(json!({ "status": "canceled", "version": 3 })),
            "wrong",
        ),
        ("suspension.put", "everything:", None, Some(closed.clone()), "closed"),
        ("suspension.put", "everything:", Some(closed), Some(bounded.clone()), "year's end"),
        ("suspension.lift", "everything:", Some(bounded), None, "open"),
    ];
    assert_eq!((page.rows.len(), page.next), (expected.len(), None));
    for (row, (action, subject, before, after, reason)) in page.rows.iter().rev().zip(expected) {
        let found = (row.action.as_str(), row.subject.as_str(), row.before.clone(), row.after.clone(), &*row.reason);
        assert_eq!(found, (action, subject, before, after, reason));
        assert_eq!((&row.by, row.party.as_ref()), (&author(), Some(&party())));
    }
    let of_one = store.list_changes(party(), Some(subject), Page::new(None, 1)).await.unwrap();
    assert_eq!((of_one.rows[0].action.as_str(), of_one.next), ("notice.cancel", Some(of_one.rows[0].audit_id)));
}

async fn the_audit_of_changes_cannot_be_changed_or_removed(test: TestStore) {
    import(&*test.store, notice("1")).await;
    let mut statements = vec!["UPDATE change_audit SET who = 'x'", "DELETE FROM change_audit"];
    if test.url.starts_with("sqlite:") {
        statements.push(
            "INSERT OR REPLACE INTO change_audit \
             SELECT audit_id, '', '', '', '', '', NULL, NULL, '', 0 FROM change_audit",
        );
    } else {
        statements.push("TRUNCATE change_audit");
    }
    for statement in statements {
        let refused = execute(&test.url, statement).await.unwrap_err();
        assert!(refused.contains("append-only"), "{statement}: {refused}");
    }
    assert_eq!(texts(&test, "SELECT who FROM change_audit").await, ["tester"]);
}
