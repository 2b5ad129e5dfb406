//! The promises about deliveries to webhooks.

use async_trait::async_trait;
use jiff::Timestamp;

use super::{FeedEvent, StoreError};
use crate::domain::PartyName;

/// A delivery that is due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DueDelivery {
    /// What is delivered.
    pub event: FeedEvent,
    /// How often that was tried.
    pub attempts: u32,
}

/// A delivery as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptDelivery {
    /// To which webhook.
    pub webhook: String,
    /// The event.
    pub event_id: i64,
    /// Whose.
    pub party: PartyName,
    /// What happened.
    pub kind: String,
    /// Whether it was given up.
    pub dead: bool,
    /// How often it was tried.
    pub attempts: u32,
    /// When it is tried next, unless it was given up.
    pub next_at: Timestamp,
    /// What came of the last attempt, empty before the first.
    pub problem: String,
}

/// How a webhook stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebhookBacklog {
    /// Which.
    pub webhook: String,
    /// How many deliveries wait.
    pub pending: u64,
    /// How many were given up.
    pub dead: u64,
    /// When the oldest event happened that waits.
    pub oldest_at: Option<Timestamp>,
}

/// Deliveries to webhooks, by their names in the configuration.
#[async_trait]
pub trait Webhooks: Send + Sync {
    /// Takes or renews the right to deliver to a webhook, unless another's lease runs at `at`. Returns whether it was taken.
    async fn take_webhook_lease(
        &self,
        webhook: String,
        owner: String,
        until: Timestamp,
        at: Timestamp,
    ) -> Result<bool, StoreError>;

    /// Makes deliveries of the next events of a party, at most `limit`, those of `kinds`; without any, all. The first time, a webhook
    /// begins with what happens from now on. Returns how many events were looked at.
    async fn take_over_events(
        &self,
        webhook: String,
        party: PartyName,
        kinds: Vec<String>,
        limit: u32,
        at: Timestamp,
    ) -> Result<u64, StoreError>;

    /// The deliveries that are due, oldest first, at most `limit` and one for each ordering key: the first that waits.
    async fn due_deliveries(&self, webhook: String, at: Timestamp, limit: u32) -> Result<Vec<DueDelivery>, StoreError>;

    /// A delivery was taken.
    async fn end_delivery(&self, webhook: String, event_id: i64) -> Result<(), StoreError>;

    /// A delivery was not taken. Without `next_at` it is given up.
    async fn put_off_delivery(
        &self,
        webhook: String,
        event_id: i64,
        next_at: Option<Timestamp>,
        problem: String,
        at: Timestamp,
    ) -> Result<(), StoreError>;

    /// The deliveries that are kept, given up or waiting, oldest first.
    async fn list_deliveries(&self, dead: bool, limit: u32) -> Result<Vec<KeptDelivery>, StoreError>;

    /// How every webhook stands that was ever delivered to.
    async fn webhook_backlogs(&self) -> Result<Vec<WebhookBacklog>, StoreError>;

    /// Delivers an event anew, now. Returns false when there is no such event any more.
    async fn resend_event(&self, webhook: String, event_id: i64, at: Timestamp) -> Result<bool, StoreError>;

    /// Has a webhook take over again all events of a party since an instant, and revives those that were given up. Returns false when
    /// the webhook does not follow the party.
    async fn recover_webhook(
        &self,
        webhook: String,
        party: PartyName,
        since: Timestamp,
        at: Timestamp,
    ) -> Result<bool, StoreError>;

    /// Forgets a webhook that is no longer configured. Returns how many deliveries were dropped.
    async fn forget_webhook(&self, webhook: String) -> Result<u64, StoreError>;
}
