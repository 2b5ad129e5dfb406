//! Requests for refunds: opened under the lock of their order, found, moved on.

use jiff::Timestamp;
use serde_json::json;
use sqlx::{QueryBuilder, Transaction};

use super::journal::{self, StateRow};
use super::{Connection, Db, Row, failed, order, payment, rows};
use crate::domain::{
    Fen, OrderId, PartyName, Refund, RefundAmount, RefundAsk, RefundFacts, RefundKind, RefundOrderId, RefundOutId,
    RefundRequest, RefundRequestState, RefundStep, plan_refund,
};
use crate::store::{OpenedRefund, RefundDraft, RefundRequestRecord, RefundSelection, StoreError};

/// Every column, in the order of the table.
const COLUMNS: &str = "SELECT party, refund_out_id, order_id, caller_key, wished_fee, refund_fee, reason, requested_by, \
     state, refund_order_id, refund_finish_time, errcode, errmsg, attempts, call_began_at, created_at, updated_at \
     FROM refund_request WHERE party = ";

pub(super) async fn open(
    mut transaction: Transaction<'static, Db>,
    draft: &RefundDraft,
    at: Timestamp,
) -> Result<OpenedRefund, StoreError> {
    let RefundDraft { party, order_id, told, .. } = draft;
    let told_details = told.as_ref().map(|told| &told.details);
    let stored = order::lock(&mut transaction, party, order_id, told_details, at).await?;
    let known = match find_by_key(&mut transaction, party, &draft.caller_key).await? {
        Some(known) => Some(known),
        None => find(&mut transaction, party, &draft.refund_out_id).await?,
    };
    if let Some(known) = known {
        let same = known.order_id == *order_id
            && known.wish == draft.wish
            && known.reason == draft.reason
            && (!draft.number_is_given || known.refund_out_id == draft.refund_out_id);
        return Ok(if same { OpenedRefund::Known(known) } else { OpenedRefund::KeyTaken(known) });
    }
    let held = payment::find(&mut transaction, party, order_id).await?;
    let fee = stored.details.map(|details| details.fee);
    let told_paid = told.as_ref().and_then(|told| told.paid);
    let held_time = held.as_ref().and_then(|payment| payment.pay_finish_time);
    let mut refunds = payment::refunds(&mut transaction, party, order_id).await?;
    add_told(&mut refunds, told.as_ref().map_or(&[], |told| &told.refunds));
    let of_order = RefundSelection { order_id: Some(order_id.clone()), open_only: false };
    let requests = list(&mut transaction, party, &of_order, u32::MAX).await?;
    let facts = RefundFacts {
        paid: held.and_then(|payment| payment.fee.or(fee)).or(told_paid),
        pay_finish_time: held_time.or_else(|| told.as_ref().and_then(|told| told.pay_finish_time)),
        refunds,
        requests: requests.into_iter().map(|known| RefundRequest { ask: known.ask, state: known.state }).collect(),
    };
    let plan = match plan_refund(&facts, draft.wish, at) {
        Ok(plan) => plan,
        Err(refusal) => return Ok(OpenedRefund::Refused(refusal)),
    };
    let request = RefundRequestRecord {
        party: party.clone(),
        refund_out_id: draft.refund_out_id.clone(),
        order_id: order_id.clone(),
        caller_key: draft.caller_key.clone(),
        wish: draft.wish,
        ask: plan.ask,
        reason: draft.reason.clone(),
        requested_by: draft.requested_by.clone(),
        state: RefundRequestState::Requested,
        attempts: 0,
        call_began_at: None,
        problem: None,
        created_at: at,
        updated_at: at,
    };
    insert(&mut transaction, &request).await?;
    tell(&mut transaction, &request, "request", "", &draft.reason, at).await?;
    transaction.commit().await.map_err(failed("commit a request for a refund"))?;
    Ok(OpenedRefund::New(request, plan))
}

