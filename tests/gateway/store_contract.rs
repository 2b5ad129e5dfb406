//! What both stores promise, one suite for both.

use crate::book::{
    NOON, at, author, change, details, errcode, fen, finance, import, key, notice, order, paid, paid_as, party, policy,
    record, recording_bank, refunded, refunded_part,
};
use crate::stores::{TestStore, on_both_stores_each_way};
use nontax_gateway::domain::{
    DepartmentCode, Disposition, Found, Mode, NoticeState, NoticeStep, NotificationAnswer, Objection, OnRefusal,
    OrderState, PaymentNoticeNo, RegionCode, Resolution, Role, Suspension, SuspensionScope,
};
use nontax_gateway::store::{
    CallbackKind, ImportOutcome, JournalEntry, MoveNoticeError, NoticeDraft, ReceivablesLookup, Store,
};

on_both_stores_each_way!(
    a_look_up_finds_none_one_or_several,
    a_payment_is_recorded_once_and_repeats_get_the_same,
    a_second_order_is_refused_with_the_first_ones_id,
    a_refusal_is_final,
    a_party_that_may_not_refuse_any_more_does_not,
    a_payment_recorded_without_details_settles_when_they_are_known,
    a_full_refund_makes_the_notice_due_again,
    a_refund_of_another_order_touches_nothing,
    a_refund_ahead_of_its_payment_is_kept,
    parts_that_add_up_are_a_full_refund,
    a_held_payment_waits_and_is_judged_again,
    an_order_that_does_not_exist_is_refused,
    a_recording_party_makes_the_notice_and_promotes_the_next_order,
    an_order_without_a_notice_is_recorded,
    an_import_adds_updates_and_keeps_what_is_paid,
    a_person_moves_a_notice_with_a_reason,
    suspensions_come_and_go,
    the_order_is_known_afterwards,
    every_callback_can_be_journaled,
    parties_do_not_see_each_other,
    a_ready_store_says_so,
);

async fn state(store: &dyn Store, number: &str) -> NoticeState {
    let found = store.find_notices(party(), PaymentNoticeNo::new(number).unwrap()).await.unwrap();
    found[0].notice.state.clone()
}

async fn look_up(store: &dyn Store, number: &str, department_code: Option<&str>) -> Found {
    let lookup = ReceivablesLookup {
        party: party(),
        region_code: RegionCode::new("440100").unwrap(),
        department_code: department_code.map(|code| DepartmentCode::new(code).unwrap()),
        payment_notice_no: PaymentNoticeNo::new(number).unwrap(),
        at: at(NOON),
    };
    store.look_up_receivables(lookup).await.unwrap().found
}

async fn a_look_up_finds_none_one_or_several(test: TestStore) {
    let store = &*test.store;
    assert_eq!(look_up(store, "1", None).await, Found::None);
    import(store, notice("1")).await;
    assert_eq!(look_up(store, "1", None).await, Found::One(Box::new(notice("1"))));
    assert_eq!(look_up(store, "1", Some("001002")).await, Found::One(Box::new(notice("1"))));
    assert_eq!(look_up(store, "1", Some("009")).await, Found::None);
    let mut elsewhere = notice("1");
    elsewhere.key.department_code = DepartmentCode::new("009").unwrap();
    import(store, elsewhere).await;
    assert_eq!(look_up(store, "1", None).await, Found::Several);
}

async fn a_payment_is_recorded_once_and_repeats_get_the_same(test: TestStore) {
    let store = &*test.store;
    import(store, notice("1")).await;
    assert_eq!(record(store, "A", paid("1"), finance()).await.unwrap(), NotificationAnswer::Recorded);
    let again = record(store, "A", paid("1"), finance()).await.unwrap();
    assert_eq!(again, NotificationAnswer::AlreadyRecorded { differs: false });
    assert_eq!(state(store, "1").await, NoticeState::Paid { order_id: Some(order("A")) });
    let history = store.notice_history(party(), key("1")).await.unwrap();
    assert_eq!(history.orders.len(), 1);
    let payment = history.orders[0].payment.as_ref().unwrap();
    assert_eq!(payment.disposition, Disposition::Settles);
    assert_eq!(payment.pay_finish_time, Some(at(NOON)));
    assert!(history.changes.iter().any(|c| c.subject_kind == "notice" && c.to_state == "paid"));
}

