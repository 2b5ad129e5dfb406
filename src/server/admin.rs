//! The admin listener: is it alive, is it ready, what does it count.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use serde_json::json;

use super::Gateway;
use super::metrics::{PartyLabel, WebhookLabel};
use crate::app::chain;
use crate::domain::ChinaDate;
use crate::store::WebhookBacklog;

/// How long a readiness check waits for the database.
const READY_TIMEOUT: Duration = Duration::from_secs(2);

/// How long the metrics wait for the database, for all parties together. A scrape that fails while the database is in trouble
/// shows nothing when everybody looks; Prometheus gives up after 10 seconds.
const HELD_TIMEOUT: Duration = Duration::from_secs(2);

/// The process answers.
pub(super) async fn livez() -> &'static str {
    "ok\n"
}

/// The database is there with this version's schema, and there is a party with keys to serve.
pub(super) async fn readyz(State(gateway): State<Arc<Gateway>>) -> Response {
    let checked = tokio::time::timeout(READY_TIMEOUT, gateway.store.check_ready()).await;
    let database = match checked {
        Ok(Ok(())) => "ok".to_owned(),
        Ok(Err(error)) => chain(&error),
        Err(_) => format!("no answer within {} s", READY_TIMEOUT.as_secs()),
    };
    let parties: Vec<_> = gateway
        .parties()
        .map(|party| {
            let keys = &party.key_ring;
            json!({
                "name": party.name.as_str(),
                "symmetric_keys": keys.symmetric_keys().iter().map(crate::envelope::SymmetricKey::id).collect::<Vec<_>>(),
                "platform_keys": keys.platform_keys().iter().map(crate::envelope::PlatformKey::id).collect::<Vec<_>>(),
            })
        })
        .collect();
    let ready = database == "ok" && !parties.is_empty();
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(json!({ "ready": ready, "database": database, "parties": parties }))).into_response()
}

/// The metrics. Held payments are counted and jobs are looked up anew each time, so that a restart does not forget them; while the database does not
/// answer they stay as they were.
pub(super) async fn metrics(State(gateway): State<Arc<Gateway>>) -> impl IntoResponse {
    let _ = tokio::time::timeout(HELD_TIMEOUT, async {
        count_held(&gateway).await;
        if let Ok(jobs) = gateway.store.list_jobs(ChinaDate::at(Timestamp::now())).await {
            gateway.metrics.jobs.set(&jobs);
        }
        count_deliveries(&gateway).await;
    })
    .await;
    let content_type = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    ([(header::CONTENT_TYPE, content_type)], gateway.metrics.text())
}

async fn count_held(gateway: &Gateway) {
    for party in gateway.parties() {
        if let Ok(held) = gateway.store.count_held(party.name.clone()).await {
            let label = PartyLabel { party: party.name.as_str().into() };
            gateway.metrics.held_payments.get_or_create(&label).set(i64::try_from(held).unwrap_or(i64::MAX));
        }
    }
}

async fn count_deliveries(gateway: &Gateway) {
    let Ok(backlogs) = gateway.store.webhook_backlogs().await else { return };
    let count = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    for WebhookBacklog { webhook, pending, dead, oldest_at } in backlogs {
        let (gauges, label) = (&gateway.metrics.webhooks, WebhookLabel { webhook });
        let lag_seconds = oldest_at.map_or(0, |at| Timestamp::now().duration_since(at).as_secs().max(0));
        gauges.pending.get_or_create(&label).set(count(pending));
        gauges.dead.get_or_create(&label).set(count(dead));
        gauges.lag.get_or_create(&label).set(lag_seconds);
    }
}
