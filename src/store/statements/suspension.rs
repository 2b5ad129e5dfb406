//! Suspensions: those of a moment, all of them, and their changes.

use jiff::Timestamp;
use serde_json::{Value, json};
use sqlx::Transaction;

use super::change_audit::{self, NewChange};
use super::journal::{self, StateRow};
use super::{Connection, Db, Row, failed, rows};
use crate::domain::{PartyName, Suspension, SuspensionScope, Suspensions};
use crate::store::{Author, StoreError, SuspensionRecord};

/// Those that are in force at a moment.
pub(super) async fn in_force(
    connection: &mut Connection,
    party: &PartyName,
    at: Timestamp,
) -> Result<Suspensions, StoreError> {
    let all = list(connection, party).await?;
    Ok(Suspensions::in_force(all.iter().map(|record| &record.suspension), at))
}

pub(super) async fn list(connection: &mut Connection, party: &PartyName) -> Result<Vec<SuspensionRecord>, StoreError> {
    let found = sqlx::query(
        "SELECT scope, subject, reason, starts_at, ends_at, created_at FROM suspension WHERE party = $1 \
         ORDER BY scope, subject",
    )
    .bind(party.as_str())
    .fetch_all(connection)
    .await
    .map_err(failed("read suspensions"))?;
    found.iter().map(record).collect()
}

fn record(row: &Row) -> Result<SuspensionRecord, StoreError> {
    let scope = rows::scope(&rows::text(row, "scope")?, &rows::text(row, "subject")?)?;
    let (from, until) = (rows::optional_instant(row, "starts_at")?, rows::optional_instant(row, "ends_at")?);
    let suspension = Suspension::new(scope, rows::text(row, "reason")?).between(from, until);
    Ok(SuspensionRecord {
        suspension: suspension.map_err(|e| rows::impossible("suspension.ends_at", e))?,
        created_at: rows::instant(row, "created_at")?,
    })
}

/// The suspension of a scope, locked until the transaction ends.
async fn lock(
    connection: &mut Connection,
    party: &PartyName,
    scope: &SuspensionScope,
) -> Result<Option<SuspensionRecord>, StoreError> {
    let (scope, subject) = rows::scope_columns(scope);
    let found = sqlx::query(locked!(
        "SELECT scope, subject, reason, starts_at, ends_at, created_at FROM suspension \
         WHERE party = $1 AND scope = $2 AND subject = $3"
    ))
    .bind(party.as_str())
    .bind(scope)
    .bind(subject)
    .fetch_optional(connection)
    .await
    .map_err(failed("lock a suspension"))?;
    found.as_ref().map(record).transpose()
}

pub(super) async fn suspend(
    mut transaction: Transaction<'static, Db>,
    party: &PartyName,
    suspension: &Suspension,
    by: &Author,
    at: Timestamp,
) -> Result<(), StoreError> {
    let before = lock(&mut transaction, party, &suspension.scope).await?;
    let (scope, subject) = rows::scope_columns(&suspension.scope);
    sqlx::query(
        "INSERT INTO suspension (party, scope, subject, reason, starts_at, ends_at, created_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7) \
         ON CONFLICT (party, scope, subject) DO UPDATE SET reason = excluded.reason, starts_at = excluded.starts_at, \
                ends_at = excluded.ends_at",
    )
    .bind(party.as_str())
    .bind(scope)
    .bind(subject)
    .bind(suspension.reason.as_str())
    .bind(suspension.from().map(Timestamp::as_millisecond))
    .bind(suspension.until().map(Timestamp::as_millisecond))
    .bind(at.as_millisecond())
    .execute(&mut *transaction)
    .await
    .map_err(failed("suspend"))?;
    let subject = format!("{scope}:{subject}");
    let change = StateRow { kind: "suspension", subject: &subject, step: "suspend", from: "", to: "suspended" };
    journal::append_state(&mut transaction, party, &change, &suspension.reason, at).await?;
    journal::append_event(&mut transaction, party, "suspension.begun", change.subject, &shown(suspension), at).await?;
    let audited = NewChange {
        action: "suspension.put",
        subject: &subject,
        before: before.map(|before| shown(&before.suspension)),
        after: Some(shown(suspension)),
        reason: &suspension.reason,
    };
    change_audit::append(&mut transaction, Some(party), by, &[audited], at).await?;
    transaction.commit().await.map_err(failed("commit a suspension"))
}

pub(super) async fn lift(
    mut transaction: Transaction<'static, Db>,
    party: &PartyName,
    scope: &SuspensionScope,
    reason: &str,
    by: &Author,
    at: Timestamp,
) -> Result<bool, StoreError> {
    let Some(before) = lock(&mut transaction, party, scope).await? else { return Ok(false) };
    let (scope, subject) = rows::scope_columns(scope);
    sqlx::query("DELETE FROM suspension WHERE party = $1 AND scope = $2 AND subject = $3")
        .bind(party.as_str())
        .bind(scope)
        .bind(subject)
        .execute(&mut *transaction)
        .await
        .map_err(failed("lift a suspension"))?;
    let subject = format!("{scope}:{subject}");
    let change = StateRow { kind: "suspension", subject: &subject, step: "restore", from: "suspended", to: "" };
    journal::append_state(&mut transaction, party, &change, reason, at).await?;
    let body = json!({ "reason": reason });
    journal::append_event(&mut transaction, party, "suspension.ended", change.subject, &body, at).await?;
    let before = Some(shown(&before.suspension));
    let audited = NewChange { action: "suspension.lift", subject: &subject, before, after: None, reason };
    change_audit::append(&mut transaction, Some(party), by, &[audited], at).await?;
    transaction.commit().await.map_err(failed("commit the end of a suspension"))?;
    Ok(true)
}

fn shown(suspension: &Suspension) -> Value {
    json!({
        "reason": suspension.reason,
        "from": suspension.from().map(|from| from.to_string()),
        "until": suspension.until().map(|until| until.to_string()),
    })
}
