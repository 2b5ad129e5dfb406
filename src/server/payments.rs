//! `/admin/v1/payments`, and the lists of placed orders and of requests for refunds.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Extension, Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use super::desk::{PartyOfQuery, admitted};
use super::peer::PeerAddress;
use super::{Gateway, Problem, cursor, orders};
use crate::app::RefundAnswer;
use crate::app::book_answer::payment_to_json;
use crate::domain::{OrderId, Scope};
use crate::store::RefundSelection;

/// What a search for payments takes.
const DISPOSITIONS: [&str; 4] = ["settles", "recorded", "refused", "held"];

/// Which payments to list.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PaymentListing {
    #[serde(default)]
    party: Option<String>,
    #[serde(default)]
    disposition: Option<String>,
    #[serde(default)]
    after: Option<String>,
    #[serde(default)]
    limit: Option<u32>,
}

/// Which orders to list.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OrderListing {
    #[serde(default)]
    party: Option<String>,
    #[serde(default)]
    after: Option<String>,
    #[serde(default)]
    limit: Option<u32>,
}

/// Which requests for refunds to list.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RefundListing {
    #[serde(default)]
    party: Option<String>,
    #[serde(default)]
    order_id: Option<String>,
    #[serde(default)]
    open: bool,
    #[serde(default)]
    after: Option<String>,
    #[serde(default)]
    limit: Option<u32>,
}

/// `GET /admin/v1/payments?…`.
pub(super) async fn list(
    State(gateway): State<Arc<Gateway>>,
    Extension(peer): Extension<PeerAddress>,
    query: Result<Query<PaymentListing>, QueryRejection>,
    headers: HeaderMap,
) -> Result<Json<Value>, Problem> {
    let query = Problem::read_query(query)?;
    let party = admitted(&gateway, &headers, peer, &[Scope::Read], query.party.as_deref()).await?;
    if let Some(other) = query.disposition.as_deref().filter(|name| !DISPOSITIONS.contains(name)) {
        let message = format!("disposition: \"{other}\" is none of {}", DISPOSITIONS.join(", "));
        return Err(Problem::invalid_request(message));
    }
    let page = cursor::page(query.after.as_deref(), query.limit)?;
    let listed = gateway.store.list_payments(party.name.clone(), query.disposition, page).await;
    let listed = listed.map_err(|error| Problem::store(&error))?;
    Ok(cursor::answer("payments", &listed, payment_to_json))
}

/// `GET /admin/v1/payments/{order_id}?party=…`.
pub(super) async fn show(
    State(gateway): State<Arc<Gateway>>,
    Extension(peer): Extension<PeerAddress>,
    Path(order_id): Path<String>,
    query: Result<Query<PartyOfQuery>, QueryRejection>,
    headers: HeaderMap,
) -> Result<Json<Value>, Problem> {
    let query = Problem::read_query(query)?;
    let party = admitted(&gateway, &headers, peer, &[Scope::Read], query.party.as_deref()).await?;
    let unknown = || Problem::new(StatusCode::NOT_FOUND, "payment_unknown", "the book holds no payment of this order");
    let order_id = OrderId::new(&order_id).map_err(|_| unknown())?;
    let found = gateway.store.find_payment(party.name.clone(), order_id).await;
    let record = found.map_err(|error| Problem::store(&error))?.ok_or_else(unknown)?;
    Ok(Json(payment_to_json(&record)))
}

/// `GET /admin/v1/orders?…`.
pub(super) async fn list_orders(
    State(gateway): State<Arc<Gateway>>,
    Extension(peer): Extension<PeerAddress>,
    query: Result<Query<OrderListing>, QueryRejection>,
    headers: HeaderMap,
) -> Result<Json<Value>, Problem> {
    let query = Problem::read_query(query)?;
    let party = admitted(&gateway, &headers, peer, &[Scope::Read, Scope::Orders], query.party.as_deref()).await?;
    let page = cursor::page(query.after.as_deref(), query.limit)?;
    let listed = gateway.store.list_placed_orders(party.name.clone(), page).await;
    let listed = listed.map_err(|error| Problem::store(&error))?;
    let now = Timestamp::now();
    Ok(cursor::answer("orders", &listed, |(placed, state)| orders::shown(placed, *state, now)))
}

/// `GET /admin/v1/refunds?…`.
pub(super) async fn list_refunds(
    State(gateway): State<Arc<Gateway>>,
    Extension(peer): Extension<PeerAddress>,
    query: Result<Query<RefundListing>, QueryRejection>,
    headers: HeaderMap,
) -> Result<Json<Value>, Problem> {
    let query = Problem::read_query(query)?;
    let party = admitted(&gateway, &headers, peer, &[Scope::Read, Scope::Refunds], query.party.as_deref()).await?;
    let order_id = query.order_id.as_deref().map(OrderId::new).transpose();
    let order_id = order_id.map_err(|error| Problem::invalid_request(error.to_string()))?;
    let selection = RefundSelection { order_id, open_only: query.open };
    let page = cursor::page(query.after.as_deref(), query.limit)?;
    let listed = gateway.store.page_refund_requests(party.name.clone(), selection, page).await;
    let listed = listed.map_err(|error| Problem::store(&error))?;
    Ok(cursor::answer("refunds", &listed, |refund| json!(RefundAnswer::from(refund))))
}
