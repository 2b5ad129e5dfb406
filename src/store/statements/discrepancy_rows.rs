//! Rows of discrepancies, and the promises about reconciliation on this engine.

use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;

use super::{
    Engine, Given, MAX_ATTEMPTS, Row, booked_order, discrepancy, failed, given, keyed, lost_a_race, reconciliation_run,
    rows,
};
use crate::domain::{
    BookedOrder, ChinaDate, DifferenceKind, DiscrepancyState, DiscrepancyStep, HealingProgress, HealingStage, OrderId,
    PartyName, RefundOrderId,
};
use crate::store::{
    BookPage, Discrepancies, DiscrepancyRecord, DiscrepancySelection, FoundDifference, MoveDiscrepancyError,
    ReconciliationRun, ReconciliationSums, RunKey, SeenCallback, StoreError,
};

#[async_trait]
impl Discrepancies for Engine {
    async fn book_of_day(
        &self,
        party: PartyName,
        day: ChinaDate,
        after: Option<OrderId>,
        limit: u32,
    ) -> Result<BookPage, StoreError> {
        booked_order::page(&mut *self.reader().await?, &party, day, after.as_ref(), limit).await
    }

    async fn booked_orders(&self, party: PartyName, order_ids: Vec<OrderId>) -> Result<Vec<BookedOrder>, StoreError> {
        booked_order::all(&mut *self.reader().await?, &party, &order_ids).await
    }

    async fn begin_reconciliation(
        &self,
        party: PartyName,
        day: ChinaDate,
        statement_sha256: String,
        at: Timestamp,
    ) -> Result<RunKey, StoreError> {
        let run = reconciliation_run::begin(self.begin().await?, &party, day, &statement_sha256, at).await?;
        Ok(RunKey { party, day, run })
    }

    async fn end_reconciliation(&self, run: RunKey, sums: ReconciliationSums, at: Timestamp) -> Result<(), StoreError> {
        reconciliation_run::end(self.begin().await?, &run, sums, at).await
    }

    async fn find_reconciliation(
        &self,
        party: PartyName,
        day: ChinaDate,
    ) -> Result<Option<ReconciliationRun>, StoreError> {
        reconciliation_run::find(&mut *self.reader().await?, &party, day).await
    }

    async fn keep_differences(
        &self,
        run: RunKey,
        found: Vec<FoundDifference>,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        for _ in 0..MAX_ATTEMPTS {
            let mut transaction = self.begin().await?;
            match discrepancy::keep(&mut transaction, &run, &found, at).await {
                Err(error) if lost_a_race(&error) => {}
                Err(error) => return Err(error),
                Ok(()) => return transaction.commit().await.map_err(failed("commit differences")),
            }
        }
        Err(StoreError::Contended { attempts: MAX_ATTEMPTS })
    }

    async fn end_unfound(&self, run: RunKey, reason: String, limit: u32, at: Timestamp) -> Result<u64, StoreError> {
        for _ in 0..MAX_ATTEMPTS {
            let mut transaction = self.begin().await?;
            match discrepancy::end_unfound(&mut transaction, &run, &reason, limit, at).await {
                Err(error) if lost_a_race(&error) => {}
                Err(error) => return Err(error),
                Ok(ended) => {
                    transaction.commit().await.map_err(failed("commit the end of discrepancies"))?;
                    return Ok(ended);
                }
            }
        }
        Err(StoreError::Contended { attempts: MAX_ATTEMPTS })
    }

    async fn move_discrepancy(
        &self,
        party: PartyName,
        which: (i64, i64),
        step: DiscrepancyStep,
        seen: Option<String>,
        at: Timestamp,
    ) -> Result<DiscrepancyRecord, MoveDiscrepancyError> {
        let mut transaction = self.begin().await?;
        let moved = discrepancy::move_on(&mut transaction, &party, which, step, seen, at).await?;
        transaction.commit().await.map_err(failed("commit the move of a discrepancy"))?;
        Ok(moved)
    }

    async fn find_discrepancy(
        &self,
        party: PartyName,
        discrepancy_id: i64,
    ) -> Result<Option<DiscrepancyRecord>, StoreError> {
        discrepancy::find(&mut *self.reader().await?, &party, discrepancy_id).await
    }

    async fn list_discrepancies(
        &self,
        party: PartyName,
        selection: DiscrepancySelection,
    ) -> Result<Vec<DiscrepancyRecord>, StoreError> {
        discrepancy::list(&mut *self.reader().await?, &party, &selection).await
    }

    async fn count_remaining(&self, party: PartyName, day: Option<ChinaDate>) -> Result<u64, StoreError> {
        discrepancy::count_remaining(&mut *self.reader().await?, &party, day).await
    }

