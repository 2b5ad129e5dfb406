//! Every route on one screen.

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post, put};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::set_header::SetResponseHeaderLayer;

use super::{
    Gateway, Problem, admin, callback, events, journals, micropay, notice_upload, notices, openapi, orders, payments,
    peer, refunds, suspensions, token,
};

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
        .nest("/admin/v1", admin_api(gateway))
        .layer(CatchPanicLayer::new())
        .with_state(Arc::clone(gateway))
}

/// What client systems call, each route with the bearer token of one (`bearer::authorize`).
fn admin_api(gateway: &Arc<Gateway>) -> Router<Arc<Gateway>> {
    Router::new()
        .route("/token", get(token::give))
        .route("/token/invalidate", post(token::invalidate))
        .route("/token/refresh", post(token::force_refresh))
        .route("/openapi.json", get(openapi::document))
        .route("/notices", post(notice_upload::upsert).get(notices::search))
        .route("/notices/{region_code}/{department_code}/{payment_notice_no}", get(notices::show))
        .route("/notices/{region_code}/{department_code}/{payment_notice_no}/cancel", post(notices::cancel))
        .route("/notices/{region_code}/{department_code}/{payment_notice_no}/suspend", post(notices::suspend))
        .route("/notices/{region_code}/{department_code}/{payment_notice_no}/restore", post(notices::restore))
        .route("/suspensions", put(suspensions::put).get(suspensions::list))
        .route("/suspensions/lift", post(suspensions::lift))
        .route("/payments", get(payments::list))
        .route("/payments/{order_id}", get(payments::show))
        .route("/journal/callbacks", get(journals::callbacks))
        .route("/journal/changes", get(journals::changes))
        .route("/journal/audit", get(journals::audit))
        .route("/orders", post(orders::place).get(payments::list_orders))
        .route("/orders/{order_id}", get(orders::show))
        .route("/refunds", post(refunds::request).get(payments::list_refunds))
        .route("/refunds/{refund_out_id}", get(refunds::show))
        .route("/events", get(events::follow))
        .route("/micropay", post(micropay::pay))
        .route("/micropay/{key}", get(micropay::show))
        .route("/micropay/{key}/cancel", post(micropay::cancel))
        .method_not_allowed_fallback(async || {
            let message = "this route takes another method; docs/admin-api.md tells which";
            Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", message)
        })
        .fallback(async || Problem::new(StatusCode::NOT_FOUND, "not_found", "there is no such route under /admin/v1"))
        .layer(SetResponseHeaderLayer::overriding(header::CACHE_CONTROL, HeaderValue::from_static("no-store")))
        .layer(DefaultBodyLimit::max(gateway.limits.max_body_bytes))
}
