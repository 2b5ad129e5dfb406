//! Suspensions in force.

use jiff::Timestamp;
use serde_json::json;
use sqlx::Transaction;

use super::journal::{self, StateRow};
use super::{Connection, Db, failed, rows};
use crate::domain::{PartyName, Suspension, SuspensionScope, Suspensions};
use crate::store::StoreError;

pub(super) async fn in_force(connection: &mut Connection, party: &PartyName) -> Result<Suspensions, StoreError> {
    let found = sqlx::query("SELECT scope, subject, reason FROM suspension WHERE party = $1")
        .bind(party.as_str())
        .fetch_all(connection)
        .await
        .map_err(failed("read suspensions"))?;
    found
        .iter()
        .map(|row| {
            let scope = rows::scope(&rows::text(row, "scope")?, &rows::text(row, "subject")?)?;
            Ok(Suspension { scope, reason: rows::text(row, "reason")? })
        })
        .collect()
}

pub(super) async fn suspend(
    mut transaction: Transaction<'static, Db>,
    party: &PartyName,
    suspension: &Suspension,
    at: Timestamp,
) -> Result<(), StoreError> {
    let (scope, subject) = rows::scope_columns(&suspension.scope);
    sqlx::query(
        "INSERT INTO suspension (party, scope, subject, reason, created_at) VALUES ($1, $2, $3, $4, $5) \
         ON CONFLICT (party, scope, subject) DO UPDATE SET reason = excluded.reason",
    )
    .bind(party.as_str())
    .bind(scope)
    .bind(subject)
    .bind(suspension.reason.as_str())
    .bind(at.as_millisecond())
    .execute(&mut *transaction)
    .await
    .map_err(failed("suspend"))?;
    let subject = format!("{scope}:{subject}");
    let change = StateRow { kind: "suspension", subject: &subject, step: "suspend", from: "", to: "suspended" };
    journal::append_state(&mut transaction, party, &change, &suspension.reason, at).await?;
    let body = json!({ "reason": suspension.reason });
    journal::append_event(&mut transaction, party, "suspension.begun", change.subject, &body, at).await?;
    transaction.commit().await.map_err(failed("commit a suspension"))
}

pub(super) async fn lift(
    mut transaction: Transaction<'static, Db>,
    party: &PartyName,
    scope: &SuspensionScope,
    reason: &str,
    at: Timestamp,
) -> Result<bool, StoreError> {
    let (scope, subject) = rows::scope_columns(scope);
    let deleted = sqlx::query("DELETE FROM suspension WHERE party = $1 AND scope = $2 AND subject = $3")
        .bind(party.as_str())
        .bind(scope)
        .bind(subject)
        .execute(&mut *transaction)
        .await
        .map_err(failed("lift a suspension"))?;
    if deleted.rows_affected() == 0 {
        return Ok(false);
    }
    let subject = format!("{scope}:{subject}");
    let change = StateRow { kind: "suspension", subject: &subject, step: "restore", from: "suspended", to: "" };
    journal::append_state(&mut transaction, party, &change, reason, at).await?;
    let body = json!({ "reason": reason });
    journal::append_event(&mut transaction, party, "suspension.ended", change.subject, &body, at).await?;
    transaction.commit().await.map_err(failed("commit the end of a suspension"))?;
    Ok(true)
}
