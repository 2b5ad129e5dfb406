//! The outbox as a feed: positions are given after the commit, by whoever holds the one row that counts them.

use async_trait::async_trait;
use jiff::Timestamp;

use super::{Connection, Engine, Given, Row, Write, failed, given, rows, updated_by_key};
use crate::domain::PartyName;
use crate::store::{EventPage, Events, FeedEvent, StoreError};

/// How many events get their positions in one transaction: while it runs, nobody else gives any.
const SEQUENCED_AT_ONCE: i64 = 1000;

#[async_trait]
impl Events for Engine {
    async fn sequence_events(&self) -> Result<i64, StoreError> {
        loop {
            if waiting(&mut *self.reader().await?, 1).await?.is_empty() {
                return Ok(counters(&mut *self.reader().await?).await?.last_position);
            }
            if let Some(last_position) = sequence(self).await? {
                return Ok(last_position);
            }
        }
    }

    async fn read_events(&self, party: PartyName, after: i64, limit: u32) -> Result<EventPage, StoreError> {
        read_page(&mut *self.reader().await?, &party, after, limit).await
    }

    async fn prune_outbox(&self, older_than: Timestamp, limit: u32) -> Result<u64, StoreError> {
        self.sequence_events().await?;
        let mut transaction = self.begin().await?;
        lock_counters(&mut transaction).await?;
        let found = sqlx::query(
            "SELECT event_id, position FROM outbox o \
             WHERE o.recorded_at < $1 AND o.position IS NOT NULL \
               AND NOT EXISTS (SELECT 1 FROM webhook_cursor c WHERE c.party = o.party AND c.position < o.position) \
               AND NOT EXISTS (SELECT 1 FROM webhook_delivery d WHERE d.event_id = o.event_id) \
             ORDER BY o.event_id LIMIT $2",
        )
        .bind(older_than.as_millisecond())
        .bind(i64::from(limit))
        .fetch_all(&mut *transaction)
        .await
        .map_err(failed("find old events"))?;
        let (mut event_ids, mut highest) = (Vec::with_capacity(found.len()), 0);
        for row in &found {
            event_ids.push(rows::integer(row, "event_id")?);
            highest = highest.max(rows::integer(row, "position")?);
        }
        if event_ids.is_empty() {
            return Ok(0);
        }
        let deleted = Given::rows(event_ids.len())
            .integer(event_ids.into_iter())
            .query(concat!(
                "DELETE FROM outbox WHERE event_id IN (SELECT event_id FROM ",
                given!(1 "event_id" "BIGINT"),
                ")"
            ))?
            .execute(&mut *transaction)
            .await
            .map_err(failed("prune events"))?;
        sqlx::query("UPDATE event_sequencer SET pruned_position = $1 WHERE sequencer_id = 1 AND pruned_position < $1")
            .bind(highest)
            .execute(&mut *transaction)
            .await
            .map_err(failed("keep how far events were pruned"))?;
        transaction.commit().await.map_err(failed("commit pruned events"))?;
        Ok(deleted.rows_affected())
    }
}

/// The events of a party behind a position.
pub(super) async fn read_page(
    connection: &mut Connection,
    party: &PartyName,
    after: i64,
    limit: u32,
) -> Result<EventPage, StoreError> {
    // First how far positions are given, then the events: what is given in between is for the next page.
    let counters = counters(connection).await?;
    let found = sqlx::query(
        "SELECT event_id, position, party, kind, subject, body, recorded_at FROM outbox \
         WHERE party = $1 AND position > $2 AND position <= $3 ORDER BY position LIMIT $4",
    )
    .bind(party.as_str())
    .bind(after)
    .bind(counters.last_position)
    .bind(i64::from(limit))
    .fetch_all(connection)
    .await
    .map_err(failed("read events"))?;
    let events: Vec<_> = found.iter().map(event).collect::<Result<_, _>>()?;
    let more = u32::try_from(events.len()).is_ok_and(|count| count == limit);
    let last = events.last().map(|event| event.position).filter(|_| more);
    // A cursor of another database must not be taken back, or its consumer would read everything again without end.
    let next = last.unwrap_or_else(|| counters.last_position.max(after));
    Ok(EventPage { events, next, more, pruned: counters.pruned_position })
}