async fn a_second_order_is_refused_with_the_first_ones_id(test: TestStore) {
    let store = &*test.store;
    import(store, notice("1")).await;
    record(store, "A", paid("1"), finance()).await.unwrap();
    let NotificationAnswer::Refused(refusal) = record(store, "B", paid("1"), finance()).await.unwrap() else {
        panic!("two orders paid one notice");
    };
    assert_eq!(*refusal.objection(), Objection::AlreadyPaid { order_id: Some(order("A")) });
}

async fn a_refusal_is_final(test: TestStore) {
    let store = &*test.store;
    assert_eq!(errcode(store, "A", paid("1"), finance()).await, 231);
    import(store, notice("1")).await;
    assert_eq!(errcode(store, "A", paid("1"), finance()).await, 231, "the platform may have refunded it already");
    assert_eq!(state(store, "1").await, NoticeState::Unpaid);
    assert_eq!(errcode(store, "B", paid("1"), finance()).await, 0);
}

async fn a_party_that_may_not_refuse_any_more_does_not(test: TestStore) {
    let store = &*test.store;
    assert_eq!(errcode(store, "A", paid("1"), finance()).await, 231);
    assert_eq!(errcode(store, "A", paid("1"), recording_bank()).await, 0, "its role changed");
    assert_eq!(errcode(store, "A", paid("1"), finance()).await, 231, "and back: the refusal stands");
}

async fn a_payment_recorded_without_details_settles_when_they_are_known(test: TestStore) {
    let store = &*test.store;
    import(store, notice("1")).await;
    assert_eq!(errcode(store, "A", paid_as(Resolution::NoSuchOrder), recording_bank()).await, 0);
    assert_eq!(state(store, "1").await, NoticeState::Unpaid);
    assert_eq!(errcode(store, "A", paid("1"), recording_bank()).await, 0);
    assert_eq!(state(store, "1").await, NoticeState::Paid { order_id: Some(order("A")) });
}

async fn a_full_refund_makes_the_notice_due_again(test: TestStore) {
    let store = &*test.store;
    import(store, notice("1")).await;
    record(store, "A", paid("1"), finance()).await.unwrap();
    assert_eq!(errcode(store, "A", refunded(), finance()).await, 0);
    assert_eq!(state(store, "1").await, NoticeState::Unpaid);
    assert_eq!(errcode(store, "A", paid("1"), finance()).await, 0, "a late repeat of the payment");
    assert_eq!(state(store, "1").await, NoticeState::Unpaid, "never undoes the refund");
    assert_eq!(errcode(store, "B", paid("1"), finance()).await, 0, "and another order may pay it");
    assert_eq!(state(store, "1").await, NoticeState::Paid { order_id: Some(order("B")) });
}

async fn a_refund_of_another_order_touches_nothing(test: TestStore) {
    let store = &*test.store;
    import(store, notice("1")).await;
    record(store, "A", paid("1"), finance()).await.unwrap();
    record(store, "B", paid("1"), finance()).await.unwrap();
    assert_eq!(errcode(store, "B", refunded(), finance()).await, 0);
    assert_eq!(state(store, "1").await, NoticeState::Paid { order_id: Some(order("A")) });
}

async fn a_refund_ahead_of_its_payment_is_kept(test: TestStore) {
    let store = &*test.store;
    import(store, notice("1")).await;
    assert_eq!(errcode(store, "A", refunded(), finance()).await, 0);
    assert_eq!(errcode(store, "A", paid("1"), finance()).await, 0);
    assert_eq!(state(store, "1").await, NoticeState::Unpaid);
    let orders = store.notice_history(party(), key("1")).await.unwrap().orders;
    assert_eq!(orders[0].state, OrderState::Refunded);
    assert_eq!(orders[0].refunds.len(), 1);
}

async fn parts_that_add_up_are_a_full_refund(test: TestStore) {
    let store = &*test.store;
    import(store, notice("1")).await;
    record(store, "A", paid("1"), finance()).await.unwrap();
    record(store, "A", refunded_part("R1", 5_000), finance()).await.unwrap();
    record(store, "A", refunded_part("R1", 5_000), finance()).await.unwrap();
    assert_eq!(state(store, "1").await, NoticeState::Paid { order_id: Some(order("A")) });
    record(store, "A", refunded_part("R2", 15_000), finance()).await.unwrap();
    assert_eq!(state(store, "1").await, NoticeState::Unpaid);
}

