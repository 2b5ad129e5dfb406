//! The promises about what is kept for a while only: bodies of notifications, the files of statements, events.

use std::fmt;

use async_trait::async_trait;
use jiff::Timestamp;

use super::StoreError;
use crate::domain::PartyName;

/// A notification's body as it came in, encrypted.
#[derive(Clone, PartialEq, Eq)]
pub struct CallbackBody {
    /// Whose.
    pub party: PartyName,
    /// SHA-256 of the body, hex: by this the journal of callbacks knows it.
    pub body_digest: String,
    /// The body.
    pub body: Vec<u8>,
    /// When it came.
    pub received_at: Timestamp,
}

/// Without the body.
impl fmt::Debug for CallbackBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { party, body_digest, body, received_at } = self;
        f.debug_struct("CallbackBody")
            .field("party", party)
            .field("body_digest", body_digest)
            .field("bytes", &body.len())
            .field("received_at", received_at)
            .finish()
    }
}

/// What is pruned when it is old. Nothing else is: journals, and all that tells of money, stay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Prunable {
    /// The bodies of notifications.
    CallbackBodies,
    /// The chunks of statements; that there was a file, and its hash, stays.
    StatementChunks,
    /// The events of the feed.
    Events,
}

/// What is kept for a while only.
#[async_trait]
pub trait Retention: Send + Sync {
    /// Keeps bodies, with one commit.
    async fn keep_bodies(&self, bodies: Vec<CallbackBody>) -> Result<(), StoreError>;

    /// The bodies of a digest that are still kept.
    async fn find_bodies(&self, body_digest: String) -> Result<Vec<CallbackBody>, StoreError>;

    /// Deletes at most `limit` rows that are older than `older_than`, the oldest first. Returns how many.
    async fn prune(&self, what: Prunable, older_than: Timestamp, limit: u32, at: Timestamp) -> Result<u64, StoreError>;
}
