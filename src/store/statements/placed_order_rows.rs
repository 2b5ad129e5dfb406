//! Rows of placed orders, found and read.

use jiff::Timestamp;

use super::{Connection, Row, failed, rows};
use crate::domain::{
    DepartmentCode, OrderId, OrderSubject, PartyName, PaymentNoticeNo, PlacementState, PlacementStep, RegionCode,
};
use crate::store::{OrderEnd, PlacedOrder, StoreError};

/// A caller's placement, locked until the transaction ends.
pub(super) async fn lock(
    connection: &mut Connection,
    party: &PartyName,
    idempotency_key: &str,
) -> Result<Option<PlacedOrder>, StoreError> {
    let found = sqlx::query(locked!(
        "SELECT party, idempotency_key, request_digest, payment_notice_no, region_code, department_code, order_no, \
                requested_by, state, closed_as, order_id, expires_at, reply, errcode, errmsg, placing_since, created_at, updated_at \
         FROM placed_order WHERE party = $1 AND idempotency_key = $2"
    ))
    .bind(party.as_str())
    .bind(idempotency_key)
    .fetch_optional(connection)
    .await
    .map_err(failed("lock a placed order"))?;
    found.as_ref().map(placed_order).transpose()
}

/// The latest placement that gave an order.
pub(super) async fn by_order(
    connection: &mut Connection,
    party: &PartyName,
    order_id: &OrderId,
) -> Result<Option<PlacedOrder>, StoreError> {
    let found = sqlx::query(
        "SELECT party, idempotency_key, request_digest, payment_notice_no, region_code, department_code, order_no, \
                requested_by, state, closed_as, order_id, expires_at, reply, errcode, errmsg, placing_since, created_at, updated_at \
         FROM placed_order WHERE party = $1 AND order_id = $2 ORDER BY created_at DESC LIMIT 1",
    )
    .bind(party.as_str())
    .bind(order_id.as_str())
    .fetch_optional(connection)
    .await
    .map_err(failed("find a placed order"))?;
    found.as_ref().map(placed_order).transpose()
}

/// The placements for a subject of which there is or may be an order, latest first.
pub(super) async fn of_subject(
    connection: &mut Connection,
    party: &PartyName,
    subject: &OrderSubject,
) -> Result<Vec<PlacedOrder>, StoreError> {
    let (number, order_no, region, department) = subject_columns(subject);
    let found = sqlx::query(
        "SELECT party, idempotency_key, request_digest, payment_notice_no, region_code, department_code, order_no, \
                requested_by, state, closed_as, order_id, expires_at, reply, errcode, errmsg, placing_since, created_at, updated_at \
         FROM placed_order \
         WHERE party = $1 AND payment_notice_no = $2 AND order_no = $3 AND region_code = $4 AND department_code = $5 \
           AND state IN ('placing', 'open') \
         ORDER BY created_at DESC",
    )
    .bind(party.as_str())
    .bind(number)
    .bind(order_no)
    .bind(region)
    .bind(department)
    .fetch_all(connection)
    .await
    .map_err(failed("find the placed orders of a subject"))?;
    found.iter().map(placed_order).collect()
}

/// The four columns of a subject. A notice stands for itself, whatever number the business system gave the order.
pub(super) fn subject_columns(subject: &OrderSubject) -> (&str, &str, &str, &str) {
    let number = subject.payment_notice_no.as_ref().map_or("", PaymentNoticeNo::as_str);
    let order_no = if number.is_empty() { subject.order_no.as_deref().unwrap_or_default() } else { "" };
    (number, order_no, subject.region_code.as_str(), subject.department_code.as_str())
}

pub(super) fn placed_order(row: &Row) -> Result<PlacedOrder, StoreError> {
    let order_no = rows::text(row, "order_no")?;
    let number = rows::text(row, "payment_notice_no")?;
    let subject = OrderSubject {
        region_code: RegionCode::new(&rows::text(row, "region_code")?)
            .map_err(|e| rows::impossible("placed_order.region_code", e))?,
        department_code: DepartmentCode::new(&rows::text(row, "department_code")?)
            .map_err(|e| rows::impossible("placed_order.department_code", e))?,
        payment_notice_no: if number.is_empty() { None } else { Some(number) }
            .map(|number| PaymentNoticeNo::new(&number))
            .transpose()
            .map_err(|e| rows::impossible("placed_order.payment_notice_no", e))?,
        order_no: if order_no.is_empty() { None } else { Some(order_no) },
    };
    let reply = rows::optional_text(row, "reply")?
        .map(|text| serde_json::from_str(&text).map_err(|e| rows::impossible("placed_order.reply", e)))
        .transpose()?;
    Ok(PlacedOrder {
        party: PartyName::new(&rows::text(row, "party")?).map_err(|e| rows::impossible("placed_order.party", e))?,
        idempotency_key: rows::text(row, "idempotency_key")?,
        request_digest: rows::text(row, "request_digest")?,
        subject,
        requested_by: rows::text(row, "requested_by")?,
        state: state(row)?,
        reply,
        placing_since: rows::instant(row, "placing_since")?,
        created_at: rows::instant(row, "created_at")?,
        updated_at: rows::instant(row, "updated_at")?,
    })
}

fn state(row: &Row) -> Result<PlacementState, StoreError> {
    let errmsg = rows::optional_text(row, "errmsg")?.unwrap_or_default();
    let order_id = rows::optional_text(row, "order_id")?;
    let expires_at = rows::optional_integer(row, "expires_at")?;
    match (rows::text(row, "state")?.as_str(), order_id, expires_at) {
        ("placing", None, None) => Ok(PlacementState::Placing),
        ("open", Some(order_id), Some(expires_at)) => {
            let order_id = rows::order_id(&order_id, "placed_order.order_id")?;
            let expires_at =
                Timestamp::from_millisecond(expires_at).map_err(|e| rows::impossible("placed_order.expires_at", e))?;
            let has_expired = rows::text(row, "closed_as")? == OrderEnd::Expired.name();
            let open = PlacementState::Open { order_id, expires_at };
            if has_expired {
                open.after(PlacementStep::Expire).map_err(|e| rows::impossible("closed_as", e))
            } else {
                Ok(open)
            }
        }
        ("failed", None, None) => {
            Ok(PlacementState::Failed { errcode: rows::optional_integer(row, "errcode")?, errmsg })
        }
        ("unknown", None, None) => Ok(PlacementState::Unknown { problem: errmsg }),
        (name, _, _) => Err(rows::impossible("placed_order.state", format!("{name} does not fit its order"))),
    }
}
