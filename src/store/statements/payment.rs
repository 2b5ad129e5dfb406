//! Payments and refunds.

use jiff::Timestamp;
use sqlx::Row as _;

use super::{Connection, Row, failed, rows};
use crate::domain::{
    Disposition, Fen, Notice, NoticeKey, OrderId, PartyName, Payment, Refund, RefundKind, RefundOrderId,
};
use crate::store::StoreError;

pub(super) fn payment(row: &Row) -> Result<Payment, StoreError> {
    Ok(Payment {
        order_id: rows::order_id(&rows::text(row, "order_id")?, "payment.order_id")?,
        fee: rows::optional_fen(row, "fee")?,
        pay_channel: rows::text(row, "pay_channel")?,
        pay_finish_time: rows::optional_seconds(row, "pay_finish_time")?,
        disposition: rows::disposition(row)?,
    })
}

pub(super) async fn find(
    connection: &mut Connection,
    party: &PartyName,
    order_id: &OrderId,
) -> Result<Option<Payment>, StoreError> {
    let found = sqlx::query(
        "SELECT order_id, fee, pay_channel, pay_finish_time, disposition, objection, objection_order_id \
         FROM payment WHERE party = $1 AND order_id = $2",
    )
    .bind(party.as_str())
    .bind(order_id.as_str())
    .fetch_optional(connection)
    .await
    .map_err(failed("read a payment"))?;
    found.as_ref().map(payment).transpose()
}

/// Adds the payment, or writes its new disposition over the old one. One row per order.
pub(super) async fn put(
    connection: &mut Connection,
    party: &PartyName,
    notice: Option<&NoticeKey>,
    payment: &Payment,
    at: Timestamp,
) -> Result<(), StoreError> {
    let (number, region, department) = rows::key_columns(notice);
    let (objection, objection_order_id) = rows::objection_columns(payment.disposition.objection());
    sqlx::query(
        "INSERT INTO payment (party, order_id, payment_notice_no, region_code, department_code, fee, pay_channel, \
                pay_finish_time, disposition, objection, objection_order_id, recorded_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) \
         ON CONFLICT (party, order_id) DO UPDATE SET disposition = excluded.disposition, objection = excluded.objection, \
                objection_order_id = excluded.objection_order_id, payment_notice_no = excluded.payment_notice_no, \
                region_code = excluded.region_code, department_code = excluded.department_code, fee = excluded.fee, \
                pay_finish_time = excluded.pay_finish_time, pay_channel = excluded.pay_channel",
    )
    .bind(party.as_str())
    .bind(payment.order_id.as_str())
    .bind(number)
    .bind(region)
    .bind(department)
    .bind(payment.fee.map(Fen::get))
    .bind(payment.pay_channel.as_str())
    .bind(payment.pay_finish_time.map(Timestamp::as_second))
    .bind(payment.disposition.name())
    .bind(objection)
    .bind(objection_order_id)
    .bind(at.as_millisecond())
    .execute(connection)
    .await
    .map_err(failed("record a payment"))?;
    Ok(())
}

pub(super) async fn dispose(
    connection: &mut Connection,
    party: &PartyName,
    order_id: &OrderId,
    disposition: &Disposition,
) -> Result<(), StoreError> {
    let (objection, objection_order_id) = rows::objection_columns(disposition.objection());
    let changed = sqlx::query(
        "UPDATE payment SET disposition = $1, objection = $2, objection_order_id = $3 WHERE party = $4 AND order_id = $5",
    )
    .bind(disposition.name())
    .bind(objection)
    .bind(objection_order_id)
    .bind(party.as_str())
    .bind(order_id.as_str())
    .execute(connection)
    .await
    .map_err(failed("change what became of a payment"))?;
    if changed.rows_affected() == 1 { Ok(()) } else { Err(rows::impossible("payment.order_id", "gone while locked")) }
}