/// Adds the refunds that the platform told of and the book lacks.
fn add_told(refunds: &mut Vec<Refund>, told: &[Refund]) {
    let number = |refund: &Refund| match &refund.kind {
        RefundKind::Full => None,
        RefundKind::Partial { refund_order_id, .. } => Some(refund_order_id.clone()),
    };
    for refund in told {
        if !refunds.iter().any(|held| number(held) == number(refund)) {
            refunds.push(refund.clone());
        }
    }
}

async fn insert(connection: &mut Connection, request: &RefundRequestRecord) -> Result<(), StoreError> {
    let wished_fee = match request.wish {
        RefundAmount::All => None,
        RefundAmount::Part(fee) => Some(fee.get()),
    };
    sqlx::query(
        "INSERT INTO refund_request (party, refund_out_id, order_id, caller_key, wished_fee, refund_fee, reason, \
                requested_by, state, attempts, created_at, updated_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0, $10, $10)",
    )
    .bind(request.party.as_str())
    .bind(request.refund_out_id.as_str())
    .bind(request.order_id.as_str())
    .bind(request.caller_key.as_str())
    .bind(wished_fee)
    .bind(request.refund_fee().map(Fen::get))
    .bind(request.reason.as_str())
    .bind(request.requested_by.as_str())
    .bind(request.state.name())
    .bind(request.created_at.as_millisecond())
    .execute(connection)
    .await
    .map_err(failed("store a request for a refund"))?;
    Ok(())
}

/// The request of a number, locked until the transaction ends.
pub(super) async fn lock(
    connection: &mut Connection,
    party: &PartyName,
    refund_out_id: &RefundOutId,
) -> Result<RefundRequestRecord, StoreError> {
    let mut query = QueryBuilder::<Db>::new(COLUMNS);
    query.push_bind(party.as_str().to_owned()).push(" AND refund_out_id = ");
    query.push_bind(refund_out_id.as_str().to_owned()).push(locked!(""));
    let found = query.build().fetch_one(connection).await.map_err(failed("lock a request for a refund"))?;
    record(&found)
}

pub(super) async fn find(
    connection: &mut Connection,
    party: &PartyName,
    refund_out_id: &RefundOutId,
) -> Result<Option<RefundRequestRecord>, StoreError> {
    let mut query = QueryBuilder::<Db>::new(COLUMNS);
    query.push_bind(party.as_str().to_owned()).push(" AND refund_out_id = ");
    query.push_bind(refund_out_id.as_str().to_owned());
    let found = query.build().fetch_optional(connection).await.map_err(failed("find a request for a refund"))?;
    found.as_ref().map(record).transpose()
}

pub(super) async fn find_by_key(
    connection: &mut Connection,
    party: &PartyName,
    caller_key: &str,
) -> Result<Option<RefundRequestRecord>, StoreError> {
    let mut query = QueryBuilder::<Db>::new(COLUMNS);
    query.push_bind(party.as_str().to_owned()).push(" AND caller_key = ").push_bind(caller_key.to_owned());
    let found = query.build().fetch_optional(connection).await.map_err(failed("find a refund by its caller's key"))?;
    found.as_ref().map(record).transpose()
}

pub(super) async fn list(
    connection: &mut Connection,
    party: &PartyName,
    selection: &RefundSelection,
    limit: u32,
) -> Result<Vec<RefundRequestRecord>, StoreError> {
    let mut query = QueryBuilder::<Db>::new(COLUMNS);
    query.push_bind(party.as_str().to_owned());
    if let Some(order_id) = &selection.order_id {
        query.push(" AND order_id = ").push_bind(order_id.as_str().to_owned());
    }
    if selection.open_only {
        query.push(" AND state IN ('requested', 'accepted')");
    }
    query.push(" ORDER BY created_at DESC, refund_out_id LIMIT ").push_bind(i64::from(limit));
    let found = query.build().fetch_all(connection).await.map_err(failed("list requests for refunds"))?;
    found.iter().map(record).collect()
}

