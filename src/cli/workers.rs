//! What a serving gateway does unasked: it takes up payments at the counter, does the jobs, and pushes events.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::task::JoinSet;

use super::{Failure, jobs};
use crate::app::jobs::JobRunner;
use crate::app::{MicropayRunner, Party, Webhook, deliver_webhooks, resume_micropays};
use crate::config::Config;
use crate::server::Gateway;
use crate::store::SharedStore;

/// How often payments at the counter that nobody runs are looked for: a cashier who waits behind a gateway that died waits this
/// long for the next one to take over. It is no job: each payment has a lease of its own, and every gateway takes up some.
const RESUME_INTERVAL: Duration = Duration::from_secs(2);

/// How long the stop waits for the database to let go of the leases. They end by themselves.
const LEAVE_PATIENCE: Duration = Duration::from_secs(2);

/// How often it is asked which events are due: a receiver has them within about a second.
const DELIVER_INTERVAL: Duration = Duration::from_secs(1);

/// What works beside the listeners.
pub(super) struct Workers {
    tasks: JoinSet<()>,
    jobs: JobRunner,
}

impl Workers {
    /// Starts them all. They work until they are stopped or dropped.
    pub(super) fn start(
        config: &Config,
        runner: MicropayRunner,
        store: &SharedStore,
        gateway: &Gateway,
        webhooks: Vec<Arc<Webhook>>,
    ) -> Result<Self, Failure> {
        let parties: Vec<_> = gateway.parties().map(Arc::clone).collect();
        let jobs = jobs::runner(config, &parties, store)?;
        let mut tasks = JoinSet::new();
        tasks.spawn(resume_without_end(runner, parties));
        tasks.spawn(deliver_without_end(Arc::clone(store), webhooks));
        let running = jobs.clone();
        tasks.spawn(async move { running.run_without_end().await });
        Ok(Self { tasks, jobs })
    }

    /// Breaks all off, and lets others take up the jobs at once.
    pub(super) async fn stop(mut self) {
        self.tasks.shutdown().await;
        match tokio::time::timeout(LEAVE_PATIENCE, self.jobs.leave()).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                let error = &error as &dyn std::error::Error;
                tracing::warn!(error, "the leases of jobs were not given back");
            }
            Err(_) => tracing::warn!("the database did not take back the leases of jobs before the stop"),
        }
    }
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

/// Pushes what is due to other systems, again and again.
async fn deliver_without_end(store: SharedStore, webhooks: Vec<Arc<Webhook>>) {
    if webhooks.is_empty() {
        return;
    }
    let owner = format!("{}-{:08x}", std::process::id(), getrandom::u32().unwrap_or_default());
    loop {
        if let Err(error) = deliver_webhooks(&store, &webhooks, &owner, Timestamp::now).await {
            let error = &error as &dyn std::error::Error;
            tracing::warn!(error, "events could not be pushed");
        }
        tokio::time::sleep(DELIVER_INTERVAL).await;
    }
}
