//! The book as reconciliation reads it: the orders of a day by the bytes of their number, and all of some orders.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{Connection, Given, Row, failed, given, keyed, rows};
use crate::domain::{
    BookedOrder, BookedPayment, BookedRefund, BookedTime, ChinaDate, OrderId, PartyName, RefundKind, RefundOrderId,
};
use crate::store::{BookPage, StoreError};

pub(super) async fn page(
    connection: &mut Connection,
    party: &PartyName,
    day: ChinaDate,
    after: Option<&OrderId>,
    limit: u32,
) -> Result<BookPage, StoreError> {
    let after = after.map_or("", OrderId::as_str);
    let payments = sqlx::query(
        "SELECT order_id, payment_notice_no, region_code, department_code, fee, pay_finish_time, disposition, objection, \
                objection_order_id, recorded_at \
         FROM payment \
         WHERE party = $1 AND (COALESCE(pay_finish_time, recorded_at / 1000) + 28800) / 86400 = $2 AND order_id > $3 \
         ORDER BY order_id LIMIT $4",
    )
    .bind(party.as_str())
    .bind(day_number(day))
    .bind(after)
    .bind(i64::from(limit))
    .fetch_all(&mut *connection)
    .await
    .map_err(failed("read the payments of a day"))?;
    let refunds = sqlx::query(
        "SELECT order_id, refund_order_id, refund_fee, refund_finish_time, recorded_at \
         FROM refund \
         WHERE party = $1 AND (COALESCE(refund_finish_time, recorded_at / 1000) + 28800) / 86400 = $2 AND order_id > $3 \
         ORDER BY order_id LIMIT $4",
    )
    .bind(party.as_str())
    .bind(day_number(day))
    .bind(after)
    .bind(i64::from(limit))
    .fetch_all(connection)
    .await
    .map_err(failed("read the refunds of a day"))?;

    // What is full may have more behind its last order, so that beyond it nothing is known.
    let last_of = |found: &[Row]| match found.last() {
        Some(row) if found.len() as u64 == u64::from(limit) => order_id(row, "order_id").map(Some),
        _ => Ok(None),
    };
    let next_after = [last_of(&payments)?, last_of(&refunds)?].into_iter().flatten().min();
    let mut orders = BTreeMap::new();
    for row in &payments {
        of_order(&mut orders, row)?.payment = Some(payment(row)?);
    }
    for row in &refunds {
        of_order(&mut orders, row)?.refunds.push(refund(row)?);
    }
    let within = |order: &BookedOrder| next_after.as_ref().is_none_or(|last| order.order_id <= *last);
    Ok(BookPage { orders: orders.into_values().filter(within).collect(), next_after })
}

/// Days since 1970-01-01, as the indexes count them.
fn day_number(day: ChinaDate) -> i64 {
    day.days_since(ChinaDate::at(Timestamp::UNIX_EPOCH))
}

pub(super) async fn all(
    connection: &mut Connection,
    party: &PartyName,
    order_ids: &[OrderId],
) -> Result<Vec<BookedOrder>, StoreError> {
    let mut orders: Vec<_> = order_ids.iter().cloned().map(BookedOrder::of).collect();
    if orders.is_empty() {
        return Ok(orders);
    }
    let payments = given_orders(party, order_ids)
        .query(concat!(
            "SELECT place, p.order_id, p.payment_notice_no, p.region_code, p.department_code, p.fee, p.pay_finish_time, \
                    p.disposition, p.objection, p.objection_order_id, p.recorded_at FROM ",
            given!(1 "place" "BIGINT", 2 "party" "TEXT", 3 "order_id" "TEXT"),
            keyed!("INNER", "payment", "p", "p.party = given.party AND p.order_id = given.order_id"),
        ))?
        .fetch_all(&mut *connection)
        .await
        .map_err(failed("read the payments of orders"))?;
    for row in &payments {
        orders[rows::place(row, order_ids.len())?].payment = Some(payment(row)?);
    }
    let refunds = given_orders(party, order_ids)
        .query(concat!(
            "SELECT place, r.refund_order_id, r.refund_fee, r.refund_finish_time, r.recorded_at FROM ",
            given!(1 "place" "BIGINT", 2 "party" "TEXT", 3 "order_id" "TEXT"),
            keyed!("INNER", "refund", "r", "r.party = given.party AND r.order_id = given.order_id"),
            " ORDER BY r.recorded_at, r.refund_order_id",
        ))?
        .fetch_all(connection)
        .await
        .map_err(failed("read the refunds of orders"))?;
    for row in &refunds {
        orders[rows::place(row, order_ids.len())?].refunds.push(refund(row)?);
    }
    Ok(orders)
}

fn given_orders<'a>(party: &'a PartyName, order_ids: &'a [OrderId]) -> Given<'a> {
    Given::rows(order_ids.len())
        .integer(rows::places(order_ids.len()))
        .text(order_ids.iter().map(|_| party.as_str()))
        .text(order_ids.iter().map(OrderId::as_str))
}

fn of_order<'a>(orders: &'a mut BTreeMap<OrderId, BookedOrder>, row: &Row) -> Result<&'a mut BookedOrder, StoreError> {
    let order_id = order_id(row, "order_id")?;
    Ok(orders.entry(order_id.clone()).or_insert_with(|| BookedOrder::of(order_id)))
}

fn order_id(row: &Row, column: &'static str) -> Result<OrderId, StoreError> {
    rows::order_id(&rows::text(row, column)?, column)
}

fn payment(row: &Row) -> Result<BookedPayment, StoreError> {
    Ok(BookedPayment {
        fee: rows::optional_fen(row, "fee")?,
        at: time(row, "pay_finish_time")?,
        disposition: rows::disposition(row)?,
        notice: rows::optional_notice_key(row)?,
    })
}

fn refund(row: &Row) -> Result<BookedRefund, StoreError> {
    let refund_order_id = rows::text(row, "refund_order_id")?;
    let kind = match (refund_order_id.as_str(), rows::optional_fen(row, "refund_fee")?) {
        ("", None) => RefundKind::Full,
        (id, Some(refund_fee)) => RefundKind::Partial {
            refund_order_id: RefundOrderId::new(id).map_err(|e| rows::impossible("refund.refund_order_id", e))?,
            refund_fee,
        },
        _ => return Err(rows::impossible("refund.refund_fee", "a partial refund without an amount")),
    };
    Ok(BookedRefund { kind, at: time(row, "refund_finish_time")? })
}

fn time(row: &Row, told: &'static str) -> Result<BookedTime, StoreError> {
    Ok(match rows::optional_seconds(row, told)? {
        Some(at) => BookedTime::Told(at),
        None => BookedTime::Recorded(rows::instant(row, "recorded_at")?),
    })
}
