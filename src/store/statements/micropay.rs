//! Payments at the counter.

use async_trait::async_trait;
use jiff::Timestamp;
use serde_json::json;
use sqlx::Transaction;

use super::micropay_rows::{self, state_columns};
use super::{Connection, Db, Engine, MAX_ATTEMPTS, failed, journal, lost_a_race, micropay_begin};
use crate::domain::{MicropayKey, OrderId, PartyName};
use crate::store::{
    BegunMicropay, MicropayLease, MicropayMove, MicropayRecord, MicropayStepRecord, Micropays, NewMicropay, StoreError,
};

/// Every column of a payment, by name.
macro_rules! columns {
    () => {
        "party, micropay_key, request_digest, request, auth_code, region_code, department_code, payment_notice_no, order_no, \
         fee, state, order_id, order_named, attempts, doubt, errcode, errmsg, refusal_about, gave_up, failed_looks, reason, \
         first_call_at, last_call_at, next_at, watch_until, cancel_requested_at, version, created_at, updated_at"
    };
}

#[async_trait]
impl Micropays for Engine {
    async fn begin_micropay(&self, new: NewMicropay) -> Result<BegunMicropay, StoreError> {
        for _ in 0..MAX_ATTEMPTS {
            match micropay_begin::begin(self.begin().await?, &new).await {
                Err(error) if lost_a_race(&error) => {}
                outcome => return outcome,
            }
        }
        Err(StoreError::Contended { attempts: MAX_ATTEMPTS })
    }

    async fn find_micropay(&self, party: PartyName, key: MicropayKey) -> Result<Option<MicropayRecord>, StoreError> {
        find(&mut *self.reader().await?, &party, &key).await
    }

    async fn list_micropays(
        &self,
        party: PartyName,
        under_way_only: bool,
        limit: u32,
    ) -> Result<Vec<MicropayRecord>, StoreError> {
        let found = sqlx::query(concat!(
            "SELECT ",
            columns!(),
            " FROM micropay WHERE party = $1 AND (ended_at IS NULL OR CAST($2 AS BIGINT) = 0) \
             ORDER BY created_at DESC LIMIT $3"
        ))
        .bind(party.as_str())
        .bind(i64::from(under_way_only))
        .bind(i64::from(limit))
        .fetch_all(&mut *self.reader().await?)
        .await
        .map_err(failed("list micropays"))?;
        found.iter().map(micropay_rows::record).collect()
    }

    async fn micropay_steps(&self, party: PartyName, key: MicropayKey) -> Result<Vec<MicropayStepRecord>, StoreError> {
        let found = sqlx::query(
            "SELECT step, from_state, to_state, cause, recorded_at FROM micropay_step \
             WHERE party = $1 AND micropay_key = $2 ORDER BY step_id",
        )
        .bind(party.as_str())
        .bind(key.as_str())
        .fetch_all(&mut *self.reader().await?)
        .await
        .map_err(failed("read the steps of a micropay"))?;
        found.iter().map(micropay_rows::step).collect()
    }

    async fn take_micropay(
        &self,
        party: PartyName,
        key: MicropayKey,
        lease: MicropayLease,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        // Whoever waits for another's payment asks many times a second: that must not take the one writer's turn.
        let free = sqlx::query(
            "SELECT version FROM micropay WHERE party = $1 AND micropay_key = $2 AND ended_at IS NULL \
             AND (lease_owner IN ('', $3) OR lease_until <= $4)",
        )
        .bind(party.as_str())
        .bind(key.as_str())
        .bind(lease.owner.as_str())
        .bind(now.as_millisecond())
        .fetch_optional(&mut *self.reader().await?)
        .await
        .map_err(failed("look at the lease of a micropay"))?;
        if free.is_none() {
            return Ok(false);
        }
        let mut transaction = self.begin().await?;
        let taken = sqlx::query(
            "UPDATE micropay SET lease_owner = $1, lease_until = $2 \
             WHERE party = $3 AND micropay_key = $4 AND ended_at IS NULL AND (lease_owner IN ('', $1) OR lease_until <= $5)",
        )
        .bind(lease.owner)
        .bind(lease.until.as_millisecond())
        .bind(party.as_str())
        .bind(key.as_str())
        .bind(now.as_millisecond())
        .execute(&mut *transaction)
        .await
        .map_err(failed("take a micropay"))?;
        transaction.commit().await.map_err(failed("commit the lease of a micropay"))?;
        Ok(taken.rows_affected() == 1)
    }

