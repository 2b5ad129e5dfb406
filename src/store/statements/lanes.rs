//! The promises of a callback that wait are kept together: look-ups, orders to be found, notifications to be recorded.
//!
//! When a batch fails, each of its members is run alone, over the pools, beside whatever comes next: one that meets a bad row, a
//! lock or another gateway harms none of the others.

use std::future::Future;
use std::marker::PhantomData;
use std::sync::Arc;

use tokio::sync::Semaphore;

use super::{Connection, Engine, Lane, MAX_ATTEMPTS, Pools, look_up, lost_a_race, order, record};
use crate::domain::{NotificationAnswer, OrderId, PartyName, ReceivablesFacts};
use crate::store::coalesce::{Batch, BatchLane, Coalescer};
use crate::store::{KnownOrder, ReceivablesLookup, Recording, StoreError};

/// How many members of failed batches run alone at a time: what else needs the pool is to find a connection in it.
const ALONE_AT_ONCE: usize = 6;

/// The queues of one store.
pub(in crate::store) struct Lanes {
    pub(super) look_ups: Coalescer<Questions<LookUp>>,
    pub(super) orders: Coalescer<Questions<FindOrder>>,
    pub(super) recordings: Coalescer<Recordings>,
}

impl Lanes {
    /// Starts them. `reading` and `writing` make the way to the database of one lane.
    pub(in crate::store) fn start(
        pools: &Pools,
        reading: impl Fn() -> Lane + Clone + Send + Sync + 'static,
        writing: impl Fn() -> Lane + Send + Sync + 'static,
    ) -> Self {
        let alone = Arc::new(Semaphore::new(ALONE_AT_ONCE));
        let (for_recordings, recordings_alone) = (pools.clone(), Arc::clone(&alone));
        Self {
            look_ups: questions(Engine::LOOK_UP_LANES, pools, &alone, reading.clone()),
            orders: questions(Engine::ORDER_LANES, pools, &alone, reading),
            recordings: Coalescer::start(Engine::RECORDING_LANES, move || Recordings {
                lane: writing(),
                pools: for_recordings.clone(),
                alone: Arc::clone(&recordings_alone),
            }),
        }
    }

    pub(super) async fn close(&self) {
        self.look_ups.close().await;
        self.orders.close().await;
        self.recordings.close().await;
    }
}

fn questions<Q: Question>(
    lanes: u32,
    pools: &Pools,
    alone: &Arc<Semaphore>,
    way: impl Fn() -> Lane + Send + Sync + 'static,
) -> Coalescer<Questions<Q>> {
    let (pools, alone) = (pools.clone(), Arc::clone(alone));
    Coalescer::start(lanes, move || Questions {
        lane: way(),
        pools: pools.clone(),
        alone: Arc::clone(&alone),
        of: PhantomData,
    })
}

/// What is asked of the book without changing it.
pub(in crate::store) trait Question: Send + Sync + 'static {
    /// What is asked for.
    type Request: Send + Sync + 'static;
    /// What is given back.
    type Answer: Send + 'static;

    /// The answer to each request, in their order.
    fn read(
        connection: &mut Connection,
        requests: &[&Self::Request],
    ) -> impl Future<Output = Result<Vec<Self::Answer>, StoreError>> + Send;
}

/// What the book holds for a receivables query.
pub(in crate::store) struct LookUp;

impl Question for LookUp {
    type Request = ReceivablesLookup;
    type Answer = ReceivablesFacts;

    async fn read(
        connection: &mut Connection,
        lookups: &[&ReceivablesLookup],
    ) -> Result<Vec<ReceivablesFacts>, StoreError> {
        look_up::look_up(connection, lookups).await
    }
}

/// What is known of an order.
pub(in crate::store) struct FindOrder;

impl Question for FindOrder {
    type Request = (PartyName, OrderId);
    type Answer = Option<KnownOrder>;

    async fn read(
        connection: &mut Connection,
        requests: &[&(PartyName, OrderId)],
    ) -> Result<Vec<Option<KnownOrder>>, StoreError> {
        let orders: Vec<_> = requests.iter().map(|(party, order_id)| (party, order_id)).collect();
        order::find_all(connection, &orders).await
    }
}

/// A lane of questions of one kind.
pub(in crate::store) struct Questions<Q> {
    lane: Lane,
    pools: Pools,
    alone: Arc<Semaphore>,
    of: PhantomData<Q>,
}

