//! `/admin/v1/suspensions`: stopping payment for a department, an item or everything, for a time or until it is lifted.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Extension, Query, State};
use axum::http::{HeaderMap, StatusCode};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use super::bearer::authorize_for;
use super::desk::{admitted, party_unknown, reason};
use super::peer::PeerAddress;
use super::{Gateway, Problem};
use crate::app::book_answer::suspension_to_json;
use crate::domain::{DepartmentCode, Scope, Suspension, SuspensionScope};
use crate::store::SuspensionRecord;

/// The longest item_id; the platform's have under 40 bytes.
const MAX_ITEM_ID_BYTES: usize = 128;

/// Which suspensions to list.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Listing {
    #[serde(default)]
    party: Option<String>,
    #[serde(default)]
    in_force: bool,
}

/// A suspension to put or to lift.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    party: String,
    scope: String,
    #[serde(default)]
    subject: String,
    reason: String,
    #[serde(default)]
    from: Option<String>,
    #[serde(default)]
    until: Option<String>,
}

/// `GET /admin/v1/suspensions?party=…&in_force=…`.
pub(super) async fn list(
    State(gateway): State<Arc<Gateway>>,
    Extension(peer): Extension<PeerAddress>,
    query: Result<Query<Listing>, QueryRejection>,
    headers: HeaderMap,
) -> Result<Json<Value>, Problem> {
    let query = Problem::read_query(query)?;
    let party = admitted(&gateway, &headers, peer, &[Scope::Read, Scope::Notices], query.party.as_deref()).await?;
    let listed = gateway.store.list_suspensions(party.name.clone()).await;
    let now = Timestamp::now();
    let mut listed = listed.map_err(|error| Problem::store(&error))?;
    listed.retain(|record| !query.in_force || record.suspension.in_force(now));
    let listed: Value = listed.iter().map(|record| suspension_to_json(record, now)).collect();
    Ok(Json(json!({ "suspensions": listed })))
}

/// `PUT /admin/v1/suspensions`: one for each scope and subject; what was there before is replaced.
pub(super) async fn put(
    State(gateway): State<Arc<Gateway>>,
    Extension(peer): Extension<PeerAddress>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<Value>, Problem> {
    let read: Result<Body, Problem> = Problem::read_json(&body);
    let party = read.as_ref().ok().and_then(|body| gateway.party(&body.party)).cloned();
    let caller = authorize_for(&gateway, &headers, peer, &[Scope::Notices], party.as_ref()).await?;
    let body = read?;
    let party = party.ok_or_else(party_unknown)?;
    let scope = scope(&body)?;
    let suspension = Suspension::new(scope.clone(), reason(&body.reason)?)
        .between(instant("from", body.from.as_ref())?, instant("until", body.until.as_ref())?);
    let suspension = suspension.map_err(|error| invalid(&error))?;
    let now = Timestamp::now();
    let put = gateway.store.suspend(party.name.clone(), suspension.clone(), caller.author(), now).await;
    put.map_err(|error| Problem::store(&error))?;
    let listed = gateway.store.list_suspensions(party.name.clone()).await.map_err(|error| Problem::store(&error))?;
    // Somebody may have lifted it already: then it is told as it was put.
    let held = listed.into_iter().find(|record| record.suspension.scope == scope);
    let held = held.unwrap_or(SuspensionRecord { suspension, created_at: now });
    Ok(Json(suspension_to_json(&held, now)))
}

/// `POST /admin/v1/suspensions/lift`.
pub(super) async fn lift(
    State(gateway): State<Arc<Gateway>>,
    Extension(peer): Extension<PeerAddress>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<Value>, Problem> {
    let read: Result<Body, Problem> = Problem::read_json(&body);
    let party = read.as_ref().ok().and_then(|body| gateway.party(&body.party)).cloned();
    let caller = authorize_for(&gateway, &headers, peer, &[Scope::Notices], party.as_ref()).await?;
    let body = read?;
    let party = party.ok_or_else(party_unknown)?;
    if body.from.is_some() || body.until.is_some() {
        return Err(Problem::invalid_request("lifting is done at once: leave out from and until"));
    }
    let (scope, reason) = (scope(&body)?, reason(&body.reason)?);
    let (store, author, now) = (&gateway.store, caller.author(), Timestamp::now());
    let lifted = store.lift_suspension(party.name.clone(), scope.clone(), reason, author, now).await;
    if lifted.map_err(|error| Problem::store(&error))? {
        return Ok(Json(json!({ "scope": scope.name(), "subject": scope.subject(), "lifted": true })));
    }
    Err(Problem::new(StatusCode::NOT_FOUND, "suspension_unknown", "there is no such suspension: nothing was changed"))
}

fn scope(body: &Body) -> Result<SuspensionScope, Problem> {
    let subject = body.subject.trim();
    match (body.scope.as_str(), subject) {
        ("everything", "") => Ok(SuspensionScope::Everything),
        ("department", code) => DepartmentCode::new(code).map(SuspensionScope::Department).map_err(|e| invalid(&e)),
        ("item", id) if (1..=MAX_ITEM_ID_BYTES).contains(&id.len()) && !id.chars().any(char::is_control) => {
            Ok(SuspensionScope::Item(id.to_owned()))
        }
        ("item", _) => Err(invalid(&"subject must be the item_id")),
        ("everything", _) => Err(invalid(&"everything has no subject")),
        _ => Err(invalid(&"scope must be everything, department or item")),
    }
}

fn instant(name: &str, text: Option<&String>) -> Result<Option<Timestamp>, Problem> {
    let parsed = text.map(|text| text.parse()).transpose();
    parsed.map_err(|_| invalid(&format!("{name} must be a time such as 2026-12-31T22:00:00+08:00")))
}

fn invalid(problem: &impl ToString) -> Problem {
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid_suspension", problem.to_string())
}
