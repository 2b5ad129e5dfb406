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
        let alone = Alone { pools: pools.clone(), permits: Arc::new(Semaphore::new(ALONE_AT_ONCE)) };
        let for_recordings = alone.clone();
        Self {
            look_ups: questions(Engine::LOOK_UP_LANES, &alone, reading.clone()),
            orders: questions(Engine::ORDER_LANES, &alone, reading),
            recordings: Coalescer::start(Engine::RECORDING_LANES, move || Recordings {
                lane: writing(),
                alone: for_recordings.clone(),
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
    alone: &Alone,
    way: impl Fn() -> Lane + Send + Sync + 'static,
) -> Coalescer<Questions<Q>> {
    let alone = alone.clone();
    Coalescer::start(lanes, move || Questions { lane: way(), alone: alone.clone(), of: PhantomData })
}

/// The way of the members of failed batches.
#[derive(Clone)]
struct Alone {
    pools: Pools,
    permits: Arc<Semaphore>,
}

impl Alone {
    /// Lets the lane recover, then runs each member by itself, beside whatever comes next. The failure is told: they may succeed, and
    /// then nobody would know why everything is slow.
    async fn run<L: Single>(&self, error: StoreError, lane: &mut Lane, batch: Batch<L>) {
        if !lane.rests() {
            let (members, error) = (batch.len(), &error as &dyn std::error::Error);
            tracing::warn!(members, error, "what waited for the database together failed, and is run singly");
        }
        lane.recover(&error).await;
        for waiting in batch {
            let Self { pools, permits } = self.clone();
            tokio::spawn(async move {
                let _permit = permits.acquire().await;
                let outcome = L::run_single(&pools, &waiting.request).await;
                waiting.answer(outcome);
            });
        }
    }
}

/// A lane whose requests can be run one by one, over the pools.
trait Single: BatchLane<Request: Sync> {
    fn run_single(
        pools: &Pools,
        request: &Self::Request,
    ) -> impl Future<Output = Result<Self::Answer, StoreError>> + Send;
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
    alone: Alone,
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
                self.alone.run::<Self>(error, &mut self.lane, batch).await;
            }
        }
        Batch::<Self>::new()
    }

    async fn close(self) {
        self.lane.close().await;
    }
}

impl<Q: Question> Single for Questions<Q> {
    async fn run_single(pools: &Pools, request: &Q::Request) -> Result<Q::Answer, StoreError> {
        ask_alone::<Q>(pools, request).await
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
    alone: Alone,
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
                self.alone.run::<Self>(error, &mut self.lane, batch).await;
            }
        }
        later
    }

    async fn close(self) {
        self.lane.close().await;
    }
}

impl Single for Recordings {
    async fn run_single(pools: &Pools, recording: &Recording) -> Result<NotificationAnswer, StoreError> {
        record_alone(pools, recording).await
    }
}

impl Recordings {
    async fn record(&mut self, recordings: &[&Recording]) -> Result<Vec<Option<NotificationAnswer>>, StoreError> {
        Lane::bounded(async { record::record(&mut *self.lane.connection().await?, recordings).await }).await
    }
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
