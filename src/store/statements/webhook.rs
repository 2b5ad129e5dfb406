//! Deliveries to webhooks.

use async_trait::async_trait;
use jiff::Timestamp;
use serde_json::Value;

use super::events::{event, last_position, read_page};
use super::{Connection, Engine, Given, Row, Write, failed, given, rows};
use crate::domain::{PartyName, ordering_key};
use crate::store::{DueDelivery, FeedEvent, KeptDelivery, StoreError, WebhookBacklog, Webhooks};

/// How many deliveries to one webhook wait at most. While it takes nothing, what goes beyond stays in the outbox.
const MAX_PENDING: i64 = 10_000;

#[async_trait]
impl Webhooks for Engine {
    async fn take_webhook_lease(
        &self,
        webhook: String,
        owner: String,
        until: Timestamp,
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        let mut transaction = self.begin().await?;
        let taken = sqlx::query(
            "INSERT INTO webhook_lease (webhook, lease_owner, lease_until) VALUES ($1, $2, $3) \
             ON CONFLICT (webhook) DO UPDATE SET lease_owner = excluded.lease_owner, lease_until = excluded.lease_until \
             WHERE webhook_lease.lease_owner = $2 OR webhook_lease.lease_until <= $4",
        )
        .bind(webhook)
        .bind(owner)
        .bind(until.as_millisecond())
        .bind(at.as_millisecond())
        .execute(&mut *transaction)
        .await
        .map_err(failed("take the lease of a webhook"))?;
        transaction.commit().await.map_err(failed("commit the lease of a webhook"))?;
        Ok(taken.rows_affected() == 1)
    }

    async fn take_over_events(
        &self,
        webhook: String,
        party: PartyName,
        kinds: Vec<String>,
        limit: u32,
        at: Timestamp,
    ) -> Result<u64, StoreError> {
        let mut transaction = self.begin().await?;
        begin_cursor(&mut transaction, &webhook, &party, at).await?;
        let row = sqlx::query(locked!("SELECT position FROM webhook_cursor WHERE webhook = $1 AND party = $2"))
            .bind(webhook.as_str())
            .bind(party.as_str())
            .fetch_one(&mut *transaction)
            .await
            .map_err(failed("lock the cursor of a webhook"))?;
        let after = rows::integer(&row, "position")?;
        let pending =
            sqlx::query("SELECT COUNT(*) AS pending FROM webhook_delivery WHERE webhook = $1 AND state = 'pending'")
                .bind(webhook.as_str())
                .fetch_one(&mut *transaction)
                .await
                .map_err(failed("count deliveries"))?;
        let page = read_page(&mut transaction, &party, after, limit).await?;
        if rows::integer(&pending, "pending")? >= MAX_PENDING || page.next == after {
            return transaction.commit().await.map_err(failed("commit the cursor of a webhook")).map(|()| 0);
        }
        let wanted: Vec<_> = page.events.iter().filter(|event| is_wanted(&event.kind, &kinds)).collect();
        delivering(&webhook, &wanted, at).run(&mut transaction).await?;
        move_cursor(&mut transaction, (&webhook, &party), page.next, at).await?;
        transaction.commit().await.map_err(failed("commit deliveries"))?;
        Ok(page.events.len() as u64)
    }

    async fn due_deliveries(&self, webhook: String, at: Timestamp, limit: u32) -> Result<Vec<DueDelivery>, StoreError> {
        let found = sqlx::query(
            "SELECT o.event_id, o.position, o.party, o.kind, o.subject, o.body, o.recorded_at, d.attempts \
             FROM webhook_delivery d JOIN outbox o ON o.event_id = d.event_id \
             WHERE d.webhook = $1 AND d.state = 'pending' AND d.next_at <= $2 \
               AND NOT EXISTS (SELECT 1 FROM webhook_delivery e WHERE e.webhook = d.webhook AND e.party = d.party \
                                 AND e.ordering_key = d.ordering_key AND e.state = 'pending' AND e.position < d.position) \
             ORDER BY d.position LIMIT $3",
        )
        .bind(webhook)
        .bind(at.as_millisecond())
        .bind(i64::from(limit))
        .fetch_all(&mut *self.reader().await?)
        .await
        .map_err(failed("read the deliveries that are due"))?;
        found.iter().map(|row| Ok(DueDelivery { event: event(row)?, attempts: attempts(row)? })).collect()
    }

