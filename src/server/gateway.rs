//! What all requests share: the parties, the store, the way to the journal, the metrics and the limits.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;

use super::body_writer::BodyWriter;
use super::event_watch::EventWatch;
use super::in_flight::InFlight;
use super::journal_writer::JournalWriter;
use super::notice_upload::MAX_UPLOADS;
use super::refusal_audit::RefusalBudget;
use super::{AddressRules, Metrics};
use crate::app::{MicropayRunner, OrderResolver, Party};
use crate::store::SharedStore;

/// The limits of one callback.
#[derive(Clone, Copy, Debug)]
pub struct CallbackLimits {
    /// When a callback is answered 299 at the latest, counted from its first byte after the head.
    pub reply_deadline: Duration,
    /// The largest body that is read.
    pub max_body_bytes: usize,
    /// The largest upload of notices that the admin API takes.
    pub max_import_bytes: usize,
    /// How many callbacks may be under way; the next ones are answered 299 before anything is made of them.
    pub max_in_flight: usize,
    /// When every reply to an envelope fault leaves, counted like the deadline, so that a clock does not tell the faults apart.
    pub envelope_fault_delay: Duration,
}

/// A gateway, ready to serve.
pub struct Gateway {
    parties: HashMap<Arc<str>, Arc<Party>>,
    pub(super) store: SharedStore,
    pub(super) resolver: OrderResolver,
    pub(super) journal: JournalWriter,
    pub(super) bodies: BodyWriter,
    pub(super) in_flight: InFlight,
    pub(super) metrics: Metrics,
    pub(super) address_rules: AddressRules,
    pub(super) limits: CallbackLimits,
    pub(super) refusals: RefusalBudget,
    pub(super) micropays: MicropayRunner,
    pub(super) uploads: Arc<Semaphore>,
    pub(super) event_watch: EventWatch,
}

impl Gateway {
    /// A gateway for `parties` over `store` that takes payments at the counter at the pace of the source. Must be called inside a tokio runtime: it starts the journal's writer.
    #[must_use]
    pub fn new(
        parties: Vec<Party>,
        store: SharedStore,
        address_rules: AddressRules,
        limits: CallbackLimits,
    ) -> Arc<Self> {
        let micropays = MicropayRunner::at_the_sources_pace(Arc::clone(&store));
        Self::with_micropays(parties, store, address_rules, limits, micropays)
    }

    /// As [`Self::new`], with another runner of payments at the counter.
    #[must_use]
    pub fn with_micropays(
        parties: Vec<Party>,
        store: SharedStore,
        address_rules: AddressRules,
        limits: CallbackLimits,
        micropays: MicropayRunner,
    ) -> Arc<Self> {
        Self::keeping_bodies(parties, store, address_rules, limits, micropays, false)
    }

    /// As [`Self::with_micropays`], and keeps the bodies of notifications as they come in when `keeps_bodies`.
    #[must_use]
    pub fn keeping_bodies(
        parties: Vec<Party>,
        store: SharedStore,
        address_rules: AddressRules,
        limits: CallbackLimits,
        micropays: MicropayRunner,
        keeps_bodies: bool,
    ) -> Arc<Self> {
        let metrics = Metrics::new();
        let journal = JournalWriter::start(Arc::clone(&store), metrics.journal_lost.clone());
        let bodies = BodyWriter::start(Arc::clone(&store), keeps_bodies, metrics.bodies_lost.clone());
        let parties = parties.into_iter().map(|party| (party.name.as_str().into(), Arc::new(party))).collect();
        let event_watch = EventWatch::start(Arc::clone(&store));
        Arc::new(Self {
            parties,
            store,
            resolver: OrderResolver::default(),
            journal,
            bodies,
            in_flight: InFlight::new(limits.max_in_flight, &metrics),
            metrics,
            address_rules,
            limits,
            refusals: RefusalBudget::default(),
            micropays,
            uploads: Arc::new(Semaphore::new(MAX_UPLOADS)),
            event_watch,
        })
    }

    pub(super) fn party(&self, name: &str) -> Option<&Arc<Party>> {
        self.parties.get(name)
    }

    /// The party of that name; without a name the only one, if there is only one.
    pub(super) fn named_or_only(&self, name: Option<&str>) -> Option<Arc<Party>> {
        if let Some(name) = name {
            return self.party(name).cloned();
        }
        let mut parties = self.parties();
        parties.next().filter(|_| parties.next().is_none()).cloned()
    }

    /// As [`Self::party`], after its name as the metrics take it.
    pub(super) fn labelled_party(&self, name: &str) -> Option<(&Arc<str>, &Arc<Party>)> {
        self.parties.get_key_value(name)
    }

    /// Every party that is served.
    pub fn parties(&self) -> impl Iterator<Item = &Arc<Party>> {
        self.parties.values()
    }

    /// Writes out what the journal still holds, then lets go of the store, each for no longer than `patience`. Call it when no request
    /// is under way any more.
    pub async fn close(&self, patience: Duration) {
        self.journal.flush(patience).await;
        self.bodies.flush(patience).await;
        if tokio::time::timeout(patience, self.store.close()).await.is_err() {
            tracing::error!("the database did not let go of its connections before the stop");
        }
    }
}
