//! What is kept for a while only.

use async_trait::async_trait;
use jiff::Timestamp;
use sqlx::Row as _;

use super::{Connection, Engine, failed, rows};
use crate::domain::PartyName;
use crate::store::{CallbackBody, Events as _, Prunable, Retention, StatementFiles as _, StoreError};

#[async_trait]
impl Retention for Engine {
    async fn keep_bodies(&self, bodies: Vec<CallbackBody>) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        for CallbackBody { party, body_digest, body, received_at } in bodies {
            sqlx::query("INSERT INTO callback_body (party, body_digest, body, received_at) VALUES ($1, $2, $3, $4)")
                .bind(party.as_str())
                .bind(body_digest)
                .bind(body)
                .bind(received_at.as_millisecond())
                .execute(&mut *transaction)
                .await
                .map_err(failed("keep the body of a callback"))?;
        }
        transaction.commit().await.map_err(failed("commit the bodies of callbacks"))
    }

    async fn find_bodies(&self, body_digest: String) -> Result<Vec<CallbackBody>, StoreError> {
        let found = sqlx::query(
            "SELECT party, body_digest, body, received_at FROM callback_body WHERE body_digest = $1 ORDER BY body_id",
        )
        .bind(body_digest)
        .fetch_all(&mut *self.reader().await?)
        .await
        .map_err(failed("find the bodies of callbacks"))?;
        let body = |row| {
            Ok(CallbackBody {
                party: PartyName::new(&rows::text(row, "party")?)
                    .map_err(|e| rows::impossible("callback_body.party", e))?,
                body_digest: rows::text(row, "body_digest")?,
                body: row.try_get("body").map_err(failed("read a column of bytes"))?,
                received_at: rows::instant(row, "received_at")?,
            })
        };
        found.iter().map(body).collect()
    }

    async fn prune(&self, what: Prunable, older_than: Timestamp, limit: u32, at: Timestamp) -> Result<u64, StoreError> {
        match what {
            Prunable::CallbackBodies => prune_bodies(&mut *self.pools().writer().await?, older_than, limit).await,
            Prunable::StatementChunks => self.prune_statement_chunks(older_than, at, limit).await,
            Prunable::Events => self.prune_outbox(older_than, limit).await,
        }
    }
}

async fn prune_bodies(connection: &mut Connection, older_than: Timestamp, limit: u32) -> Result<u64, StoreError> {
    let pruned = sqlx::query(
        "DELETE FROM callback_body WHERE body_id IN \
            (SELECT body_id FROM callback_body WHERE received_at < $1 ORDER BY received_at LIMIT $2)",
    )
    .bind(older_than.as_millisecond())
    .bind(i64::from(limit))
    .execute(connection)
    .await
    .map_err(failed("prune the bodies of callbacks"))?;
    Ok(pruned.rows_affected())
}