    async fn end_delivery(&self, webhook: String, event_id: i64) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        sqlx::query("DELETE FROM webhook_delivery WHERE webhook = $1 AND event_id = $2")
            .bind(webhook)
            .bind(event_id)
            .execute(&mut *transaction)
            .await
            .map_err(failed("end a delivery"))?;
        transaction.commit().await.map_err(failed("commit the end of a delivery"))
    }

    async fn put_off_delivery(
        &self,
        webhook: String,
        event_id: i64,
        next_at: Option<Timestamp>,
        problem: String,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        sqlx::query(
            "UPDATE webhook_delivery SET attempts = attempts + 1, state = $3, next_at = $4, problem = $5, updated_at = $6 \
             WHERE webhook = $1 AND event_id = $2",
        )
        .bind(webhook)
        .bind(event_id)
        .bind(if next_at.is_some() { "pending" } else { "dead" })
        .bind(next_at.unwrap_or(at).as_millisecond())
        .bind(problem)
        .bind(at.as_millisecond())
        .execute(&mut *transaction)
        .await
        .map_err(failed("put off a delivery"))?;
        transaction.commit().await.map_err(failed("commit a failed delivery"))
    }

    async fn list_deliveries(&self, dead: bool, limit: u32) -> Result<Vec<KeptDelivery>, StoreError> {
        let found = sqlx::query(
            "SELECT webhook, event_id, party, kind, state, attempts, next_at, problem FROM webhook_delivery \
             WHERE state = $1 ORDER BY position, webhook LIMIT $2",
        )
        .bind(if dead { "dead" } else { "pending" })
        .bind(i64::from(limit))
        .fetch_all(&mut *self.reader().await?)
        .await
        .map_err(failed("list deliveries"))?;
        found.iter().map(kept).collect()
    }

    async fn webhook_backlogs(&self) -> Result<Vec<WebhookBacklog>, StoreError> {
        let found = sqlx::query(
            "SELECT l.webhook, \
                (SELECT COUNT(*) FROM webhook_delivery d WHERE d.webhook = l.webhook AND d.state = 'pending') AS pending, \
                (SELECT COUNT(*) FROM webhook_delivery d WHERE d.webhook = l.webhook AND d.state = 'dead') AS dead, \
                (SELECT MIN(o.recorded_at) FROM webhook_delivery d JOIN outbox o ON o.event_id = d.event_id \
                 WHERE d.webhook = l.webhook AND d.state = 'pending') AS oldest_at \
             FROM webhook_lease l ORDER BY l.webhook",
        )
        .fetch_all(&mut *self.reader().await?)
        .await
        .map_err(failed("count what webhooks wait for"))?;
        found.iter().map(backlog).collect()
    }

    async fn resend_event(&self, webhook: String, event_id: i64, at: Timestamp) -> Result<bool, StoreError> {
        let mut transaction = self.begin().await?;
        let found = sqlx::query(
            "SELECT event_id, position, party, kind, subject, body, recorded_at FROM outbox \
             WHERE event_id = $1 AND position IS NOT NULL",
        )
        .bind(event_id)
        .fetch_optional(&mut *transaction)
        .await
        .map_err(failed("find an event"))?;
        let Some(found) = found.as_ref().map(event).transpose()? else { return Ok(false) };
        delivering(&webhook, &[&found], at).run(&mut transaction).await?;
        sqlx::query(
            "UPDATE webhook_delivery SET state = 'pending', attempts = 0, next_at = $3, updated_at = $3 \
             WHERE webhook = $1 AND event_id = $2",
        )
        .bind(webhook)
        .bind(event_id)
        .bind(at.as_millisecond())
        .execute(&mut *transaction)
        .await
        .map_err(failed("resend an event"))?;
        transaction.commit().await.map_err(failed("commit a resent event"))?;
        Ok(true)
    }

    async fn recover_webhook(
        &self,
        webhook: String,
        party: PartyName,
        since: Timestamp,
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        let mut transaction = self.begin().await?;
        let moved = sqlx::query(
            "UPDATE webhook_cursor SET updated_at = $4, position = \
                COALESCE((SELECT MIN(o.position) - 1 FROM outbox o WHERE o.party = $2 AND o.recorded_at >= $3 \
                            AND o.position <= webhook_cursor.position), position) \
             WHERE webhook = $1 AND party = $2",
        )
        .bind(webhook.as_str())
        .bind(party.as_str())
        .bind(since.as_millisecond())
        .bind(at.as_millisecond())
        .execute(&mut *transaction)
        .await
        .map_err(failed("take back the cursor of a webhook"))?;
        sqlx::query(
            "UPDATE webhook_delivery SET state = 'pending', attempts = 0, next_at = $4, updated_at = $4 \
             WHERE webhook = $1 AND party = $2 AND state = 'dead' \
               AND event_id IN (SELECT o.event_id FROM outbox o WHERE o.party = $2 AND o.recorded_at >= $3)",
        )
        .bind(webhook)
        .bind(party.as_str())
        .bind(since.as_millisecond())
        .bind(at.as_millisecond())
        .execute(&mut *transaction)
        .await
        .map_err(failed("revive deliveries"))?;
        transaction.commit().await.map_err(failed("commit a recovery"))?;
        Ok(moved.rows_affected() == 1)
    }

    async fn forget_webhook(&self, webhook: String) -> Result<u64, StoreError> {
        let mut transaction = self.begin().await?;
        let mut dropped = 0;
        for statement in [
            "DELETE FROM webhook_cursor WHERE webhook = $1",
            "DELETE FROM webhook_lease WHERE webhook = $1",
            "DELETE FROM webhook_delivery WHERE webhook = $1",
        ] {
            let deleted = sqlx::query(statement).bind(webhook.as_str()).execute(&mut *transaction).await;
            // The last one counts.
            dropped = deleted.map_err(failed("forget a webhook"))?.rows_affected();
        }
        transaction.commit().await.map_err(failed("commit that a webhook is forgotten"))?;
        Ok(dropped)
    }
}

