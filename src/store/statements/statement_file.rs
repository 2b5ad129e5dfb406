//! Downloaded statements.

use async_trait::async_trait;
use jiff::Timestamp;
use sqlx::Row as _;
use tokio::task::spawn_blocking;

use super::rows::{impossible, instant, integer, optional_integer, text};
use super::{Connection, Engine, Row, failed};
use crate::domain::{BillType, ChinaDate, PartyName, StatementKind};
use crate::store::deflated::{deflated, inflated};
use crate::store::{KeptStatement, STATEMENT_CHUNK_BYTES, StatementFile, StatementFiles, StatementKey, StoreError};

/// Every column of a file, by name.
macro_rules! columns {
    () => {
        "party, bill_date, mch_id, bill_type, sha256, kind, size_bytes, chunk_count, fetched_at, seen_at, pruned_at"
    };
}

#[async_trait]
impl StatementFiles for Engine {
    async fn put_statement_chunk(
        &self,
        key: StatementKey,
        sha256: String,
        chunk_no: u32,
        bytes: Vec<u8>,
    ) -> Result<(), StoreError> {
        // Before the transaction, and not on a thread that answers callbacks.
        let deflated = spawn_blocking(move || deflated(&bytes)).await.map_err(|_| StoreError::Interrupted)?;
        let deflated = deflated.map_err(|e| impossible("statement_chunk.deflated", e))?;
        let mut transaction = self.begin().await?;
        // What is there is the same, for the hash of the file is part of the key.
        sqlx::query(
            "INSERT INTO statement_chunk (party, bill_date, mch_id, bill_type, sha256, chunk_no, deflated) \
             VALUES ($1, $2, $3, $4, $5, $6, $7) \
             ON CONFLICT (party, bill_date, mch_id, bill_type, sha256, chunk_no) DO NOTHING",
        )
        .bind(key.party.as_str())
        .bind(key.bill_date.to_string())
        .bind(key.mch_id.as_deref().unwrap_or_default())
        .bind(key.bill_type.name())
        .bind(sha256)
        .bind(i64::from(chunk_no))
        .bind(deflated)
        .execute(&mut *transaction)
        .await
        .map_err(failed("keep a chunk of a statement"))?;
        transaction.commit().await.map_err(failed("commit a chunk of a statement"))
    }

    async fn keep_statement_file(&self, file: StatementFile) -> Result<(StatementFile, KeptStatement), StoreError> {
        let mut transaction = self.begin().await?;
        let newest = newest(&mut transaction, &file.key).await?;
        let kept = match newest {
            None => KeptStatement::First,
            Some(newest) if newest.sha256 == file.sha256 => KeptStatement::Same,
            Some(newest) => KeptStatement::Changed { before_sha256: newest.sha256 },
        };
        let chunks = count_chunks(&mut transaction, &file).await?;
        if chunks != i64::from(file.chunk_count) {
            let problem = format!("{chunks} of {} chunks are kept", file.chunk_count);
            return Err(impossible("statement_chunk.chunk_no", problem));
        }
        put(&mut transaction, &file).await?;
        let file = find(&mut transaction, &file).await?;
        transaction.commit().await.map_err(failed("commit a statement"))?;
        Ok((file, kept))
    }

    async fn newest_statement_file(&self, key: StatementKey) -> Result<Option<StatementFile>, StoreError> {
        newest(&mut *self.reader().await?, &key).await
    }

    async fn list_statement_files(
        &self,
        party: PartyName,
        from: ChinaDate,
        to: ChinaDate,
    ) -> Result<Vec<StatementFile>, StoreError> {
        let found = sqlx::query(concat!(
            "SELECT ",
            columns!(),
            " FROM statement_file WHERE party = $1 AND bill_date >= $2 AND bill_date <= $3 \
             ORDER BY bill_date, mch_id, bill_type, seen_at DESC, sha256"
        ))
        .bind(party.as_str())
        .bind(from.to_string())
        .bind(to.to_string())
        .fetch_all(&mut *self.reader().await?)
        .await
        .map_err(failed("list statements"))?;
        found.iter().map(record).collect()
    }