impl<Q: Question> BatchLane for Questions<Q> {
    type Request = Q::Request;
    type Answer = Q::Answer;

    async fn run(&mut self, batch: Batch<Self>) -> Batch<Self> {
        let requests: Vec<_> = batch.iter().map(|waiting| &waiting.request).collect();
        let read = Lane::bounded(async { Q::read(&mut *self.lane.connection().await?, &requests).await }).await;
        match read {
            Ok(answers) => {
                self.lane.succeeded();
                batch.into_iter().zip(answers).for_each(|(waiting, answer)| waiting.answer(Ok(answer)));
            }
            Err(error) => {
                if !self.lane.rests() {
                    tell(&error, batch.len());
                }
                self.lane.recover(&error).await;
                for waiting in batch {
                    let (pools, alone) = (self.pools.clone(), Arc::clone(&self.alone));
                    tokio::spawn(async move {
                        let _permit = alone.acquire().await;
                        let outcome = ask_alone::<Q>(&pools, &waiting.request).await;
                        waiting.answer(outcome);
                    });
                }
            }
        }
        Batch::<Self>::new()
    }

    async fn close(self) {
        self.lane.close().await;
    }
}

/// Asks one question over the pool.
pub(super) async fn ask_alone<Q: Question>(pools: &Pools, request: &Q::Request) -> Result<Q::Answer, StoreError> {
    let mut answers = Q::read(&mut *pools.reader().await?, &[request]).await?;
    answers.pop().ok_or(StoreError::Interrupted)
}

/// Notifications to be recorded.
pub(in crate::store) struct Recordings {
    lane: Lane,
    pools: Pools,
    alone: Arc<Semaphore>,
}

impl BatchLane for Recordings {
    type Request = Recording;
    type Answer = NotificationAnswer;

    async fn run(&mut self, batch: Batch<Self>) -> Batch<Self> {
        let recordings: Vec<_> = batch.iter().map(|waiting| &waiting.request).collect();
        let mut recorded = self.record(&recordings).await;
        if let Err(error) = &recorded
            && lost_a_race(error)
        {
            // Whoever got in between has committed: the same batch now sees it.
            self.lane.recover(error).await;
            recorded = self.record(&recordings).await;
        }
        let mut later = Batch::<Self>::new();
        match recorded {
            Ok(answers) => {
                self.lane.succeeded();
                for (waiting, answer) in batch.into_iter().zip(answers) {
                    match answer {
                        Some(answer) => waiting.answer(Ok(answer)),
                        None => later.push(waiting),
                    }
                }
            }
            Err(error) => {
                if !self.lane.rests() {
                    tell(&error, batch.len());
                }
                self.lane.recover(&error).await;
                for waiting in batch {
                    let (pools, alone) = (self.pools.clone(), Arc::clone(&self.alone));
                    tokio::spawn(async move {
                        let _permit = alone.acquire().await;
                        let outcome = record_alone(&pools, &waiting.request).await;
                        waiting.answer(outcome);
                    });
                }
            }
        }
        later
    }

    async fn close(self) {
        self.lane.close().await;
    }
}

impl Recordings {
    async fn record(&mut self, recordings: &[&Recording]) -> Result<Vec<Option<NotificationAnswer>>, StoreError> {
        Lane::bounded(async { record::record(&mut *self.lane.connection().await?, recordings).await }).await
    }
}

/// Tells that a batch failed. Its members may succeed alone, and then nobody would know why everything is slow.
fn tell(error: &StoreError, members: usize) {
    let error = error as &dyn std::error::Error;
    tracing::warn!(members, error, "what waited for the database together failed, and is run singly");
}

/// Records one notification in a transaction of its own, again when another writer got in between.
pub(super) async fn record_alone(pools: &Pools, recording: &Recording) -> Result<NotificationAnswer, StoreError> {
    for _ in 0..MAX_ATTEMPTS {
        let mut connection = pools.writer().await?;
        match record::record(&mut connection, &[recording]).await {
            Err(error) if lost_a_race(&error) => {}
            outcome => return outcome.and_then(|mut answers| answers.pop().flatten().ok_or(StoreError::Interrupted)),
        }
    }
    Err(StoreError::Contended { attempts: MAX_ATTEMPTS })
}
