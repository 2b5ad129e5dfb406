//! Pushing events to other systems: one pass over all that is due.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use tokio::task::JoinSet;

use super::event_to_json;
use crate::domain::{PartyName, retry_pause};
use crate::store::{DueDelivery, SharedStore, StoreError};
use crate::webhook::WebhookClient;

/// How many events are taken over at a time: one transaction.
const TAKEN_OVER_AT_ONCE: u32 = 500;

/// How many deliveries to one webhook are under way at a time, each of another notice.
const AT_ONCE: u32 = 8;

/// How many rounds one pass makes for a webhook: then the lease, and whoever waits for the pass, have their turn.
const ROUNDS_IN_A_PASS: u32 = 50;

/// For how long nobody else delivers: longer than the longest delivery, which takes 30 seconds, so that its end falls within.
const LEASE: SignedDuration = SignedDuration::from_secs(60);

/// A receiver of events.
#[derive(Debug)]
pub struct Webhook {
    /// Its name in the configuration, which its deliveries are kept under.
    pub name: String,
    /// Whose events.
    pub parties: Vec<PartyName>,
    /// Which kinds, `notice.*` too; without any, all.
    pub kinds: Vec<String>,
    /// The way there.
    pub client: WebhookClient,
}

/// What a pass did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DeliveryCounts {
    /// Deliveries that were taken.
    pub delivered: u64,
    /// Attempts that failed and are repeated.
    pub put_off: u64,
    /// Deliveries that were given up.
    pub given_up: u64,
}

/// Delivers what is due to every webhook that no other process delivers to, each beside the others. `owner` names this process. It may
/// be dropped at any moment: what was under way is delivered again.
///
/// # Errors
/// [`StoreError`] when the store fails; what was delivered before is kept as far as it got.
pub async fn deliver_webhooks(
    store: &SharedStore,
    webhooks: &[Arc<Webhook>],
    owner: &str,
    now: fn() -> Timestamp,
) -> Result<DeliveryCounts, StoreError> {
    if webhooks.is_empty() {
        return Ok(DeliveryCounts::default());
    }
    let mut passes = JoinSet::new();
    for webhook in webhooks {
        passes.spawn(deliver_to(Arc::clone(store), Arc::clone(webhook), owner.to_owned(), now));
    }
    let mut total = DeliveryCounts::default();
    while let Some(pass) = passes.join_next().await {
        let counts = pass.map_err(|_| StoreError::Interrupted)??;
        total.delivered += counts.delivered;
        total.put_off += counts.put_off;
        total.given_up += counts.given_up;
    }
    Ok(total)
}

async fn deliver_to(
    store: SharedStore,
    webhook: Arc<Webhook>,
    owner: String,
    now: fn() -> Timestamp,
) -> Result<DeliveryCounts, StoreError> {
    let mut counts = DeliveryCounts::default();
    let name = &webhook.name;
    for _ in 0..ROUNDS_IN_A_PASS {
        let at = now();
        if !store.take_webhook_lease(name.clone(), owner.clone(), at + LEASE, at).await? {
            break;
        }
        let taken_over = take_over(&store, &webhook, now).await?;
        let due = store.due_deliveries(name.clone(), now(), AT_ONCE).await?;
        if due.is_empty() && taken_over == 0 {
            break;
        }
        let mut under_way = JoinSet::new();
        for delivery in due {
            under_way.spawn(deliver(Arc::clone(&store), Arc::clone(&webhook), delivery, now));
        }
        while let Some(outcome) = under_way.join_next().await {
            match outcome.map_err(|_| StoreError::Interrupted)?? {
                Outcome::Delivered => counts.delivered += 1,
                Outcome::PutOff => counts.put_off += 1,
                Outcome::GivenUp => counts.given_up += 1,
            }
        }
    }
    Ok(counts)
}

async fn take_over(store: &SharedStore, webhook: &Webhook, now: fn() -> Timestamp) -> Result<u64, StoreError> {
    store.sequence_events().await?;
    let mut taken_over = 0;
    for party in &webhook.parties {
        let (name, kinds) = (webhook.name.clone(), webhook.kinds.clone());
        taken_over += store.take_over_events(name, party.clone(), kinds, TAKEN_OVER_AT_ONCE, now()).await?;
    }
    Ok(taken_over)
}

enum Outcome {
    Delivered,
    PutOff,
    GivenUp,
}

async fn deliver(
    store: SharedStore,
    webhook: Arc<Webhook>,
    delivery: DueDelivery,
    now: fn() -> Timestamp,
) -> Result<Outcome, StoreError> {
    let (name, event_id) = (webhook.name.clone(), delivery.event.event_id);
    let body = event_to_json(&delivery.event).to_string().into_bytes();
    let posted = webhook.client.post(&event_id.to_string(), now().as_second(), body).await;
    let Err(problem) = posted else {
        store.end_delivery(name, event_id).await?;
        return Ok(Outcome::Delivered);
    };
    let (attempts, at) = (delivery.attempts.saturating_add(1), now());
    let pause = retry_pause(attempts, chance(&name, event_id, attempts));
    let next_at = pause.and_then(|pause| at.checked_add(pause).ok());
    let (webhook, problem) = (name.as_str(), problem.to_string());
    if next_at.is_some() {
        tracing::warn!(webhook, event_id, attempts, problem, "an event was not taken; it is sent again");
    } else {
        tracing::error!(webhook, event_id, attempts, problem, "an event was given up: nontax webhook resend");
    }
    store.put_off_delivery(name.clone(), event_id, next_at, problem, at).await?;
    Ok(if next_at.is_some() { Outcome::PutOff } else { Outcome::GivenUp })
}

/// What spreads the deliveries that failed together. It need not be a secret, only different.
fn chance(webhook: &str, event_id: i64, attempts: u32) -> u32 {
    let mut hasher = DefaultHasher::new();
    (webhook, event_id, attempts).hash(&mut hasher);
    u32::try_from(hasher.finish() >> 32).unwrap_or(0)
}
