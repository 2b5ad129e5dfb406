//! Lists of payments, placed orders and requests for refunds, newest first.

use async_trait::async_trait;
use jiff::Timestamp;

use super::look_back::looked_back_to;
use super::placed_order_rows::placed_order;
use super::refund_request::record as refund_request;
use super::{Connection, Engine, Row, failed, order, payment, rows};
use crate::domain::{OrderId, OrderState, PartyName, PlacementState};
use crate::store::{
    AgeKey, MAX_ROWS_LOOKED_AT, Page, Paged, PaymentLists, PaymentRecord, PlacedOrder, RefundRequestRecord,
    RefundSelection, StoreError,
};

#[async_trait]
impl PaymentLists for Engine {
    async fn find_payment(&self, party: PartyName, order_id: OrderId) -> Result<Option<PaymentRecord>, StoreError> {
        let mut reader = self.reader().await?;
        let found = sqlx::query(
            "SELECT p.payment_id, p.payment_notice_no, p.region_code, p.department_code, p.order_id, p.fee, \
                    p.pay_channel, p.pay_finish_time, p.disposition, p.objection, p.objection_order_id, p.recorded_at, \
                    o.state \
             FROM payment p JOIN platform_order o ON o.party = p.party AND o.order_id = p.order_id \
             WHERE p.party = $1 AND p.order_id = $2",
        )
        .bind(party.as_str())
        .bind(order_id.as_str())
        .fetch_optional(&mut *reader)
        .await
        .map_err(failed("find a payment"))?;
        Ok(records(&mut reader, &party, found.as_slice()).await?.pop())
    }

    async fn list_payments(
        &self,
        party: PartyName,
        disposition: Option<String>,
        page: Page<i64>,
    ) -> Result<Paged<PaymentRecord, i64>, StoreError> {
        let mut reader = self.reader().await?;
        let after = page.after.unwrap_or(i64::MAX);
        let found = sqlx::query(
            "SELECT p.payment_id, p.payment_notice_no, p.region_code, p.department_code, p.order_id, p.fee, \
                    p.pay_channel, p.pay_finish_time, p.disposition, p.objection, p.objection_order_id, p.recorded_at, \
                    o.state \
             FROM (SELECT payment_id, party, payment_notice_no, region_code, department_code, order_id, fee, \
                          pay_channel, pay_finish_time, disposition, objection, objection_order_id, recorded_at \
                   FROM payment WHERE payment_id < $2 ORDER BY payment_id DESC LIMIT $4) AS p \
             JOIN platform_order o ON o.party = p.party AND o.order_id = p.order_id \
             WHERE p.party = $1 AND ($3 = '' OR p.disposition = $3) \
             ORDER BY p.payment_id DESC LIMIT $5",
        )
        .bind(party.as_str())
        .bind(after)
        .bind(disposition.as_deref().unwrap_or_default())
        .bind(i64::from(MAX_ROWS_LOOKED_AT))
        .bind(page.one_more())
        .fetch_all(&mut *reader)
        .await
        .map_err(failed("list payments"))?;
        let records = records(&mut reader, &party, &found).await?;
        let mut paged = page.of(records, |record| record.payment_id);
        if paged.next.is_none() {
            let sql = "SELECT payment_id AS looked_to FROM payment WHERE payment_id < $1 \
                       ORDER BY payment_id DESC LIMIT 1 OFFSET $2";
            paged.next = looked_back_to(&mut reader, sql, after).await?;
        }
        Ok(paged)
    }

