//! Who calls an `/admin/v1` route, and whether he may: a bearer token of a client system, its scopes and its accounts.

use std::time::Instant;

use axum::http::{HeaderMap, StatusCode, header};
use jiff::Timestamp;

use super::peer::PeerAddress;
use super::{Gateway, Problem};
use crate::app::Bearer;
use crate::domain::{ApiClient, Scope};
use crate::store::ApiAuditEntry;

/// Longest text that stands in the audit from outside, such as an appid of nobody.
const MAX_AUDITED_CHARS: usize = 64;

/// A client system that may do what it asks for.
#[derive(Clone, Debug)]
pub(super) struct Caller {
    /// Its name.
    pub(super) name: String,
    /// Its address, behind trusted proxies.
    peer: String,
}

impl Caller {
    /// Writes into the audit what it did. A deed that cannot be audited is not done, so this comes before the answer.
    pub(super) async fn record(
        &self,
        gateway: &Gateway,
        action: &'static str,
        appid: &str,
        detail: &str,
        outcome: &'static str,
    ) -> Result<(), Problem> {
        let entry = ApiAuditEntry {
            client: self.name.clone(),
            action,
            appid: audited(appid),
            peer: self.peer.clone(),
            detail: detail.to_owned(),
            outcome,
            recorded_at: Timestamp::now(),
        };
        gateway.store.append_api_audit(entry).await.map_err(|error| Problem::store(&error))
    }
}

/// Lets a request through when its bearer token is a client's that holds `scope` for `appid`. 401 without a valid token, 403 for
/// what the client may not do. Refused attempts are counted, and audited within a bound.
pub(super) async fn authorize(
    gateway: &Gateway,
    headers: &HeaderMap,
    PeerAddress(peer): PeerAddress,
    scope: Scope,
    appid: Option<&str>,
) -> Result<Caller, Problem> {
    let peer = gateway.address_rules.client(peer.ip(), headers).to_string();
    let bearer = presented(headers).and_then(Bearer::read);
    let found = match &bearer {
        Some(bearer) => {
            let found = gateway.store.find_api_client(bearer.name.clone()).await;
            found.map_err(|error| Problem::store(&error))?
        }
        None => None,
    };
    let name = found.as_ref().map(|client| client.name.to_string()).unwrap_or_default();
    match judge(bearer.as_ref(), found.as_ref(), scope, appid) {
        Ok(()) => Ok(Caller { name, peer }),
        Err(problem) => {
            record_refusal(gateway, Caller { name, peer }, scope, appid, problem.error()).await;
            Err(problem)
        }
    }
}

/// What stands behind `Authorization: Bearer`.
fn presented(headers: &HeaderMap) -> Option<&str> {
    let (kind, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    kind.eq_ignore_ascii_case("bearer").then_some(token)
}

fn judge(
    bearer: Option<&Bearer>,
    client: Option<&ApiClient>,
    scope: Scope,
    appid: Option<&str>,
) -> Result<(), Problem> {
    let Some(bearer) = bearer else {
        let message = "send Authorization: Bearer NAME.SECRET, as nontax token-client add printed it";
        return Err(Problem::new(StatusCode::UNAUTHORIZED, "bearer_missing", message));
    };
    // An unknown name, a wrong secret and a revoked client are one answer.
    let valid = bearer.is_of(client);
    let Some(client) = client.filter(|client| valid && client.revoked_at.is_none()) else {
        let message =
            "the bearer token is nobody's, or was revoked; ask the operator for one (nontax token-client add)";
        return Err(Problem::new(StatusCode::UNAUTHORIZED, "bearer_invalid", message));
    };
    if !client.may(scope) {
        let message = format!(
            "this client may not do that; ask the operator for one with the scope {} (nontax token-client add --scope)",
            scope.name()
        );
        return Err(Problem::new(StatusCode::FORBIDDEN, "scope_not_allowed", message));
    }
    if !client.may_for(appid) {
        let message = "this client may not do that for this appid; ask the operator for one that may \
                       (nontax token-client add --appid)";
        return Err(Problem::new(StatusCode::FORBIDDEN, "appid_not_allowed", message));
    }
    Ok(())
}

async fn record_refusal(gateway: &Gateway, caller: Caller, scope: Scope, appid: Option<&str>, outcome: &'static str) {
    gateway.metrics.count_api_refusal(outcome);
    if !gateway.refusals.takes(Instant::now()) {
        return;
    }
    let client = if caller.name.is_empty() { "unknown" } else { &caller.name };
    tracing::warn!(client, peer = caller.peer, scope = scope.name(), outcome, "an admin request was refused");
    let detail = format!("scope {}", scope.name());
    // Whether it can be written or not, the answer is the same.
    let _ = caller.record(gateway, "authorize", appid.unwrap_or_default(), &detail, outcome).await;
}

/// Text from outside as the audit keeps it.
fn audited(text: &str) -> String {
    text.chars().filter(|letter| !letter.is_control()).take(MAX_AUDITED_CHARS).collect()
}