/// The requests that a refund which the platform tells of fulfils, newest first, with the platform's numbers of them: the one with
/// its number, or with our own number that the platform told beside it. A refund of all is the one that asked for all, or those
/// whose numbers the platform told.
pub(super) async fn fulfilled_by(
    connection: &mut Connection,
    (party, order_id): (&PartyName, &OrderId),
    refund: &Refund,
    told: &[(RefundOrderId, RefundOutId)],
) -> Result<Vec<(RefundRequestRecord, Option<RefundOrderId>)>, StoreError> {
    let of_order = RefundSelection { order_id: Some(order_id.clone()), open_only: false };
    let requests = list(connection, party, &of_order, u32::MAX).await?.into_iter();
    let fulfilled = requests.filter_map(|request| {
        let theirs = told.iter().find(|(_, ours)| *ours == request.refund_out_id).map(|(theirs, _)| theirs.clone());
        // Only its very number proves that a refusal was not the last word.
        if matches!(request.state, RefundRequestState::Refused { .. }) && theirs.is_none() {
            return None;
        }
        match &refund.kind {
            RefundKind::Full => {
                let open = !matches!(request.state, RefundRequestState::Refunded { .. }) && theirs.is_some();
                (request.ask == RefundAsk::Whole || open).then_some((request, theirs))
            }
            RefundKind::Partial { refund_order_id, .. } => {
                let is_it = |number: Option<&RefundOrderId>| number == Some(refund_order_id);
                let found = is_it(request.state.refund_order_id()) || is_it(theirs.as_ref());
                found.then_some((request, Some(refund_order_id.clone())))
            }
        }
    });
    Ok(fulfilled.collect())
}

/// Moves a locked request on. One whose state has no such step is further already, and stays.
pub(super) async fn step(
    connection: &mut Connection,
    request: RefundRequestRecord,
    step: RefundStep,
    cause: &str,
    at: Timestamp,
) -> Result<RefundRequestRecord, StoreError> {
    let (from, name) = (request.state.name(), step.name());
    let Ok(state) = request.state.clone().after(step) else { return Ok(request) };
    if state == request.state {
        return Ok(request);
    }
    let moved = RefundRequestRecord { state, call_began_at: None, problem: None, updated_at: at, ..request };
    let (errcode, errmsg, refund_finish_time) = match &moved.state {
        RefundRequestState::Refused { errcode, errmsg } => (Some(*errcode), Some(errmsg.as_str()), None),
        RefundRequestState::Refunded { at, .. } => (None, None, *at),
        RefundRequestState::Requested | RefundRequestState::Accepted { .. } => (None, None, None),
    };
    let changed = sqlx::query(
        "UPDATE refund_request SET state = $1, refund_order_id = $2, refund_finish_time = $3, errcode = $4, errmsg = $5, \
                call_began_at = NULL, updated_at = $6 \
         WHERE party = $7 AND refund_out_id = $8 AND state = $9",
    )
    .bind(moved.state.name())
    .bind(moved.state.refund_order_id().map(RefundOrderId::as_str))
    .bind(refund_finish_time.map(Timestamp::as_second))
    .bind(errcode)
    .bind(errmsg)
    .bind(at.as_millisecond())
    .bind(moved.party.as_str())
    .bind(moved.refund_out_id.as_str())
    .bind(from)
    .execute(&mut *connection)
    .await
    .map_err(failed("move a request for a refund"))?;
    if changed.rows_affected() != 1 {
        return Err(StoreError::Contended { attempts: 1 });
    }
    tell(connection, &moved, name, from, cause, at).await?;
    Ok(moved)
}