    async fn list_placed_orders(
        &self,
        party: PartyName,
        page: Page<AgeKey>,
    ) -> Result<Paged<(PlacedOrder, OrderState), AgeKey>, StoreError> {
        let mut reader = self.reader().await?;
        let (created_at, name) = age_columns(page.after.as_ref());
        let found = sqlx::query(
            "SELECT party, idempotency_key, request_digest, payment_notice_no, region_code, department_code, order_no, \
                    requested_by, state, order_id, expires_at, reply, errcode, errmsg, placing_since, created_at, \
                    updated_at \
             FROM placed_order WHERE party = $1 AND state = 'open' AND (created_at, idempotency_key) < ($2, $3) \
             ORDER BY created_at DESC, idempotency_key DESC LIMIT $4",
        )
        .bind(party.as_str())
        .bind(created_at)
        .bind(name)
        .bind(page.one_more())
        .fetch_all(&mut *reader)
        .await
        .map_err(failed("list placed orders"))?;
        let placed = found.iter().map(placed_order).collect::<Result<Vec<_>, _>>()?;
        let ids: Vec<_> = placed.iter().filter_map(order_id_of).map(|order_id| (&party, order_id)).collect();
        let known = if ids.is_empty() { Vec::new() } else { order::find_all(&mut reader, &ids).await? };
        let states: Vec<_> =
            known.into_iter().map(|known| known.map_or(OrderState::Open, |known| known.state)).collect();
        let listed = placed.into_iter().zip(states).collect();
        Ok(page.of(listed, |(placed, _): &(PlacedOrder, OrderState)| AgeKey {
            created_at: placed.created_at,
            name: placed.idempotency_key.clone(),
        }))
    }

    async fn page_refund_requests(
        &self,
        party: PartyName,
        selection: RefundSelection,
        page: Page<AgeKey>,
    ) -> Result<Paged<RefundRequestRecord, AgeKey>, StoreError> {
        let (created_at, name) = age_columns(page.after.as_ref());
        let found = sqlx::query(
            "SELECT party, refund_out_id, order_id, caller_key, wished_fee, refund_fee, reason, requested_by, state, \
                    refund_order_id, refund_finish_time, errcode, errmsg, attempts, call_began_at, created_at, updated_at \
             FROM refund_request \
             WHERE party = $1 AND (created_at, refund_out_id) < ($2, $3) AND ($4 = '' OR order_id = $4) \
               AND (CAST($5 AS BIGINT) = 0 OR state IN ('requested', 'accepted')) \
             ORDER BY created_at DESC, refund_out_id DESC LIMIT $6",
        )
        .bind(party.as_str())
        .bind(created_at)
        .bind(name)
        .bind(selection.order_id.as_ref().map_or("", OrderId::as_str))
        .bind(i64::from(selection.open_only))
        .bind(page.one_more())
        .fetch_all(&mut *self.reader().await?)
        .await
        .map_err(failed("list requests for refunds"))?;
        let requests = found.iter().map(refund_request).collect::<Result<Vec<_>, _>>()?;
        Ok(page
            .of(requests, |request| AgeKey { created_at: request.created_at, name: request.refund_out_id.to_string() }))
    }
}

/// The columns that a list by age goes on after.
fn age_columns(after: Option<&AgeKey>) -> (i64, &str) {
    after.map_or((i64::MAX, ""), |key| (key.created_at.as_millisecond(), key.name.as_str()))
}

fn order_id_of(placed: &PlacedOrder) -> Option<&OrderId> {
    match &placed.state {
        PlacementState::Open { order_id, .. } => Some(order_id),
        _ => None,
    }
}

/// The payments with their refunds.
async fn records(
    connection: &mut Connection,
    party: &PartyName,
    found: &[Row],
) -> Result<Vec<PaymentRecord>, StoreError> {
    let payments = found.iter().map(payment::payment).collect::<Result<Vec<_>, _>>()?;
    let orders: Vec<_> = payments.iter().map(|payment| (party, &payment.order_id)).collect();
    let refunds = payment::refunds_all(connection, &orders).await?;
    let mut records = Vec::with_capacity(found.len());
    for ((row, payment), refunds) in found.iter().zip(payments.iter().cloned()).zip(refunds) {
        let recorded_at: Timestamp = rows::instant(row, "recorded_at")?;
        records.push(PaymentRecord {
            payment_id: rows::integer(row, "payment_id")?,
            notice: rows::optional_notice_key(row)?,
            order_state: rows::order_state(&rows::text(row, "state")?)?,
            payment,
            refunds,
            recorded_at,
        });
    }
    Ok(records)
}
