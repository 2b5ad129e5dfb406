//! Discrepancies: found, moved, listed. An event goes out with each that opens or ends.

use jiff::Timestamp;
use serde_json::{Value, json};
use sqlx::QueryBuilder;

use super::discrepancy_rows::{record, record_place};
use super::journal::{self, NewEvent};
use super::{Connection, Db, Given, Row, failed, given, keyed_and_locked, rows};
use crate::domain::{ChinaDate, DiscrepancyState, DiscrepancyStep, Fen, HealingProgress, PartyName, RefundOrderId};
use crate::store::{
    DiscrepancyFilter, DiscrepancyRecord, DiscrepancySelection, FoundDifference, MoveDiscrepancyError, RunKey,
    StoreError,
};

/// Every column that makes a record.
pub(super) const COLUMNS: &str = "SELECT discrepancy_id, party, bill_date, kind, order_id, refund_order_id, state, stated_fee, \
     booked_fee, evidence, seen, stage, attempts, last_at, approved_by, reason, closed_by, version, opened_at, updated_at, \
     closed_at FROM discrepancy WHERE party = ";

/// What the index of unfinished ones holds, in its own words: SQLite takes the index for nothing less.
const UNFINISHED: &str = " AND state IN ('in_flight', 'open', 'healing', 'queued')";

pub(super) async fn find(
    connection: &mut Connection,
    party: &PartyName,
    discrepancy_id: i64,
) -> Result<Option<DiscrepancyRecord>, StoreError> {
    let mut query = QueryBuilder::<Db>::new(COLUMNS);
    query.push_bind(party.as_str().to_owned()).push(" AND discrepancy_id = ").push_bind(discrepancy_id);
    let found = query.build().fetch_optional(connection).await.map_err(failed("find a discrepancy"))?;
    found.as_ref().map(record).transpose()
}

pub(super) async fn list(
    connection: &mut Connection,
    party: &PartyName,
    selection: &DiscrepancySelection,
) -> Result<Vec<DiscrepancyRecord>, StoreError> {
    let mut query = QueryBuilder::<Db>::new(COLUMNS);
    query.push_bind(party.as_str().to_owned()).push(" AND discrepancy_id > ").push_bind(selection.after);
    if let Some(day) = selection.day {
        query.push(" AND bill_date = ").push_bind(day.to_string());
    }
    if selection.filter != DiscrepancyFilter::All {
        query.push(UNFINISHED);
    }
    query.push(match selection.filter {
        DiscrepancyFilter::All => "",
        DiscrepancyFilter::Remaining => " AND state IN ('open', 'healing', 'queued')",
        DiscrepancyFilter::ToHeal => " AND state IN ('open', 'healing')",
        DiscrepancyFilter::Queued => " AND state = 'queued'",
        DiscrepancyFilter::InFlight => " AND state = 'in_flight'",
    });
    query.push(" ORDER BY discrepancy_id LIMIT ").push_bind(i64::from(selection.limit));
    let found = query.build().fetch_all(connection).await.map_err(failed("list discrepancies"))?;
    found.iter().map(record).collect()
}

/// Keeps what a run found. New rows come with one statement; those that are known are locked and moved one by one.
pub(super) async fn keep(
    connection: &mut Connection,
    run: &RunKey,
    found: &[FoundDifference],
    at: Timestamp,
) -> Result<(), StoreError> {
    if found.is_empty() {
        return Ok(());
    }
    let inserted = given_found(run, found, at)
        .query(concat!(
            "INSERT INTO discrepancy (party, bill_date, kind, order_id, refund_order_id, state, stated_fee, booked_fee, evidence, \
                    seen, stage, attempts, approved_by, reason, closed_by, seen_run, version, opened_at, updated_at) \
             SELECT party, bill_date, kind, order_id, refund_order_id, state, stated_fee, booked_fee, evidence, '', 'begun', 0, \
                    '', '', '', seen_run, 1, at, at FROM ",
            given!(1 "place" "BIGINT", 2 "party" "TEXT", 3 "bill_date" "TEXT", 4 "kind" "TEXT", 5 "order_id" "TEXT",
                   6 "refund_order_id" "TEXT", 7 "state" "TEXT", 8 "stated_fee" "BIGINT", 9 "booked_fee" "BIGINT",
                   10 "evidence" "TEXT", 11 "seen_run" "BIGINT", 12 "at" "BIGINT"),
            " WHERE TRUE ON CONFLICT (party, bill_date, order_id, refund_order_id, kind) DO NOTHING \
             RETURNING discrepancy_id, order_id, refund_order_id, kind",
        ))?
        .fetch_all(&mut *connection)
        .await
        .map_err(failed("keep differences"))?;
    let known = given_found(run, found, at)
        .query(concat!(
            "SELECT place, d.discrepancy_id, d.party, d.bill_date, d.kind, d.order_id, d.refund_order_id, d.state, d.stated_fee, \
                    d.booked_fee, d.evidence, d.seen, d.stage, d.attempts, d.last_at, d.approved_by, d.reason, d.closed_by, \
                    d.version, d.opened_at, d.updated_at, d.closed_at FROM ",
            given!(1 "place" "BIGINT", 2 "party" "TEXT", 3 "bill_date" "TEXT", 4 "kind" "TEXT", 5 "order_id" "TEXT",
                   6 "refund_order_id" "TEXT", 7 "state" "TEXT", 8 "stated_fee" "BIGINT", 9 "booked_fee" "BIGINT",
                   10 "evidence" "TEXT", 11 "seen_run" "BIGINT", 12 "at" "BIGINT"),
            keyed_and_locked!(
                "discrepancy",
                "d",
                "d.party = given.party AND d.bill_date = given.bill_date AND d.order_id = given.order_id \
                 AND d.refund_order_id = given.refund_order_id AND d.kind = given.kind"
            ),
        ))?
        .fetch_all(&mut *connection)
        .await
        .map_err(failed("find what is known of differences"))?;
    let is_new = |record: &DiscrepancyRecord| -> Result<bool, StoreError> {
        for row in &inserted {
            if rows::integer(row, "discrepancy_id")? == record.discrepancy_id {
                return Ok(true);
            }
        }
        Ok(false)
    };
    let mut opened = Vec::new();
    for row in &known {
        let (place, record) = record_place(row, found.len())?;
        if is_new(&record)? {
            opened.extend((record.state == DiscrepancyState::Open).then_some(record));
        } else {
            let was_open = record.state.remains();
            let again = find_again(connection, record, run.run, &found[place], at).await?;
            opened.extend((again.state == DiscrepancyState::Open && !was_open).then_some(again));
        }
    }
    tell_all(connection, &run.party, &opened, at).await
}