    async fn leave_micropay(&self, party: PartyName, key: MicropayKey, owner: String) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        sqlx::query(
            "UPDATE micropay SET lease_owner = '', lease_until = 0 \
             WHERE party = $1 AND micropay_key = $2 AND lease_owner = $3",
        )
        .bind(party.as_str())
        .bind(key.as_str())
        .bind(owner)
        .execute(&mut *transaction)
        .await
        .map_err(failed("leave a micropay"))?;
        transaction.commit().await.map_err(failed("commit the end of a micropay's lease"))
    }

    async fn move_micropay(&self, moved: MicropayMove) -> Result<bool, StoreError> {
        for _ in 0..MAX_ATTEMPTS {
            match keep_step(self.begin().await?, &moved).await {
                Err(error) if lost_a_race(&error) => {}
                outcome => return outcome,
            }
        }
        Err(StoreError::Contended { attempts: MAX_ATTEMPTS })
    }

    async fn cancel_micropay(&self, party: PartyName, key: MicropayKey, at: Timestamp) -> Result<bool, StoreError> {
        let mut transaction = self.begin().await?;
        // Neither the version nor the lease: whoever runs it goes on, and sees it before the next call.
        let noted = sqlx::query(
            "UPDATE micropay SET cancel_requested_at = COALESCE(cancel_requested_at, $1) \
             WHERE party = $2 AND micropay_key = $3 AND ended_at IS NULL",
        )
        .bind(at.as_millisecond())
        .bind(party.as_str())
        .bind(key.as_str())
        .execute(&mut *transaction)
        .await
        .map_err(failed("cancel a micropay"))?;
        transaction.commit().await.map_err(failed("commit the cancellation of a micropay"))?;
        Ok(noted.rows_affected() == 1)
    }

    async fn release_micropay(
        &self,
        party: PartyName,
        key: MicropayKey,
        reason: String,
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        let mut transaction = self.begin().await?;
        let released = sqlx::query(
            "INSERT INTO micropay_step (party, micropay_key, step, from_state, to_state, cause, recorded_at) \
             SELECT party, micropay_key, 'release', state, state, $1, $2 FROM micropay \
             WHERE party = $3 AND micropay_key = $4 AND state = 'needs_person'",
        )
        .bind(reason)
        .bind(at.as_millisecond())
        .bind(party.as_str())
        .bind(key.as_str())
        .execute(&mut *transaction)
        .await
        .map_err(failed("release a micropay"))?;
        transaction.commit().await.map_err(failed("commit the release of a micropay"))?;
        Ok(released.rows_affected() == 1)
    }

    async fn due_micropays(
        &self,
        party: PartyName,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<MicropayKey>, StoreError> {
        let found = sqlx::query(
            "SELECT party, micropay_key FROM micropay WHERE party = $3 AND ended_at IS NULL AND next_at <= $1 \
                    AND lease_until <= $1 ORDER BY next_at LIMIT $2",
        )
        .bind(now.as_millisecond())
        .bind(i64::from(limit))
        .bind(party.as_str())
        .fetch_all(&mut *self.reader().await?)
        .await
        .map_err(failed("list due micropays"))?;
        found.iter().map(|row| micropay_rows::name(row).map(|(_, key)| key)).collect()
    }

    async fn order_is_of_another_micropay(
        &self,
        party: PartyName,
        key: MicropayKey,
        order_id: OrderId,
    ) -> Result<bool, StoreError> {
        let found = sqlx::query(
            "SELECT micropay_key FROM micropay WHERE party = $1 AND order_id = $2 AND micropay_key <> $3 LIMIT 1",
        )
        .bind(party.as_str())
        .bind(order_id.as_str())
        .bind(key.as_str())
        .fetch_optional(&mut *self.reader().await?)
        .await
        .map_err(failed("find the micropay of an order"))?;
        Ok(found.is_some())
    }
}

