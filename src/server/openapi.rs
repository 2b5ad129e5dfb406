//! `/admin/v1/openapi.json`: the description of the admin API for programs, as it is committed.

use axum::http::header;
use axum::response::IntoResponse;

/// The document.
const DOCUMENT: &str = include_str!("../../docs/openapi.json");

/// `GET /admin/v1/openapi.json`, for anybody who reaches the listener: it tells nothing of anybody.
pub(super) async fn document() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/json")], DOCUMENT)
}