fn given_found<'a>(run: &'a RunKey, found: &'a [FoundDifference], at: Timestamp) -> Given<'a> {
    let each = || found.iter().map(|found| &found.difference);
    let state = |found: &FoundDifference| if found.in_flight { "in_flight" } else { "open" };
    Given::rows(found.len())
        .integer(rows::places(found.len()))
        .text(each().map(|_| run.party.as_str()))
        .owned_text(each().map(|_| run.day.to_string()).collect())
        .text(each().map(|difference| difference.kind.name()))
        .text(each().map(|difference| difference.order_id.as_str()))
        .text(each().map(|difference| difference.refund_order_id.as_ref().map_or("", RefundOrderId::as_str)))
        .text(found.iter().map(state))
        .integer(each().map(|difference| difference.stated_fee.map(Fen::get)))
        .integer(each().map(|difference| difference.booked_fee.map(Fen::get)))
        .text(found.iter().map(|found| found.evidence.as_str()))
        .integer(each().map(|_| run.run))
        .integer(each().map(|_| at.as_millisecond()))
}

/// A difference that is known was found again: its amounts and evidence are the newest, and its life goes on.
async fn find_again(
    connection: &mut Connection,
    record: DiscrepancyRecord,
    run: i64,
    found: &FoundDifference,
    at: Timestamp,
) -> Result<DiscrepancyRecord, StoreError> {
    let step = DiscrepancyStep::Find { in_flight: found.in_flight };
    let state = record.state.clone().after(step).map_err(|e| rows::impossible("discrepancy.state", e))?;
    let moved = DiscrepancyRecord {
        state,
        stated_fee: found.difference.stated_fee,
        booked_fee: found.difference.booked_fee,
        evidence: found.evidence.clone(),
        ..record
    };
    write(connection, moved, Some(run), at).await
}

/// Ends what a run did not find any more.
pub(super) async fn end_unfound(
    connection: &mut Connection,
    run: &RunKey,
    reason: &str,
    limit: u32,
    at: Timestamp,
) -> Result<u64, StoreError> {
    let mut query = QueryBuilder::<Db>::new(COLUMNS);
    query.push_bind(run.party.as_str().to_owned()).push(" AND bill_date = ").push_bind(run.day.to_string());
    query.push(" AND seen_run < ").push_bind(run.run);
    query.push(UNFINISHED).push(" ORDER BY discrepancy_id LIMIT ");
    query.push_bind(i64::from(limit)).push(locked!(""));
    let unfound = query.build().fetch_all(&mut *connection).await.map_err(failed("find what a run did not find"))?;
    let mut ended = Vec::with_capacity(unfound.len());
    for row in &unfound {
        let found = record(row)?;
        let was_told = found.state.remains();
        let step = DiscrepancyStep::Vanish { reason: reason.to_owned() };
        let state = found.state.clone().after(step).map_err(|e| rows::impossible("discrepancy.state", e))?;
        let moved = write(connection, DiscrepancyRecord { state, ..found }, None, at).await?;
        ended.extend(was_told.then_some(moved));
    }
    tell_all(connection, &run.party, &ended, at).await?;
    Ok(unfound.len() as u64)
}

