//! Every route on one screen.

use std::sync::Arc;

use axum::Router;
use axum::http::{HeaderValue, header};
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::set_header::SetResponseHeaderLayer;

use super::{Gateway, admin, callback, peer};

/// What Weixin calls, and nothing else.
pub fn callback_router(gateway: &Arc<Gateway>) -> Router {
    Router::new()
        .route("/callback/{party}/receivables", post(callback::receivables))
        .route("/callback/{party}/notification", post(callback::notification))
        .layer(from_fn_with_state(Arc::clone(gateway), peer::admit))
        .layer(SetResponseHeaderLayer::overriding(header::CACHE_CONTROL, HeaderValue::from_static("no-store")))
        .layer(CatchPanicLayer::new())
        .with_state(Arc::clone(gateway))
}

/// What the operator and the machinery around the gateway call.
pub fn admin_router(gateway: &Arc<Gateway>) -> Router {
    Router::new()
        .route("/livez", get(admin::livez))
        .route("/readyz", get(admin::readyz))
        .route("/metrics", get(admin::metrics))
        .layer(CatchPanicLayer::new())
        .with_state(Arc::clone(gateway))
}
