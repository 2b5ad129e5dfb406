//! The journal of callbacks, read back by somebody who waits for a callback.

use nontax_gateway::domain::PartyName;
use nontax_gateway::store::{CallbackKind, JournalEntry, JournaledCallback};

use crate::book::{NOON, at, finance, paid, party, recording};
use crate::stores::{TestStore, on_both_stores};

on_both_stores!(callbacks_are_read_back_from_a_moment_on, only_the_newest_rows_of_the_journal_are_looked_at);

fn received(seconds: i64, errcode: i64) -> JournalEntry {
    JournalEntry {
        kind: CallbackKind::Receivables,
        outcome: "answered",
        errcode,
        received_at: at(seconds),
        ..recording("A", paid("1"), finance()).journal
    }
}

async fn since(test: &TestStore, seconds: i64, newest: u32) -> Vec<JournaledCallback> {
    test.store.callbacks_since(party(), at(seconds), newest).await.unwrap()
}

async fn callbacks_are_read_back_from_a_moment_on(test: TestStore) {
    assert_eq!(since(&test, NOON, 10).await, []);
    let refused = JournalEntry {
        kind: CallbackKind::Notification,
        outcome: "invalid_signature",
        wxnontaxstr: None,
        key_id: None,
        ..received(NOON + 1, 300)
    };
    let others = JournalEntry { party: PartyName::new("other").unwrap(), ..received(NOON + 1, 0) };
    let opened = received(NOON, 231);
    test.store.append_journal(vec![received(NOON - 1, 0), opened.clone(), others, refused]).await.unwrap();
    let found = since(&test, NOON, 10).await;
    assert_eq!(found.len(), 2, "{found:?}");
    let expected = JournaledCallback {
        callback_id: found[0].callback_id,
        kind: CallbackKind::Receivables,
        wxnontaxstr: opened.wxnontaxstr,
        outcome: "answered".to_owned(),
        errcode: 231,
        key_id: opened.key_id,
        received_at: at(NOON),
    };
    assert_eq!(found[0], expected);
    assert!(found[1].callback_id > found[0].callback_id);
    assert_eq!((found[1].kind, found[1].errcode), (CallbackKind::Notification, 300));
    assert_eq!((&found[1].wxnontaxstr, &found[1].key_id), (&None, &None));
}

async fn only_the_newest_rows_of_the_journal_are_looked_at(test: TestStore) {
    test.store.append_journal((0..5).map(|errcode| received(NOON, errcode)).collect()).await.unwrap();
    let errcodes: Vec<i64> = since(&test, NOON, 2).await.iter().map(|row| row.errcode).collect();
    assert_eq!(errcodes, [3, 4]);
}
