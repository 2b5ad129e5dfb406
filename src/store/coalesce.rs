//! Promises that wait are kept together: while a lane runs one statement, what comes queues; then the lane takes all that has
//! queued, up to a bound, as one batch. There is no timer: a promise that finds a lane idle is run at once, alone.

use std::future::Future;
use std::sync::{Arc, PoisonError, RwLock};

use tokio::sync::{Mutex, mpsc, oneshot};
use tokio::task::JoinSet;

use super::StoreError;

/// How many promises one batch holds at most. More would not save much, and each waits for all of its batch.
pub(super) const MAX_BATCH: usize = 64;

/// How many promises of a kind wait at most. Above it they fail at once: a caller who waits longer than its deadline gains nothing.
const QUEUE: usize = 4096;

/// A promise that waits, and the way back to its caller.
pub(super) struct Waiting<Request, Answer> {
    pub(super) request: Request,
    caller: oneshot::Sender<Result<Answer, StoreError>>,
}

impl<Request, Answer> Waiting<Request, Answer> {
    /// Hands the outcome back. A caller who no longer waits is no matter: what was committed stands.
    pub(super) fn answer(self, outcome: Result<Answer, StoreError>) {
        let _ = self.caller.send(outcome);
    }
}

/// What runs one batch after the other, usually over a connection of its own.
pub(super) trait BatchLane: Send + 'static {
    /// What is asked for.
    type Request: Send + 'static;
    /// What is given back.
    type Answer: Send + 'static;

    /// Answers the members of a batch, which are in the order in which they came. Gives back those that have to come after the
    /// others: they lead the next batch.
    fn run(&mut self, batch: Batch<Self>) -> impl Future<Output = Batch<Self>> + Send;

    /// Lets go of the connection.
    fn close(self) -> impl Future<Output = ()> + Send;
}

/// The members of one batch.
pub(super) type Batch<L> = Vec<Waiting<<L as BatchLane>::Request, <L as BatchLane>::Answer>>;

type Queue<L> = mpsc::Sender<Waiting<<L as BatchLane>::Request, <L as BatchLane>::Answer>>;
type Queued<L> = Arc<Mutex<mpsc::Receiver<Waiting<<L as BatchLane>::Request, <L as BatchLane>::Answer>>>>;

/// One queue and the lanes that work on it.
pub(super) struct Coalescer<L: BatchLane> {
    /// None after the close.
    queue: RwLock<Option<Queue<L>>>,
    lanes: Mutex<JoinSet<()>>,
}

impl<L: BatchLane> Coalescer<L> {
    /// Starts as many lanes as `make` is to be called for. Must be called inside a tokio runtime.
    pub(super) fn start(lanes: u32, make: impl Fn() -> L + Send + Sync + 'static) -> Self {
        let (queue, queued) = mpsc::channel(QUEUE);
        let (queued, make) = (Arc::new(Mutex::new(queued)), Arc::new(make));
        let mut running = JoinSet::new();
        for _ in 0..lanes {
            let (queued, make) = (Arc::clone(&queued), Arc::clone(&make));
            running.spawn(async move {
                // A lane that panicked drops its batch, whose callers are told, and another takes its place.
                while tokio::spawn(run_lane(make(), Arc::clone(&queued))).await.is_err() {}
            });
        }
        Self { queue: RwLock::new(Some(queue)), lanes: Mutex::new(running) }
    }

    /// Waits for the promise to be kept.
    pub(super) async fn ask(&self, request: L::Request) -> Result<L::Answer, StoreError> {
        let (caller, outcome) = oneshot::channel();
        {
            let queue = self.queue.read().unwrap_or_else(PoisonError::into_inner);
            let queue = queue.as_ref().ok_or(StoreError::Closed)?;
            queue.try_send(Waiting { request, caller }).map_err(|_| StoreError::Overloaded { waiting: QUEUE })?;
        }
        outcome.await.unwrap_or(Err(StoreError::Interrupted))
    }

    /// Lets what waits be kept, then ends the lanes.
    pub(super) async fn close(&self) {
        drop(self.queue.write().unwrap_or_else(PoisonError::into_inner).take());
        let mut lanes = self.lanes.lock().await;
        while lanes.join_next().await.is_some() {}
    }
}

