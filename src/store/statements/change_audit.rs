//! The audit of changes: who, from where, what, before, after, why. Appended in the transaction of the change.

use async_trait::async_trait;
use jiff::Timestamp;
use serde_json::Value;

use super::look_back::looked_back_to;
use super::{Connection, Engine, Given, Row, Write, failed, given, rows};
use crate::domain::PartyName;
use crate::store::{AuditedChange, Author, ChangeAudit, MAX_ROWS_LOOKED_AT, Page, Paged, StoreError};

/// A row on its way in.
pub(super) struct NewChange<'a> {
    pub(super) action: &'static str,
    pub(super) subject: &'a str,
    pub(super) before: Option<Value>,
    pub(super) after: Option<Value>,
    pub(super) reason: &'a str,
}

/// Appends what one author changes. `party` is `None` for what is of no party.
pub(super) async fn append(
    connection: &mut Connection,
    party: Option<&PartyName>,
    by: &Author,
    changes: &[NewChange<'_>],
    at: Timestamp,
) -> Result<(), StoreError> {
    let text = |value: &Option<Value>| value.as_ref().map(Value::to_string);
    let before: Vec<_> = changes.iter().map(|change| text(&change.before)).collect();
    let after: Vec<_> = changes.iter().map(|change| text(&change.after)).collect();
    let given = Given::rows(changes.len())
        .text(changes.iter().map(|_| party.map_or("", PartyName::as_str)))
        .text(changes.iter().map(|_| by.who.as_str()))
        .text(changes.iter().map(|_| by.came_from.as_str()))
        .text(changes.iter().map(|change| change.action))
        .text(changes.iter().map(|change| change.subject))
        .text(before.iter().map(Option::as_deref))
        .text(after.iter().map(Option::as_deref))
        .text(changes.iter().map(|change| change.reason))
        .integer(changes.iter().map(|_| at.as_millisecond()));
    let write = Write {
        doing: "append to the audit of changes",
        sql: concat!(
            "INSERT INTO change_audit (party, who, came_from, action, subject, before_value, after_value, reason, \
                    recorded_at) \
             SELECT party, who, came_from, action, subject, before_value, after_value, reason, recorded_at FROM ",
            given!(1 "party" "TEXT", 2 "who" "TEXT", 3 "came_from" "TEXT", 4 "action" "TEXT", 5 "subject" "TEXT",
                   6 "before_value" "TEXT", 7 "after_value" "TEXT", 8 "reason" "TEXT", 9 "recorded_at" "BIGINT"),
        ),
        given,
        each: None,
    };
    write.run(connection).await
}

#[async_trait]
impl ChangeAudit for Engine {
    async fn list_changes(
        &self,
        party: PartyName,
        subject: Option<String>,
        page: Page<i64>,
    ) -> Result<Paged<AuditedChange, i64>, StoreError> {
        let mut reader = self.reader().await?;
        let after = page.after.unwrap_or(i64::MAX);
        let query = match &subject {
            Some(subject) => sqlx::query(
                "SELECT audit_id, party, who, came_from, action, subject, before_value, after_value, reason, recorded_at \
                 FROM change_audit WHERE party = $1 AND audit_id < $2 AND subject = $3 \
                 ORDER BY audit_id DESC LIMIT $4",
            )
            .bind(party.as_str())
            .bind(after)
            .bind(subject),
            None => sqlx::query(
                "SELECT audit_id, party, who, came_from, action, subject, before_value, after_value, reason, recorded_at \
                 FROM (SELECT audit_id, party, who, came_from, action, subject, before_value, after_value, reason, \
                              recorded_at \
                       FROM change_audit WHERE audit_id < $2 ORDER BY audit_id DESC LIMIT $3) AS looked_at \
                 WHERE party = $1 ORDER BY audit_id DESC LIMIT $4",
            )
            .bind(party.as_str())
            .bind(after)
            .bind(i64::from(MAX_ROWS_LOOKED_AT)),
        };
        let found = query.bind(page.one_more()).fetch_all(&mut *reader).await.map_err(failed("list changes"))?;
        let changes = found.iter().map(change).collect::<Result<Vec<_>, _>>()?;
        let mut paged = page.of(changes, |change| change.audit_id);
        if paged.next.is_none() && subject.is_none() {
            let sql = "SELECT audit_id AS looked_to FROM change_audit WHERE audit_id < $1 \
                       ORDER BY audit_id DESC LIMIT 1 OFFSET $2";
            paged.next = looked_back_to(&mut reader, sql, after).await?;
        }
        Ok(paged)
    }
}

fn change(row: &Row) -> Result<AuditedChange, StoreError> {
    let value = |column| {
        let text = rows::optional_text(row, column)?;
        text.map(|text| serde_json::from_str(&text).map_err(|e| rows::impossible(column, e))).transpose()
    };
    let party = rows::text(row, "party")?;
    let party = (!party.is_empty()).then(|| PartyName::new(&party)).transpose();
    Ok(AuditedChange {
        audit_id: rows::integer(row, "audit_id")?,
        party: party.map_err(|e| rows::impossible("change_audit.party", e))?,
        by: Author { who: rows::text(row, "who")?, came_from: rows::text(row, "came_from")? },
        action: rows::text(row, "action")?,
        subject: rows::text(row, "subject")?,
        before: value("before_value")?,
        after: value("after_value")?,
        reason: rows::text(row, "reason")?,
        recorded_at: rows::instant(row, "recorded_at")?,
    })
}
