//! `/admin/v1/journal`: the callbacks that came, the state changes, and the audit of what people and systems changed.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Extension, Query, State};
use axum::http::HeaderMap;
use serde::Deserialize;
use serde_json::Value;

use super::desk::admitted;
use super::peer::PeerAddress;
use super::{Gateway, Problem, cursor};
use crate::app::book_answer::{audited_to_json, callback_to_json, change_to_json};
use crate::domain::Scope;
use crate::store::{CallbackSelection, StateSelection};

/// Which callbacks to list.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CallbackListing {
    #[serde(default)]
    party: Option<String>,
    #[serde(default)]
    wxnontaxstr: Option<String>,
    #[serde(default)]
    subject: Option<String>,
    #[serde(default)]
    after: Option<String>,
    #[serde(default)]
    limit: Option<u32>,
}

/// Which changes to list.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ChangeListing {
    #[serde(default)]
    party: Option<String>,
    #[serde(default)]
    subject_kind: Option<String>,
    #[serde(default)]
    subject: Option<String>,
    #[serde(default)]
    after: Option<String>,
    #[serde(default)]
    limit: Option<u32>,
}

/// Which rows of the audit to list.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AuditListing {
    #[serde(default)]
    party: Option<String>,
    #[serde(default)]
    subject: Option<String>,
    #[serde(default)]
    after: Option<String>,
    #[serde(default)]
    limit: Option<u32>,
}

/// `GET /admin/v1/journal/callbacks?…`.
pub(super) async fn callbacks(
    State(gateway): State<Arc<Gateway>>,
    Extension(peer): Extension<PeerAddress>,
    query: Result<Query<CallbackListing>, QueryRejection>,
    headers: HeaderMap,
) -> Result<Json<Value>, Problem> {
    let query = Problem::read_query(query)?;
    let party = admitted(&gateway, &headers, peer, &[Scope::Read], query.party.as_deref()).await?;
    let selection = CallbackSelection { wxnontaxstr: query.wxnontaxstr, subject: query.subject };
    let page = cursor::page(query.after.as_deref(), query.limit)?;
    let listed = gateway.store.list_callbacks(party.name.clone(), selection, page).await;
    let listed = listed.map_err(|error| Problem::store(&error))?;
    Ok(cursor::answer("callbacks", &listed, callback_to_json))
}

/// `GET /admin/v1/journal/changes?…`.
pub(super) async fn changes(
    State(gateway): State<Arc<Gateway>>,
    Extension(peer): Extension<PeerAddress>,
    query: Result<Query<ChangeListing>, QueryRejection>,
    headers: HeaderMap,
) -> Result<Json<Value>, Problem> {
    let query = Problem::read_query(query)?;
    let party = admitted(&gateway, &headers, peer, &[Scope::Read], query.party.as_deref()).await?;
    let selection = match (query.subject_kind, query.subject) {
        (subject_kind, Some(subject)) => StateSelection::Of { subject_kind, subject },
        (None, None) => StateSelection::All,
        (Some(_), None) => return Err(Problem::invalid_request("subject_kind needs a subject beside it")),
    };
    let page = cursor::page(query.after.as_deref(), query.limit)?;
    let listed = gateway.store.list_state_changes(party.name.clone(), selection, page).await;
    let listed = listed.map_err(|error| Problem::store(&error))?;
    Ok(cursor::answer("changes", &listed, |row| {
        let mut shown = change_to_json(&row.change);
        shown["change_id"] = row.change_id.into();
        shown
    }))
}

/// `GET /admin/v1/journal/audit?…`.
pub(super) async fn audit(
    State(gateway): State<Arc<Gateway>>,
    Extension(peer): Extension<PeerAddress>,
    query: Result<Query<AuditListing>, QueryRejection>,
    headers: HeaderMap,
) -> Result<Json<Value>, Problem> {
    let query = Problem::read_query(query)?;
    let party = admitted(&gateway, &headers, peer, &[Scope::Admin], query.party.as_deref()).await?;
    let page = cursor::page(query.after.as_deref(), query.limit)?;
    let listed = gateway.store.list_changes(party.name.clone(), query.subject, page).await;
    let listed = listed.map_err(|error| Problem::store(&error))?;
    Ok(cursor::answer("audit", &listed, audited_to_json))
}
