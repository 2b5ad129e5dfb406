//! The journal of callbacks, read back from its end.

use async_trait::async_trait;
use jiff::Timestamp;

use super::{Engine, Row, failed, rows};
use crate::domain::PartyName;
use crate::store::{CallbackKind, JournalReading, JournaledCallback, StoreError};

#[async_trait]
impl JournalReading for Engine {
    async fn callbacks_since(
        &self,
        party: PartyName,
        since: Timestamp,
        newest: u32,
    ) -> Result<Vec<JournaledCallback>, StoreError> {
        let found = sqlx::query(
            "SELECT callback_id, kind, wxnontaxstr, outcome, errcode, key_id, received_at \
             FROM (SELECT callback_id, party, kind, wxnontaxstr, outcome, errcode, key_id, received_at \
                   FROM callback_journal ORDER BY callback_id DESC LIMIT $3) AS recent \
             WHERE party = $1 AND received_at >= $2 \
             ORDER BY callback_id",
        )
        .bind(party.as_str())
        .bind(since.as_millisecond())
        .bind(i64::from(newest))
        .fetch_all(&mut *self.reader().await?)
        .await
        .map_err(failed("read the journal of callbacks"))?;
        found.iter().map(journaled).collect()
    }
}

fn journaled(row: &Row) -> Result<JournaledCallback, StoreError> {
    Ok(JournaledCallback {
        callback_id: rows::integer(row, "callback_id")?,
        kind: kind(&rows::text(row, "kind")?)?,
        wxnontaxstr: rows::optional_text(row, "wxnontaxstr")?,
        outcome: rows::text(row, "outcome")?,
        errcode: rows::integer(row, "errcode")?,
        key_id: rows::optional_text(row, "key_id")?,
        received_at: rows::instant(row, "received_at")?,
    })
}

pub(super) fn kind(name: &str) -> Result<CallbackKind, StoreError> {
    let kind = [CallbackKind::Receivables, CallbackKind::Notification].into_iter().find(|kind| kind.name() == name);
    kind.ok_or_else(|| rows::impossible("callback_journal.kind", name))
}