async fn a_held_payment_waits_and_is_judged_again(test: TestStore) {
    let store = &*test.store;
    let hold = policy(Role::Finance, Mode::DirectFinance, OnRefusal::Hold);
    assert_eq!(errcode(store, "A", paid("1"), hold).await, 299);
    assert_eq!(errcode(store, "A", paid("1"), hold).await, 299);
    assert_eq!(store.count_held(party()).await.unwrap(), 1);
    import(store, notice("1")).await;
    assert_eq!(errcode(store, "A", paid("1"), hold).await, 0);
    assert_eq!(store.count_held(party()).await.unwrap(), 0);
    assert_eq!(state(store, "1").await, NoticeState::Paid { order_id: Some(order("A")) });
}

async fn an_order_that_does_not_exist_is_refused(test: TestStore) {
    let store = &*test.store;
    assert_eq!(errcode(store, "A", paid_as(Resolution::NoSuchOrder), finance()).await, 231);
    assert_eq!(errcode(store, "A", paid_as(Resolution::NoSuchOrder), finance()).await, 231);
    assert_eq!(errcode(store, "B", paid_as(Resolution::NoSuchOrder), recording_bank()).await, 0);
}

async fn a_recording_party_makes_the_notice_and_promotes_the_next_order(test: TestStore) {
    let store = &*test.store;
    assert_eq!(errcode(store, "A", paid("1"), recording_bank()).await, 0);
    assert_eq!(state(store, "1").await, NoticeState::Paid { order_id: Some(order("A")) });
    assert_eq!(errcode(store, "B", paid("1"), recording_bank()).await, 0, "it may not refuse");
    assert_eq!(state(store, "1").await, NoticeState::Paid { order_id: Some(order("A")) });
    assert_eq!(errcode(store, "A", refunded(), recording_bank()).await, 0);
    assert_eq!(state(store, "1").await, NoticeState::Paid { order_id: Some(order("B")) });
    assert_eq!(errcode(store, "B", refunded(), recording_bank()).await, 0);
    assert_eq!(state(store, "1").await, NoticeState::Unpaid);
}

async fn an_order_without_a_notice_is_recorded(test: TestStore) {
    let store = &*test.store;
    let mut without = details("1", 20_000);
    without.notice = None;
    let event = paid_as(Resolution::Details(without));
    assert_eq!(errcode(store, "A", event.clone(), recording_bank()).await, 0);
    assert_eq!(errcode(store, "A", event.clone(), recording_bank()).await, 0);
    assert_eq!(errcode(store, "B", event, finance()).await, 231);
}

async fn an_import_adds_updates_and_keeps_what_is_paid(test: TestStore) {
    let store = &*test.store;
    let drafts = |numbers: &[&str], state_given| {
        numbers.iter().map(|n| NoticeDraft { notice: notice(n), state_given }).collect::<Vec<_>>()
    };
    let outcomes = store.import_notices(party(), drafts(&["1", "2", "3"], false), author(), at(NOON)).await.unwrap();
    assert_eq!(outcomes, [ImportOutcome::Added; 3]);
    record(store, "A", paid("1"), finance()).await.unwrap();
    store.move_notice(party(), change(key("2"), NoticeStep::Cancel, "withdrawn"), author(), at(NOON)).await.unwrap();
    let outcomes = store.import_notices(party(), drafts(&["1", "2", "3"], false), author(), at(NOON)).await.unwrap();
    assert_eq!(outcomes, [ImportOutcome::KeptPaid, ImportOutcome::Updated, ImportOutcome::Updated]);
    assert_eq!(state(store, "1").await, NoticeState::Paid { order_id: Some(order("A")) });
    assert_eq!(state(store, "2").await, NoticeState::Canceled, "the import did not say a state");
    store.import_notices(party(), drafts(&["2"], true), author(), at(NOON)).await.unwrap();
    assert_eq!(state(store, "2").await, NoticeState::Unpaid, "now it did");
    let mut dearer = notice("2");
    dearer.fee = fen(30_000);
    dearer.items[0].fee = fen(30_000);
    import(store, dearer).await;
    let changes = store.notice_history(party(), key("2")).await.unwrap().changes;
    let told = changes.iter().any(|change| (&*change.from_state, &*change.to_state) == ("200.00", "300.00"));
    assert!(told, "a changed amount leaves a trace: {changes:?}");
    let record = &store.find_notices(party(), PaymentNoticeNo::new("3").unwrap()).await.unwrap()[0];
    assert_eq!(record.version, 2);
    assert_eq!(record.notice, notice("3"));
}

