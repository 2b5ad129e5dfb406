//! The two journals and the outbox: rows that are only ever appended.

use jiff::Timestamp;
use serde_json::Value;

use super::{Connection, failed};
use crate::domain::PartyName;
use crate::store::{JournalEntry, StoreError};

/// One change of a state.
pub(super) struct StateRow<'a> {
    pub(super) kind: &'static str,
    pub(super) subject: &'a str,
    pub(super) step: &'a str,
    pub(super) from: &'a str,
    pub(super) to: &'a str,
}

pub(super) async fn append(connection: &mut Connection, entries: &[JournalEntry]) -> Result<(), StoreError> {
    for entry in entries {
        sqlx::query(
            "INSERT INTO callback_journal (party, kind, wxnontaxstr, peer, body_digest, subject, outcome, errcode, \
                    key_id, received_at, duration_us) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        )
        .bind(entry.party.as_str())
        .bind(entry.kind.name())
        .bind(entry.wxnontaxstr.as_deref())
        .bind(entry.peer.as_str())
        .bind(entry.body_digest.as_str())
        .bind(entry.subject.as_deref())
        .bind(entry.outcome)
        .bind(entry.errcode)
        .bind(entry.key_id.as_deref())
        .bind(entry.received_at.as_millisecond())
        .bind(i64::try_from(entry.duration.as_micros()).unwrap_or(i64::MAX))
        .execute(&mut *connection)
        .await
        .map_err(failed("append to the journal of callbacks"))?;
    }
    Ok(())
}

pub(super) async fn append_state(
    connection: &mut Connection,
    party: &PartyName,
    row: &StateRow<'_>,
    cause: &str,
    at: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO state_journal (party, subject_kind, subject, step, from_state, to_state, cause, recorded_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(party.as_str())
    .bind(row.kind)
    .bind(row.subject)
    .bind(row.step)
    .bind(row.from)
    .bind(row.to)
    .bind(cause)
    .bind(at.as_millisecond())
    .execute(connection)
    .await
    .map_err(failed("append to the journal of state changes"))?;
    Ok(())
}

pub(super) async fn append_event(
    connection: &mut Connection,
    party: &PartyName,
    kind: &str,
    subject: &str,
    body: &Value,
    at: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query("INSERT INTO outbox (party, kind, subject, body, recorded_at) VALUES ($1, $2, $3, $4, $5)")
        .bind(party.as_str())
        .bind(kind)
        .bind(subject)
        .bind(body.to_string())
        .bind(at.as_millisecond())
        .execute(connection)
        .await
        .map_err(failed("append to the outbox"))?;
    Ok(())
}
