//! `/admin/v1/events`: what happens, for other systems to follow.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Extension, Query, State};
use axum::http::{HeaderMap, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::bearer::authorize_for;
use super::desk::{PartyOfQuery, party_unknown};
use super::peer::PeerAddress;
use super::{Gateway, Problem};
use crate::app::{event_to_json, read_feed};
use crate::domain::Scope;
use crate::store::EventPage;

/// How many events one answer holds, unless asked for fewer or more.
const DEFAULT_LIMIT: u32 = 100;

/// Most events of one answer: with bodies of a few hundred bytes each, well under a megabyte.
const MAX_LIMIT: u32 = 1000;

/// The longest wait for an event. Proxies cut off what is silent for longer.
const MAX_WAIT_SECONDS: u64 = 60;

/// Which events.
#[derive(Deserialize)]
pub(super) struct EventsQuery {
    #[serde(default)]
    party: Option<String>,
    #[serde(default)]
    after: Option<String>,
    #[serde(default)]
    limit: Option<u32>,
    #[serde(default)]
    wait: Option<u64>,
}

/// `GET /admin/v1/events?party=…&after=…&limit=…&wait=…`.
pub(super) async fn follow(
    State(gateway): State<Arc<Gateway>>,
    Extension(peer): Extension<PeerAddress>,
    query: Result<Query<EventsQuery>, QueryRejection>,
    headers: HeaderMap,
) -> Result<Json<Value>, Problem> {
    let EventsQuery { party, after, limit, wait } = Problem::read_query(query)?;
    let party = PartyOfQuery { party }.among(&gateway);
    authorize_for(&gateway, &headers, peer, &[Scope::Read], party.as_ref()).await?;
    let party = party.ok_or_else(party_unknown)?.name.clone();
    let after = after.as_deref().map(position).transpose()?;
    let limit = limit.unwrap_or(DEFAULT_LIMIT);
    let wait = wait.unwrap_or(0);
    if !(1..=MAX_LIMIT).contains(&limit) || wait > MAX_WAIT_SECONDS {
        let message = format!("limit is 1 to {MAX_LIMIT} events, and wait 0 to {MAX_WAIT_SECONDS} seconds");
        return Err(Problem::invalid_request(message));
    }
    let store = &*gateway.store;
    let read = |after: i64| read_feed(store, party.clone(), after, limit);
    let mut page = read(after.unwrap_or(0)).await.map_err(|error| Problem::store(&error))?;
    if let Some(after) = after {
        tell_pruned(after, &page)?;
    }
    if page.events.is_empty() && wait > 0 {
        let mut waiter = gateway.event_watch.waiter().ok_or_else(too_many)?;
        let ends_at = Instant::now() + Duration::from_secs(wait);
        while page.events.is_empty() && waiter.passes(page.next, ends_at).await {
            page = read(page.next).await.map_err(|error| Problem::store(&error))?;
        }
    }
    let events: Vec<_> = page.events.iter().map(event_to_json).collect();
    Ok(Json(json!({ "events": events, "next": page.next.to_string(), "more": page.more })))
}

/// Positions are nobody's business but ours: callers give back what they got.
fn position(after: &str) -> Result<i64, Problem> {
    let read = after.parse().ok().filter(|position| *position >= 0);
    read.ok_or_else(|| {
        Problem::invalid_request(
            "after is the \"next\" of an earlier answer; leave it out to begin with the oldest event",
        )
    })
}

/// Whoever was away for so long that events of his are gone has to know.
fn tell_pruned(after: i64, page: &EventPage) -> Result<(), Problem> {
    if after >= page.pruned {
        return Ok(());
    }
    let message = "events behind this cursor were pruned: read what you missed from the book, then begin without after";
    Err(Problem::new(StatusCode::GONE, "events_pruned", message))
}

fn too_many() -> Problem {
    let message = "too many callers wait for events already; ask again later, or without wait";
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, "too_many_waiters", message)
}
