//! The access_tokens: one row for an account and a kind, changed by single conditional statements.

use async_trait::async_trait;
use jiff::Timestamp;
use zeroize::Zeroizing;

use super::{Connection, Engine, Row, failed, rows};
use crate::domain::{ForcedRefreshes, TokenLife};
use crate::store::{AccessTokens, KeptToken, StoreError, TokenKey, TokenLease, TokenRow};

#[async_trait]
impl AccessTokens for Engine {
    async fn read_access_token(&self, key: TokenKey) -> Result<TokenRow, StoreError> {
        let found = sqlx::query(
            "SELECT token, issued_at, expires_at, generation, refused_digest, lease_owner, lease_until, last_forced_at, \
                    forced_on_that_day \
             FROM access_token WHERE appid = $1 AND mode = $2",
        )
        .bind(key.appid)
        .bind(key.mode.name())
        .fetch_optional(&mut *self.reader().await?)
        .await
        .map_err(failed("read an access_token"))?;
        found.as_ref().map(token_row).transpose().map(Option::unwrap_or_default)
    }

    async fn take_token_lease(
        &self,
        key: TokenKey,
        lease: TokenLease,
        generation: i64,
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        let mut transaction = self.begin().await?;
        if generation == 0 {
            insert_empty(&mut transaction, &key).await?;
        }
        let taken = sqlx::query(
            "UPDATE access_token SET lease_owner = $3, lease_until = $4 \
             WHERE appid = $1 AND mode = $2 AND generation = $5 \
               AND (lease_owner = '' OR lease_owner = $3 OR lease_until <= $6)",
        )
        .bind(key.appid)
        .bind(key.mode.name())
        .bind(lease.owner)
        .bind(lease.until.as_millisecond())
        .bind(generation)
        .bind(at.as_millisecond())
        .execute(&mut *transaction)
        .await
        .map_err(failed("take the lease of an access_token"))?;
        transaction.commit().await.map_err(failed("commit the lease of an access_token"))?;
        Ok(taken.rows_affected() == 1)
    }

    async fn put_access_token(&self, key: TokenKey, owner: String, token: KeptToken) -> Result<bool, StoreError> {
        let mut transaction = self.begin().await?;
        let put = sqlx::query(
            "UPDATE access_token SET token = $4, issued_at = $5, expires_at = $6, generation = generation + 1, \
                    lease_owner = '', lease_until = 0 \
             WHERE appid = $1 AND mode = $2 AND lease_owner = $3",
        )
        .bind(key.appid)
        .bind(key.mode.name())
        .bind(owner)
        .bind(token.text.as_str())
        .bind(token.life.issued_at.as_millisecond())
        .bind(token.life.expires_at.as_millisecond())
        .execute(&mut *transaction)
        .await
        .map_err(failed("put an access_token"))?;
        transaction.commit().await.map_err(failed("commit an access_token"))?;
        Ok(put.rows_affected() == 1)
    }

    async fn release_token_lease(&self, key: TokenKey, owner: String) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        sqlx::query(
            "UPDATE access_token SET lease_owner = '', lease_until = 0 \
             WHERE appid = $1 AND mode = $2 AND lease_owner = $3",
        )
        .bind(key.appid)
        .bind(key.mode.name())
        .bind(owner)
        .execute(&mut *transaction)
        .await
        .map_err(failed("release the lease of an access_token"))?;
        transaction.commit().await.map_err(failed("commit the end of a lease"))
    }

    async fn invalidate_access_token(
        &self,
        key: TokenKey,
        text: Zeroizing<String>,
        digest: String,
    ) -> Result<bool, StoreError> {
        let mut transaction = self.begin().await?;
        let invalidated = sqlx::query(
            "UPDATE access_token SET token = '', refused_digest = $4 WHERE appid = $1 AND mode = $2 AND token = $3",
        )
        .bind(key.appid)
        .bind(key.mode.name())
        .bind(text.as_str())
        .bind(digest)
        .execute(&mut *transaction)
        .await
        .map_err(failed("invalidate an access_token"))?;
        transaction.commit().await.map_err(failed("commit the end of an access_token"))?;
        Ok(invalidated.rows_affected() == 1)
    }

    async fn count_forced_refresh(
        &self,
        key: TokenKey,
        owner: String,
        was: ForcedRefreshes,
        becomes: ForcedRefreshes,
    ) -> Result<bool, StoreError> {
        let mut transaction = self.begin().await?;
        let counted = sqlx::query(
            "UPDATE access_token SET last_forced_at = $4, forced_on_that_day = $5 \
             WHERE appid = $1 AND mode = $2 AND lease_owner = $3 AND last_forced_at = $6 AND forced_on_that_day = $7",
        )
        .bind(key.appid)
        .bind(key.mode.name())
        .bind(owner)
        .bind(last_forced_column(becomes))
        .bind(becomes.on_that_day)
        .bind(last_forced_column(was))
        .bind(was.on_that_day)
        .execute(&mut *transaction)
        .await
        .map_err(failed("count a forced refresh"))?;
        transaction.commit().await.map_err(failed("commit a forced refresh"))?;
        Ok(counted.rows_affected() == 1)
    }
}

async fn insert_empty(connection: &mut Connection, key: &TokenKey) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO access_token (appid, mode, token, issued_at, expires_at, generation, refused_digest, lease_owner, \
                lease_until, last_forced_at, forced_on_that_day) \
         VALUES ($1, $2, '', 0, 0, 0, '', '', 0, 0, 0) \
         ON CONFLICT (appid, mode) DO NOTHING",
    )
    .bind(key.appid.as_str())
    .bind(key.mode.name())
    .execute(connection)
    .await
    .map_err(failed("make room for an access_token"))?;
    Ok(())
}

/// 0 for never.
fn last_forced_column(forced: ForcedRefreshes) -> i64 {
    forced.last_at.map_or(0, Timestamp::as_millisecond)
}

fn token_row(row: &Row) -> Result<TokenRow, StoreError> {
    let text = Zeroizing::new(rows::text(row, "token")?);
    let life = TokenLife { issued_at: rows::instant(row, "issued_at")?, expires_at: rows::instant(row, "expires_at")? };
    let owner = rows::text(row, "lease_owner")?;
    let until = rows::instant(row, "lease_until")?;
    let last_at = Some(rows::instant(row, "last_forced_at")?).filter(|at| *at != Timestamp::UNIX_EPOCH);
    Ok(TokenRow {
        token: (!text.is_empty()).then_some(KeptToken { text, life }),
        generation: rows::integer(row, "generation")?,
        refused_digest: rows::text(row, "refused_digest")?,
        lease: (!owner.is_empty()).then_some(TokenLease { owner, until }),
        forced: ForcedRefreshes { last_at, on_that_day: rows::integer(row, "forced_on_that_day")? },
    })
}