    async fn callbacks_of(&self, party: PartyName, wxnontaxstrs: Vec<String>) -> Result<Vec<SeenCallback>, StoreError> {
        if wxnontaxstrs.is_empty() {
            return Ok(Vec::new());
        }
        let found = Given::rows(wxnontaxstrs.len())
            .text(wxnontaxstrs.iter().map(|_| party.as_str()))
            .text(wxnontaxstrs.iter().map(String::as_str))
            .query(concat!(
                "SELECT c.wxnontaxstr, c.outcome, c.errcode, c.received_at, c.duration_us FROM ",
                given!(1 "party" "TEXT", 2 "wxnontaxstr" "TEXT"),
                keyed!("INNER", "callback_journal", "c", "c.wxnontaxstr = given.wxnontaxstr AND c.party = given.party"),
            ))?
            .fetch_all(&mut *self.reader().await?)
            .await
            .map_err(failed("find callbacks"))?;
        found.iter().map(callback).collect()
    }
}

fn callback(row: &Row) -> Result<SeenCallback, StoreError> {
    Ok(SeenCallback {
        wxnontaxstr: rows::text(row, "wxnontaxstr")?,
        outcome: rows::text(row, "outcome")?,
        errcode: rows::integer(row, "errcode")?,
        received_at: rows::instant(row, "received_at")?,
        duration: Duration::from_micros(rows::integer(row, "duration_us")?.unsigned_abs()),
    })
}

/// A record with the column `place`: which of the differences that were given it is.
pub(super) fn record_place(row: &Row, count: usize) -> Result<(usize, DiscrepancyRecord), StoreError> {
    Ok((rows::place(row, count)?, record(row)?))
}

pub(super) fn record(row: &Row) -> Result<DiscrepancyRecord, StoreError> {
    let kind = rows::text(row, "kind")?;
    let refund_order_id = Some(rows::text(row, "refund_order_id")?).filter(|number| !number.is_empty());
    Ok(DiscrepancyRecord {
        discrepancy_id: rows::integer(row, "discrepancy_id")?,
        party: PartyName::new(&rows::text(row, "party")?).map_err(|e| rows::impossible("discrepancy.party", e))?,
        day: rows::text(row, "bill_date")?.parse().map_err(|e| rows::impossible("discrepancy.bill_date", e))?,
        kind: DifferenceKind::from_name(&kind).ok_or_else(|| rows::impossible("discrepancy.kind", kind))?,
        order_id: rows::order_id(&rows::text(row, "order_id")?, "discrepancy.order_id")?,
        refund_order_id: refund_order_id
            .map(|number| RefundOrderId::new(&number).map_err(|e| rows::impossible("discrepancy.refund_order_id", e)))
            .transpose()?,
        state: state(row)?,
        stated_fee: rows::optional_fen(row, "stated_fee")?,
        booked_fee: rows::optional_fen(row, "booked_fee")?,
        evidence: rows::text(row, "evidence")?,
        seen: rows::text(row, "seen")?,
        version: rows::integer(row, "version")?,
        opened_at: rows::instant(row, "opened_at")?,
        updated_at: rows::instant(row, "updated_at")?,
        closed_at: optional_instant(row, "closed_at")?,
    })
}

fn optional_instant(row: &Row, column: &'static str) -> Result<Option<Timestamp>, StoreError> {
    let at = rows::optional_integer(row, column)?;
    at.map(|ms| Timestamp::from_millisecond(ms).map_err(|e| rows::impossible(column, e))).transpose()
}

fn state(row: &Row) -> Result<DiscrepancyState, StoreError> {
    let stage = rows::text(row, "stage")?;
    let approved_by = Some(rows::text(row, "approved_by")?).filter(|by| !by.is_empty());
    let progress = HealingProgress {
        stage: HealingStage::ALL
            .into_iter()
            .find(|known| known.name() == stage)
            .ok_or_else(|| rows::impossible("discrepancy.stage", stage))?,
        attempts: u32::try_from(rows::integer(row, "attempts")?)
            .map_err(|e| rows::impossible("discrepancy.attempts", e))?,
        last_at: optional_instant(row, "last_at")?,
        approved_by,
    };
    let reason = rows::text(row, "reason")?;
    Ok(match rows::text(row, "state")?.as_str() {
        "in_flight" => DiscrepancyState::InFlight,
        "open" => DiscrepancyState::Open,
        "healing" => DiscrepancyState::Healing(progress),
        "queued" => DiscrepancyState::Queued { reason, progress },
        "healed" => DiscrepancyState::Healed { reason },
        "vanished" => DiscrepancyState::Vanished { reason },
        "closed" => DiscrepancyState::Closed { by: rows::text(row, "closed_by")?, reason },
        other => return Err(rows::impossible("discrepancy.state", other)),
    })
}