/// The orders that paid a notice in full beside the one that settles it and were not refunded, earliest first.
pub(super) async fn waiting(
    connection: &mut Connection,
    party: &PartyName,
    notice: &Notice,
    except: &OrderId,
) -> Result<Vec<OrderId>, StoreError> {
    let (number, region, department) = rows::key_columns(Some(&notice.key));
    let found = sqlx::query(
        "SELECT p.order_id FROM payment p JOIN platform_order o ON o.party = p.party AND o.order_id = p.order_id \
         WHERE p.party = $1 AND p.payment_notice_no = $2 AND p.region_code = $3 AND p.department_code = $4 \
           AND p.order_id <> $5 AND p.disposition = 'recorded' AND p.objection = 'already_paid' AND p.fee = $6 \
           AND o.state IN ('paid', 'partly_refunded') \
         ORDER BY p.payment_id",
    )
    .bind(party.as_str())
    .bind(number)
    .bind(region)
    .bind(department)
    .bind(except.as_str())
    .bind(notice.fee.get())
    .fetch_all(connection)
    .await
    .map_err(failed("read the other payments of a notice"))?;
    found.iter().map(|row| rows::order_id(&rows::text(row, "order_id")?, "payment.order_id")).collect()
}

pub(super) async fn refunds(
    connection: &mut Connection,
    party: &PartyName,
    order_id: &OrderId,
) -> Result<Vec<Refund>, StoreError> {
    let found = sqlx::query(
        "SELECT refund_order_id, refund_fee, refund_finish_time FROM refund \
         WHERE party = $1 AND order_id = $2 ORDER BY recorded_at, refund_order_id",
    )
    .bind(party.as_str())
    .bind(order_id.as_str())
    .fetch_all(connection)
    .await
    .map_err(failed("read refunds"))?;
    found.iter().map(refund).collect()
}

fn refund(row: &Row) -> Result<Refund, StoreError> {
    let refund_order_id = rows::text(row, "refund_order_id")?;
    let kind = match (refund_order_id.as_str(), rows::optional_fen(row, "refund_fee")?) {
        ("", None) => RefundKind::Full,
        (id, Some(refund_fee)) => RefundKind::Partial {
            refund_order_id: RefundOrderId::new(id).map_err(|e| rows::impossible("refund.refund_order_id", e))?,
            refund_fee,
        },
        _ => return Err(rows::impossible("refund.refund_fee", "a partial refund without an amount")),
    };
    Ok(Refund { kind, refund_finish_time: rows::optional_seconds(row, "refund_finish_time")? })
}

pub(super) async fn add_refund(
    connection: &mut Connection,
    party: &PartyName,
    order_id: &OrderId,
    refund: &Refund,
    at: Timestamp,
) -> Result<(), StoreError> {
    let (refund_order_id, refund_fee) = match &refund.kind {
        RefundKind::Full => ("", None),
        RefundKind::Partial { refund_order_id, refund_fee } => (refund_order_id.as_str(), Some(refund_fee.get())),
    };
    sqlx::query(
        "INSERT INTO refund (party, order_id, refund_order_id, refund_fee, refund_finish_time, recorded_at) \
         VALUES ($1, $2, $3, $4, $5, $6)",
    )
    .bind(party.as_str())
    .bind(order_id.as_str())
    .bind(refund_order_id)
    .bind(refund_fee)
    .bind(refund.refund_finish_time.map(Timestamp::as_second))
    .bind(at.as_millisecond())
    .execute(connection)
    .await
    .map_err(failed("record a refund"))?;
    Ok(())
}

/// Held payments whose money has not gone back.
pub(super) async fn count_held(connection: &mut Connection, party: &PartyName) -> Result<u64, StoreError> {
    let row = sqlx::query(
        "SELECT COUNT(*) AS held FROM payment p JOIN platform_order o ON o.party = p.party AND o.order_id = p.order_id \
         WHERE p.party = $1 AND p.disposition = 'held' AND o.state <> 'refunded'",
    )
    .bind(party.as_str())
    .fetch_one(connection)
    .await
    .map_err(failed("count held payments"))?;
    let held: i64 = row.try_get("held").map_err(failed("read a count"))?;
    Ok(held.unsigned_abs())
}