    async fn read_statement_chunk(&self, file: StatementFile, chunk_no: u32) -> Result<Vec<u8>, StoreError> {
        let StatementKey { party, bill_date, mch_id, bill_type } = &file.key;
        let found = sqlx::query(
            "SELECT deflated FROM statement_chunk WHERE party = $1 AND bill_date = $2 AND mch_id = $3 \
             AND bill_type = $4 AND sha256 = $5 AND chunk_no = $6",
        )
        .bind(party.as_str())
        .bind(bill_date.to_string())
        .bind(mch_id.as_deref().unwrap_or_default())
        .bind(bill_type.name())
        .bind(file.sha256.as_str())
        .bind(i64::from(chunk_no))
        .fetch_optional(&mut *self.reader().await?)
        .await
        .map_err(failed("read a chunk of a statement"))?;
        let row = found.ok_or_else(|| {
            impossible(
                "statement_chunk.chunk_no",
                format!("{chunk_no} is missing; if the file is old it was pruned, and can be downloaded again"),
            )
        })?;
        let deflated: Vec<u8> = row.try_get("deflated").map_err(failed("read a column of bytes"))?;
        let bytes = spawn_blocking(move || inflated(&deflated, STATEMENT_CHUNK_BYTES)).await;
        bytes.map_err(|_| StoreError::Interrupted)?.map_err(|e| impossible("statement_chunk.deflated", e))
    }

    async fn prune_statement_chunks(
        &self,
        seen_before: Timestamp,
        at: Timestamp,
        limit: u32,
    ) -> Result<u64, StoreError> {
        let mut transaction = self.begin().await?;
        // First the rows, so that no reader takes a file for whole whose chunks go one batch after the other.
        sqlx::query("UPDATE statement_file SET pruned_at = $1 WHERE seen_at < $2 AND pruned_at IS NULL")
            .bind(at.as_millisecond())
            .bind(seen_before.as_millisecond())
            .execute(&mut *transaction)
            .await
            .map_err(failed("mark pruned statements"))?;
        let pruned = sqlx::query(
            "DELETE FROM statement_chunk WHERE (party, bill_date, mch_id, bill_type, sha256, chunk_no) IN ( \
                SELECT c.party, c.bill_date, c.mch_id, c.bill_type, c.sha256, c.chunk_no FROM statement_chunk c \
                LEFT JOIN statement_file f ON f.party = c.party AND f.bill_date = c.bill_date AND f.mch_id = c.mch_id \
                    AND f.bill_type = c.bill_type AND f.sha256 = c.sha256 \
                WHERE f.pruned_at IS NOT NULL OR (f.sha256 IS NULL AND c.bill_date < $1) LIMIT $2)",
        )
        .bind(ChinaDate::at(seen_before).to_string())
        .bind(i64::from(limit))
        .execute(&mut *transaction)
        .await
        .map_err(failed("prune the chunks of statements"))?;
        transaction.commit().await.map_err(failed("commit the pruning of statements"))?;
        Ok(pruned.rows_affected())
    }
}

async fn newest(connection: &mut Connection, key: &StatementKey) -> Result<Option<StatementFile>, StoreError> {
    let found = sqlx::query(concat!(
        "SELECT ",
        columns!(),
        " FROM statement_file WHERE party = $1 AND bill_date = $2 AND mch_id = $3 AND bill_type = $4 \
         ORDER BY seen_at DESC, sha256 LIMIT 1"
    ))
    .bind(key.party.as_str())
    .bind(key.bill_date.to_string())
    .bind(key.mch_id.as_deref().unwrap_or_default())
    .bind(key.bill_type.name())
    .fetch_optional(connection)
    .await
    .map_err(failed("find the newest statement"))?;
    found.as_ref().map(record).transpose()
}

