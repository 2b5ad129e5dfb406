//! What every call of the platform's APIs must bring: an access_token that is valid now, and the account that it belongs to.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{ConnectInfo, FromRequest, FromRequestParts, Query, Request};
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::simulator::{ApiError, Simulator};
use crate::wire::ApiErrcode;
use crate::wire::{
    DownloadBillRequest, GetOrderListRequest, GetOrderRequest, MicropayRequest, MockRequest,
    NotifyInconsistentOrderRequest, QueryFeeRequest, RefundRequest, UnifiedOrderRequest, from_json,
};

/// Refused as the real platform does it: with HTTP status 200.
impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        Json(self).into_response()
    }
}

/// From where a call comes.
pub(super) struct Caller(pub(super) IpAddr);

impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let peer = ConnectInfo::<SocketAddr>::from_request_parts(parts, state).await;
        let ConnectInfo(peer) = peer.map_err(|e| ApiError::because(ApiErrcode::SystemError, e))?;
        Ok(Self(peer.ip()))
    }
}

/// The body of a call, whatever its Content-Type.
pub(super) struct Body<T>(pub(super) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let body = Bytes::from_request(request, state)
            .await
            .map_err(|e| ApiError::because(ApiErrcode::InvalidJson, e.body_text()))?;
        from_json(&body).map(Self).map_err(|e| ApiError::because(ApiErrcode::InvalidJson, e))
    }
}

/// The body of a call with a valid access_token of the account that the body names.
pub(super) struct Authorized<T>(pub(super) T);

/// The account of a valid access_token, and the body of a call that names none.
pub(super) struct AccountOf<T>(pub(super) String, pub(super) T);

impl<T: DeserializeOwned> FromRequest<Arc<Simulator>> for AccountOf<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, simulator: &Arc<Simulator>) -> Result<Self, ApiError> {
        let token = Query::<AccessToken>::try_from_uri(request.uri()).ok().and_then(|Query(q)| q.access_token);
        let account = simulator.state().tokens.check(token.as_deref(), simulator.clock.now())?.to_owned();
        let Body(body) = Body::from_request(request, simulator).await?;
        Ok(Self(account, body))
    }
}

/// A body that names the calling account.
pub(super) trait NamesAccount {
    /// The appid in the body.
    fn appid(&self) -> &str;
}

#[derive(Deserialize)]
struct AccessToken {
    access_token: Option<String>,
}

impl<T: DeserializeOwned + NamesAccount> FromRequest<Arc<Simulator>> for Authorized<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, simulator: &Arc<Simulator>) -> Result<Self, ApiError> {
        let AccountOf(account, body) = AccountOf::<T>::from_request(request, simulator).await?;
        match body.appid() {
            "" => Err(ApiErrcode::EmptyAppid.into()),
            appid if appid == account => Ok(Self(body)),
            _ => Err(ApiErrcode::AppidNotOfToken.into()),
        }
    }
}

macro_rules! names_account {
    ($($request:ty),+) => {
        $(impl NamesAccount for $request {
            fn appid(&self) -> &str {
                self.appid.trim()
            }
        })+
    };
}

names_account!(
    DownloadBillRequest,
    GetOrderListRequest,
    GetOrderRequest,
    MicropayRequest,
    MockRequest,
    NotifyInconsistentOrderRequest,
    QueryFeeRequest,
    RefundRequest,
    UnifiedOrderRequest
);
