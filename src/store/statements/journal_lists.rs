//! Lists of the two journals, newest first: by an index where a subject is given, else from the end.

use async_trait::async_trait;

use super::history::state_change;
use super::journal_reading::kind;
use super::look_back::looked_back_to;
use super::{Engine, Row, failed, rows};
use crate::domain::PartyName;
use crate::store::{
    CallbackRecord, CallbackSelection, JournalLists, MAX_ROWS_LOOKED_AT, NumberedChange, Page, Paged, StateSelection,
    StoreError,
};

#[async_trait]
impl JournalLists for Engine {
    async fn list_callbacks(
        &self,
        party: PartyName,
        CallbackSelection { wxnontaxstr, subject }: CallbackSelection,
        page: Page<i64>,
    ) -> Result<Paged<CallbackRecord, i64>, StoreError> {
        let mut reader = self.reader().await?;
        let after = page.after.unwrap_or(i64::MAX);
        let query = match (&wxnontaxstr, &subject) {
            (Some(wxnontaxstr), _) => sqlx::query(
                "SELECT callback_id, kind, wxnontaxstr, peer, body_digest, subject, outcome, errcode, key_id, \
                        received_at, duration_us \
                 FROM callback_journal \
                 WHERE party = $1 AND callback_id < $2 AND wxnontaxstr = $3 AND ($4 = '' OR subject = $4) \
                 ORDER BY callback_id DESC LIMIT $5",
            )
            .bind(party.as_str())
            .bind(after)
            .bind(wxnontaxstr)
            .bind(subject.as_deref().unwrap_or_default()),
            (None, Some(subject)) => sqlx::query(
                "SELECT callback_id, kind, wxnontaxstr, peer, body_digest, subject, outcome, errcode, key_id, \
                        received_at, duration_us \
                 FROM callback_journal WHERE party = $1 AND callback_id < $2 AND subject = $3 \
                 ORDER BY callback_id DESC LIMIT $4",
            )
            .bind(party.as_str())
            .bind(after)
            .bind(subject),
            (None, None) => sqlx::query(
                "SELECT callback_id, kind, wxnontaxstr, peer, body_digest, subject, outcome, errcode, key_id, \
                        received_at, duration_us \
                 FROM (SELECT callback_id, party, kind, wxnontaxstr, peer, body_digest, subject, outcome, errcode, \
                              key_id, received_at, duration_us \
                       FROM callback_journal WHERE callback_id < $2 ORDER BY callback_id DESC LIMIT $3) AS looked_at \
                 WHERE party = $1 ORDER BY callback_id DESC LIMIT $4",
            )
            .bind(party.as_str())
            .bind(after)
            .bind(i64::from(MAX_ROWS_LOOKED_AT)),
        };
        let found = query.bind(page.one_more()).fetch_all(&mut *reader).await.map_err(failed("list callbacks"))?;
        let callbacks = found.iter().map(callback).collect::<Result<Vec<_>, _>>()?;
        let mut paged = page.of(callbacks, |callback| callback.callback_id);
        if paged.next.is_none() && wxnontaxstr.is_none() && subject.is_none() {
            let sql = "SELECT callback_id AS looked_to FROM callback_journal WHERE callback_id < $1 \
                       ORDER BY callback_id DESC LIMIT 1 OFFSET $2";
            paged.next = looked_back_to(&mut reader, sql, after).await?;
        }
        Ok(paged)
    }

    async fn list_state_changes(
        &self,
        party: PartyName,
        selection: StateSelection,
        page: Page<i64>,
    ) -> Result<Paged<NumberedChange, i64>, StoreError> {
        let mut reader = self.reader().await?;
        let after = page.after.unwrap_or(i64::MAX);
        let query = match &selection {
            StateSelection::Of { subject_kind, subject } => sqlx::query(
                "SELECT change_id, subject_kind, subject, step, from_state, to_state, cause, recorded_at \
                 FROM state_journal \
                 WHERE party = $1 AND change_id < $2 AND subject = $3 AND ($4 = '' OR subject_kind = $4) \
                   AND subject_kind IN ('notice', 'order', 'payment', 'refund', 'suspension') \
                 ORDER BY change_id DESC LIMIT $5",
            )
            .bind(party.as_str())
            .bind(after)
            .bind(subject)
            .bind(subject_kind.as_deref().unwrap_or_default()),
            StateSelection::All => sqlx::query(
                "SELECT change_id, subject_kind, subject, step, from_state, to_state, cause, recorded_at \
                 FROM (SELECT change_id, party, subject_kind, subject, step, from_state, to_state, cause, recorded_at \
                       FROM state_journal WHERE change_id < $2 ORDER BY change_id DESC LIMIT $3) AS looked_at \
                 WHERE party = $1 ORDER BY change_id DESC LIMIT $4",
            )
            .bind(party.as_str())
            .bind(after)
            .bind(i64::from(MAX_ROWS_LOOKED_AT)),
        };
        let found = query.bind(page.one_more()).fetch_all(&mut *reader).await.map_err(failed("list state changes"))?;
        let changes = found.iter().map(numbered).collect::<Result<Vec<_>, _>>()?;
        let mut paged = page.of(changes, |change| change.change_id);
        if paged.next.is_none() && selection == StateSelection::All {
            let sql = "SELECT change_id AS looked_to FROM state_journal WHERE change_id < $1 \
                       ORDER BY change_id DESC LIMIT 1 OFFSET $2";
            paged.next = looked_back_to(&mut reader, sql, after).await?;
        }
        Ok(paged)
    }
}

fn numbered(row: &Row) -> Result<NumberedChange, StoreError> {
    let (change_id, change) = state_change(row)?;
    Ok(NumberedChange { change_id, change })
}

fn callback(row: &Row) -> Result<CallbackRecord, StoreError> {
    Ok(CallbackRecord {
        callback_id: rows::integer(row, "callback_id")?,
        kind: kind(&rows::text(row, "kind")?)?,
        wxnontaxstr: rows::optional_text(row, "wxnontaxstr")?,
        peer: rows::text(row, "peer")?,
        body_digest: rows::text(row, "body_digest")?,
        subject: rows::optional_text(row, "subject")?,
        outcome: rows::text(row, "outcome")?,
        errcode: rows::integer(row, "errcode")?,
        key_id: rows::optional_text(row, "key_id")?,
        received_at: rows::instant(row, "received_at")?,
        duration_us: rows::integer(row, "duration_us")?,
    })
}
