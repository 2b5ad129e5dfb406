//! Orders placed here whose time is over: which are to be looked at, and their end.

use async_trait::async_trait;
use jiff::Timestamp;
use serde_json::json;
use sqlx::Transaction;

use super::journal::{self, StateRow};
use super::{Db, Engine, MAX_ATTEMPTS, failed, lost_a_race, order, rows};
use crate::domain::{OrderId, OrderState, PartyName};
use crate::store::{OrderEnd, OrderExpiry, OverdueOrder, StoreError};

#[async_trait]
impl OrderExpiry for Engine {
    async fn overdue_orders(
        &self,
        party: PartyName,
        expired_before: Timestamp,
        looked_before: Timestamp,
        limit: u32,
    ) -> Result<Vec<OverdueOrder>, StoreError> {
        let found = sqlx::query(
            "SELECT p.order_id, o.state FROM placed_order p \
             LEFT JOIN platform_order o ON o.party = p.party AND o.order_id = p.order_id \
             WHERE p.party = $1 AND p.state = 'open' AND p.closed_as = '' AND p.expires_at < $2 \
               AND COALESCE(p.looked_at, 0) < $3 \
             ORDER BY COALESCE(p.looked_at, 0), p.expires_at LIMIT $4",
        )
        .bind(party.as_str())
        .bind(expired_before.as_millisecond())
        .bind(looked_before.as_millisecond())
        .bind(i64::from(limit))
        .fetch_all(&mut *self.reader().await?)
        .await
        .map_err(failed("list overdue orders"))?;
        let overdue = |row| {
            let state = rows::optional_text(row, "state")?;
            Ok(OverdueOrder {
                order_id: rows::order_id(&rows::text(row, "order_id")?, "placed_order.order_id")?,
                state: state.map_or(Ok(OrderState::Open), |state| rows::order_state(&state))?,
            })
        };
        found.iter().map(overdue).collect()
    }

    async fn note_look(&self, party: PartyName, order_id: OrderId, at: Timestamp) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        sqlx::query("UPDATE placed_order SET looked_at = $1 WHERE party = $2 AND order_id = $3 AND closed_as = ''")
            .bind(at.as_millisecond())
            .bind(party.as_str())
            .bind(order_id.as_str())
            .execute(&mut *transaction)
            .await
            .map_err(failed("note a look at an order"))?;
        transaction.commit().await.map_err(failed("commit a look at an order"))
    }

    async fn end_placed_order(
        &self,
        party: PartyName,
        order_id: OrderId,
        end: OrderEnd,
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        for _ in 0..MAX_ATTEMPTS {
            match end_one(self.begin().await?, &party, &order_id, end, at).await {
                Err(error) if lost_a_race(&error) => {}
                outcome => return outcome,
            }
        }
        Err(StoreError::Contended { attempts: MAX_ATTEMPTS })
    }
}

async fn end_one(
    mut transaction: Transaction<'static, Db>,
    party: &PartyName,
    order_id: &OrderId,
    end: OrderEnd,
    at: Timestamp,
) -> Result<bool, StoreError> {
    // Its lock first: a notification that comes now is either seen here, or comes after the end.
    let held = order::lock_all(&mut transaction, &[(party, order_id)]).await?.pop().flatten();
    let is_open = held.is_none_or(|held| held.state == OrderState::Open);
    if end == OrderEnd::Expired && !is_open {
        return Ok(false);
    }
    let ended = sqlx::query(
        "UPDATE placed_order SET closed_as = $1, looked_at = $2, updated_at = $2 \
         WHERE party = $3 AND order_id = $4 AND state = 'open' AND closed_as = ''",
    )
    .bind(end.name())
    .bind(at.as_millisecond())
    .bind(party.as_str())
    .bind(order_id.as_str())
    .execute(&mut *transaction)
    .await
    .map_err(failed("end a placed order"))?;
    if ended.rows_affected() == 0 {
        return Ok(false);
    }
    // That it was paid is told already, by its payment.
    if end == OrderEnd::Expired {
        let row = StateRow { kind: "order", subject: order_id.as_str(), step: "expire", from: "open", to: "expired" };
        journal::append_state(&mut transaction, party, &row, "looked up at the platform", at).await?;
        let body = json!({ "order_id": order_id.as_str() });
        journal::append_event(&mut transaction, party, "order.expired", order_id.as_str(), &body, at).await?;
    }
    transaction.commit().await.map_err(failed("commit the end of a placed order"))?;
    Ok(true)
}
