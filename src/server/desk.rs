//! What the routes that move money share: the party that is meant, the caller's key, and a call that is finished even when the
//! caller hangs up.

use std::sync::Arc;

use axum::http::{HeaderMap, StatusCode};
use serde::Deserialize;

use super::bearer::authorize_for;
use super::peer::PeerAddress;
use super::{Gateway, Problem};
use crate::app::{MAX_GIVEN_KEY_BYTES, Party};
use crate::domain::Scope;

const IDEMPOTENCY_KEY: &str = "idempotency-key";

/// The longest reason: a sentence or two, and not a document.
const MAX_REASON_BYTES: usize = 512;

/// The party of a look-up, in the URL.
#[derive(Deserialize)]
pub(super) struct PartyOfQuery {
    #[serde(default)]
    pub(super) party: Option<String>,
}

impl PartyOfQuery {
    /// The party that is named; where there is one party only it need not be.
    pub(super) fn among(&self, gateway: &Gateway) -> Option<Arc<Party>> {
        gateway.named_or_only(self.party.as_deref())
    }
}

/// The party that is meant, for a caller who has one of the scopes for it.
pub(super) async fn admitted(
    gateway: &Gateway,
    headers: &HeaderMap,
    peer: PeerAddress,
    scopes: &[Scope],
    named: Option<&str>,
) -> Result<Arc<Party>, Problem> {
    let party = gateway.named_or_only(named);
    authorize_for(gateway, headers, peer, scopes, party.as_ref()).await?;
    party.ok_or_else(party_unknown)
}

/// There is no such party, or none is named among several.
pub(super) fn party_unknown() -> Problem {
    let message = "say in \"party\" which of the gateway's configured parties is meant";
    Problem::new(StatusCode::NOT_FOUND, "party_unknown", message)
}

/// The key that the caller gives, of its own: what is asked for twice under one key is done once.
pub(super) fn idempotency_key(headers: &HeaderMap) -> Result<String, Problem> {
    let key = headers.get(IDEMPOTENCY_KEY).and_then(|value| value.to_str().ok()).map(str::trim);
    let key = key.filter(|key| (1..=MAX_GIVEN_KEY_BYTES).contains(&key.len())).map(str::to_owned);
    key.ok_or_else(|| {
        Problem::invalid_request(
            "send a header Idempotency-Key of 1 to 128 bytes, one for each order or refund, the same when you repeat it",
        )
    })
}

/// Why something is changed, in one line: the audit keeps it.
pub(super) fn reason(text: &str) -> Result<String, Problem> {
    let reason = text.trim();
    let fits = (1..=MAX_REASON_BYTES).contains(&reason.len()) && !reason.chars().any(char::is_control);
    if fits {
        return Ok(reason.to_owned());
    }
    let message = format!("reason must say why, in one line of 1 to {MAX_REASON_BYTES} bytes");
    Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid_reason", message))
}

/// Runs to its end what was begun, whether the caller waits for it or not.
pub(super) async fn to_its_end<T: Send + 'static>(
    work: impl Future<Output = T> + Send + 'static,
) -> Result<T, Problem> {
    tokio::spawn(work).await.map_err(|_| {
        let message = "the work on it panicked: this is a bug; ask again with the same key";
        Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "panic", message)
    })
}