/// The last position that was given.
pub(super) async fn last_position(connection: &mut Connection) -> Result<i64, StoreError> {
    Ok(counters(connection).await?.last_position)
}

/// What the row that is locked counts.
struct Counters {
    last_position: i64,
    pruned_position: i64,
}

async fn counters(connection: &mut Connection) -> Result<Counters, StoreError> {
    let row = sqlx::query("SELECT last_position, pruned_position FROM event_sequencer WHERE sequencer_id = 1")
        .fetch_one(connection)
        .await
        .map_err(failed("read the position of events"))?;
    Ok(Counters {
        last_position: rows::integer(&row, "last_position")?,
        pruned_position: rows::integer(&row, "pruned_position")?,
    })
}

async fn lock_counters(connection: &mut Connection) -> Result<i64, StoreError> {
    let row = sqlx::query(locked!("SELECT last_position FROM event_sequencer WHERE sequencer_id = 1"))
        .fetch_one(connection)
        .await
        .map_err(failed("lock the position of events"))?;
    rows::integer(&row, "last_position")
}

/// Gives positions to some of the events that wait, in the order of their numbers. Of one notice they are in the order of their
/// commits: each was numbered while its transaction held the notice. `None` while there may be more.
async fn sequence(engine: &Engine) -> Result<Option<i64>, StoreError> {
    let mut transaction = engine.begin().await?;
    let before = lock_counters(&mut transaction).await?;
    // Read under the lock: whoever held it before has committed.
    let event_ids = waiting(&mut transaction, SEQUENCED_AT_ONCE).await?;
    let last_position = before + i64::try_from(event_ids.len()).unwrap_or(0);
    let given = Given::rows(event_ids.len()).integer(event_ids.iter().copied()).integer(before + 1..=last_position);
    let write = Write {
        doing: "give positions to events",
        sql: concat!(
            "UPDATE outbox AS o SET position = given.position",
            updated_by_key!(
                given!(1 "event_id" "BIGINT", 2 "position" "BIGINT"),
                "outbox",
                "o",
                "o.event_id = given.event_id"
            ),
        ),
        given,
        each: Some("outbox.event_id"),
    };
    write.run(&mut transaction).await?;
    let counted = sqlx::query("UPDATE event_sequencer SET last_position = $1 WHERE sequencer_id = 1")
        .bind(last_position)
        .execute(&mut *transaction)
        .await
        .map_err(failed("keep the position of events"))?;
    rows::all_written(counted.rows_affected(), 1, "event_sequencer.sequencer_id")?;
    transaction.commit().await.map_err(failed("commit positions of events"))?;
    Ok((last_position - before < SEQUENCED_AT_ONCE).then_some(last_position))
}

async fn waiting(connection: &mut Connection, limit: i64) -> Result<Vec<i64>, StoreError> {
    let found = sqlx::query("SELECT event_id FROM outbox WHERE position IS NULL ORDER BY event_id LIMIT $1")
        .bind(limit)
        .fetch_all(connection)
        .await
        .map_err(failed("read events without a position"))?;
    found.iter().map(|row| rows::integer(row, "event_id")).collect()
}

pub(super) fn event(row: &Row) -> Result<FeedEvent, StoreError> {
    Ok(FeedEvent {
        event_id: rows::integer(row, "event_id")?,
        position: rows::integer(row, "position")?,
        party: PartyName::new(&rows::text(row, "party")?).map_err(|e| rows::impossible("outbox.party", e))?,
        kind: rows::text(row, "kind")?,
        subject: rows::text(row, "subject")?,
        body: rows::text(row, "body")?,
        recorded_at: rows::instant(row, "recorded_at")?,
    })
}
