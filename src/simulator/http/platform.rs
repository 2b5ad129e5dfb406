//! The platform's APIs (protocol §6).

use std::sync::Arc;

use axum::Json;
use axum::extract::{Query, State};
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use serde::Deserialize;

use super::access::{AccountOf, Authorized, Body, Caller};
use crate::simulator::{ApiError, Callback, Simulator};
use crate::wire::ApiErrcode;
use crate::wire::{
    BaseResponse, ClientIpReply, DownloadBillRequest, GetAuthUrlReply, GetAuthUrlRequest, GetOrderListReply,
    GetOrderListRequest, GetOrderReply, GetOrderRequest, GetRealNameReply, GetRealNameRequest, MicropayReply,
    MicropayRequest, MockReply, MockRequest, NotifyInconsistentOrderReply, NotifyInconsistentOrderRequest,
    QueryFeeReply, QueryFeeRequest, RefundReply, RefundRequest, StableTokenRequest, TokenReply, UnifiedOrderReply,
    UnifiedOrderRequest,
};

type Reply<T> = Result<Json<T>, ApiError>;

/// What `GET /cgi-bin/token` takes.
#[derive(Deserialize)]
pub(super) struct TokenQuery {
    #[serde(default)]
    grant_type: String,
    #[serde(default)]
    appid: String,
    #[serde(default)]
    secret: String,
}

pub(super) async fn token(
    State(simulator): State<Arc<Simulator>>,
    Caller(from): Caller,
    Query(query): Query<TokenQuery>,
) -> Reply<TokenReply> {
    check_account(&simulator, &query.grant_type, &query.appid, &query.secret)?;
    simulator.check_token_ip(from)?;
    let lifetime_seconds = simulator.timing.token_lifetime_seconds;
    Ok(Json(simulator.state().tokens.issue(&query.appid, lifetime_seconds, simulator.clock.now())))
}

pub(super) async fn stable_token(
    State(simulator): State<Arc<Simulator>>,
    Caller(from): Caller,
    Body(request): Body<StableTokenRequest>,
) -> Reply<TokenReply> {
    check_account(&simulator, &request.grant_type, &request.appid, &request.secret)?;
    simulator.check_token_ip(from)?;
    let lifetime_seconds = simulator.timing.token_lifetime_seconds;
    let mut state = simulator.state();
    state.tokens.issue_stable(&request.appid, request.force_refresh, lifetime_seconds, simulator.clock.now()).map(Json)
}

fn check_account(simulator: &Simulator, grant_type: &str, appid: &str, secret: &str) -> Result<(), ApiError> {
    if grant_type != "client_credential" {
        return Err(ApiErrcode::InvalidGrantType.into());
    }
    let mut parties = simulator.parties().iter().filter(|party| party.appid == appid).peekable();
    if parties.peek().is_none() {
        return Err(ApiErrcode::InvalidAppid.into());
    }
    if parties.any(|party| party.app_secret.as_str() == secret) {
        Ok(())
    } else {
        Err(ApiErrcode::InvalidAppSecret.into())
    }
}

pub(super) async fn query_fee(
    State(simulator): State<Arc<Simulator>>,
    Authorized(request): Authorized<QueryFeeRequest>,
) -> Reply<QueryFeeReply> {
    simulator.query_fee(&request).await.map(Json)
}

pub(super) async fn unified_order(
    State(simulator): State<Arc<Simulator>>,
    Authorized(request): Authorized<UnifiedOrderRequest>,
) -> Reply<UnifiedOrderReply> {
    simulator.unified_order(request).await.map(Json)
}

pub(super) async fn micropay(
    State(simulator): State<Arc<Simulator>>,
    Authorized(request): Authorized<MicropayRequest>,
) -> Reply<MicropayReply> {
    simulator.micropay(&request).await.map(Json)
}

pub(super) async fn get_order(
    State(simulator): State<Arc<Simulator>>,
    Authorized(request): Authorized<GetOrderRequest>,
) -> Reply<GetOrderReply> {
    simulator.order_for(request.appid.trim(), &request.order_id).map(Json)
}

pub(super) async fn get_order_list(
    State(simulator): State<Arc<Simulator>>,
    Authorized(request): Authorized<GetOrderListRequest>,
) -> Reply<GetOrderListReply> {
    simulator.order_list(&request).map(Json)
}

pub(super) async fn notify_inconsistent_order(
    State(simulator): State<Arc<Simulator>>,
    Authorized(request): Authorized<NotifyInconsistentOrderRequest>,
) -> Reply<NotifyInconsistentOrderReply> {
    simulator.notify_inconsistent_order(&request).await.map(Json)
}

/// Replies at once; the notifications follow.
pub(super) async fn refund(
    State(simulator): State<Arc<Simulator>>,
    Caller(from): Caller,
    Authorized(request): Authorized<RefundRequest>,
) -> Reply<RefundReply> {
    simulator.refund_for(&request, from).map(Json)
}

pub(super) async fn get_auth_url(
    State(simulator): State<Arc<Simulator>>,
    AccountOf(appid, request): AccountOf<GetAuthUrlRequest>,
) -> Reply<GetAuthUrlReply> {
    simulator.auth_url(&appid, request.redirect_url.trim()).map(Json)
}

pub(super) async fn get_real_name(
    State(simulator): State<Arc<Simulator>>,
    AccountOf(appid, request): AccountOf<GetRealNameRequest>,
) -> Reply<GetRealNameReply> {
    simulator.real_name(&appid, &request.wx_realname_token).map(Json)
}

/// The user's address, for the page that asks. The sources name no path (§8): this one is the simulator's own.
pub(super) async fn get_client_ip(Caller(from): Caller) -> Json<ClientIpReply> {
    let base_resp = BaseResponse { ret: 0, err_msg: "OK".to_owned() };
    Json(ClientIpReply { base_resp, client_ip: Some(from.to_canonical().to_string()) })
}

/// A file when it works, and JSON as everywhere when it does not.
pub(super) async fn download_bill(
    State(simulator): State<Arc<Simulator>>,
    Authorized(request): Authorized<DownloadBillRequest>,
) -> Result<impl IntoResponse, ApiError> {
    let download = simulator.download_bill(&request)?;
    Ok(([(CONTENT_TYPE, download.content_type)], download.body))
}

pub(super) async fn mock_notification(
    State(simulator): State<Arc<Simulator>>,
    Authorized(request): Authorized<MockRequest>,
) -> Reply<MockReply> {
    simulator.mock(Callback::Notification, &request).await.map(Json)
}

pub(super) async fn mock_query_fee(
    State(simulator): State<Arc<Simulator>>,
    Authorized(request): Authorized<MockRequest>,
) -> Reply<MockReply> {
    simulator.mock(Callback::Receivables, &request).await.map(Json)
}