/// The row in the journal, under the order, so that the history of its notice shows it, and the event.
async fn tell(
    connection: &mut Connection,
    request: &RefundRequestRecord,
    step: &str,
    from: &str,
    cause: &str,
    at: Timestamp,
) -> Result<(), StoreError> {
    let (order_id, to) = (request.order_id.as_str(), request.state.name());
    let row = StateRow { kind: "refund", subject: order_id, step, from, to };
    let cause = format!("refund_out_id {}: {cause}", request.refund_out_id);
    journal::append_state(connection, &request.party, &row, &cause, at).await?;
    let (errcode, refund_finish_time) = match &request.state {
        RefundRequestState::Refused { errcode, .. } => (Some(*errcode), None),
        RefundRequestState::Refunded { at, .. } => (None, at.map(Timestamp::as_second)),
        RefundRequestState::Requested | RefundRequestState::Accepted { .. } => (None, None),
    };
    let order = order::find(connection, &request.party, &request.order_id).await?;
    let notice = order.and_then(|order| order.details).and_then(|details| details.notice);
    let body = json!({
        "order_id": order_id,
        "notice": journal::key_json(notice.as_ref()),
        "refund_out_id": request.refund_out_id.as_str(),
        "refund_order_id": request.state.refund_order_id().map(RefundOrderId::as_str),
        "refund_fee": request.refund_fee().map(Fen::get),
        "refund_finish_time": refund_finish_time,
        "errcode": errcode,
        "requested_by": request.requested_by,
    });
    journal::append_event(connection, &request.party, &format!("refund.{to}"), order_id, &body, at).await
}

pub(super) fn record(row: &Row) -> Result<RefundRequestRecord, StoreError> {
    let wished_fee = rows::optional_fen(row, "wished_fee")?;
    let refund_order_id = rows::optional_text(row, "refund_order_id")?
        .map(|text| RefundOrderId::new(&text).map_err(|e| rows::impossible("refund_request.refund_order_id", e)))
        .transpose()?;
    let (errcode, errmsg) = (rows::optional_integer(row, "errcode")?, rows::optional_text(row, "errmsg")?);
    let mut problem = None;
    let state = match (rows::text(row, "state")?.as_str(), errcode) {
        ("requested", None) => {
            problem = errmsg;
            RefundRequestState::Requested
        }
        ("accepted", None) => RefundRequestState::Accepted { refund_order_id },
        ("refunded", None) => {
            RefundRequestState::Refunded { refund_order_id, at: rows::optional_seconds(row, "refund_finish_time")? }
        }
        ("refused", Some(errcode)) => RefundRequestState::Refused { errcode, errmsg: errmsg.unwrap_or_default() },
        (name, _) => return Err(rows::impossible("refund_request.state", format!("{name} does not fit its errcode"))),
    };
    let attempts = u32::try_from(rows::integer(row, "attempts")?);
    let began = rows::optional_integer(row, "call_began_at")?;
    Ok(RefundRequestRecord {
        party: PartyName::new(&rows::text(row, "party")?).map_err(|e| rows::impossible("refund_request.party", e))?,
        refund_out_id: RefundOutId::new(&rows::text(row, "refund_out_id")?)
            .map_err(|e| rows::impossible("refund_request.refund_out_id", e))?,
        order_id: rows::order_id(&rows::text(row, "order_id")?, "refund_request.order_id")?,
        caller_key: rows::text(row, "caller_key")?,
        wish: wished_fee.map_or(RefundAmount::All, RefundAmount::Part),
        ask: rows::optional_fen(row, "refund_fee")?.map_or(RefundAsk::Whole, RefundAsk::Part),
        reason: rows::text(row, "reason")?,
        requested_by: rows::text(row, "requested_by")?,
        state,
        attempts: attempts.map_err(|e| rows::impossible("refund_request.attempts", e))?,
        call_began_at: began
            .map(|ms| Timestamp::from_millisecond(ms).map_err(|e| rows::impossible("refund_request.call_began_at", e)))
            .transpose()?,
        problem,
        created_at: rows::instant(row, "created_at")?,
        updated_at: rows::instant(row, "updated_at")?,
    })
}
