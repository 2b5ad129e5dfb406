//! The two journals and the outbox: rows that are only ever appended.

use std::borrow::Cow;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Connection, Given, Write, given};
use crate::domain::{NoticeKey, NoticeState, OrderId, PartyName};
use crate::store::{JournalEntry, StoreError};

/// One change of a state.
pub(super) struct StateRow<'a> {
    pub(super) kind: &'static str,
    pub(super) subject: &'a str,
    pub(super) step: &'a str,
    pub(super) from: &'a str,
    pub(super) to: &'a str,
}

/// A row of the journal of state changes on its way in.
pub(super) struct NewState<'a> {
    pub(super) party: &'a PartyName,
    pub(super) kind: &'static str,
    pub(super) subject: Cow<'a, str>,
    pub(super) step: &'a str,
    pub(super) from: &'a str,
    pub(super) to: &'a str,
    pub(super) cause: &'a str,
    pub(super) at: Timestamp,
}

/// A row of the outbox on its way in.
pub(super) struct NewEvent<'a> {
    pub(super) party: &'a PartyName,
    pub(super) kind: &'a str,
    pub(super) subject: Cow<'a, str>,
    pub(super) body: String,
    pub(super) at: Timestamp,
}

pub(super) fn appending(entries: &[JournalEntry]) -> Write<'_> {
    let duration_us = |entry: &JournalEntry| i64::try_from(entry.duration.as_micros()).unwrap_or(i64::MAX);
    let given = Given::rows(entries.len())
        .text(entries.iter().map(|entry| entry.party.as_str()))
        .text(entries.iter().map(|entry| entry.kind.name()))
        .text(entries.iter().map(|entry| entry.wxnontaxstr.as_deref()))
        .text(entries.iter().map(|entry| entry.peer.as_str()))
        .text(entries.iter().map(|entry| entry.body_digest.as_str()))
        .text(entries.iter().map(|entry| entry.subject.as_deref()))
        .text(entries.iter().map(|entry| entry.outcome))
        .integer(entries.iter().map(|entry| entry.errcode))
        .text(entries.iter().map(|entry| entry.key_id.as_deref()))
        .integer(entries.iter().map(|entry| entry.received_at.as_millisecond()))
        .integer(entries.iter().map(duration_us));
    Write {
        doing: "append to the journal of callbacks",
        sql: concat!(
            "INSERT INTO callback_journal (party, kind, wxnontaxstr, peer, body_digest, subject, outcome, errcode, \
                    key_id, received_at, duration_us) \
             SELECT party, kind, wxnontaxstr, peer, body_digest, subject, outcome, errcode, key_id, received_at, \
                    duration_us \
             FROM ",
            given!(1 "party" "TEXT", 2 "kind" "TEXT", 3 "wxnontaxstr" "TEXT", 4 "peer" "TEXT", 5 "body_digest" "TEXT",
                   6 "subject" "TEXT", 7 "outcome" "TEXT", 8 "errcode" "BIGINT", 9 "key_id" "TEXT",
                   10 "received_at" "BIGINT", 11 "duration_us" "BIGINT"),
        ),
        given,
        each: None,
    }
}

pub(super) async fn append_state(
    connection: &mut Connection,
    party: &PartyName,
    row: &StateRow<'_>,
    cause: &str,
    at: Timestamp,
) -> Result<(), StoreError> {
    let StateRow { kind, subject, step, from, to } = *row;
    let state = NewState { party, kind, subject: subject.into(), step, from, to, cause, at };
    appending_states(&[state]).run(connection).await
}

pub(super) fn appending_states<'a>(states: &'a [NewState<'_>]) -> Write<'a> {
    let given = Given::rows(states.len())
        .text(states.iter().map(|state| state.party.as_str()))
        .text(states.iter().map(|state| state.kind))
        .text(states.iter().map(|state| &*state.subject))
        .text(states.iter().map(|state| state.step))
        .text(states.iter().map(|state| state.from))
        .text(states.iter().map(|state| state.to))
        .text(states.iter().map(|state| state.cause))
        .integer(states.iter().map(|state| state.at.as_millisecond()));
    Write {
        doing: "append to the journal of state changes",
        sql: concat!(
            "INSERT INTO state_journal (party, subject_kind, subject, step, from_state, to_state, cause, recorded_at) \
             SELECT party, subject_kind, subject, step, from_state, to_state, cause, recorded_at FROM ",
            given!(1 "party" "TEXT", 2 "subject_kind" "TEXT", 3 "subject" "TEXT", 4 "step" "TEXT",
                   5 "from_state" "TEXT", 6 "to_state" "TEXT", 7 "cause" "TEXT", 8 "recorded_at" "BIGINT"),
        ),
        given,
        each: None,
    }
}

/// A notice as the body of an event names it.
pub(super) fn key_json(key: Option<&NoticeKey>) -> Value {
    key.map_or(Value::Null, |key| {
        json!({
            "region_code": key.region_code.as_str(),
            "department_code": key.department_code.as_str(),
            "payment_notice_no": key.payment_notice_no.as_str(),
        })
    })
}

/// The body of the event that a person, or an import, moved a notice. Who says by these ways that it is paid names no order.
pub(super) fn moved_json(key: &NoticeKey, to: &NoticeState, reason: &str) -> Value {
    let mut body = json!({ "notice": key_json(Some(key)), "reason": reason });
    if let NoticeState::Paid { order_id } = to {
        body["order_id"] = json!(order_id.as_ref().map(OrderId::as_str));
        body["fee"] = Value::Null;
        body["pay_finish_time"] = Value::Null;
    }
    body
}

pub(super) async fn append_event(
    connection: &mut Connection,
    party: &PartyName,
    kind: &str,
    subject: &str,
    body: &Value,
    at: Timestamp,
) -> Result<(), StoreError> {
    let event = NewEvent { party, kind, subject: subject.into(), body: body.to_string(), at };
    appending_events(&[event]).run(connection).await
}

pub(super) fn appending_events<'a>(events: &'a [NewEvent<'_>]) -> Write<'a> {
    let given = Given::rows(events.len())
        .text(events.iter().map(|event| event.party.as_str()))
        .text(events.iter().map(|event| event.kind))
        .text(events.iter().map(|event| &*event.subject))
        .text(events.iter().map(|event| event.body.as_str()))
        .integer(events.iter().map(|event| event.at.as_millisecond()));
    Write {
        doing: "append to the outbox",
        sql: concat!(
            "INSERT INTO outbox (party, kind, subject, body, recorded_at) \
             SELECT party, kind, subject, body, recorded_at FROM ",
            given!(1 "party" "TEXT", 2 "kind" "TEXT", 3 "subject" "TEXT", 4 "body" "TEXT", 5 "recorded_at" "BIGINT"),
        ),
        given,
        each: None,
    }
}
