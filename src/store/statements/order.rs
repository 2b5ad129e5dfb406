//! The platform's orders, as far as they are known.

use jiff::Timestamp;

use super::{Connection, Given, Row, Write, failed, given, keyed, keyed_and_locked, rows, updated_by_key};
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
    let found = find_all(connection, &[(party, order_id)]).await?;
    Ok(found.into_iter().next().flatten())
}

/// What is known of each of the orders.
pub(super) async fn find_all(
    connection: &mut Connection,
    orders: &[(&PartyName, &OrderId)],
) -> Result<Vec<Option<KnownOrder>>, StoreError> {
    let found = given_orders(orders)
        .query(concat!(
            "SELECT place, o.payment_notice_no, o.region_code, o.department_code, o.fee, o.bank_id, o.department_name, \
                    o.payment_notice_type, o.items, o.source, o.state FROM ",
            given!(1 "place" "BIGINT", 2 "party" "TEXT", 3 "order_id" "TEXT"),
            keyed!("INNER", "platform_order", "o", "o.party = given.party AND o.order_id = given.order_id"),
        ))?
        .fetch_all(connection)
        .await
        .map_err(failed("find orders"))?;
    placed(&found, orders.len())
}

/// As [`find_all`], each locked until the transaction ends, in one order everywhere so that nobody waits in a circle.
pub(super) async fn lock_all(
    connection: &mut Connection,
    orders: &[(&PartyName, &OrderId)],
) -> Result<Vec<Option<KnownOrder>>, StoreError> {
    let found = given_orders(orders)
        .query(concat!(
            "SELECT place, o.payment_notice_no, o.region_code, o.department_code, o.fee, o.bank_id, o.department_name, \
                    o.payment_notice_type, o.items, o.source, o.state FROM ",
            given!(1 "place" "BIGINT", 2 "party" "TEXT", 3 "order_id" "TEXT"),
            keyed_and_locked!("platform_order", "o", "o.party = given.party AND o.order_id = given.order_id"),
        ))?
        .fetch_all(connection)
        .await
        .map_err(failed("lock orders"))?;
    placed(&found, orders.len())
}

/// The values for `place`, `party` and `order_id`, by key: rows are locked in the order given.
pub(super) fn given_orders<'a>(orders: &[(&'a PartyName, &'a OrderId)]) -> Given<'a> {
    let mut sorted: Vec<_> = (0_i64..).zip(orders).collect();
    sorted.sort_unstable_by_key(|(_, order)| **order);
    Given::rows(sorted.len())
        .integer(sorted.iter().map(|(place, _)| *place))
        .text(sorted.iter().map(|(_, (party, _))| party.as_str()))
        .text(sorted.iter().map(|(_, (_, order_id))| order_id.as_str()))
}

fn placed(found: &[Row], count: usize) -> Result<Vec<Option<KnownOrder>>, StoreError> {
    let mut orders: Vec<Option<KnownOrder>> = vec![None; count];
    for row in found {
        orders[rows::place(row, count)?] = Some(stored(row)?);
    }
    Ok(orders)
}

/// An order on its way into the book.
pub(super) struct NewOrder<'a> {
    pub(super) party: &'a PartyName,
    pub(super) order_id: &'a OrderId,
    pub(super) details: Option<&'a OrderDetails>,
    pub(super) state: OrderState,
    pub(super) at: Timestamp,
}

/// Adds orders that are new. One that somebody else added in between is a conflict, and the transaction is run again.
pub(super) fn adding<'a>(orders: &mut [NewOrder<'a>]) -> Result<Write<'a>, StoreError> {
    orders.sort_unstable_by_key(|order| (order.party, order.order_id));
    let details = || orders.iter().map(|order| order.details);
    let keys: Vec<_> = details().map(|details| rows::key_columns(details.and_then(|of| of.notice.as_ref()))).collect();
    let mut items = Vec::with_capacity(orders.len());
    for details in details() {
        items.push(rows::items_to_json(details.map_or(&[], |details| &details.items))?);
    }
    let given = Given::rows(orders.len())
        .text(orders.iter().map(|order| order.party.as_str()))
        .text(orders.iter().map(|order| order.order_id.as_str()))
        .text(keys.iter().map(|key| key.0))
        .text(keys.iter().map(|key| key.1))
        .text(keys.iter().map(|key| key.2))
        .integer(details().map(|details| details.map(|details| details.fee.get())))
        .text(details().map(|details| details?.bank_id.as_ref().map(BankId::as_str)))
        .text(details().map(|details| details?.department_name.as_deref()))
        .integer(details().map(|details| details?.payment_notice_type.map(NoticeType::code)))
        .owned_text(items)
        .text(details().map(|details| details.map(|details| rows::source_name(details.source))))
        .text(orders.iter().map(|order| order.state.name()))
        .integer(orders.iter().map(|order| order.at.as_millisecond()));
    Ok(Write {
        doing: "add orders",
        sql: concat!(
            "INSERT INTO platform_order (party, order_id, payment_notice_no, region_code, department_code, fee, bank_id, \
                    department_name, payment_notice_type, items, source, state, created_at, updated_at) \
             SELECT party, order_id, payment_notice_no, region_code, department_code, fee, bank_id, department_name, \
                    payment_notice_type, items, source, state, at, at FROM ",
            given!(1 "party" "TEXT", 2 "order_id" "TEXT", 3 "payment_notice_no" "TEXT", 4 "region_code" "TEXT",
                   5 "department_code" "TEXT", 6 "fee" "BIGINT", 7 "bank_id" "TEXT", 8 "department_name" "TEXT",
                   9 "payment_notice_type" "BIGINT", 10 "items" "TEXT", 11 "source" "TEXT", 12 "state" "TEXT",
                   13 "at" "BIGINT"),
        ),
        given,
        each: None,
    })
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

    let locked = lock_all(connection, &[(party, order_id)]).await?.pop().flatten();
    let mut order = locked.ok_or_else(|| rows::impossible("platform_order.order_id", "gone while it was added"))?;
    if let (None, Some(details)) = (&order.details, details) {
        learn(connection, party, order_id, details, at).await?;
        order.details = Some(details.clone());
    }
    Ok(order)
}

/// Keeps what an order pays, which was not known before.
pub(super) async fn learn(
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

/// An order that is in the book already, on its way to another state.
pub(super) struct OrderMove<'a> {
    pub(super) party: &'a PartyName,
    pub(super) order_id: &'a OrderId,
    pub(super) to: OrderState,
    pub(super) at: Timestamp,
}

pub(super) fn moving<'a>(moves: &[OrderMove<'a>]) -> Write<'a> {
    let given = Given::rows(moves.len())
        .text(moves.iter().map(|step| step.party.as_str()))
        .text(moves.iter().map(|step| step.order_id.as_str()))
        .text(moves.iter().map(|step| step.to.name()))
        .integer(moves.iter().map(|step| step.at.as_millisecond()));
    Write {
        doing: "move orders",
        sql: concat!(
            "UPDATE platform_order AS o SET state = given.to_state, updated_at = given.at",
            updated_by_key!(
                given!(1 "party" "TEXT", 2 "order_id" "TEXT", 3 "to_state" "TEXT", 4 "at" "BIGINT"),
                "platform_order",
                "o",
                "o.party = given.party AND o.order_id = given.order_id"
            ),
        ),
        given,
        each: Some("platform_order.order_id"),
    }
}
