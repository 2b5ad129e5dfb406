//! The platform's orders, as far as they are known.

use jiff::Timestamp;

use super::{Connection, Row, failed, rows};
use crate::domain::{BankId, NoticeType, OrderDetails, OrderId, OrderState, PartyName};
use crate::store::{KnownOrder, StoreError};

pub(super) fn stored(row: &Row) -> Result<KnownOrder, StoreError> {
    let details = match (rows::optional_fen(row, "fee")?, rows::optional_text(row, "source")?) {
        (Some(fee), Some(source)) => Some(OrderDetails {
            notice: rows::optional_notice_key(row)?,
            fee,
            bank_id: rows::optional_text(row, "bank_id")?
                .map(|text| BankId::new(&text).map_err(|e| rows::impossible("platform_order.bank_id", e)))
                .transpose()?,
            department_name: rows::optional_text(row, "department_name")?,
            payment_notice_type: rows::optional_integer(row, "payment_notice_type")?.and_then(NoticeType::from_code),
            items: rows::items(row)?,
            source: rows::source(&source)?,
        }),
        _ => None,
    };
    Ok(KnownOrder { details, state: rows::order_state(&rows::text(row, "state")?)? })
}

pub(super) async fn find(
    connection: &mut Connection,
    party: &PartyName,
    order_id: &OrderId,
) -> Result<Option<KnownOrder>, StoreError> {
    let found = sqlx::query(
        "SELECT payment_notice_no, region_code, department_code, fee, bank_id, department_name, payment_notice_type, \
                items, source, state \
         FROM platform_order WHERE party = $1 AND order_id = $2",
    )
    .bind(party.as_str())
    .bind(order_id.as_str())
    .fetch_optional(connection)
    .await
    .map_err(failed("find an order"))?;
    found.as_ref().map(stored).transpose()
}

/// The order, locked until the transaction ends; it is added when it is new, and its details when they were not known.
pub(super) async fn lock(
    connection: &mut Connection,
    party: &PartyName,
    order_id: &OrderId,
    details: Option<&OrderDetails>,
    at: Timestamp,
) -> Result<KnownOrder, StoreError> {
    sqlx::query(
        "INSERT INTO platform_order (party, order_id, payment_notice_no, region_code, department_code, items, state, \
                created_at, updated_at) \
         VALUES ($1, $2, '', '', '', '[]', 'open', $3, $3) ON CONFLICT (party, order_id) DO NOTHING",
    )
    .bind(party.as_str())
    .bind(order_id.as_str())
    .bind(at.as_millisecond())
    .execute(&mut *connection)
    .await
    .map_err(failed("add an order"))?;

    let row = sqlx::query(locked!(
        "SELECT payment_notice_no, region_code, department_code, fee, bank_id, department_name, payment_notice_type, \
                items, source, state \
         FROM platform_order WHERE party = $1 AND order_id = $2"
    ))
    .bind(party.as_str())
    .bind(order_id.as_str())
    .fetch_one(&mut *connection)
    .await
    .map_err(failed("lock an order"))?;

    let mut order = stored(&row)?;
    if let (None, Some(details)) = (&order.details, details) {
        learn(connection, party, order_id, details, at).await?;
        order.details = Some(details.clone());
    }
    Ok(order)
}

async fn learn(
    connection: &mut Connection,
    party: &PartyName,
    order_id: &OrderId,
    details: &OrderDetails,
    at: Timestamp,
) -> Result<(), StoreError> {
    let (number, region, department) = rows::key_columns(details.notice.as_ref());
    sqlx::query(
        "UPDATE platform_order SET payment_notice_no = $1, region_code = $2, department_code = $3, fee = $4, \
                bank_id = $5, department_name = $6, payment_notice_type = $7, items = $8, source = $9, updated_at = $10 \
         WHERE party = $11 AND order_id = $12",
    )
    .bind(number)
    .bind(region)
    .bind(department)
    .bind(details.fee.get())
    .bind(details.bank_id.as_ref().map(BankId::as_str))
    .bind(details.department_name.as_deref())
    .bind(details.payment_notice_type.map(NoticeType::code))
    .bind(rows::items_to_json(&details.items)?)
    .bind(rows::source_name(details.source))
    .bind(at.as_millisecond())
    .bind(party.as_str())
    .bind(order_id.as_str())
    .execute(connection)
    .await
    .map_err(failed("keep an order's details"))?;
    Ok(())
}

pub(super) async fn set_state(
    connection: &mut Connection,
    party: &PartyName,
    order_id: &OrderId,
    to: OrderState,
    at: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query("UPDATE platform_order SET state = $1, updated_at = $2 WHERE party = $3 AND order_id = $4")
        .bind(to.name())
        .bind(at.as_millisecond())
        .bind(party.as_str())
        .bind(order_id.as_str())
        .execute(connection)
        .await
        .map_err(failed("move an order"))?;
    Ok(())
}
