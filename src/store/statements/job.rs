//! Jobs: one row for each, changed by single conditional statements.

use std::collections::BTreeMap;

use async_trait::async_trait;
use jiff::Timestamp;

use super::{Connection, Engine, Row, failed, rows};
use crate::domain::{BrokenOff, ChinaDate, DayTried, JobPast, JobRequest, PartyName};
use crate::store::{EndedRun, JobKey, JobLease, JobOutcome, JobRecord, Jobs, StoreError};

#[async_trait]
impl Jobs for Engine {
    async fn ensure_job(&self, key: JobKey, first_day: ChinaDate) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        sqlx::query(
            "INSERT INTO job (name, party, first_day, lease_owner, lease_until, running_day, last_outcome, last_detail, \
                    failures, requested_day, version) \
             VALUES ($1, $2, $3, '', 0, '', '', '', 0, '', 0) ON CONFLICT (name, party) DO NOTHING",
        )
        .bind(key.name.as_str())
        .bind(party_column(&key))
        .bind(first_day.to_string())
        .execute(&mut *transaction)
        .await
        .map_err(failed("add a job"))?;
        transaction.commit().await.map_err(failed("commit a job"))
    }

    async fn list_jobs(&self, since: ChinaDate) -> Result<Vec<JobRecord>, StoreError> {
        let mut reader = self.reader().await?;
        let mut days = days_since(&mut reader, since).await?;
        let found = sqlx::query(
            "SELECT name, party, first_day, lease_owner, lease_until, running_day, last_started_at, last_ended_at, \
                    last_outcome, last_detail, last_succeeded_at, failures, next_at, requested_at, requested_day, version \
             FROM job ORDER BY name, party",
        )
        .fetch_all(&mut *reader)
        .await
        .map_err(failed("list jobs"))?;
        let record = |row: &Row| {
            let key = key(row)?;
            let days = days.remove(&key).unwrap_or_default();
            record(row, key, days)
        };
        found.iter().map(record).collect()
    }

    async fn take_job(
        &self,
        key: JobKey,
        version: i64,
        lease: JobLease,
        day: Option<ChinaDate>,
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        let mut transaction = self.begin().await?;
        let taken = sqlx::query(
            "UPDATE job SET lease_owner = $1, lease_until = $2, running_day = $3, last_started_at = $4, \
                    version = version + 1 \
             WHERE name = $5 AND party = $6 AND version = $7 AND (lease_owner = '' OR lease_until <= $4)",
        )
        .bind(lease.owner)
        .bind(lease.until.as_millisecond())
        .bind(day_column(day))
        .bind(at.as_millisecond())
        .bind(key.name.as_str())
        .bind(party_column(&key))
        .bind(version)
        .execute(&mut *transaction)
        .await
        .map_err(failed("take a job"))?;
        transaction.commit().await.map_err(failed("commit the lease of a job"))?;
        Ok(taken.rows_affected() == 1)
    }

    async fn renew_job(&self, key: JobKey, version: i64, lease: JobLease) -> Result<bool, StoreError> {
        let mut transaction = self.begin().await?;
        let renewed = sqlx::query(
            "UPDATE job SET lease_until = $1 WHERE name = $2 AND party = $3 AND lease_owner = $4 AND version = $5",
        )
        .bind(lease.until.as_millisecond())
        .bind(key.name.as_str())
        .bind(party_column(&key))
        .bind(lease.owner)
        .bind(version)
        .execute(&mut *transaction)
        .await
        .map_err(failed("renew the lease of a job"))?;
        transaction.commit().await.map_err(failed("commit the lease of a job"))?;
        Ok(renewed.rows_affected() == 1)
    }

    async fn end_job(&self, key: JobKey, version: i64, owner: String, ended: EndedRun) -> Result<bool, StoreError> {
        let mut transaction = self.begin().await?;
        if !end(&mut transaction, &key, version, owner, &ended).await? {
            return Ok(false);
        }
        if let Some(day) = ended.day {
            keep_day(&mut transaction, &key, day, &ended).await?;
        }
        transaction.commit().await.map_err(failed("commit the end of a job"))?;
        Ok(true)
    }

    async fn request_job(&self, key: JobKey, day: Option<ChinaDate>, at: Timestamp) -> Result<bool, StoreError> {
        let mut transaction = self.begin().await?;
        let requested =
            sqlx::query("UPDATE job SET requested_at = $1, requested_day = $2 WHERE name = $3 AND party = $4")
                .bind(at.as_millisecond())
                .bind(day_column(day))
                .bind(key.name.as_str())
                .bind(party_column(&key))
                .execute(&mut *transaction)
                .await
                .map_err(failed("ask for a run of a job"))?;
        transaction.commit().await.map_err(failed("commit a request for a job"))?;
        Ok(requested.rows_affected() == 1)
    }

    async fn leave_jobs(&self, owner: String) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        sqlx::query("UPDATE job SET lease_until = 0 WHERE lease_owner = $1")
            .bind(owner)
            .execute(&mut *transaction)
            .await
            .map_err(failed("leave jobs"))?;
        transaction.commit().await.map_err(failed("commit the end of leases"))
    }
}

