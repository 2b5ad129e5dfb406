//! Keeps the bodies of notifications as they came in, many with one commit, off the path of the reply.
//!
//! They are for disputes. What finds the queue full, or the database away, is counted and let go: the journal has its digest.

use std::time::Instant;

use axum::body::Bytes;
use jiff::Timestamp;
use prometheus_client::metrics::counter::Counter;
use tokio::sync::mpsc;

use super::refusal_audit::RefusalBudget;
use crate::domain::PartyName;
use crate::store::{CallbackBody, SharedStore};

/// How many bodies wait at most.
const QUEUE_BODIES: usize = 1024;

/// How many bodies one commit takes at most.
const BATCH_BODIES: usize = 64;

/// The largest body that is kept. A notification has one or two thousand bytes; larger ones would only fill the memory.
const MAX_KEPT_BYTES: usize = 16 * 1024;

/// A body on its way.
pub(super) struct NewBody {
    pub(super) party: PartyName,
    pub(super) body_digest: String,
    pub(super) body: Bytes,
    pub(super) received_at: Timestamp,
}

/// The way to the writer; none where no bodies are kept.
pub(super) struct BodyWriter {
    queue: Option<mpsc::Sender<NewBody>>,
    /// Anybody can send what no key opens: only so many of those are kept.
    unopened: RefusalBudget,
    lost: Counter,
}

impl BodyWriter {
    pub(super) fn start(store: SharedStore, keeps: bool, lost: Counter) -> Self {
        let queue = keeps.then(|| {
            let (queue, bodies) = mpsc::channel(QUEUE_BODIES);
            tokio::spawn(write(store, bodies, lost.clone()));
            queue
        });
        Self { queue, unopened: RefusalBudget::default(), lost }
    }

    /// Hands a body over that a key of the party opened.
    pub(super) fn keep(&self, body: NewBody) {
        let Some(queue) = &self.queue else { return };
        if body.body.len() > MAX_KEPT_BYTES || queue.try_send(body).is_err() {
            self.lost.inc();
        }
    }

    /// As [`Self::keep`], for one that no key opened: a few in a minute, which tell what is wrong.
    pub(super) fn keep_unopened(&self, body: NewBody) {
        if self.queue.is_some() && self.unopened.takes(Instant::now()) {
            self.keep(body);
        }
    }
}

async fn write(store: SharedStore, mut bodies: mpsc::Receiver<NewBody>, lost: Counter) {
    let mut received = Vec::with_capacity(BATCH_BODIES);
    while bodies.recv_many(&mut received, BATCH_BODIES).await > 0 {
        let kept: Vec<_> = received.drain(..).map(CallbackBody::from).collect();
        let count = kept.len() as u64;
        if let Err(error) = store.keep_bodies(kept).await {
            lost.inc_by(count);
            let error = &error as &dyn std::error::Error;
            tracing::warn!(bodies = count, error, "the bodies of notifications could not be kept");
        }
    }
}

impl From<NewBody> for CallbackBody {
    fn from(new: NewBody) -> Self {
        let NewBody { party, body_digest, body, received_at } = new;
        Self { party, body_digest, body: body.to_vec(), received_at }
    }
}
