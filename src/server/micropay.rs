//! Payments at the counter over the admin API: begun once for each key, waited for as long as the caller likes, asked after and
//! given up.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Extension, Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use super::bearer::{Caller, authorize_for};
use super::peer::PeerAddress;
use super::{Gateway, Problem};
use crate::app::{MicropayError, MicropayOutcome, Party};
use crate::domain::{MicropayKey, Scope};
use crate::wire::{MicropayRequest, from_json};

/// How long a caller may have the answer held back: longer than any cashier waits, shorter than proxies do.
const MAX_WAIT: Duration = Duration::from_secs(50);

/// The header with the caller's key.
const KEY_HEADER: &str = "idempotency-key";

/// What is paid, and by whom it is collected.
#[derive(Deserialize)]
struct Wish {
    party: String,
    payment: MicropayRequest,
}

/// What stands in the URL.
#[derive(Deserialize)]
pub(super) struct Asked {
    #[serde(default)]
    party: String,
    #[serde(default)]
    wait_seconds: u64,
}

impl Asked {
    fn wait(&self) -> Duration {
        Duration::from_secs(self.wait_seconds).min(MAX_WAIT)
    }
}

/// `POST /admin/v1/micropay?wait_seconds=…`.
pub(super) async fn pay(
    State(gateway): State<Arc<Gateway>>,
    Extension(peer): Extension<PeerAddress>,
    query: Result<Query<Asked>, QueryRejection>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Problem> {
    let asked = Problem::read_query(query)?;
    // This reader quotes nothing of what it found: the payer's code may be in it.
    let wish: Wish = match from_json(&body) {
        Ok(wish) => wish,
        Err(error) => {
            authorize_for(&gateway, &headers, peer, &[Scope::Micropay], None).await?;
            return Err(Problem::invalid_request(format!("the body is not as it must be: {error}")));
        }
    };
    let (party, caller) = admitted(&gateway, &headers, peer, &wish.party).await?;
    let text = headers.get(KEY_HEADER).and_then(|value| value.to_str().ok());
    let text =
        text.ok_or_else(|| Problem::invalid_request("send Idempotency-Key: a key of your own for this payment"))?;
    let key = read_key(text)?;
    // Before it is begun: what is begun is run, whatever becomes of this request.
    caller.record(&gateway, "micropay", &party.appid, key.as_str(), "asked").await?;
    gateway.micropays.begin(&party, &key, &wish.payment).await.map_err(|error| refused(&error))?;
    followed(&gateway, party, key, asked.wait()).await
}

/// `GET /admin/v1/micropay/{key}?party=…&wait_seconds=…`.
pub(super) async fn show(
    State(gateway): State<Arc<Gateway>>,
    Extension(peer): Extension<PeerAddress>,
    Path(key): Path<String>,
    query: Result<Query<Asked>, QueryRejection>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let asked = Problem::read_query(query)?;
    let (party, _) = admitted(&gateway, &headers, peer, &asked.party).await?;
    let key = read_key(&key)?;
    if asked.wait().is_zero() {
        let outcome = gateway.micropays.outcome(&party, &key).await;
        return outcome.map(told).map_err(|error| refused(&error));
    }
    followed(&gateway, party, key, asked.wait()).await
}

/// `POST /admin/v1/micropay/{key}/cancel?party=…`.
pub(super) async fn cancel(
    State(gateway): State<Arc<Gateway>>,
    Extension(peer): Extension<PeerAddress>,
    Path(key): Path<String>,
    query: Result<Query<Asked>, QueryRejection>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let asked = Problem::read_query(query)?;
    let (party, caller) = admitted(&gateway, &headers, peer, &asked.party).await?;
    let key = read_key(&key)?;
    caller.record(&gateway, "micropay.cancel", &party.appid, key.as_str(), "asked").await?;
    gateway.micropays.cancel(&party, &key).await.map_err(|error| refused(&error))?;
    followed(&gateway, party, key, asked.wait()).await
}

/// The party and the caller that may take payments for it.
async fn admitted(
    gateway: &Gateway,
    headers: &HeaderMap,
    peer: PeerAddress,
    name: &str,
) -> Result<(Arc<Party>, Caller), Problem> {
    let party = gateway.party(name).map(Arc::clone);
    let caller = authorize_for(gateway, headers, peer, &[Scope::Micropay], party.as_ref()).await?;
    let party = party.ok_or_else(|| {
        Problem::new(StatusCode::NOT_FOUND, "party_unknown", "there is no such party; name one of the configuration")
    })?;
    Ok((party, caller))
}

/// Runs the payment on, whether the caller stays or not, and answers when nobody has to wait any more or the caller's patience
/// ends.
async fn followed(
    gateway: &Arc<Gateway>,
    party: Arc<Party>,
    key: MicropayKey,
    patience: Duration,
) -> Result<Response, Problem> {
    let runner = gateway.micropays.clone();
    let (running_party, running_key) = (Arc::clone(&party), key.clone());
    let run = tokio::spawn(async move {
        let followed = runner.follow(&running_party, &running_key, &|_| {}).await;
        if let Err(error) = &followed {
            let error = error as &dyn std::error::Error;
            tracing::warn!(error, key = running_key.as_str(), "a micropay stopped; it will be resumed");
        }
        followed
    });
    let outcome = match tokio::time::timeout(patience, run).await {
        Ok(Ok(Ok(outcome))) => Ok(outcome),
        // Out of patience, or the run stopped: the store says where it stands.
        Ok(_) | Err(_) => gateway.micropays.outcome(&party, &key).await,
    };
    outcome.map(told).map_err(|error| refused(&error))
}

/// 200 at the end, 202 before.
fn told(outcome: MicropayOutcome) -> Response {
    let status = if outcome.ended { StatusCode::OK } else { StatusCode::ACCEPTED };
    (status, Json(outcome)).into_response()
}

fn read_key(text: &str) -> Result<MicropayKey, Problem> {
    MicropayKey::new(text).map_err(|error| Problem::invalid_request(format!("Idempotency-Key: {error}")))
}

fn refused(error: &MicropayError) -> Problem {
    let problem = |status, word| Problem::new(status, word, error.to_string());
    match error {
        MicropayError::Invalid(_) => problem(StatusCode::UNPROCESSABLE_ENTITY, "invalid_payment"),
        MicropayError::OtherContent(_) => problem(StatusCode::CONFLICT, "key_of_another_payment"),
        MicropayError::UnderWay(key) => {
            problem(StatusCode::CONFLICT, "another_payment_under_way").with("under_way", key.as_str())
        }
        MicropayError::AlreadyPaid { order_id } => {
            problem(StatusCode::CONFLICT, "already_paid").with("order_id", order_id.clone())
        }
        MicropayError::NotFound(_) => problem(StatusCode::NOT_FOUND, "payment_unknown"),
        MicropayError::NoPlatformAccess(_) => problem(StatusCode::CONFLICT, "no_platform_access"),
        MicropayError::Store(error) => Problem::store(error),
        MicropayError::Step(_) | MicropayError::Kept(_) | MicropayError::Random(_) => {
            tracing::error!(error = error as &dyn std::error::Error, "a micropay cannot go on");
            problem(StatusCode::INTERNAL_SERVER_ERROR, "internal_error")
        }
    }
}
