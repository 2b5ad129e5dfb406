//! `/admin/v1/notices`: looking at notices, and canceling, suspending and restoring them.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Extension, Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use super::bearer::authorize_for;
use super::desk::{PartyOfQuery, admitted, party_unknown, reason};
use super::peer::PeerAddress;
use super::{Gateway, Problem, cursor};
use crate::app::book_answer::{listed_notice_to_json, notice_record_to_json, record_to_json};
use crate::domain::{ChinaDate, DepartmentCode, NoticeKey, NoticeStep, PaymentNoticeNo, Scope};
use crate::store::{MoveNoticeError, NoticeChange, NoticeSelection};

/// The states that a search takes.
const STATES: [&str; 4] = ["unpaid", "paid", "canceled", "suspended"];

/// What to search for.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Search {
    #[serde(default)]
    party: Option<String>,
    #[serde(default)]
    payment_notice_no: Option<String>,
    #[serde(default)]
    department_code: Option<String>,
    #[serde(default)]
    status: Option<String>,
    #[serde(default)]
    expires_from: Option<String>,
    #[serde(default)]
    expires_until: Option<String>,
    #[serde(default)]
    create_time_from: Option<i64>,
    #[serde(default)]
    create_time_before: Option<i64>,
    #[serde(default)]
    after: Option<String>,
    #[serde(default)]
    limit: Option<u32>,
}

/// A change that is asked for.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ChangeBody {
    party: String,
    reason: String,
    #[serde(default)]
    version: Option<i64>,
}

/// Region, collection entity and number, in the path.
type KeyPath = Path<(String, String, String)>;

/// `GET /admin/v1/notices?…`.
pub(super) async fn search(
    State(gateway): State<Arc<Gateway>>,
    Extension(peer): Extension<PeerAddress>,
    query: Result<Query<Search>, QueryRejection>,
    headers: HeaderMap,
) -> Result<Json<Value>, Problem> {
    let query = Problem::read_query(query)?;
    let party = admitted(&gateway, &headers, peer, &[Scope::Read, Scope::Notices], query.party.as_deref()).await?;
    let page = cursor::page(query.after.as_deref(), query.limit)?;
    let found = gateway.store.search_notices(party.name.clone(), query.selection()?, page).await;
    let found = found.map_err(|error| Problem::store(&error))?;
    Ok(cursor::answer("notices", &found, listed_notice_to_json))
}

impl Search {
    fn selection(&self) -> Result<NoticeSelection, Problem> {
        let invalid = |name: &str, problem: String| Problem::invalid_request(format!("{name}: {problem}"));
        let day = |name: &str, text: &Option<String>| {
            text.as_deref().map(str::parse::<ChinaDate>).transpose().map_err(|e| invalid(name, e.to_string()))
        };
        let second = |name: &str, seconds: Option<i64>| {
            let expected = || invalid(name, "expected Unix seconds".to_owned());
            let instant = |at: i64| if at < 0 { None } else { Timestamp::from_second(at).ok() };
            seconds.map(|at| instant(at).ok_or_else(expected)).transpose()
        };
        if let Some(status) = self.status.as_deref().filter(|status| !STATES.contains(status)) {
            return Err(invalid("status", format!("\"{status}\" is none of {}", STATES.join(", "))));
        }
        let number = self.payment_notice_no.as_deref().map(PaymentNoticeNo::new).transpose();
        let department = self.department_code.as_deref().map(DepartmentCode::new).transpose();
        Ok(NoticeSelection {
            payment_notice_no: number.map_err(|e| Problem::invalid_request(e.to_string()))?,
            department_code: department.map_err(|e| Problem::invalid_request(e.to_string()))?,
            state: self.status.clone(),
            expires_from: day("expires_from", &self.expires_from)?,
            expires_until: day("expires_until", &self.expires_until)?,
            made_out_from: second("create_time_from", self.create_time_from)?,
            made_out_before: second("create_time_before", self.create_time_before)?,
        })
    }
}

