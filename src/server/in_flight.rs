//! A bound on the callbacks under way. What goes beyond it is answered at once and not queued: the platform repeats it, and a
//! database that is slow, or away, does not fill the memory.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::Metrics;
use super::metrics::KindLabel;
use crate::store::CallbackKind;

/// One line of the log tells all callbacks that were shed in so long. A line for each would make the log the next bottleneck.
const TOLD_EVERY: Duration = Duration::from_secs(1);

/// The places for callbacks under way.
pub(super) struct InFlight {
    places: Arc<Semaphore>,
    max: usize,
    taken: Gauge,
    shed: Family<KindLabel, Counter>,
    /// How many were shed since the log last told it.
    untold: Arc<AtomicU64>,
}

impl InFlight {
    pub(super) fn new(max: usize, metrics: &Metrics) -> Self {
        Self {
            places: Arc::new(Semaphore::new(max)),
            max,
            taken: metrics.callbacks_in_flight.clone(),
            shed: metrics.callbacks_shed.clone(),
            untold: Arc::default(),
        }
    }

    /// How many callbacks may be under way.
    pub(super) const fn max(&self) -> usize {
        self.max
    }

    /// A place, kept until it is dropped; `None` when all are taken.
    pub(super) fn take(&self) -> Option<Place> {
        let permit = Arc::clone(&self.places).try_acquire_owned().ok()?;
        self.taken.inc();
        Some(Place { taken: self.taken.clone(), _permit: permit })
    }

    /// Counts a callback that found no place, and sees to it that the log tells it.
    pub(super) fn count_shed(&self, kind: CallbackKind) {
        self.shed.get_or_create(&KindLabel { kind: kind.name() }).inc();
        if self.untold.fetch_add(1, Ordering::Relaxed) == 0 {
            tokio::spawn(tell(Arc::clone(&self.untold), self.max));
        }
    }
}

async fn tell(untold: Arc<AtomicU64>, max_in_flight: usize) {
    tokio::time::sleep(TOLD_EVERY).await;
    let callbacks = untold.swap(0, Ordering::Relaxed);
    tracing::warn!(callbacks, max_in_flight, "callbacks were answered 299 unread: too many are under way");
}

/// A callback's place among those under way. Whoever does its work holds it to the end, also when nobody waits for the reply.
pub(super) struct Place {
    taken: Gauge,
    _permit: OwnedSemaphorePermit,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.taken.dec();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_comes_back_however_its_work_ends() {
        let metrics = Metrics::new();
        let in_flight = InFlight::new(2, &metrics);
        let first = in_flight.take().unwrap();
        let second = in_flight.take().unwrap();
        assert!(in_flight.take().is_none());
        assert_eq!(metrics.callbacks_in_flight.get(), 2);
        drop(first);
        let panicked = std::thread::spawn(move || {
            let _place = second;
            panic!("on purpose");
        });
        assert!(panicked.join().is_err());
        assert_eq!(metrics.callbacks_in_flight.get(), 0);
        assert!(in_flight.take().is_some());
    }
}
