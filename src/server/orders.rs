//! `/admin/v1/orders`: placing orders for a government unit, and looking at them.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Extension, Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use super::bearer::authorize_for;
use super::desk::{PartyOfQuery, idempotency_key, party_unknown, to_its_end};
use super::peer::PeerAddress;
use super::{Gateway, Problem};
use crate::app::{OrderWish, PlaceOrderError, PlacedOrderAnswer, Placement, key_of_client, place_order};
use crate::domain::{OrderId, OrderState, Scope};
use crate::store::PlacedOrder;
use crate::wire::{ApiErrcode, UnifiedOrderRequest};

/// An order to place.
#[derive(Deserialize)]
struct OrderBody {
    party: String,
    order: UnifiedOrderRequest,
    #[serde(default)]
    allow_open_order: bool,
}

/// `POST /admin/v1/orders`: 201 for a new order, 200 for the one that the key has.
pub(super) async fn place(
    State(gateway): State<Arc<Gateway>>,
    Extension(peer): Extension<PeerAddress>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Problem> {
    let read: Result<OrderBody, Problem> = Problem::read_json(&body);
    let party = read.as_ref().ok().and_then(|body| gateway.party(&body.party)).cloned();
    let caller = authorize_for(&gateway, &headers, peer, &[Scope::Orders], party.as_ref()).await?;
    let OrderBody { order, allow_open_order, .. } = read?;
    let party = party.ok_or_else(party_unknown)?;
    let key = idempotency_key(&headers)?;
    // Audited before it is done: an order that is there must not lack its row.
    caller.record(&gateway, "orders.place", &party.appid, &key, "asked").await?;
    let idempotency_key = key_of_client(&caller.name, &key);
    let wish = OrderWish { order, idempotency_key, allow_open_order, requested_by: caller.name };
    let (store, now) = (Arc::clone(&gateway.store), Timestamp::now());
    let placed = to_its_end(async move { place_order(&*store, &party, wish, now).await }).await?;
    match placed.map_err(|error| problem(error, now))? {
        Placement::New(placed) => Ok((StatusCode::CREATED, Json(answer(&placed, now))).into_response()),
        Placement::Repeated(placed) => Ok(Json(answer(&placed, now)).into_response()),
    }
}

/// `GET /admin/v1/orders/{order_id}?party=…`.
pub(super) async fn show(
    State(gateway): State<Arc<Gateway>>,
    Extension(peer): Extension<PeerAddress>,
    Path(order_id): Path<String>,
    query: Result<Query<PartyOfQuery>, QueryRejection>,
    headers: HeaderMap,
) -> Result<Json<Value>, Problem> {
    let query = Problem::read_query(query)?;
    let party = query.among(&gateway);
    authorize_for(&gateway, &headers, peer, &[Scope::Read, Scope::Orders], party.as_ref()).await?;
    let party = party.ok_or_else(party_unknown)?;
    let unknown = || Problem::new(StatusCode::NOT_FOUND, "order_unknown", "no such order was placed here");
    let order_id = OrderId::new(&order_id).map_err(|_| unknown())?;
    let found = gateway.store.find_placed_order(party.name.clone(), order_id).await;
    let (placed, order_state) = found.map_err(|error| Problem::store(&error))?.ok_or_else(unknown)?;
    Ok(Json(shown(&placed, order_state, Timestamp::now())))
}

/// A placed order with where it stands: what its notifications say wins over its age.
pub(super) fn shown(placed: &PlacedOrder, order_state: OrderState, now: Timestamp) -> Value {
    let mut shown = answer(placed, now);
    if order_state != OrderState::Open {
        shown["state"] = order_state.name().into();
    }
    shown
}

fn answer(placed: &PlacedOrder, now: Timestamp) -> Value {
    json!(PlacedOrderAnswer::at(placed, now))
}

fn problem(error: PlaceOrderError, now: Timestamp) -> Problem {
    let message = error.to_string();
    let conflict = |word| Problem::new(StatusCode::CONFLICT, word, message.clone());
    let invalid = |word| Problem::new(StatusCode::UNPROCESSABLE_ENTITY, word, message.clone());
    let unavailable = |word| Problem::new(StatusCode::SERVICE_UNAVAILABLE, word, message.clone());
    match error {
        PlaceOrderError::NotAGovernmentUnit(_) => invalid("not_a_government_unit"),
        PlaceOrderError::NoPlatformAccess(_) => unavailable("app_secret_missing"),
        PlaceOrderError::Invalid(problems) => {
            let problems: Value =
                problems.iter().map(|problem| json!({ "field": problem.field, "rule": problem.rule })).collect();
            invalid("invalid_order").with("problems", problems)
        }
        PlaceOrderError::FeeDiffers { due } => invalid("fee_differs").with("fee", due.get()),
        PlaceOrderError::KeyTaken => conflict("conflict"),
        PlaceOrderError::InProgress => conflict("in_progress"),
        PlaceOrderError::OpenOrder(placed) => conflict("open_order").with("order", answer(&placed, now)),
        PlaceOrderError::NotPayable(objection) => conflict("not_payable").with("because", objection.name()),
        PlaceOrderError::EverythingSuspended => conflict("everything_suspended"),
        PlaceOrderError::AlreadyPaid { order_id } => conflict("already_paid").with("order_id", order_id),
        PlaceOrderError::Refused { errcode, errmsg } => platform_refused(message, errcode, errmsg),
        PlaceOrderError::NotPlaced(error) => {
            Problem::new(StatusCode::BAD_GATEWAY, "not_placed", format!("{message}: {error}"))
        }
        PlaceOrderError::OutcomeUnknown(_) => Problem::new(StatusCode::BAD_GATEWAY, "outcome_unknown", message),
        PlaceOrderError::LookUp(error) => {
            Problem::new(StatusCode::BAD_GATEWAY, "look_up_failed", format!("{message}: {error}"))
        }
        PlaceOrderError::Store(error) => Problem::store(&error),
    }
}

/// The platform refused: its errcode, its words, and what the errcode means.
pub(super) fn platform_refused(message: String, errcode: i64, errmsg: String) -> Problem {
    Problem::new(StatusCode::BAD_GATEWAY, "platform_refused", message)
        .with("errcode", errcode)
        .with("errmsg", errmsg)
        .with("meaning", ApiErrcode::from_code(errcode).map(ApiErrcode::text))
}