async fn a_person_moves_a_notice_with_a_reason(test: TestStore) {
    let store = &*test.store;
    let moved =
        |number: &'static str, step| store.move_notice(party(), change(key(number), step, "信访"), author(), at(NOON));
    assert!(matches!(moved("1", NoticeStep::Cancel).await, Err(MoveNoticeError::NotFound)));
    import(store, notice("1")).await;
    assert_eq!(moved("1", NoticeStep::Suspend).await.unwrap().notice.state, NoticeState::Suspended);
    assert_eq!(errcode(store, "A", paid("1"), finance()).await, 211);
    assert_eq!(moved("1", NoticeStep::Cancel).await.unwrap().notice.state, NoticeState::Canceled);
    assert_eq!(errcode(store, "B", paid("1"), finance()).await, 233);
    assert_eq!(moved("1", NoticeStep::Restore).await.unwrap().notice.state, NoticeState::Unpaid);
    record(store, "C", paid("1"), finance()).await.unwrap();
    assert!(matches!(moved("1", NoticeStep::Cancel).await, Err(MoveNoticeError::Refused(_))), "it is paid");
    let changes = store.notice_history(party(), key("1")).await.unwrap().changes;
    assert!(changes.iter().any(|change| change.to_state == "canceled" && change.cause == "信访"));
}

async fn suspensions_come_and_go(test: TestStore) {
    let store = &*test.store;
    import(store, notice("1")).await;
    let scopes = [
        (SuspensionScope::Everything, 297),
        (SuspensionScope::Department(DepartmentCode::new("001002").unwrap()), 211),
        (SuspensionScope::Item("103050101200".into()), 211),
    ];
    for (scope, expected) in scopes {
        let suspension = Suspension::new(scope.clone(), "系统维护".into());
        store.suspend(party(), suspension.clone(), author(), at(NOON)).await.unwrap();
        store.suspend(party(), suspension, author(), at(NOON)).await.unwrap();
        let order_id = format!("{scope:?}");
        assert_eq!(errcode(store, &order_id, paid("1"), finance()).await, expected);
        assert!(store.lift_suspension(party(), scope.clone(), "done".into(), author(), at(NOON)).await.unwrap());
        assert!(!store.lift_suspension(party(), scope, "done".into(), author(), at(NOON)).await.unwrap());
    }
    assert_eq!(errcode(store, "A", paid("1"), finance()).await, 0);
}

async fn the_order_is_known_afterwards(test: TestStore) {
    let store = &*test.store;
    assert_eq!(store.find_order(party(), order("A")).await.unwrap(), None);
    record(store, "A", paid("1"), finance()).await.unwrap();
    let known = store.find_order(party(), order("A")).await.unwrap().unwrap();
    assert_eq!((known.details, known.state), (Some(details("1", 20_000)), OrderState::Paid));
    record(store, "B", refunded(), finance()).await.unwrap();
    let known = store.find_order(party(), order("B")).await.unwrap().unwrap();
    assert_eq!((known.details, known.state), (None, OrderState::Refunded), "a refund alone tells no details");
}

async fn every_callback_can_be_journaled(test: TestStore) {
    let entry = JournalEntry {
        kind: CallbackKind::Receivables,
        outcome: "answered",
        wxnontaxstr: None,
        subject: None,
        key_id: None,
        ..crate::book::recording("A", paid("1"), finance()).journal
    };
    test.store.append_journal(vec![entry.clone(), entry]).await.unwrap();
    test.store.append_journal(Vec::new()).await.unwrap();
}

async fn parties_do_not_see_each_other(test: TestStore) {
    let store = &*test.store;
    import(store, notice("1")).await;
    let other = nontax_gateway::domain::PartyName::new("other").unwrap();
    assert!(store.find_notices(other, PaymentNoticeNo::new("1").unwrap()).await.unwrap().is_empty());
}

async fn a_ready_store_says_so(test: TestStore) {
    test.store.check_ready().await.unwrap();
    assert_eq!(test.store.migrate().await.unwrap(), 0);
    test.store.close().await;
    assert!(test.store.check_ready().await.is_err());
}
