//! Who calls an `/admin/v1` route, and whether he may: a bearer token of a client system, its scopes, its accounts and its
//! parties.

use std::sync::Arc;
use std::time::Instant;

use axum::http::{HeaderMap, StatusCode, header};
use jiff::Timestamp;

use super::peer::PeerAddress;
use super::{Gateway, Problem};
use crate::app::{Bearer, Party};
use crate::domain::{ApiClient, PartyName, Scope};
use crate::store::{ApiAuditEntry, Author};

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
    /// It as the author of a change.
    pub(super) fn author(&self) -> Author {
        Author { who: self.name.clone(), came_from: self.peer.clone() }
    }

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

/// What a request is about, and which of the scopes it takes.
struct Asked<'a> {
    /// One of them is enough.
    scopes: &'a [Scope],
    /// Of which account.
    appid: Option<&'a str>,
    /// Of which parties, all of them.
    parties: Vec<&'a PartyName>,
}

/// Lets a request about an account through when its bearer token is a client's that holds `scope` for `appid` and for every party
/// of it. 401 without a valid token, 403 for what the client may not do. Refused attempts are counted, and audited within a bound.
pub(super) async fn authorize(
    gateway: &Gateway,
    headers: &HeaderMap,
    peer: PeerAddress,
    scope: Scope,
    appid: Option<&str>,
) -> Result<Caller, Problem> {
    let of_account = gateway.parties().filter(|party| appid == Some(party.appid.as_str())).map(|party| &party.name);
    admit(gateway, headers, peer, Asked { scopes: &[scope], appid, parties: of_account.collect() }).await
}

/// As [`authorize`], for a request about one party; any of the scopes is enough.
pub(super) async fn authorize_for(
    gateway: &Gateway,
    headers: &HeaderMap,
    peer: PeerAddress,
    scopes: &[Scope],
    party: Option<&Arc<Party>>,
) -> Result<Caller, Problem> {
    // Where no party is meant, nobody's account is.
    let appid = Some(party.map(|party| party.appid.as_str()).unwrap_or_default());
    let parties = party.map(|party| &party.name).into_iter().collect();
    admit(gateway, headers, peer, Asked { scopes, appid, parties }).await
}

async fn admit(
    gateway: &Gateway,
    headers: &HeaderMap,
    PeerAddress(peer): PeerAddress,
    asked: Asked<'_>,
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
    match judge(bearer.as_ref(), found.as_ref(), &asked) {
        Ok(()) => Ok(Caller { name, peer }),
        Err(problem) => {
            record_refusal(gateway, Caller { name, peer }, &asked, problem.error()).await;
            Err(problem)
        }
    }
}

/// What stands behind `Authorization: Bearer`.
fn presented(headers: &HeaderMap) -> Option<&str> {
    let (kind, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    kind.eq_ignore_ascii_case("bearer").then_some(token)
}

fn judge(bearer: Option<&Bearer>, client: Option<&ApiClient>, asked: &Asked<'_>) -> Result<(), Problem> {
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
    if !asked.scopes.iter().any(|scope| client.may(*scope)) {
        let message = format!(
            "this client may not do that; ask the operator for one with the scope {} (nontax token-client add --scope)",
            asked.names()
        );
        return Err(Problem::new(StatusCode::FORBIDDEN, "scope_not_allowed", message));
    }
    if !client.may_for(asked.appid) {
        let message = "this client may not do that for this appid; ask the operator for one that may \
                       (nontax token-client add --appid)";
        return Err(Problem::new(StatusCode::FORBIDDEN, "appid_not_allowed", message));
    }
    if !client.may_for_parties(asked.parties.iter().copied()) {
        let message = "this client may not do that for this party; ask the operator for one that may \
                       (nontax token-client add --party)";
        return Err(Problem::new(StatusCode::FORBIDDEN, "party_not_allowed", message));
    }
    Ok(())
}

impl Asked<'_> {
    fn names(&self) -> String {
        self.scopes.iter().map(|scope| scope.name()).collect::<Vec<_>>().join(" or ")
    }
}

async fn record_refusal(gateway: &Gateway, caller: Caller, asked: &Asked<'_>, outcome: &'static str) {
    gateway.metrics.count_api_refusal(outcome);
    if !gateway.refusals.takes(Instant::now()) {
        return;
    }
    let client = if caller.name.is_empty() { "unknown" } else { &caller.name };
    let scope = asked.names();
    tracing::warn!(client, peer = caller.peer, scope, outcome, "an admin request was refused");
    let detail = format!("scope {scope}");
    // Whether it can be written or not, the answer is the same.
    let _ = caller.record(gateway, "authorize", asked.appid.unwrap_or_default(), &detail, outcome).await;
}

/// Text from outside as the audit keeps it.
fn audited(text: &str) -> String {
    text.chars().filter(|letter| !letter.is_control()).take(MAX_AUDITED_CHARS).collect()
}
