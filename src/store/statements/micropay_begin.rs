//! A payment at the counter begins: once for each key, and for one notice or order number at a time.

use sqlx::Transaction;

use super::micropay::{append_step, find};
use super::{Connection, Db, failed, micropay_rows, rows};
use crate::domain::{Micropay, MicropayKey};
use crate::store::{BegunMicropay, NewMicropay, StoreError};

pub(super) async fn begin(
    mut transaction: Transaction<'static, Db>,
    new: &NewMicropay,
) -> Result<BegunMicropay, StoreError> {
    if let Some(known) = find(&mut transaction, &new.party, &new.key).await? {
        return Ok(if known.request_digest == new.request_digest {
            BegunMicropay::Known(Box::new(known))
        } else {
            BegunMicropay::OtherContent
        });
    }
    let subject = &new.subject;
    let other = sqlx::query(
        "SELECT party, micropay_key FROM micropay WHERE party = $1 AND region_code = $2 AND department_code = $3 \
                AND payment_notice_no = $4 AND order_no = $5 AND ended_at IS NULL",
    )
    .bind(new.party.as_str())
    .bind(subject.region_code.as_str())
    .bind(subject.department_code.as_str())
    .bind(subject.payment_notice_no.as_str())
    .bind(subject.order_no.as_str())
    .fetch_optional(&mut *transaction)
    .await
    .map_err(failed("find the micropay under way for a notice"))?;
    if let Some(row) = other {
        return Ok(BegunMicropay::UnderWay(another(micropay_rows::name(&row)?.1, new)?));
    }
    if let Some(settled) = settled(&mut transaction, new).await? {
        return Ok(settled);
    }
    insert(&mut transaction, new).await?;
    transaction.commit().await.map_err(failed("commit a new micropay"))?;
    Ok(BegunMicropay::Begun)
}

/// An earlier payment of the same notice or order number that keeps a new one out: one that was paid and not refunded since, or
/// one that a person has to see to and did not yet.
async fn settled(connection: &mut Connection, new: &NewMicropay) -> Result<Option<BegunMicropay>, StoreError> {
    let subject = &new.subject;
    let found = sqlx::query(
        "SELECT party, micropay_key, state, order_id FROM micropay WHERE party = $1 AND region_code = $2 \
                AND department_code = $3 AND payment_notice_no = $4 AND order_no = $5 \
                AND state IN ('paid', 'needs_person') AND NOT EXISTS (SELECT 1 FROM platform_order \
                WHERE platform_order.party = micropay.party AND platform_order.order_id = micropay.order_id \
                AND platform_order.state = 'refunded') AND NOT (state = 'needs_person' AND EXISTS (SELECT 1 FROM micropay_step \
                WHERE micropay_step.party = micropay.party AND micropay_step.micropay_key = micropay.micropay_key \
                AND micropay_step.step = 'release')) ORDER BY created_at LIMIT 1",
    )
    .bind(new.party.as_str())
    .bind(subject.region_code.as_str())
    .bind(subject.department_code.as_str())
    .bind(subject.payment_notice_no.as_str())
    .bind(subject.order_no.as_str())
    .fetch_optional(connection)
    .await
    .map_err(failed("find the micropay that paid a notice"))?;
    let Some(row) = found else { return Ok(None) };
    let key = another(micropay_rows::name(&row)?.1, new)?;
    let order_id = rows::optional_text(&row, "order_id")?;
    Ok(Some(match (rows::text(&row, "state")?.as_str(), order_id) {
        ("paid", Some(order_id)) => BegunMicropay::AlreadyPaid(rows::order_id(&order_id, "micropay.order_id")?),
        _ => BegunMicropay::UnderWay(key),
    }))
}

/// A payment's key that is not the new one's. The new one's own came in between: the next attempt finds it by its key.
fn another(key: MicropayKey, new: &NewMicropay) -> Result<MicropayKey, StoreError> {
    if key == new.key { Err(StoreError::Contended { attempts: 1 }) } else { Ok(key) }
}

async fn insert(connection: &mut Connection, new: &NewMicropay) -> Result<(), StoreError> {
    let payment = Micropay::new(new.at);
    sqlx::query(
        "INSERT INTO micropay (party, micropay_key, request_digest, request, auth_code, region_code, department_code, \
                payment_notice_no, order_no, fee, state, order_named, attempts, doubt, failed_looks, next_at, lease_owner, \
                lease_until, version, created_at, updated_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 0, 0, $12, 0, $13, '', 0, 1, $13, $13)",
    )
    .bind(new.party.as_str())
    .bind(new.key.as_str())
    .bind(new.request_digest.as_str())
    .bind(new.request.as_str())
    .bind(new.auth_code.expose())
    .bind(new.subject.region_code.as_str())
    .bind(new.subject.department_code.as_str())
    .bind(new.subject.payment_notice_no.as_str())
    .bind(new.subject.order_no.as_str())
    .bind(new.fee.get())
    .bind(payment.state.name())
    .bind(payment.doubt.name())
    .bind(new.at.as_millisecond())
    .execute(&mut *connection)
    .await
    .map_err(failed("keep a micropay"))?;
    append_step(connection, &new.party, &new.key, ("begin", "", payment.state.name()), "", new.at).await
}
