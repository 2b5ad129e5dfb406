//! `/admin/v1/refunds`: the refund desk.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Extension, Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use jiff::Timestamp;
use serde::Deserialize;

use super::bearer::authorize_for;
use super::desk::{PartyOfQuery, idempotency_key, party_unknown, to_its_end};
use super::orders::platform_refused;
use super::peer::PeerAddress;
use super::{Gateway, Problem};
use crate::app::{RefundAnswer, RefundDeskError, RefundWish, key_of_client, request_refund};
use crate::domain::{Fen, OrderId, RefundAmount, RefundOutId, RefundRequestState, Scope};
use crate::store::RefundRequestRecord;

/// A refund to ask for; without `refund_fee` all that is left.
#[derive(Deserialize)]
struct RefundBody {
    party: String,
    order_id: String,
    #[serde(default)]
    refund_fee: Option<i64>,
    reason: String,
}

/// `POST /admin/v1/refunds`: 201 once the platform took it, 202 while that is not known, and on a repetition the request as it is.
pub(super) async fn request(
    State(gateway): State<Arc<Gateway>>,
    Extension(peer): Extension<PeerAddress>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Problem> {
    let read: Result<RefundBody, Problem> = Problem::read_json(&body);
    let party = read.as_ref().ok().and_then(|body| gateway.party(&body.party)).cloned();
    let caller = authorize_for(&gateway, &headers, peer, &[Scope::Refunds], party.as_ref()).await?;
    let RefundBody { order_id, refund_fee, reason, .. } = read?;
    let party = party.ok_or_else(party_unknown)?;
    let invalid = |message: String| Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid_refund", message);
    let order_id = OrderId::new(&order_id).map_err(|error| invalid(error.to_string()))?;
    let amount = match refund_fee {
        None => RefundAmount::All,
        Some(fee) => {
            RefundAmount::Part(Fen::new(fee).ok_or_else(|| invalid("refund_fee must be above 0, in fen".to_owned()))?)
        }
    };
    let caller_key = key_of_client(&caller.name, &idempotency_key(&headers)?);
    caller.record(&gateway, "refunds.request", &party.appid, order_id.as_str(), "asked").await?;
    let wish = RefundWish { order_id, amount, reason, caller_key, requested_by: caller.name, refund_out_id: None };
    let (store, now) = (Arc::clone(&gateway.store), Timestamp::now());
    let asked = to_its_end(async move { request_refund(&*store, &party, wish, now).await }).await?;
    answer(&asked.map_err(problem)?, now)
}

/// `GET /admin/v1/refunds/{refund_out_id}?party=…`.
pub(super) async fn show(
    State(gateway): State<Arc<Gateway>>,
    Extension(peer): Extension<PeerAddress>,
    Path(refund_out_id): Path<String>,
    query: Result<Query<PartyOfQuery>, QueryRejection>,
    headers: HeaderMap,
) -> Result<Json<RefundAnswer>, Problem> {
    let query = Problem::read_query(query)?;
    let party = query.among(&gateway);
    authorize_for(&gateway, &headers, peer, &[Scope::Read, Scope::Refunds], party.as_ref()).await?;
    let party = party.ok_or_else(party_unknown)?;
    let unknown = || Problem::new(StatusCode::NOT_FOUND, "refund_unknown", "no such refund was asked for here");
    let refund_out_id = RefundOutId::new(&refund_out_id).map_err(|_| unknown())?;
    let found = gateway.store.find_refund_request(party.name.clone(), refund_out_id).await;
    let request = found.map_err(|error| Problem::store(&error))?.ok_or_else(unknown)?;
    Ok(Json(RefundAnswer::from(&request)))
}

fn answer(request: &RefundRequestRecord, now: Timestamp) -> Result<Response, Problem> {
    let status = match &request.state {
        RefundRequestState::Refused { errcode, errmsg } => {
            let message = format!("the platform refused with errcode {errcode}: {errmsg}");
            let refund = serde_json::to_value(RefundAnswer::from(request)).unwrap_or_default();
            return Err(platform_refused(message, *errcode, errmsg.clone()).with("refund", refund));
        }
        RefundRequestState::Requested => StatusCode::ACCEPTED,
        // What the store keeps has milliseconds.
        _ if request.created_at.as_millisecond() == now.as_millisecond() => StatusCode::CREATED,
        _ => StatusCode::OK,
    };
    Ok((status, Json(RefundAnswer::from(request))).into_response())
}

fn problem(error: RefundDeskError) -> Problem {
    let message = error.to_string();
    let problem = |status, word| Problem::new(status, word, message.clone());
    match error {
        RefundDeskError::Invalid { .. } => problem(StatusCode::UNPROCESSABLE_ENTITY, "invalid_refund"),
        RefundDeskError::Refused(refusal) => problem(StatusCode::UNPROCESSABLE_ENTITY, refusal.name()),
        RefundDeskError::KeyTaken { refund_out_id, .. } => {
            problem(StatusCode::CONFLICT, "conflict").with("refund_out_id", refund_out_id.as_str())
        }
        RefundDeskError::NoSuchOrder(_) => problem(StatusCode::NOT_FOUND, "order_unknown"),
        RefundDeskError::NoSuchRequest(_) => problem(StatusCode::NOT_FOUND, "refund_unknown"),
        RefundDeskError::NoPlatformAccess(_) => problem(StatusCode::SERVICE_UNAVAILABLE, "app_secret_missing"),
        RefundDeskError::LookUp(fault) => {
            Problem::new(StatusCode::BAD_GATEWAY, "look_up_failed", format!("{message}: {fault}"))
        }
        RefundDeskError::Store(error) => Problem::store(&error),
    }
}
