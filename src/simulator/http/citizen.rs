//! `/simulator/…`: what the real platform has no API for. Somebody pays, a notification is repeated or goes wrong, and
//! everything can be seen. No access_token is asked for.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};

use super::access::Body;
use crate::simulator::real_name::TEST_NAME;
use crate::simulator::{ApiError, Exchange, Simulator, Variant};
use crate::wire::ApiErrcode;
use crate::wire::{GetOrderReply, QueryFeeRequest, RefundRequest, UnifiedOrderReply};

type Reply<T> = Result<Json<T>, ApiError>;

/// An order and the calls just made about it.
#[derive(Serialize)]
pub(super) struct Told {
    errcode: i64,
    order: GetOrderReply,
    exchanges: Vec<Exchange>,
}

/// What `POST /simulator/pay` takes.
#[derive(Deserialize)]
pub(super) struct Payment {
    order_id: String,
    pay_finish_time: Option<i64>,
    pay_channel: Option<String>,
}

/// What `POST /simulator/notify` takes. With a party, that party is told once; without, everybody until it is final.
#[derive(Deserialize)]
pub(super) struct Notice {
    order_id: String,
    status: Option<i64>,
    party: Option<String>,
    #[serde(default)]
    variant: Variant,
}

/// What `POST /simulator/authorize` takes. The name is a test user's unless it is given.
#[derive(Deserialize)]
pub(super) struct Authorization {
    auth_url: String,
    name: Option<String>,
}

/// What `POST /simulator/clock` takes: one of the two.
#[derive(Deserialize)]
pub(super) struct Movement {
    advance_seconds: Option<i64>,
    set: Option<i64>,
}

/// Asks for a notice and places an order for it, in the name of the account in the body or else of the first party.
pub(super) async fn place(
    State(simulator): State<Arc<Simulator>>,
    Body(mut request): Body<QueryFeeRequest>,
) -> Reply<UnifiedOrderReply> {
    if request.appid.is_empty() {
        request.appid = simulator.parties().first().map(|party| party.appid.clone()).unwrap_or_default();
    }
    let mut notice = simulator.query_fee(&request).await?;
    // A party may leave the department out of its reply.
    notice.department_code = notice.department_code.or(Some(request.department_code));
    simulator.place_order_for(&request.appid, &notice).map(Json)
}

pub(super) async fn pay(State(simulator): State<Arc<Simulator>>, Body(payment): Body<Payment>) -> Reply<Told> {
    let Payment { order_id, pay_finish_time, pay_channel } = payment;
    let payer = Arc::clone(&simulator);
    let paid_order = order_id.clone();
    let exchanges = to_the_end(async move { payer.pay_at(&paid_order, pay_finish_time, pay_channel).await }).await?;
    told(&simulator, &order_id, exchanges)
}

pub(super) async fn notify(State(simulator): State<Arc<Simulator>>, Body(notice): Body<Notice>) -> Reply<Told> {
    let Notice { order_id, status, party, variant } = notice;
    let party = party.or_else(|| {
        // Wrong on purpose is for one party: the first that is notified.
        let first = simulator.parties().iter().find(|party| party.notification_url.is_some());
        first.filter(|_| variant != Variant::Genuine).map(|party| party.name.clone())
    });
    let exchanges = if let Some(party) = party {
        vec![simulator.notify_once(&order_id, status, &party, variant).await?]
    } else {
        let notifier = Arc::clone(&simulator);
        let notified_order = order_id.clone();
        to_the_end(async move { notifier.notify(&notified_order, status).await }).await?
    };
    told(&simulator, &order_id, exchanges)
}

pub(super) async fn refund(State(simulator): State<Arc<Simulator>>, Body(request): Body<RefundRequest>) -> Reply<Told> {
    let order_id = request.order_id.clone();
    let refunder = Arc::clone(&simulator);
    let exchanges =
        to_the_end(async move { refunder.refund(&request).await.map(|refunded| refunded.exchanges) }).await?;
    told(&simulator, &order_id, exchanges)
}

pub(super) async fn orders(State(simulator): State<Arc<Simulator>>) -> Json<Vec<GetOrderReply>> {
    Json(simulator.orders())
}

pub(super) async fn exchanges(State(simulator): State<Arc<Simulator>>) -> Json<Vec<Exchange>> {
    Json(simulator.exchanges())
}

pub(super) async fn expire_tokens(State(simulator): State<Arc<Simulator>>) -> Json<serde_json::Value> {
    simulator.expire_tokens();
    Json(serde_json::json!({"errcode": 0}))
}

/// The user opens a real name's link and says yes.
pub(super) async fn authorize(
    State(simulator): State<Arc<Simulator>>,
    Body(authorization): Body<Authorization>,
) -> Reply<serde_json::Value> {
    let name = authorization.name.as_deref().unwrap_or(TEST_NAME);
    let redirect_url = simulator.authorize(&authorization.auth_url, name)?;
    Ok(Json(serde_json::json!({"errcode": 0, "redirect_url": redirect_url})))
}

/// How many access_tokens each account was given.
pub(super) async fn tokens(State(simulator): State<Arc<Simulator>>) -> Json<serde_json::Value> {
    let counts: BTreeMap<&str, u64> =
        simulator.parties().iter().map(|party| (party.appid.as_str(), simulator.tokens_issued(&party.appid))).collect();
    Json(serde_json::json!({"errcode": 0, "issued": counts}))
}

pub(super) async fn clock(State(simulator): State<Arc<Simulator>>) -> Json<serde_json::Value> {
    Json(serde_json::json!({"errcode": 0, "now": simulator.now()}))
}

pub(super) async fn move_clock(
    State(simulator): State<Arc<Simulator>>,
    Body(movement): Body<Movement>,
) -> Reply<serde_json::Value> {
    match movement {
        Movement { advance_seconds: Some(seconds), set: None } => simulator.move_clock(seconds),
        Movement { advance_seconds: None, set: Some(now) } => simulator.set_clock(now),
        _ => {
            let cause = "give one of advance_seconds and set (Unix seconds)";
            return Err(ApiError::because(ApiErrcode::InvalidArgument, cause));
        }
    }
    Ok(clock(State(simulator)).await)
}

/// Goes on when the caller hangs up, so that repetitions and refunds are not lost with an impatient curl.
async fn to_the_end(
    calls: impl Future<Output = Result<Vec<Exchange>, ApiError>> + Send + 'static,
) -> Result<Vec<Exchange>, ApiError> {
    tokio::spawn(calls).await.map_err(|e| ApiError::because(ApiErrcode::QueryFailed, e))?
}

fn told(simulator: &Simulator, order_id: &str, exchanges: Vec<Exchange>) -> Reply<Told> {
    Ok(Json(Told { errcode: 0, order: simulator.order(order_id)?, exchanges }))
}
