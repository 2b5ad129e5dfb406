//! A notice moved by a person: canceled, suspended, restored.

use jiff::Timestamp;
use serde_json::{Value, json};
use sqlx::Transaction;

use super::change_audit::{self, NewChange};
use super::journal::{self, StateRow};
use super::{Connection, Db, failed, notice};
use crate::domain::{NoticeKey, NoticeState, NoticeStep, PartyName};
use crate::store::{Author, MoveNoticeError, NoticeChange, NoticeRecord};

pub(super) async fn move_notice(
    mut transaction: Transaction<'static, Db>,
    party: &PartyName,
    change: &NoticeChange,
    by: &Author,
    at: Timestamp,
) -> Result<NoticeRecord, MoveNoticeError> {
    let NoticeChange { key, step, expected_version, reason } = change;
    notice::lock(&mut transaction, party, key).await?;
    let before = record(&mut transaction, party, key).await?;
    if let Some(expected) = expected_version.filter(|expected| *expected != before.version) {
        return Err(MoveNoticeError::Changed { expected, current: Box::new(before) });
    }
    let from = &before.notice.state;
    let to = from.clone().after(step)?;
    if *from == to {
        return Ok(before);
    }
    notice::set_state(&mut transaction, party, key, (from, &to), at).await?;
    let after = record(&mut transaction, party, key).await?;
    let subject = key.to_string();
    let row = StateRow { kind: "notice", subject: &subject, step: step.name(), from: from.name(), to: to.name() };
    journal::append_state(&mut transaction, party, &row, reason, at).await?;
    let kind = format!("notice.{}", if to == NoticeState::Unpaid { "restored" } else { to.name() });
    let body = journal::moved_json(key, &to, reason);
    journal::append_event(&mut transaction, party, &kind, &subject, &body, at).await?;
    let (before, shown_after) = (Some(shown(&before)), Some(shown(&after)));
    let audited = NewChange { action: action(step), subject: &subject, before, after: shown_after, reason };
    change_audit::append(&mut transaction, Some(party), by, &[audited], at).await?;
    transaction.commit().await.map_err(failed("commit the move of a notice"))?;
    Ok(after)
}

async fn record(
    connection: &mut Connection,
    party: &PartyName,
    key: &NoticeKey,
) -> Result<NoticeRecord, MoveNoticeError> {
    notice::find(connection, party, key).await?.ok_or(MoveNoticeError::NotFound)
}

fn shown(record: &NoticeRecord) -> Value {
    json!({ "status": record.notice.state.name(), "version": record.version })
}

const fn action(step: &NoticeStep) -> &'static str {
    match step {
        NoticeStep::Cancel => "notice.cancel",
        NoticeStep::Suspend => "notice.suspend",
        NoticeStep::Restore => "notice.restore",
        NoticeStep::Settle(_) => "notice.settle",
        NoticeStep::Reopen(_) => "notice.reopen",
    }
}