pub(super) async fn find(
    connection: &mut Connection,
    party: &PartyName,
    key: &MicropayKey,
) -> Result<Option<MicropayRecord>, StoreError> {
    let found = sqlx::query(concat!("SELECT ", columns!(), " FROM micropay WHERE party = $1 AND micropay_key = $2"))
        .bind(party.as_str())
        .bind(key.as_str())
        .fetch_optional(connection)
        .await
        .map_err(failed("find a micropay"))?;
    found.as_ref().map(micropay_rows::record).transpose()
}

/// The step, its journal row and, at the end, its event; `false` when somebody else moved or runs the payment.
async fn keep_step(mut transaction: Transaction<'static, Db>, moved: &MicropayMove) -> Result<bool, StoreError> {
    let MicropayMove { party, key, to, event, at, .. } = moved;
    if update(&mut transaction, moved).await? == 0 {
        return Ok(false);
    }
    let states = (event.name(), moved.from, to.state.name());
    append_step(&mut transaction, party, key, states, &event.cause(), *at).await?;
    if to.state.is_end() {
        let kind = format!("micropay.{}", to.state.name());
        let body = json!({
            "order_id": to.order_id.as_ref().map(OrderId::as_str),
            "errcode": to.refusal.as_ref().map(|refusal| refusal.errcode),
            "cause": event.cause(),
        });
        journal::append_event(&mut transaction, party, &kind, key.as_str(), &body, *at).await?;
    }
    transaction.commit().await.map_err(failed("commit a step of a micropay"))?;
    Ok(true)
}

async fn update(connection: &mut Connection, moved: &MicropayMove) -> Result<u64, StoreError> {
    let to = &moved.to;
    let columns = state_columns(&to.state);
    let ended_at = to.state.is_end().then(|| moved.at.as_millisecond());
    let updated = sqlx::query(
        "UPDATE micropay SET state = $1, order_id = $2, attempts = $3, doubt = $4, errcode = $5, errmsg = $6, \
                refusal_about = $7, gave_up = $8, failed_looks = $9, reason = $10, first_call_at = $11, \
                last_call_at = $12, next_at = $13, watch_until = $14, lease_until = $15, version = version + 1, \
                updated_at = $16, ended_at = $17, order_named = $22, \
                auth_code = CASE WHEN $17 IS NULL THEN auth_code ELSE NULL END \
         WHERE party = $18 AND micropay_key = $19 AND version = $20 AND lease_owner = $21",
    )
    .bind(to.state.name())
    .bind(to.order_id.as_ref().map(OrderId::as_str))
    .bind(i64::from(to.attempts))
    .bind(to.doubt.name())
    .bind(to.refusal.as_ref().map(|refusal| refusal.errcode))
    .bind(to.refusal.as_ref().map(|refusal| refusal.errmsg.as_str()))
    .bind(to.refusal.as_ref().map(|refusal| refusal.about.name()))
    .bind(columns.gave_up)
    .bind(columns.failed_looks)
    .bind(columns.reason)
    .bind(to.first_call_at.map(Timestamp::as_millisecond))
    .bind(to.last_call_at.map(Timestamp::as_millisecond))
    .bind(columns.next_at)
    .bind(columns.watch_until)
    .bind(moved.lease.until.as_millisecond())
    .bind(moved.at.as_millisecond())
    .bind(ended_at)
    .bind(moved.party.as_str())
    .bind(moved.key.as_str())
    .bind(moved.version)
    .bind(moved.lease.owner.as_str())
    .bind(i64::from(to.order_was_named))
    .execute(connection)
    .await
    .map_err(failed("keep a step of a micropay"))?;
    Ok(updated.rows_affected())
}

pub(super) async fn append_step(
    connection: &mut Connection,
    party: &PartyName,
    key: &MicropayKey,
    (step, from, to): (&str, &str, &str),
    cause: &str,
    at: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO micropay_step (party, micropay_key, step, from_state, to_state, cause, recorded_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(party.as_str())
    .bind(key.as_str())
    .bind(step)
    .bind(from)
    .bind(to)
    .bind(cause)
    .bind(at.as_millisecond())
    .execute(connection)
    .await
    .map_err(failed("append to the steps of a micropay"))?;
    Ok(())
}
