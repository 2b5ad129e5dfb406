//! Keeps the bodies of notifications as they came in, many with one commit, off the path of the reply.
//!
//! They are for disputes. What finds the queue full, or the database away, is counted and let go: the journal has its digest.

use std::time::{Duration, Instant};

use axum::body::Bytes;
use jiff::Timestamp;
use prometheus_client::metrics::counter::Counter;
use tokio::sync::{mpsc, oneshot};

use super::refusal_audit::RefusalBudget;
use crate::domain::PartyName;
use crate::store::{CallbackBody, SharedStore};

/// How many bodies wait at most: half a second of more than any gateway is told.
const QUEUE_BODIES: usize = 4096;

/// How many bodies one commit takes at most: a few hundred kilobytes, which keep SQLite's one writer for milliseconds.
const BATCH_BODIES: usize = 256;

/// How long bodies gather before they are written, unless there are enough: nobody waits for them, and each commit costs the disk.
const GATHERING: Duration = Duration::from_millis(100);

/// The largest body that is kept. A notification has one or two thousand bytes; larger ones would only fill the memory.
const MAX_KEPT_BYTES: usize = 16 * 1024;

/// A body on its way.
pub(super) struct NewBody {
    pub(super) party: PartyName,
    pub(super) body_digest: String,
    pub(super) body: Bytes,
    pub(super) received_at: Timestamp,
}

enum Message {
    Body(Box<NewBody>),
    Flush(oneshot::Sender<()>),
}

/// The way to the writer; none where no bodies are kept.
pub(super) struct BodyWriter {
    queue: Option<mpsc::Sender<Message>>,
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
        if body.body.len() > MAX_KEPT_BYTES || queue.try_send(Message::Body(Box::new(body))).is_err() {
            self.lost.inc();
        }
    }

    /// Waits until everything handed over so far is written, but no longer than `patience`.
    pub(super) async fn flush(&self, patience: Duration) {
        let Some(queue) = &self.queue else { return };
        let (done, written) = oneshot::channel();
        let flushed = async {
            if queue.send(Message::Flush(done)).await.is_ok() {
                let _ = written.await;
            }
        };
        if tokio::time::timeout(patience, flushed).await.is_err() {
            tracing::warn!("the bodies of notifications could not be written out before the stop");
        }
    }

    /// As [`Self::keep`], for one that no key opened: a few in a minute, which tell what is wrong.
    pub(super) fn keep_unopened(&self, body: NewBody) {
        if self.queue.is_some() && self.unopened.takes(Instant::now()) {
            self.keep(body);
        }
    }
}

async fn write(store: SharedStore, mut messages: mpsc::Receiver<Message>, lost: Counter) {
    let mut received = Vec::with_capacity(BATCH_BODIES);
    while messages.recv_many(&mut received, BATCH_BODIES).await > 0 {
        if received.len() < BATCH_BODIES && !received.iter().any(|message| matches!(message, Message::Flush(_))) {
            tokio::time::sleep(GATHERING).await;
            let room = BATCH_BODIES - received.len();
            received.extend(std::iter::from_fn(|| messages.try_recv().ok()).take(room));
        }
        let (mut bodies, mut flushes) = (Vec::with_capacity(received.len()), Vec::new());
        for message in received.drain(..) {
            match message {
                Message::Body(body) => bodies.push(CallbackBody::from(*body)),
                Message::Flush(done) => flushes.push(done),
            }
        }
        let count = bodies.len() as u64;
        if count > 0
            && let Err(error) = store.keep_bodies(bodies).await
        {
            lost.inc_by(count);
            let error = &error as &dyn std::error::Error;
            tracing::warn!(bodies = count, error, "the bodies of notifications could not be kept");
        }
        for done in flushes {
            let _ = done.send(());
        }
    }
}

impl From<NewBody> for CallbackBody {
    fn from(new: NewBody) -> Self {
        let NewBody { party, body_digest, body, received_at } = new;
        Self { party, body_digest, body: body.to_vec(), received_at }
    }
}