/// Whether it was the owner's to end. A request that came while it ran stays.
async fn end(
    connection: &mut Connection,
    key: &JobKey,
    version: i64,
    owner: String,
    ended: &EndedRun,
) -> Result<bool, StoreError> {
    let done_at = (ended.outcome == JobOutcome::Done).then(|| ended.ended_at.as_millisecond());
    let updated = sqlx::query(
        "UPDATE job SET lease_owner = '', lease_until = 0, running_day = '', last_ended_at = $1, last_outcome = $2, \
                last_detail = $3, last_succeeded_at = COALESCE($4, last_succeeded_at), \
                failures = CASE WHEN $2 = 'failed' THEN failures + 1 ELSE 0 END, next_at = $5, \
                requested_day = CASE WHEN requested_at = $6 THEN '' ELSE requested_day END, \
                requested_at = CASE WHEN requested_at = $6 THEN NULL ELSE requested_at END, version = version + 1 \
         WHERE name = $7 AND party = $8 AND lease_owner = $9 AND version = $10",
    )
    .bind(ended.ended_at.as_millisecond())
    .bind(ended.outcome.name())
    .bind(ended.detail.as_str())
    .bind(done_at)
    .bind(ended.next_at.as_millisecond())
    .bind(ended.requested_at.map(Timestamp::as_millisecond))
    .bind(key.name.as_str())
    .bind(party_column(key))
    .bind(owner)
    .bind(version)
    .execute(connection)
    .await
    .map_err(failed("end a job"))?;
    Ok(updated.rows_affected() == 1)
}

async fn keep_day(
    connection: &mut Connection,
    key: &JobKey,
    day: ChinaDate,
    ended: &EndedRun,
) -> Result<(), StoreError> {
    // A day that is done stays done: a run that somebody asked for anew and that failed has not undone it.
    sqlx::query(
        "INSERT INTO job_day (name, party, day, tries, tried_at, outcome, detail) VALUES ($1, $2, $3, 1, $4, $5, $6) \
         ON CONFLICT (name, party, day) DO UPDATE SET tries = job_day.tries + 1, tried_at = excluded.tried_at, \
                outcome = CASE WHEN job_day.outcome = 'done' THEN 'done' ELSE excluded.outcome END, \
                detail = excluded.detail",
    )
    .bind(key.name.as_str())
    .bind(party_column(key))
    .bind(day.to_string())
    .bind(ended.ended_at.as_millisecond())
    .bind(ended.outcome.name())
    .bind(ended.detail.as_str())
    .execute(connection)
    .await
    .map_err(failed("keep what became of a day"))?;
    Ok(())
}

async fn days_since(
    connection: &mut Connection,
    since: ChinaDate,
) -> Result<BTreeMap<JobKey, Vec<DayTried>>, StoreError> {
    let found = sqlx::query("SELECT name, party, day, tried_at, outcome FROM job_day WHERE day >= $1")
        .bind(since.to_string())
        .fetch_all(connection)
        .await
        .map_err(failed("list the days of jobs"))?;
    let mut days: BTreeMap<JobKey, Vec<DayTried>> = BTreeMap::new();
    for row in &found {
        let day = day(row, "day")?.ok_or_else(|| rows::impossible("job_day.day", "no day"))?;
        let done = rows::text(row, "outcome")? == JobOutcome::Done.name();
        let tried = DayTried { day, tried_at: rows::instant(row, "tried_at")?, done };
        days.entry(key(row)?).or_default().push(tried);
    }
    Ok(days)
}

fn record(row: &Row, key: JobKey, days: Vec<DayTried>) -> Result<JobRecord, StoreError> {
    let owner = rows::text(row, "lease_owner")?;
    let until = rows::instant(row, "lease_until")?;
    let running_day = day(row, "running_day")?;
    let requested_day = day(row, "requested_day")?;
    let request = optional_instant(row, "requested_at")?;
    let outcome = rows::text(row, "last_outcome")?;
    let first_day = day(row, "first_day")?.ok_or_else(|| rows::impossible("job.first_day", "no day"))?;
    Ok(JobRecord {
        key,
        version: rows::integer(row, "version")?,
        past: JobPast {
            first_day,
            last_started_at: optional_instant(row, "last_started_at")?,
            broken_off: (!owner.is_empty()).then_some(BrokenOff { day: running_day }),
            request: request.map(|requested_at| JobRequest { requested_at, day: requested_day }),
            days,
        },
        lease: (!owner.is_empty()).then_some(JobLease { owner, until }),
        last_ended_at: optional_instant(row, "last_ended_at")?,
        last_outcome: JobOutcome::ALL.into_iter().find(|known| known.name() == outcome),
        last_detail: rows::text(row, "last_detail")?,
        last_succeeded_at: optional_instant(row, "last_succeeded_at")?,
        failures: rows::integer(row, "failures")?,
        next_at: optional_instant(row, "next_at")?,
    })
}

fn key(row: &Row) -> Result<JobKey, StoreError> {
    let party = rows::text(row, "party")?;
    let party = if party.is_empty() { None } else { Some(party) };
    let party = party.map(|party| PartyName::new(&party)).transpose();
    Ok(JobKey { name: rows::text(row, "name")?, party: party.map_err(|e| rows::impossible("job.party", e))? })
}

/// '' for a job of the whole database.
fn party_column(key: &JobKey) -> &str {
    key.party.as_ref().map_or("", PartyName::as_str)
}

/// '' for none.
fn day_column(day: Option<ChinaDate>) -> String {
    day.map_or_else(String::new, |day| day.to_string())
}

fn day(row: &Row, column: &'static str) -> Result<Option<ChinaDate>, StoreError> {
    let text = rows::text(row, column)?;
    if text.is_empty() { Ok(None) } else { text.parse().map(Some).map_err(|e| rows::impossible(column, e)) }
}

fn optional_instant(row: &Row, column: &'static str) -> Result<Option<Timestamp>, StoreError> {
    let millis = rows::optional_integer(row, column)?;
    millis.map(Timestamp::from_millisecond).transpose().map_err(|e| rows::impossible(column, e))
}