async fn run_lane<L: BatchLane>(mut lane: L, queued: Queued<L>) {
    let mut batch: Batch<L> = Vec::new();
    loop {
        let room = MAX_BATCH.saturating_sub(batch.len());
        if batch.is_empty() {
            if queued.lock().await.recv_many(&mut batch, room).await == 0 {
                return lane.close().await;
            }
        } else if room > 0
            && let Ok(mut queued) = queued.try_lock()
        {
            while batch.len() < MAX_BATCH
                && let Ok(waiting) = queued.try_recv()
            {
                batch.push(waiting);
            }
        }
        batch = lane.run(batch).await;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    use tokio::sync::Semaphore;

    use super::*;

    /// Doubles numbers; waits for a permit before each batch; 13 is unlucky, and an odd number comes after the even ones.
    struct Doubling {
        permits: Arc<Semaphore>,
        batches: Arc<AtomicUsize>,
    }

    impl BatchLane for Doubling {
        type Request = u32;
        type Answer = u32;

        async fn run(&mut self, batch: Batch<Self>) -> Batch<Self> {
            self.permits.acquire().await.unwrap().forget();
            self.batches.fetch_add(1, Ordering::Relaxed);
            assert!(!batch.iter().any(|waiting| waiting.request == 13), "unlucky");
            let (now, later): (Vec<_>, Vec<_>) = batch.into_iter().partition(|waiting| waiting.request % 2 == 0);
            if now.is_empty() {
                for waiting in later {
                    let doubled = waiting.request * 2;
                    waiting.answer(Ok(doubled));
                }
                return Vec::new();
            }
            for waiting in now {
                let doubled = waiting.request * 2;
                waiting.answer(Ok(doubled));
            }
            later
        }

        async fn close(self) {}
    }

    fn doubling(permits: usize) -> (Arc<Coalescer<Doubling>>, Arc<Semaphore>, Arc<AtomicUsize>) {
        let (permits, batches) = (Arc::new(Semaphore::new(permits)), Arc::new(AtomicUsize::new(0)));
        let (given, counted) = (Arc::clone(&permits), Arc::clone(&batches));
        let make = move || Doubling { permits: Arc::clone(&given), batches: Arc::clone(&counted) };
        (Arc::new(Coalescer::start(1, make)), permits, batches)
    }

    fn ask(coalescer: &Arc<Coalescer<Doubling>>, number: u32) -> tokio::task::JoinHandle<Result<u32, StoreError>> {
        let coalescer = Arc::clone(coalescer);
        tokio::spawn(async move { coalescer.ask(number).await })
    }

    #[tokio::test]
    async fn what_waits_is_run_together_and_each_gets_its_own_answer() {
        let (coalescer, permits, batches) = doubling(0);
        let first = ask(&coalescer, 2);
        tokio::time::sleep(Duration::from_millis(20)).await;
        let others: Vec<_> = (2..=100).map(|number| ask(&coalescer, 2 * number)).collect();
        tokio::time::sleep(Duration::from_millis(20)).await;
        permits.add_permits(100);
        assert_eq!(first.await.unwrap().unwrap(), 4);
        for (other, number) in others.into_iter().zip(2_u32..) {
            assert_eq!(other.await.unwrap().unwrap(), 4 * number);
        }
        assert_eq!(batches.load(Ordering::Relaxed), 3, "one alone, then 64, then the rest");
    }

    #[tokio::test]
    async fn what_has_to_come_later_leads_the_next_batch() {
        let (coalescer, permits, batches) = doubling(0);
        let first = ask(&coalescer, 2);
        tokio::time::sleep(Duration::from_millis(20)).await;
        let (odd, even) = (ask(&coalescer, 3), ask(&coalescer, 4));
        tokio::time::sleep(Duration::from_millis(20)).await;
        permits.add_permits(100);
        assert_eq!(first.await.unwrap().unwrap(), 4);
        assert_eq!(even.await.unwrap().unwrap(), 8);
        assert_eq!(odd.await.unwrap().unwrap(), 6);
        assert_eq!(batches.load(Ordering::Relaxed), 3);
    }

    #[tokio::test]
    async fn a_lane_that_panics_tells_its_callers_and_is_replaced() {
        let (coalescer, ..) = doubling(100);
        assert!(matches!(ask(&coalescer, 13).await.unwrap(), Err(StoreError::Interrupted)));
        assert_eq!(ask(&coalescer, 4).await.unwrap().unwrap(), 8);
    }

    #[tokio::test]
    async fn a_full_queue_refuses_at_once() {
        let (coalescer, permits, _) = doubling(0);
        let mut waiting: Vec<_> = Vec::new();
        for _ in 0..2 * QUEUE {
            waiting.push(ask(&coalescer, 2));
            tokio::task::yield_now().await;
        }
        permits.add_permits(2 * QUEUE);
        let (mut kept, mut refused) = (0, 0);
        for waiting in waiting {
            match waiting.await.unwrap() {
                Ok(_) => kept += 1,
                Err(StoreError::Overloaded { .. }) => refused += 1,
                Err(other) => panic!("{other}"),
            }
        }
        assert!(kept >= QUEUE && refused >= QUEUE - MAX_BATCH - 1, "{kept} kept, {refused} refused");
    }

    #[tokio::test]
    async fn a_close_keeps_what_waits_and_takes_no_more() {
        let (coalescer, permits, _) = doubling(0);
        let waiting = ask(&coalescer, 2);
        tokio::time::sleep(Duration::from_millis(20)).await;
        let closing = tokio::spawn({
            let coalescer = Arc::clone(&coalescer);
            async move { coalescer.close().await }
        });
        tokio::time::sleep(Duration::from_millis(20)).await;
        assert!(matches!(ask(&coalescer, 4).await.unwrap(), Err(StoreError::Closed)));
        permits.add_permits(2);
        assert_eq!(waiting.await.unwrap().unwrap(), 4);
        closing.await.unwrap();
    }
}
