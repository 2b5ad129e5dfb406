//! Reading the feed of events.

use serde_json::{Value, json};

use crate::domain::{EVENT_VERSION, PartyName, ordering_key};
use crate::store::{EventPage, Events, FeedEvent, StoreError};

/// The events of a party behind a position, those that were committed a moment ago too.
///
/// # Errors
/// [`StoreError`] when the store fails.
pub async fn read_feed(store: &dyn Events, party: PartyName, after: i64, limit: u32) -> Result<EventPage, StoreError> {
    store.sequence_events().await?;
    store.read_events(party, after, limit).await
}

/// An event as other systems get it, from the feed and by webhooks alike (docs/events.md).
#[must_use]
pub fn event_to_json(event: &FeedEvent) -> Value {
    // What no version of this program writes is passed on as it is, rather than to hold up all that follows.
    let body = serde_json::from_str(&event.body).unwrap_or_else(|_| Value::String(event.body.clone()));
    json!({
        "id": event.event_id.to_string(),
        "version": EVENT_VERSION,
        "kind": event.kind,
        "party": event.party.as_str(),
        "subject": event.subject,
        "ordering_key": ordering_key(&event.kind, &event.subject, &body),
        "recorded_at": event.recorded_at.to_string(),
        "body": body,
    })
}
