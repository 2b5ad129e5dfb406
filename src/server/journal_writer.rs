//! Writes journal rows of callbacks that changed nothing, many with one commit, off the path of the reply.
//!
//! A recorded notification's row is not written here: it is committed together with what it recorded.

use std::sync::Arc;
use std::time::Duration;

use prometheus_client::metrics::counter::Counter;
use tokio::sync::{mpsc, oneshot};

use crate::store::{JournalEntry, SharedStore};

/// How many rows wait at most. While the database is away the log still tells every callback; more rows would only eat memory.
const QUEUE_ROWS: usize = 8192;

/// How many rows one commit takes at most.
const BATCH_ROWS: usize = 512;

/// How long rows gather before they are written, unless there are enough: nobody waits for them, and each commit costs the disk, and
/// SQLite's readers what they have read so far.
const GATHERING: Duration = Duration::from_millis(50);

/// How long the writer rests after the database failed.
const REST_AFTER_FAILURE: Duration = Duration::from_millis(500);

enum Message {
    Entry(Box<JournalEntry>),
    Flush(oneshot::Sender<()>),
}

/// The way to the writer.
pub(super) struct JournalWriter {
    queue: mpsc::Sender<Message>,
    lost: Counter,
}

impl JournalWriter {
    pub(super) fn start(store: SharedStore, lost: Counter) -> Self {
        let (queue, messages) = mpsc::channel(QUEUE_ROWS);
        tokio::spawn(write(store, messages));
        Self { queue, lost }
    }

    /// Hands a row over. When the queue is full the row is only counted; the log has told it.
    pub(super) fn append(&self, entry: JournalEntry) {
        if self.queue.try_send(Message::Entry(Box::new(entry))).is_err() {
            self.lost.inc();
        }
    }

    /// As [`Self::append`], for a request that no key opened. Anybody can send those, so they get half of the queue at most and
    /// never displace a row of the platform's.
    pub(super) fn append_unopened(&self, entry: JournalEntry) {
        if self.queue.capacity() > QUEUE_ROWS / 2 {
            self.append(entry);
        } else {
            self.lost.inc();
        }
    }

    /// Waits until everything handed over so far is written, but no longer than `patience`.
    pub(super) async fn flush(&self, patience: Duration) {
        let (done, written) = oneshot::channel();
        let flushed = async {
            if self.queue.send(Message::Flush(done)).await.is_ok() {
                let _ = written.await;
            }
        };
        if tokio::time::timeout(patience, flushed).await.is_err() {
            tracing::error!("the journal of callbacks could not be written out before the stop");
        }
    }
}

async fn write(store: SharedStore, mut messages: mpsc::Receiver<Message>) {
    let mut received = Vec::with_capacity(BATCH_ROWS);
    while messages.recv_many(&mut received, BATCH_ROWS).await > 0 {
        gather(&mut received, &mut messages).await;
        let mut rows = Vec::with_capacity(received.len());
        let mut flushes = Vec::new();
        for message in received.drain(..) {
            match message {
                Message::Entry(entry) => rows.push(*entry),
                Message::Flush(done) => flushes.push(done),
            }
        }
        append_until_written(&store, rows).await;
        for done in flushes {
            let _ = done.send(());
        }
    }
}

/// Adds to what was received until there is enough, or somebody waits for the end, or it has taken long enough.
async fn gather(received: &mut Vec<Message>, messages: &mut mpsc::Receiver<Message>) {
    let enough = async {
        let mut looked_at = 0;
        loop {
            let ends = received[looked_at..].iter().any(|message| matches!(message, Message::Flush(_)));
            looked_at = received.len();
            if ends || looked_at >= BATCH_ROWS || messages.recv_many(received, BATCH_ROWS - looked_at).await == 0 {
                break;
            }
        }
    };
    let _ = tokio::time::timeout(GATHERING, enough).await;
}

async fn append_until_written(store: &SharedStore, rows: Vec<JournalEntry>) {
    if rows.is_empty() {
        return;
    }
    let mut told = false;
    while let Err(error) = Arc::clone(store).append_journal(rows.clone()).await {
        if !told {
            tracing::error!(
                rows = rows.len(),
                error = &error as &dyn std::error::Error,
                "the journal waits for the database"
            );
            told = true;
        }
        tokio::time::sleep(REST_AFTER_FAILURE).await;
    }
}