async fn count_chunks(connection: &mut Connection, file: &StatementFile) -> Result<i64, StoreError> {
    let counted = sqlx::query(
        "SELECT COUNT(*) AS chunks FROM statement_chunk WHERE party = $1 AND bill_date = $2 AND mch_id = $3 \
         AND bill_type = $4 AND sha256 = $5",
    )
    .bind(file.key.party.as_str())
    .bind(file.key.bill_date.to_string())
    .bind(file.key.mch_id.as_deref().unwrap_or_default())
    .bind(file.key.bill_type.name())
    .bind(file.sha256.as_str())
    .fetch_one(connection)
    .await
    .map_err(failed("count the chunks of a statement"))?;
    integer(&counted, "chunks")
}

async fn put(connection: &mut Connection, file: &StatementFile) -> Result<(), StoreError> {
    let put = sqlx::query(
        "INSERT INTO statement_file (party, bill_date, mch_id, bill_type, sha256, kind, size_bytes, chunk_count, \
                fetched_at, seen_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) \
         ON CONFLICT (party, bill_date, mch_id, bill_type, sha256) DO UPDATE SET pruned_at = NULL, seen_at = \
            CASE WHEN excluded.seen_at > statement_file.seen_at THEN excluded.seen_at ELSE statement_file.seen_at END",
    )
    .bind(file.key.party.as_str())
    .bind(file.key.bill_date.to_string())
    .bind(file.key.mch_id.as_deref().unwrap_or_default())
    .bind(file.key.bill_type.name())
    .bind(file.sha256.as_str())
    .bind(file.kind.name())
    .bind(i64::try_from(file.size_bytes).map_err(|e| impossible("statement_file.size_bytes", e))?)
    .bind(i64::from(file.chunk_count))
    .bind(file.fetched_at.as_millisecond())
    .bind(file.seen_at.as_millisecond())
    .execute(connection)
    .await
    .map_err(failed("keep a statement"))?;
    super::rows::all_written(put.rows_affected(), 1, "statement_file.sha256")
}

async fn find(connection: &mut Connection, file: &StatementFile) -> Result<StatementFile, StoreError> {
    let found = sqlx::query(concat!(
        "SELECT ",
        columns!(),
        " FROM statement_file WHERE party = $1 AND bill_date = $2 AND mch_id = $3 AND bill_type = $4 AND sha256 = $5"
    ))
    .bind(file.key.party.as_str())
    .bind(file.key.bill_date.to_string())
    .bind(file.key.mch_id.as_deref().unwrap_or_default())
    .bind(file.key.bill_type.name())
    .bind(file.sha256.as_str())
    .fetch_one(connection)
    .await
    .map_err(failed("read a statement that was kept"))?;
    record(&found)
}

fn record(row: &Row) -> Result<StatementFile, StoreError> {
    let number = |column| u64::try_from(integer(row, column)?).map_err(|e| impossible(column, e));
    let bill_date = text(row, "bill_date")?.parse().map_err(|e| impossible("statement_file.bill_date", e))?;
    let bill_type: BillType = text(row, "bill_type")?.parse().map_err(|e| impossible("statement_file.bill_type", e))?;
    let pruned_at = optional_integer(row, "pruned_at")?.map(Timestamp::from_millisecond).transpose();
    let kind = text(row, "kind")?;
    let kind = [StatementKind::Csv, StatementKind::Zip].into_iter().find(|known| known.name() == kind);
    Ok(StatementFile {
        key: StatementKey {
            party: PartyName::new(&text(row, "party")?).map_err(|e| impossible("statement_file.party", e))?,
            bill_date,
            mch_id: Some(text(row, "mch_id")?).filter(|mch_id| !mch_id.is_empty()),
            bill_type,
        },
        sha256: text(row, "sha256")?,
        kind: kind.ok_or_else(|| impossible("statement_file.kind", "neither csv nor zip"))?,
        size_bytes: number("size_bytes")?,
        chunk_count: u32::try_from(number("chunk_count")?).map_err(|e| impossible("statement_file.chunk_count", e))?,
        fetched_at: instant(row, "fetched_at")?,
        seen_at: instant(row, "seen_at")?,
        pruned_at: pruned_at.map_err(|e| impossible("statement_file.pruned_at", e))?,
    })
}
