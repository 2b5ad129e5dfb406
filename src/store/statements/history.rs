//! All that happened to a notice.

use super::{Connection, Row, failed, order, payment, rows};
use crate::domain::{NoticeKey, PartyName};
use crate::store::{NoticeHistory, OrderRecord, StateChange, StoreError};

pub(super) async fn of_notice(
    connection: &mut Connection,
    party: &PartyName,
    key: &NoticeKey,
) -> Result<NoticeHistory, StoreError> {
    let (number, region, department) = rows::key_columns(Some(key));
    let found = sqlx::query(
        "SELECT order_id, payment_notice_no, region_code, department_code, fee, bank_id, department_name, \
                payment_notice_type, items, source, state \
         FROM platform_order \
         WHERE party = $1 AND payment_notice_no = $2 AND region_code = $3 AND department_code = $4 \
         ORDER BY created_at, order_id",
    )
    .bind(party.as_str())
    .bind(number)
    .bind(region)
    .bind(department)
    .fetch_all(&mut *connection)
    .await
    .map_err(failed("read the orders of a notice"))?;

    let mut orders = Vec::with_capacity(found.len());
    let mut changes = state_changes(connection, party, &key.to_string()).await?;
    for row in &found {
        let order_id = rows::order_id(&rows::text(row, "order_id")?, "platform_order.order_id")?;
        let stored = order::stored(row)?;
        changes.extend(state_changes(connection, party, order_id.as_str()).await?);
        orders.push(OrderRecord {
            payment: payment::find(connection, party, &order_id).await?,
            refunds: payment::refunds(connection, party, &order_id).await?,
            details: stored.details,
            state: stored.state,
            order_id,
        });
    }
    changes.sort_by_key(|(change_id, _)| *change_id);
    Ok(NoticeHistory { orders, changes: changes.into_iter().map(|(_, change)| change).collect() })
}

async fn state_changes(
    connection: &mut Connection,
    party: &PartyName,
    subject: &str,
) -> Result<Vec<(i64, StateChange)>, StoreError> {
    let found = sqlx::query(
        "SELECT change_id, subject_kind, subject, step, from_state, to_state, cause, recorded_at \
         FROM state_journal \
         WHERE party = $1 AND subject_kind IN ('notice', 'order', 'payment', 'refund') AND subject = $2 \
         ORDER BY change_id",
    )
    .bind(party.as_str())
    .bind(subject)
    .fetch_all(connection)
    .await
    .map_err(failed("read the journal of state changes"))?;
    found.iter().map(state_change).collect()
}

pub(super) fn state_change(row: &Row) -> Result<(i64, StateChange), StoreError> {
    let change = StateChange {
        subject_kind: rows::text(row, "subject_kind")?,
        subject: rows::text(row, "subject")?,
        step: rows::text(row, "step")?,
        from_state: rows::text(row, "from_state")?,
        to_state: rows::text(row, "to_state")?,
        cause: rows::text(row, "cause")?,
        recorded_at: rows::instant(row, "recorded_at")?,
    };
    Ok((rows::integer(row, "change_id")?, change))
}
