//! What operators watch, in Prometheus's text format. No label holds anything of a payer.

use std::sync::Arc;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};

use super::job_metrics::JobMetrics;

/// Upper bounds in seconds, close together where the deadline of a callback matters.
const DURATION_BUCKETS: [f64; 12] = [0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 3.5];

/// Labels of a callback.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct CallbackLabels {
    pub(super) party: Arc<str>,
    pub(super) kind: &'static str,
    pub(super) errcode: i64,
    pub(super) outcome: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct KindLabel {
    pub(super) kind: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct PartyLabel {
    pub(super) party: Arc<str>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct WebhookLabel {
    pub(super) webhook: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct KeyLabels {
    pub(super) party: Arc<str>,
    pub(super) key: Arc<str>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct RefundLabels {
    pub(super) party: Arc<str>,
    pub(super) errcode: i64,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct OutcomeLabel {
    pub(super) outcome: &'static str,
}

/// The metrics of a gateway.
pub struct Metrics {
    registry: Registry,
    pub(super) callbacks: Family<CallbackLabels, Counter>,
    pub(super) durations: Family<KindLabel, Histogram>,
    pub(super) callbacks_in_flight: Gauge,
    pub(super) callbacks_shed: Family<KindLabel, Counter>,
    pub(super) repeats: Family<PartyLabel, Counter>,
    pub(super) signature_failures: Family<KeyLabels, Counter>,
    pub(super) verified: Family<KeyLabels, Counter>,
    pub(super) refunding_replies: Family<RefundLabels, Counter>,
    pub(super) held_payments: Family<PartyLabel, Gauge>,
    pub(super) rejected_addresses: Counter,
    pub(super) journal_lost: Counter,
    pub(super) bodies_lost: Counter,
    pub(super) jobs: JobMetrics,
    api_refusals: Family<OutcomeLabel, Counter>,
    pub(super) webhooks: WebhookGauges,
}

/// How the webhooks stand.
#[derive(Default)]
pub(super) struct WebhookGauges {
    pub(super) pending: Family<WebhookLabel, Gauge>,
    pub(super) dead: Family<WebhookLabel, Gauge>,
    pub(super) lag: Family<WebhookLabel, Gauge>,
}

impl WebhookGauges {
    fn register(registry: &mut Registry) -> Self {
        let gauges = Self::default();
        registry.register("webhook_pending", "Deliveries that wait", gauges.pending.clone());
        registry.register("webhook_dead", "Deliveries that were given up", gauges.dead.clone());
        let lag = "Age of the oldest event that waits to be delivered";
        registry.register_with_unit("webhook_lag", lag, Unit::Seconds, gauges.lag.clone());
        gauges
    }
}

impl Metrics {
    pub(super) fn new() -> Self {
        let mut registry = Registry::with_prefix("nontax");
        let build = Info::new(vec![("version", env!("CARGO_PKG_VERSION"))]);
        registry.register("build", "The program that runs", build);
        let callbacks = Family::default();
        registry.register("callbacks", "Callbacks answered", callbacks.clone());
        let durations: Family<KindLabel, Histogram> = Family::new_with_constructor(|| Histogram::new(DURATION_BUCKETS));
        registry.register_with_unit(
            "callback_duration",
            "Time from a callback's head to its reply",
            Unit::Seconds,
            durations.clone(),
        );
        let callbacks_in_flight = Gauge::default();
        registry.register("callbacks_in_flight", "Callbacks whose work has not ended", callbacks_in_flight.clone());
        let callbacks_shed = Family::default();
        registry.register(
            "callbacks_shed",
            "Callbacks answered 299 at once, because server.max_in_flight were under way",
            callbacks_shed.clone(),
        );
        let repeats = Family::default();
        registry.register("repeats", "Notifications that were in the book already", repeats.clone());
        let signature_failures = Family::default();
        registry.register(
            "signature_failures",
            "Requests that were decrypted with a symmetric key and verified by no platform key",
            signature_failures.clone(),
        );
        let verified = Family::default();
        registry.register("verified", "Requests verified, by platform key", verified.clone());
        let refunding_replies = Family::default();
        registry.register(
            "refunding_replies",
            "Replies to paid notifications that make the platform refund the citizen",
            refunding_replies.clone(),
        );
        let held_payments = Family::default();
        registry.register("held_payments", "Payments held for a person", held_payments.clone());
        let rejected_addresses = Counter::default();
        registry.register(
            "rejected_addresses",
            "Requests from addresses that may not call",
            rejected_addresses.clone(),
        );
        let journal_lost = Counter::default();
        registry.register("journal_lost", "Journal rows that found the queue full", journal_lost.clone());
        let bodies_lost = Counter::default();
        registry.register("bodies_lost", "Bodies of notifications that were not kept", bodies_lost.clone());
        let jobs = JobMetrics::register(&mut registry);
        let api_refusals = Family::default();
        registry.register(
            "api_refusals",
            "Admin requests whose bearer token does not allow them",
            api_refusals.clone(),
        );
        let webhooks = WebhookGauges::register(&mut registry);
        Self {
            registry,
            callbacks,
            durations,
            callbacks_in_flight,
            callbacks_shed,
            repeats,
            signature_failures,
            verified,
            refunding_replies,
            held_payments,
            rejected_addresses,
            journal_lost,
            bodies_lost,
            jobs,
            api_refusals,
            webhooks,
        }
    }

    /// One more admin request that was refused.
    pub(super) fn count_api_refusal(&self, outcome: &'static str) {
        self.api_refusals.get_or_create(&OutcomeLabel { outcome }).inc();
    }

    /// All of them as text.
    pub(super) fn text(&self) -> String {
        let mut text = String::new();
        // Writing into a String does not fail.
        let _ = encode(&mut text, &self.registry);
        text
    }
}
