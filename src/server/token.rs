//! The central access_token server: the party's other systems take the token here, in the shape that existing clients expect.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Extension, Query, State};
use axum::http::{HeaderMap, StatusCode};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use super::bearer::authorize;
use super::peer::PeerAddress;
use super::{Gateway, Problem};
use crate::domain::Scope;
use crate::platform::{AccessToken, CurrentToken, ForceRefreshError, PlatformError, TokenSource};
use crate::wire::Locale;

/// Which account, in the URL.
#[derive(Deserialize)]
pub(super) struct Account {
    #[serde(default)]
    appid: String,
}

/// A token that the platform refused.
#[derive(Deserialize)]
struct RefusedToken {
    appid: String,
    access_token: String,
}

/// `GET /admin/v1/token?appid=…`.
pub(super) async fn give(
    State(gateway): State<Arc<Gateway>>,
    Extension(peer): Extension<PeerAddress>,
    query: Result<Query<Account>, QueryRejection>,
    headers: HeaderMap,
) -> Result<Json<Value>, Problem> {
    let account = Problem::read_query(query);
    let appid = account.as_ref().map(|account| account.appid.as_str()).unwrap_or_default();
    let caller = authorize(&gateway, &headers, peer, Scope::Token, Some(appid)).await?;
    let Account { appid } = account?;
    match token_source(&gateway, &appid)?.current().await {
        Ok(current) => {
            caller.record(&gateway, "token", &appid, &current.token.digest_prefix(), "given").await?;
            Ok(shown(&current))
        }
        Err(error) => {
            caller.record(&gateway, "token", &appid, "", "failed").await?;
            Err(no_token(&error))
        }
    }
}

/// `POST /admin/v1/token/invalidate`.
pub(super) async fn invalidate(
    State(gateway): State<Arc<Gateway>>,
    Extension(peer): Extension<PeerAddress>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<Value>, Problem> {
    let refused: Result<RefusedToken, Problem> = Problem::read_json(&body);
    let appid = refused.as_ref().map(|refused| refused.appid.as_str()).unwrap_or_default();
    let caller = authorize(&gateway, &headers, peer, Scope::Token, Some(appid)).await?;
    let RefusedToken { appid, access_token } = refused?;
    let tokens = token_source(&gateway, &appid)?;
    let token = AccessToken::new(access_token);
    let was_current = tokens.refused(&token).await;
    let outcome = if was_current { "invalidated" } else { "not_current" };
    caller.record(&gateway, "token.invalidate", &appid, &token.digest_prefix(), outcome).await?;
    Ok(Json(json!({ "was_current": was_current })))
}

/// `POST /admin/v1/token/refresh`: ends the token that everybody holds. Within a budget.
pub(super) async fn force_refresh(
    State(gateway): State<Arc<Gateway>>,
    Extension(peer): Extension<PeerAddress>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<Value>, Problem> {
    let account: Result<Account, Problem> = Problem::read_json(&body);
    let appid = account.as_ref().map(|account| account.appid.as_str()).unwrap_or_default();
    let caller = authorize(&gateway, &headers, peer, Scope::Admin, Some(appid)).await?;
    let Account { appid } = account?;
    // Audited before it is done: it ends the token that everybody holds.
    caller.record(&gateway, "token.refresh", &appid, "", "asked").await?;
    let forced = token_source(&gateway, &appid)?.force_refresh().await;
    let (detail, outcome) = match &forced {
        Ok(current) => (current.token.digest_prefix(), "refreshed"),
        Err(ForceRefreshError::TooSoon { .. }) => (String::new(), "too_soon"),
        Err(_) => (String::new(), "failed"),
    };
    caller.record(&gateway, "token.refresh", &appid, &detail, outcome).await?;
    forced.map(|current| shown(&current)).map_err(|error| match error {
        ForceRefreshError::TooSoon { next_at, .. } => {
            Problem::new(StatusCode::TOO_MANY_REQUESTS, "too_soon", error.to_string())
                .with("next_at", next_at.to_string())
        }
        ForceRefreshError::Elsewhere => Problem::new(StatusCode::CONFLICT, "token_is_external", error.to_string()),
        ForceRefreshError::Platform(error) => no_token(&error),
    })
}

/// Whole seconds only, rounded down: a promise past the token's end is never made.
fn shown(current: &CurrentToken) -> Json<Value> {
    let left = current.expires_at.duration_since(Timestamp::now());
    Json(json!({ "access_token": current.token.expose(), "expires_in": left.as_secs().max(0) }))
}

fn token_source<'a>(gateway: &'a Gateway, appid: &str) -> Result<&'a Arc<dyn TokenSource>, Problem> {
    if appid.is_empty() {
        return Err(Problem::invalid_request("say for which account: appid"));
    }
    let mut parties = gateway.parties().filter(|party| party.appid == appid).peekable();
    if parties.peek().is_none() {
        let message = "no party has this appid; compare it with the gateway's configuration";
        return Err(Problem::new(StatusCode::NOT_FOUND, "appid_unknown", message));
    }
    let client = parties.find_map(|party| party.platform.as_ref());
    client.map(crate::platform::PlatformClient::tokens).ok_or_else(|| {
        let message = "the party of this appid has no app_secret, so that it gets no token; add app_secret_file to it";
        Problem::new(StatusCode::NOT_FOUND, "app_secret_missing", message)
    })
}

/// Why there is no token, and what to do.
fn no_token(error: &PlatformError) -> Problem {
    let message = format!("{error}; {}", error.cure(Locale::English));
    match error {
        PlatformError::Refused { errcode, errmsg, .. } => {
            Problem::new(StatusCode::BAD_GATEWAY, "platform_refused", message)
                .with("errcode", *errcode)
                .with("errmsg", errmsg.as_str())
        }
        PlatformError::Unreadable { .. } => Problem::new(StatusCode::BAD_GATEWAY, "platform_unreadable", message),
        PlatformError::Unreachable { .. } => {
            Problem::new(StatusCode::SERVICE_UNAVAILABLE, "platform_unreachable", message)
        }
        PlatformError::NoToken { .. } | PlatformError::InvalidRequest { .. } => {
            Problem::new(StatusCode::SERVICE_UNAVAILABLE, "token_unavailable", message)
        }
    }
}
