//! A notice moved by a person: canceled, suspended, restored.

use jiff::Timestamp;
use sqlx::Transaction;

use super::journal::{self, StateRow};
use super::{Db, failed, notice};
use crate::domain::{NoticeKey, NoticeState, NoticeStep, PartyName};
use crate::store::MoveNoticeError;

pub(super) async fn move_notice(
    mut transaction: Transaction<'static, Db>,
    party: &PartyName,
    key: &NoticeKey,
    step: &NoticeStep,
    reason: &str,
    at: Timestamp,
) -> Result<NoticeState, MoveNoticeError> {
    let found = notice::lock(&mut transaction, party, key).await?;
    let from = found.ok_or(MoveNoticeError::NotFound)?.state;
    let to = from.clone().after(step)?;
    if from == to {
        return Ok(to);
    }
    notice::set_state(&mut transaction, party, key, (&from, &to), at).await?;
    let subject = key.to_string();
    let row = StateRow { kind: "notice", subject: &subject, step: step.name(), from: from.name(), to: to.name() };
    journal::append_state(&mut transaction, party, &row, reason, at).await?;
    let kind = format!("notice.{}", if to == NoticeState::Unpaid { "restored" } else { to.name() });
    let body = journal::moved_json(key, &to, reason);
    journal::append_event(&mut transaction, party, &kind, &subject, &body, at).await?;
    transaction.commit().await.map_err(failed("commit the move of a notice"))?;
    Ok(to)
}
