//! Waiting for events: one look at the store for all who wait.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::Instant;

use crate::store::SharedStore;

/// How many callers may wait at a time. Each holds a connection and a task.
const MAX_WAITERS: usize = 256;

/// The pause between two looks while somebody waits: four looks a second, whoever waits.
const PAUSE: Duration = Duration::from_millis(250);

/// How far the events are, as far as somebody wants to know.
pub(super) struct EventWatch {
    position: watch::Sender<i64>,
    wanted: Arc<Notify>,
    room: Arc<Semaphore>,
}

/// Somebody who waits.
pub(super) struct Waiter {
    position: watch::Receiver<i64>,
    _room: OwnedSemaphorePermit,
}

impl EventWatch {
    /// Starts the one who looks. He ends when this is dropped.
    pub(super) fn start(store: SharedStore) -> Self {
        let (position, _) = watch::channel(0);
        let wanted = Arc::new(Notify::new());
        tokio::spawn(look_without_end(store, position.clone(), Arc::clone(&wanted)));
        Self { position, wanted, room: Arc::new(Semaphore::new(MAX_WAITERS)) }
    }

    /// One more who waits; `None` when too many do.
    pub(super) fn waiter(&self) -> Option<Waiter> {
        let room = Arc::clone(&self.room).try_acquire_owned().ok()?;
        let waiter = Waiter { position: self.position.subscribe(), _room: room };
        self.wanted.notify_one();
        Some(waiter)
    }
}

impl Drop for EventWatch {
    fn drop(&mut self) {
        // Who looks holds a sender too: it is told by a position that nothing passes.
        self.position.send_replace(i64::MAX);
        self.wanted.notify_one();
    }
}

impl Waiter {
    /// Waits until there is an event behind a position. False when there is none until `ends_at`.
    pub(super) async fn passes(&mut self, position: i64, ends_at: Instant) -> bool {
        let passed = self.position.wait_for(|last| *last > position);
        matches!(tokio::time::timeout_at(ends_at, passed).await, Ok(Ok(_)))
    }
}

async fn look_without_end(store: SharedStore, position: watch::Sender<i64>, wanted: Arc<Notify>) {
    loop {
        if position.receiver_count() == 0 {
            wanted.notified().await;
        }
        if *position.borrow() == i64::MAX {
            return;
        }
        // While the database is away everybody waits on, and the log has enough of it from the callbacks.
        if let Ok(last) = store.sequence_events().await {
            position.send_if_modified(|told| {
                let news = last > *told;
                if news {
                    *told = last;
                }
                news
            });
        }
        tokio::time::sleep(PAUSE).await;
    }
}
