//! What an `/admin/v1` route answers when it cannot do what was asked: one JSON shape, a word for programs and a sentence for
//! people.

use axum::Json;
use axum::extract::Query;
use axum::extract::rejection::QueryRejection;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::store::StoreError;

/// An answer that is an error: `{"error": "…", "message": "…"}`, with more members where there are more facts.
#[derive(Debug)]
pub(super) struct Problem(Box<Content>);

#[derive(Debug)]
struct Content {
    status: StatusCode,
    error: &'static str,
    message: String,
    facts: Map<String, Value>,
}

impl Problem {
    /// `error` is a word that programs can rely on, `message` says what is wrong and what to do.
    pub(super) fn new(status: StatusCode, error: &'static str, message: impl Into<String>) -> Self {
        Self(Box::new(Content { status, error, message: message.into(), facts: Map::new() }))
    }

    /// With one more member.
    pub(super) fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.0.facts.insert(name.to_owned(), value.into());
        self
    }

    /// The word.
    pub(super) const fn error(&self) -> &'static str {
        self.0.error
    }

    /// A request that cannot be understood: 400.
    pub(super) fn invalid_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid_request", message)
    }

    /// A JSON body in which every member is as it must be, or a 400 that says which is not.
    pub(super) fn read_json<T: DeserializeOwned>(body: &[u8]) -> Result<T, Self> {
        serde_json::from_slice(body)
            .map_err(|error| Self::invalid_request(format!("the body is not as it must be: {error}")))
    }

    /// A query string in which every parameter is as it must be, or a 400 that says which is not.
    pub(super) fn read_query<T>(query: Result<Query<T>, QueryRejection>) -> Result<T, Self> {
        let Query(read) = query.map_err(|error| Self::invalid_request(error.body_text()))?;
        Ok(read)
    }

    /// The store failed: 503. The log tells how.
    pub(super) fn store(error: &StoreError) -> Self {
        tracing::error!(error = error as &dyn std::error::Error, "the admin API waits for the database");
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "database_unavailable",
            "the database does not answer as it should; try again, and see the gateway's log and /readyz",
        )
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let Content { status, error, message, mut facts } = *self.0;
        facts.insert("error".to_owned(), error.into());
        facts.insert("message".to_owned(), message.into());
        let mut response = (status, Json(Value::Object(facts))).into_response();
        if status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}