/// The first time, from what happens from now on.
async fn begin_cursor(
    connection: &mut Connection,
    webhook: &str,
    party: &PartyName,
    at: Timestamp,
) -> Result<(), StoreError> {
    let last_position = last_position(connection).await?;
    sqlx::query(
        "INSERT INTO webhook_cursor (webhook, party, position, updated_at) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (webhook, party) DO NOTHING",
    )
    .bind(webhook)
    .bind(party.as_str())
    .bind(last_position)
    .bind(at.as_millisecond())
    .execute(connection)
    .await
    .map_err(failed("begin the cursor of a webhook"))?;
    Ok(())
}

async fn move_cursor(
    connection: &mut Connection,
    (webhook, party): (&str, &PartyName),
    position: i64,
    at: Timestamp,
) -> Result<(), StoreError> {
    let moved =
        sqlx::query("UPDATE webhook_cursor SET position = $3, updated_at = $4 WHERE webhook = $1 AND party = $2")
            .bind(webhook)
            .bind(party.as_str())
            .bind(position)
            .bind(at.as_millisecond())
            .execute(connection)
            .await
            .map_err(failed("move the cursor of a webhook"))?;
    rows::all_written(moved.rows_affected(), 1, "webhook_cursor.webhook")
}

/// `*` at the end of a kind stands for whatever follows.
fn is_wanted(kind: &str, kinds: &[String]) -> bool {
    kinds.is_empty()
        || kinds.iter().any(|wanted| wanted.strip_suffix('*').map_or(kind == wanted, |start| kind.starts_with(start)))
}

/// Adds deliveries; one that is there stays as it is.
fn delivering<'a>(webhook: &'a str, events: &[&'a FeedEvent], at: Timestamp) -> Write<'a> {
    let keys = events.iter().map(|event| {
        let body: Value = serde_json::from_str(&event.body).unwrap_or_default();
        ordering_key(&event.kind, &event.subject, &body)
    });
    let given = Given::rows(events.len())
        .text(events.iter().map(|_| webhook))
        .integer(events.iter().map(|event| event.event_id))
        .text(events.iter().map(|event| event.party.as_str()))
        .integer(events.iter().map(|event| event.position))
        .owned_text(keys.collect())
        .text(events.iter().map(|event| event.kind.as_str()))
        .integer(events.iter().map(|_| at.as_millisecond()));
    Write {
        doing: "add deliveries",
        sql: concat!(
            "INSERT INTO webhook_delivery (webhook, event_id, party, position, ordering_key, kind, state, attempts, next_at, \
                    problem, created_at, updated_at) \
             SELECT webhook, event_id, party, position, ordering_key, kind, 'pending', 0, at, '', at, at FROM ",
            given!(1 "webhook" "TEXT", 2 "event_id" "BIGINT", 3 "party" "TEXT", 4 "position" "BIGINT",
                   5 "ordering_key" "TEXT", 6 "kind" "TEXT", 7 "at" "BIGINT"),
            " WHERE TRUE ON CONFLICT (webhook, event_id) DO NOTHING",
        ),
        given,
        each: None,
    }
}

fn attempts(row: &Row) -> Result<u32, StoreError> {
    let attempts = u32::try_from(rows::integer(row, "attempts")?);
    attempts.map_err(|e| rows::impossible("webhook_delivery.attempts", e))
}

fn kept(row: &Row) -> Result<KeptDelivery, StoreError> {
    Ok(KeptDelivery {
        webhook: rows::text(row, "webhook")?,
        event_id: rows::integer(row, "event_id")?,
        party: PartyName::new(&rows::text(row, "party")?).map_err(|e| rows::impossible("webhook_delivery.party", e))?,
        kind: rows::text(row, "kind")?,
        dead: rows::text(row, "state")? == "dead",
        attempts: attempts(row)?,
        next_at: rows::instant(row, "next_at")?,
        problem: rows::text(row, "problem")?,
    })
}

fn backlog(row: &Row) -> Result<WebhookBacklog, StoreError> {
    let oldest_at = rows::optional_integer(row, "oldest_at")?.map(Timestamp::from_millisecond).transpose();
    Ok(WebhookBacklog {
        webhook: rows::text(row, "webhook")?,
        pending: rows::integer(row, "pending")?.unsigned_abs(),
        dead: rows::integer(row, "dead")?.unsigned_abs(),
        oldest_at: oldest_at.map_err(|e| rows::impossible("outbox.recorded_at", e))?,
    })
}