/// Moves one of a version.
pub(super) async fn move_on(
    connection: &mut Connection,
    party: &PartyName,
    (discrepancy_id, version): (i64, i64),
    step: DiscrepancyStep,
    seen: Option<String>,
    at: Timestamp,
) -> Result<DiscrepancyRecord, MoveDiscrepancyError> {
    let mut query = QueryBuilder::<Db>::new(COLUMNS);
    query.push_bind(party.as_str().to_owned()).push(" AND discrepancy_id = ").push_bind(discrepancy_id);
    query.push(locked!(""));
    let found = query.build().fetch_optional(&mut *connection).await.map_err(failed("lock a discrepancy"))?;
    let found = found.as_ref().map(record).transpose()?.ok_or(MoveDiscrepancyError::NotFound(discrepancy_id))?;
    if found.version != version {
        return Err(MoveDiscrepancyError::Outdated(discrepancy_id));
    }
    let was_told = found.state.remains();
    let state = found.state.clone().after(step)?;
    let seen = seen.unwrap_or_else(|| found.seen.clone());
    let moved = write(connection, DiscrepancyRecord { state, seen, ..found }, None, at).await?;
    if was_told != moved.state.remains() {
        tell_all(connection, party, std::slice::from_ref(&moved), at).await?;
    }
    Ok(moved)
}

/// Writes the changed columns of a locked row.
async fn write(
    connection: &mut Connection,
    record: DiscrepancyRecord,
    seen_run: Option<i64>,
    at: Timestamp,
) -> Result<DiscrepancyRecord, StoreError> {
    let HealingProgress { stage, attempts, last_at, approved_by } = record.state.progress();
    let is_over = !record.state.remains() && record.state != DiscrepancyState::InFlight;
    let closed_at = if is_over { record.closed_at.or(Some(at)) } else { None };
    let closed_by = match &record.state {
        DiscrepancyState::Closed { by, .. } => by.as_str(),
        _ => "",
    };
    let changed = sqlx::query(
        "UPDATE discrepancy SET state = $1, stated_fee = $2, booked_fee = $3, evidence = $4, seen = $5, stage = $6, attempts = $7, \
                last_at = $8, approved_by = $9, reason = $10, closed_by = $11, updated_at = $12, closed_at = $13, \
                version = version + 1, seen_run = CASE WHEN seen_run < $14 THEN $14 ELSE seen_run END \
         WHERE discrepancy_id = $15 AND version = $16",
    )
    .bind(record.state.name())
    .bind(record.stated_fee.map(Fen::get))
    .bind(record.booked_fee.map(Fen::get))
    .bind(record.evidence.as_str())
    .bind(record.seen.as_str())
    .bind(stage.name())
    .bind(i64::from(attempts))
    .bind(last_at.map(Timestamp::as_millisecond))
    .bind(approved_by.as_deref().unwrap_or_default())
    .bind(record.state.reason())
    .bind(closed_by)
    .bind(at.as_millisecond())
    .bind(closed_at.map(Timestamp::as_millisecond))
    .bind(seen_run.unwrap_or_default())
    .bind(record.discrepancy_id)
    .bind(record.version)
    .execute(connection)
    .await
    .map_err(failed("move a discrepancy"))?;
    if changed.rows_affected() != 1 {
        return Err(StoreError::Contended { attempts: 1 });
    }
    Ok(DiscrepancyRecord { version: record.version + 1, updated_at: at, closed_at, ..record })
}

/// The events: of those that remain that they opened, of the others that they ended.
async fn tell_all(
    connection: &mut Connection,
    party: &PartyName,
    records: &[DiscrepancyRecord],
    at: Timestamp,
) -> Result<(), StoreError> {
    let events: Vec<_> = records
        .iter()
        .map(|record| NewEvent {
            party,
            kind: if record.state.remains() { "discrepancy.opened" } else { "discrepancy.closed" },
            subject: record.order_id.as_str().into(),
            body: event_body(record).to_string(),
            at,
        })
        .collect();
    journal::appending_events(&events).run(connection).await
}

fn event_body(record: &DiscrepancyRecord) -> Value {
    json!({
        "discrepancy_id": record.discrepancy_id,
        "day": record.day.to_string(),
        "kind": record.kind.name(),
        "order_id": record.order_id.as_str(),
        "refund_order_id": record.refund_order_id.as_ref().map(RefundOrderId::as_str),
        "stated_fee": record.stated_fee.map(Fen::get),
        "booked_fee": record.booked_fee.map(Fen::get),
        "state": record.state.name(),
        "reason": record.state.reason(),
    })
}

pub(super) async fn count_remaining(
    connection: &mut Connection,
    party: &PartyName,
    day: Option<ChinaDate>,
) -> Result<u64, StoreError> {
    let mut query = QueryBuilder::<Db>::new(
        "SELECT COUNT(*) AS remaining FROM discrepancy WHERE state IN ('open', 'healing', 'queued') AND party = ",
    );
    query.push_bind(party.as_str().to_owned()).push(UNFINISHED);
    if let Some(day) = day {
        query.push(" AND bill_date = ").push_bind(day.to_string());
    }
    let row: Row = query.build().fetch_one(connection).await.map_err(failed("count discrepancies"))?;
    Ok(rows::integer(&row, "remaining")?.unsigned_abs())
}
