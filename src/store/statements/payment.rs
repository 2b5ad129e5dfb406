//! Payments and refunds.

use jiff::Timestamp;
use sqlx::Row as _;

use super::{Connection, Given, Row, Write, failed, given, keyed, order, rows};
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
    Ok(find_all(connection, &[(party, order_id)]).await?.pop().flatten())
}

/// The payment of each of the orders.
pub(super) async fn find_all(
    connection: &mut Connection,
    orders: &[(&PartyName, &OrderId)],
) -> Result<Vec<Option<Payment>>, StoreError> {
    let mut payments: Vec<Option<Payment>> = vec![None; orders.len()];
    if orders.is_empty() {
        return Ok(payments);
    }
    let found = order::given_orders(orders)
        .query(concat!(
            "SELECT place, p.order_id, p.fee, p.pay_channel, p.pay_finish_time, p.disposition, p.objection, \
                    p.objection_order_id FROM ",
            given!(1 "place" "BIGINT", 2 "party" "TEXT", 3 "order_id" "TEXT"),
            keyed!("INNER", "payment", "p", "p.party = given.party AND p.order_id = given.order_id"),
        ))?
        .fetch_all(connection)
        .await
        .map_err(failed("read payments"))?;
    for row in &found {
        payments[rows::place(row, orders.len())?] = Some(payment(row)?);
    }
    Ok(payments)
}

/// A payment on its way into the book.
pub(super) struct NewPayment<'a> {
    pub(super) party: &'a PartyName,
    pub(super) notice: Option<&'a NoticeKey>,
    pub(super) payment: &'a Payment,
    pub(super) at: Timestamp,
}

/// Adds the payments, or writes their new dispositions over the old ones. One row per order.
pub(super) fn putting<'a>(payments: &[NewPayment<'a>]) -> Write<'a> {
    let each = || payments.iter().map(|new| new.payment);
    let keys: Vec<_> = payments.iter().map(|new| rows::key_columns(new.notice)).collect();
    let objections: Vec<_> = each().map(|payment| rows::objection_columns(payment.disposition.objection())).collect();
    let given = Given::rows(payments.len())
        .text(payments.iter().map(|new| new.party.as_str()))
        .text(each().map(|payment| payment.order_id.as_str()))
        .text(keys.iter().map(|key| key.0))
        .text(keys.iter().map(|key| key.1))
        .text(keys.iter().map(|key| key.2))
        .integer(each().map(|payment| payment.fee.map(Fen::get)))
        .text(each().map(|payment| payment.pay_channel.as_str()))
        .integer(each().map(|payment| payment.pay_finish_time.map(Timestamp::as_second)))
        .text(each().map(|payment| payment.disposition.name()))
        .text(objections.iter().map(|objection| objection.0))
        .text(objections.iter().map(|objection| objection.1))
        .integer(payments.iter().map(|new| new.at.as_millisecond()));
    Write {
        doing: "record payments",
        sql: concat!(
            "INSERT INTO payment (party, order_id, payment_notice_no, region_code, department_code, fee, pay_channel, \
                    pay_finish_time, disposition, objection, objection_order_id, recorded_at) \
             SELECT party, order_id, payment_notice_no, region_code, department_code, fee, pay_channel, \
                    pay_finish_time, disposition, objection, objection_order_id, at FROM ",
            given!(1 "party" "TEXT", 2 "order_id" "TEXT", 3 "payment_notice_no" "TEXT", 4 "region_code" "TEXT",
                   5 "department_code" "TEXT", 6 "fee" "BIGINT", 7 "pay_channel" "TEXT", 8 "pay_finish_time" "BIGINT",
                   9 "disposition" "TEXT", 10 "objection" "TEXT", 11 "objection_order_id" "TEXT", 12 "at" "BIGINT"),
            " WHERE TRUE \
             ON CONFLICT (party, order_id) DO UPDATE SET disposition = excluded.disposition, \
                    objection = excluded.objection, objection_order_id = excluded.objection_order_id, \
                    payment_notice_no = excluded.payment_notice_no, region_code = excluded.region_code, \
                    department_code = excluded.department_code, fee = excluded.fee, \
                    pay_finish_time = excluded.pay_finish_time, pay_channel = excluded.pay_channel",
        ),
        given,
        each: None,
    }
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
    Ok(refunds_all(connection, &[(party, order_id)]).await?.pop().unwrap_or_default())
}

/// The refunds of each of the orders, oldest first.
pub(super) async fn refunds_all(
    connection: &mut Connection,
    orders: &[(&PartyName, &OrderId)],
) -> Result<Vec<Vec<Refund>>, StoreError> {
    let mut refunds: Vec<Vec<Refund>> = vec![Vec::new(); orders.len()];
    if orders.is_empty() {
        return Ok(refunds);
    }
    let found = order::given_orders(orders)
        .query(concat!(
            "SELECT place, r.refund_order_id, r.refund_fee, r.refund_finish_time FROM ",
            given!(1 "place" "BIGINT", 2 "party" "TEXT", 3 "order_id" "TEXT"),
            keyed!("INNER", "refund", "r", "r.party = given.party AND r.order_id = given.order_id"),
            " ORDER BY r.recorded_at, r.refund_order_id",
        ))?
        .fetch_all(connection)
        .await
        .map_err(failed("read refunds"))?;
    for row in &found {
        refunds[rows::place(row, orders.len())?].push(refund(row)?);
    }
    Ok(refunds)
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
