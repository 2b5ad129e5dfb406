//! What a serving gateway does unasked: it takes up payments at the counter, and follows refunds.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::task::JoinSet;

use crate::app::{MicropayRunner, Party, RefundLooks, follow_refunds, resume_micropays};
use crate::server::Gateway;
use crate::store::SharedStore;

/// How often payments at the counter that nobody runs are looked for: a cashier who waits behind a gateway that died waits this
/// long for the next one to take over.
const RESUME_INTERVAL: Duration = Duration::from_secs(2);

/// How often it is asked which refunds are due for a look: well within the shortest pause between two looks at one, a minute. While
/// the platform is away this is also how often it is tried, with one request for each party.
const FOLLOW_INTERVAL: Duration = Duration::from_secs(30);

/// Starts them all. They work until they are aborted or dropped.
pub(super) fn start(runner: MicropayRunner, store: SharedStore, gateway: &Gateway) -> JoinSet<()> {
    let parties: Vec<_> = gateway.parties().map(Arc::clone).collect();
    let mut workers = JoinSet::new();
    workers.spawn(resume_without_end(runner, parties.clone()));
    workers.spawn(follow_without_end(store, parties));
    workers
}

/// Takes up the payments at the counter that nobody runs, again and again.
async fn resume_without_end(runner: MicropayRunner, parties: Vec<Arc<Party>>) {
    loop {
        if let Err(error) = resume_micropays(&runner, &parties).await {
            let error = &error as &dyn std::error::Error;
            tracing::warn!(error, "payments at the counter could not be looked for");
        }
        tokio::time::sleep(RESUME_INTERVAL).await;
    }
}

/// Looks at the refunds that are due, again and again.
async fn follow_without_end(store: SharedStore, parties: Vec<Arc<Party>>) {
    let mut looks = RefundLooks::default();
    loop {
        if let Err(error) = follow_refunds(&*store, &parties, &mut looks, &Timestamp::now).await {
            let error = &error as &dyn std::error::Error;
            tracing::warn!(error, "open refunds could not be looked for");
        }
        tokio::time::sleep(FOLLOW_INTERVAL).await;
    }
}
