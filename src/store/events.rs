//! The promises about the outbox as a feed.

use async_trait::async_trait;
use jiff::Timestamp;

use super::StoreError;
use crate::domain::PartyName;

/// An event of the feed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeedEvent {
    /// Its number, which stays the same whenever it is read or delivered.
    pub event_id: i64,
    /// Where it stands in the feed.
    pub position: i64,
    /// Whose.
    pub party: PartyName,
    /// What happened.
    pub kind: String,
    /// To what: a notice, an order, a suspension.
    pub subject: String,
    /// JSON.
    pub body: String,
    /// When.
    pub recorded_at: Timestamp,
}

/// Events that follow each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventPage {
    /// The events, oldest first.
    pub events: Vec<FeedEvent>,
    /// Where to read on: no event of the party that is not in this page stands at this position or before it, now or later.
    pub next: i64,
    /// Whether reading on finds more at once.
    pub more: bool,
    /// Up to this position events may have been pruned.
    pub pruned: i64,
}

/// The feed. Events are appended by whatever changes the book, in its transaction. A position is given to each afterwards: an event
/// that can be read never has one behind it that comes in before it.
#[async_trait]
pub trait Events: Send + Sync {
    /// Gives positions to all events that were committed before this call. Returns the last position that was given. One process
    /// does it at a time; the others wait, and find it done.
    async fn sequence_events(&self) -> Result<i64, StoreError>;

    /// The events of a party that stand behind a position, at most `limit` of those that have a position already.
    async fn read_events(&self, party: PartyName, after: i64, limit: u32) -> Result<EventPage, StoreError>;

    /// Deletes at most `limit` events, the oldest that are older than `older_than` and have been taken over for every webhook that
    /// follows their party and is not delivering them still. Returns how many.
    async fn prune_outbox(&self, older_than: Timestamp, limit: u32) -> Result<u64, StoreError>;
}