/// `GET /admin/v1/notices/{region_code}/{department_code}/{payment_notice_no}?party=…`.
pub(super) async fn show(
    State(gateway): State<Arc<Gateway>>,
    Extension(peer): Extension<PeerAddress>,
    path: KeyPath,
    query: Result<Query<PartyOfQuery>, QueryRejection>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let query = Problem::read_query(query)?;
    let party = admitted(&gateway, &headers, peer, &[Scope::Read, Scope::Notices], query.party.as_deref()).await?;
    let key = key(path)?;
    let store = &gateway.store;
    let failed = |error| Problem::store(&error);
    let record = store.find_notice(party.name.clone(), key.clone()).await.map_err(failed)?.ok_or_else(unknown)?;
    let history = store.notice_history(party.name.clone(), key).await.map_err(failed)?;
    let suspensions = store.list_suspensions(party.name.clone()).await.map_err(failed)?;
    let now = Timestamp::now();
    let in_force =
        crate::domain::Suspensions::in_force(suspensions.iter().map(|suspension| &suspension.suspension), now);
    let suspended_by = if in_force.everything() {
        Some("everything")
    } else {
        in_force.touch(&record.notice).then_some("department_or_item")
    };
    Ok(with_version(record.version, record_to_json(&record, &history, suspended_by)))
}

/// `POST …/cancel`.
pub(super) async fn cancel(
    state: State<Arc<Gateway>>,
    peer: Extension<PeerAddress>,
    path: KeyPath,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Problem> {
    change(NoticeStep::Cancel, state, peer, path, headers, body).await
}

/// `POST …/suspend`.
pub(super) async fn suspend(
    state: State<Arc<Gateway>>,
    peer: Extension<PeerAddress>,
    path: KeyPath,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Problem> {
    change(NoticeStep::Suspend, state, peer, path, headers, body).await
}

/// `POST …/restore`.
pub(super) async fn restore(
    state: State<Arc<Gateway>>,
    peer: Extension<PeerAddress>,
    path: KeyPath,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Problem> {
    change(NoticeStep::Restore, state, peer, path, headers, body).await
}

async fn change(
    step: NoticeStep,
    State(gateway): State<Arc<Gateway>>,
    Extension(peer): Extension<PeerAddress>,
    path: KeyPath,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Problem> {
    let read: Result<ChangeBody, Problem> = Problem::read_json(&body);
    let party = read.as_ref().ok().and_then(|body| gateway.party(&body.party)).cloned();
    let caller = authorize_for(&gateway, &headers, peer, &[Scope::Notices], party.as_ref()).await?;
    let body = read?;
    let party = party.ok_or_else(party_unknown)?;
    let expected_version = expected_version(&headers, body.version)?;
    let change = NoticeChange { key: key(path)?, step, expected_version, reason: reason(&body.reason)? };
    let moved = gateway.store.move_notice(party.name.clone(), change, caller.author(), Timestamp::now()).await;
    moved.map(|record| with_version(record.version, notice_record_to_json(&record))).map_err(refused)
}

/// The version that the caller has seen: in `If-Match` or in the body, in both the same.
fn expected_version(headers: &HeaderMap, of_body: Option<i64>) -> Result<Option<i64>, Problem> {
    let Some(text) = headers.get(header::IF_MATCH) else { return Ok(of_body) };
    let text = text.to_str().unwrap_or_default().trim();
    let version = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).and_then(|text| text.parse().ok());
    match version {
        Some(version) if of_body.is_none_or(|of_body| of_body == version) => Ok(Some(version)),
        Some(_) => Err(Problem::invalid_request("If-Match and \"version\" are not the same")),
        None => Err(Problem::invalid_request("If-Match must be the ETag of the notice, such as \"3\" with its quotes")),
    }
}

fn refused(error: MoveNoticeError) -> Problem {
    let message = error.to_string();
    match error {
        MoveNoticeError::NotFound => unknown(),
        MoveNoticeError::Changed { current, .. } => Problem::new(StatusCode::CONFLICT, "version_differs", message)
            .with("version", current.version)
            .with("current", notice_record_to_json(&current)),
        MoveNoticeError::Refused(_) => Problem::new(StatusCode::CONFLICT, "step_not_allowed", message),
        MoveNoticeError::Store(error) => Problem::store(&error),
    }
}

fn key(Path((region, department, number)): KeyPath) -> Result<NoticeKey, Problem> {
    NoticeKey::new(&region, &department, &number).map_err(|_| unknown())
}

fn unknown() -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "notice_unknown", "the book holds no such notice")
}

fn with_version(version: i64, shown: Value) -> Response {
    ([(header::ETAG, format!("\"{version}\""))], Json(shown)).into_response()
}
