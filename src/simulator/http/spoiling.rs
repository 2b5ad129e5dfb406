//! Spoiling the replies of the platform's APIs, as a header of the call or the fault script asks for it.

use std::sync::Arc;

use axum::Json;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::header::{CONTENT_TYPE, LOCATION};
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use crate::simulator::cases::{self, CASE_HEADER};
use crate::simulator::faults::ApiFault;
use crate::simulator::paced_body::PacedBody;
use crate::simulator::{ApiError, Simulator};
use crate::wire::ApiErrcode;

/// Everything below it is for whoever plays, and never spoiled.
const CONTROL_PATH: &str = "/simulator/";

/// Where a redirect without end leads, to itself.
pub(super) const REDIRECT_LOOP_PATH: &str = "/simulator/redirect-loop";

/// The size of a huge reply. Reading it all into memory is felt; sending it costs nothing.
const HUGE_PIECES: usize = 1024;
const HUGE_PIECE_BYTES: usize = 64 * 1024;

/// What a server in between says when it is in trouble, or thinks that it must greet somebody.
const PAGE: &str = "<html><head><title>Simulated page</title></head><body>This is not JSON.</body></html>";

/// The layer.
pub(super) async fn spoil(State(simulator): State<Arc<Simulator>>, request: Request, next: Next) -> Response {
    let path = request.uri().path();
    if path.starts_with(CONTROL_PATH) {
        return next.run(request).await;
    }
    let asked_for = match fault_of_header(request.headers()) {
        Ok(fault) => fault,
        Err(error) => return error.into_response(),
    };
    match asked_for.or_else(|| simulator.faults.of_api(path)) {
        None => next.run(request).await,
        Some(ApiFault::Errcode(errcode)) => {
            let text = ApiErrcode::from_code(errcode).map_or("simulated", ApiErrcode::text);
            Json(json!({"errcode": errcode, "errmsg": text})).into_response()
        }
        Some(ApiFault::RedirectLoop) => redirect_loop().await,
        // What was asked for is done, also when the caller has hung up by the time the reply is spoiled.
        Some(fault) => spoilt(next.run(request).await, fault).await,
    }
}

/// Leads to itself.
pub(super) async fn redirect_loop() -> Response {
    (StatusCode::TEMPORARY_REDIRECT, [(LOCATION, REDIRECT_LOOP_PATH)]).into_response()
}

fn fault_of_header(headers: &HeaderMap) -> Result<Option<ApiFault>, ApiError> {
    let Some(value) = headers.get(CASE_HEADER) else { return Ok(None) };
    let text = String::from_utf8_lossy(value.as_bytes());
    let wrong = |problem| ApiError::because(ApiErrcode::InvalidArgument, format_args!("{CASE_HEADER}: {problem}"));
    cases::reply_fault(&text).map(Some).map_err(wrong)
}

async fn spoilt(reply: Response, fault: ApiFault) -> Response {
    tokio::time::sleep(fault.silence()).await;
    match fault {
        ApiFault::Errcode(_) | ApiFault::RedirectLoop | ApiFault::Delay(_) => reply,
        ApiFault::Status(status) => page(StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY)),
        ApiFault::Html => page(StatusCode::OK),
        ApiFault::Empty => StatusCode::OK.into_response(),
        ApiFault::Cut => {
            let body = bytes(reply).await;
            json_reply(body.slice(..body.len() / 2).into())
        }
        ApiFault::WrongType => json_reply(wrapped(&bytes(reply).await).into()),
        ApiFault::Huge => {
            let piece = Bytes::from(vec![b' '; HUGE_PIECE_BYTES]);
            json_reply(Body::new(PacedBody::repeating(piece, HUGE_PIECES)))
        }
        ApiFault::SlowBytes(pause) => json_reply(Body::new(PacedBody::byte_by_byte(bytes(reply).await, pause))),
        ApiFault::Drop | ApiFault::Hang => json_reply(Body::new(PacedBody::broken())),
    }
}

fn page(status: StatusCode) -> Response {
    (status, [(CONTENT_TYPE, "text/html; charset=utf-8")], PAGE).into_response()
}

fn json_reply(body: Body) -> Response {
    ([(CONTENT_TYPE, "application/json")], body).into_response()
}

/// The body of a reply that this process made.
async fn bytes(reply: Response) -> Bytes {
    to_bytes(reply.into_body(), usize::MAX).await.unwrap_or_default()
}

/// Every value of an object in a list of its own.
fn wrapped(body: &[u8]) -> String {
    match serde_json::from_slice(body) {
        Ok(Value::Object(fields)) => {
            let fields = fields.into_iter().map(|(key, value)| (key, Value::Array(vec![value])));
            Value::Object(fields.collect()).to_string()
        }
        _ => Value::Array(Vec::new()).to_string(),
    }
}
