//! The last run of each day.

use jiff::Timestamp;
use sqlx::Transaction;

use super::{Connection, Db, Row, failed, rows};
use crate::domain::{ChinaDate, Fen, PartyName};
use crate::store::{ReconciliationRun, ReconciliationSums, RunKey, SideSums, StoreError};

pub(super) async fn begin(
    mut transaction: Transaction<'static, Db>,
    party: &PartyName,
    day: ChinaDate,
    statement_sha256: &str,
    at: Timestamp,
) -> Result<i64, StoreError> {
    let row: Row = sqlx::query(
        "INSERT INTO reconciliation_run (party, bill_date, run, statement_sha256, stated_payments, stated_paid_fee, \
                stated_refunds, stated_refunded_fee, bad_rows, booked_payments, booked_paid_fee, booked_refunds, \
                booked_refunded_fee, started_at) \
         VALUES ($1, $2, 1, $3, 0, 0, 0, 0, 0, 0, 0, 0, 0, $4) \
         ON CONFLICT (party, bill_date) DO UPDATE SET run = reconciliation_run.run + 1, \
                statement_sha256 = excluded.statement_sha256, started_at = excluded.started_at, ended_at = NULL \
         RETURNING run",
    )
    .bind(party.as_str())
    .bind(day.to_string())
    .bind(statement_sha256)
    .bind(at.as_millisecond())
    .fetch_one(&mut *transaction)
    .await
    .map_err(failed("begin a reconciliation"))?;
    let run = rows::integer(&row, "run")?;
    transaction.commit().await.map_err(failed("commit the beginning of a reconciliation"))?;
    Ok(run)
}

pub(super) async fn end(
    mut transaction: Transaction<'static, Db>,
    run: &RunKey,
    sums: ReconciliationSums,
    at: Timestamp,
) -> Result<(), StoreError> {
    let count = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    // A later run has taken the row over: its sums count.
    sqlx::query(
        "UPDATE reconciliation_run SET stated_payments = $1, stated_paid_fee = $2, stated_refunds = $3, \
                stated_refunded_fee = $4, bad_rows = $5, booked_payments = $6, booked_paid_fee = $7, booked_refunds = $8, \
                booked_refunded_fee = $9, ended_at = $10 \
         WHERE party = $11 AND bill_date = $12 AND run = $13",
    )
    .bind(count(sums.stated.payments))
    .bind(sums.stated.paid_fee.get())
    .bind(count(sums.stated.refunds))
    .bind(sums.stated.refunded_fee.get())
    .bind(count(sums.bad_rows))
    .bind(count(sums.booked.payments))
    .bind(sums.booked.paid_fee.get())
    .bind(count(sums.booked.refunds))
    .bind(sums.booked.refunded_fee.get())
    .bind(at.as_millisecond())
    .bind(run.party.as_str())
    .bind(run.day.to_string())
    .bind(run.run)
    .execute(&mut *transaction)
    .await
    .map_err(failed("end a reconciliation"))?;
    transaction.commit().await.map_err(failed("commit the end of a reconciliation"))
}

pub(super) async fn find(
    connection: &mut Connection,
    party: &PartyName,
    day: ChinaDate,
) -> Result<Option<ReconciliationRun>, StoreError> {
    let found = sqlx::query(
        "SELECT bill_date, run, statement_sha256, stated_payments, stated_paid_fee, stated_refunds, stated_refunded_fee, \
                bad_rows, booked_payments, booked_paid_fee, booked_refunds, booked_refunded_fee, started_at, ended_at \
         FROM reconciliation_run WHERE party = $1 AND bill_date = $2",
    )
    .bind(party.as_str())
    .bind(day.to_string())
    .fetch_optional(connection)
    .await
    .map_err(failed("find a reconciliation"))?;
    found.as_ref().map(record).transpose()
}

fn record(row: &Row) -> Result<ReconciliationRun, StoreError> {
    let count = |column| Ok::<_, StoreError>(rows::integer(row, column)?.unsigned_abs());
    let fen = |column| -> Result<Fen, StoreError> { rows::fen(row, column) };
    let ended_at = rows::optional_integer(row, "ended_at")?.map(Timestamp::from_millisecond).transpose();
    Ok(ReconciliationRun {
        day: rows::text(row, "bill_date")?.parse().map_err(|e| rows::impossible("reconciliation_run.bill_date", e))?,
        run: rows::integer(row, "run")?,
        statement_sha256: rows::text(row, "statement_sha256")?,
        sums: ReconciliationSums {
            stated: SideSums {
                payments: count("stated_payments")?,
                paid_fee: fen("stated_paid_fee")?,
                refunds: count("stated_refunds")?,
                refunded_fee: fen("stated_refunded_fee")?,
            },
            booked: SideSums {
                payments: count("booked_payments")?,
                paid_fee: fen("booked_paid_fee")?,
                refunds: count("booked_refunds")?,
                refunded_fee: fen("booked_refunded_fee")?,
            },
            bad_rows: count("bad_rows")?,
        },
        started_at: rows::instant(row, "started_at")?,
        ended_at: ended_at.map_err(|e| rows::impossible("reconciliation_run.ended_at", e))?,
    })
}
