//! Events pushed to other systems: signed, in order for each notice, again and again until they are taken or given up.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use jiff::Timestamp;
use nontax_gateway::app::{DeliveryCounts, Webhook, deliver_webhooks};
use nontax_gateway::webhook::{WebhookClient, WebhookSecret};
use serde_json::Value;
use tokio::net::TcpListener;

use crate::book::{NOON, at, finance, import, notice, paid, party, record, refunded};
use crate::database::execute;
use crate::served::Setup;
use crate::stores::{TestStore, on_both_stores};

on_both_stores!(
    events_are_signed_and_keep_the_order_of_their_notice,
    what_is_never_taken_is_given_up_and_can_be_resent,
    only_kinds_that_are_wanted_are_pushed,
    what_happened_since_an_instant_is_pushed_again,
    one_process_delivers_at_a_time,
);

const CURRENT: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const PREVIOUS: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";

/// What the receiver does with the next delivery.
#[derive(Clone, Copy)]
enum Act {
    Answer(StatusCode),
    Redirect,
    Wait,
}

/// A receiver: its script, then 200; and what it took.
#[derive(Default)]
struct Receiver {
    script: Mutex<VecDeque<Act>>,
    taken: Mutex<Vec<(HeaderMap, Bytes)>>,
}

impl Receiver {
    async fn start(script: &[Act]) -> (Arc<Self>, SocketAddr) {
        let receiver = Arc::new(Self { script: Mutex::new(script.iter().copied().collect()), ..Self::default() });
        let router = Router::new().fallback(receive).with_state(Arc::clone(&receiver));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, router).await });
        (receiver, address)
    }

    fn kinds(&self) -> Vec<String> {
        let kind = |body: &Bytes| {
            let event: Value = serde_json::from_slice(body).unwrap();
            event["kind"].as_str().unwrap().to_owned()
        };
        self.taken.lock().unwrap().iter().map(|(_, body)| kind(body)).collect()
    }
}

async fn receive(State(receiver): State<Arc<Receiver>>, headers: HeaderMap, body: Bytes) -> Response {
    let act = receiver.script.lock().unwrap().pop_front();
    match act {
        None => {
            receiver.taken.lock().unwrap().push((headers, body));
            StatusCode::NO_CONTENT.into_response()
        }
        Some(Act::Answer(status)) => status.into_response(),
        Some(Act::Redirect) => (StatusCode::TEMPORARY_REDIRECT, [("location", "/elsewhere")]).into_response(),
        Some(Act::Wait) => {
            tokio::time::sleep(Duration::from_secs(20)).await;
            StatusCode::OK.into_response()
        }
    }
}

fn webhook(address: SocketAddr, kinds: &[&str], secrets: &[&str]) -> Arc<Webhook> {
    let networks = ["127.0.0.0/8".parse().unwrap()];
    let secrets = secrets.iter().map(|text| WebhookSecret::read(text).unwrap()).collect();
    let url = format!("http://{address}/events?token=t");
    let client = WebhookClient::new(&url, &networks, secrets, Duration::from_secs(3)).unwrap();
    let kinds = kinds.iter().map(ToString::to_string).collect();
    Arc::new(Webhook { name: "erp".into(), parties: vec![party()], kinds, client })
}

async fn pass(test: &TestStore, webhook: &Arc<Webhook>) -> DeliveryCounts {
    deliver_webhooks(&test.store, &[Arc::clone(webhook)], "one", Timestamp::now).await.unwrap()
}

/// As if the pause were over.
async fn make_due(test: &TestStore) {
    execute(&test.url, "UPDATE webhook_delivery SET next_at = 0").await.unwrap();
}

/// Pays a notice, pays it twice, and refunds the first: two events, then two.
async fn story(test: &TestStore, number: &str) {
    let store = &*test.store;
    import(store, notice(number)).await;
    record(store, &format!("{number}-A"), paid(number), finance()).await.unwrap();
    record(store, &format!("{number}-B"), paid(number), finance()).await.unwrap();
    record(store, &format!("{number}-A"), refunded(), finance()).await.unwrap();
}

async fn events_are_signed_and_keep_the_order_of_their_notice(test: TestStore) {
    let script = [Act::Answer(StatusCode::INTERNAL_SERVER_ERROR), Act::Wait];
    let (receiver, address) = Receiver::start(&script).await;
    let webhook = webhook(address, &[], &[CURRENT, PREVIOUS]);
    story(&test, "before").await;
    assert_eq!(pass(&test, &webhook).await, DeliveryCounts::default(), "it begins with what happens from now on");
    story(&test, "1").await;
    for _ in 0..2 {
        let counts = pass(&test, &webhook).await;
        assert_eq!((counts.delivered, counts.put_off), (0, 1), "the others wait for the first of their notice");
        make_due(&test).await;
    }
    let served = Setup::default().serve(&test.open_again().await).await;
    assert_eq!(served.sample("nontax_webhook_pending{webhook=\"erp\"}").await, Some(4.0));
    assert!(served.sample("nontax_webhook_lag_seconds{webhook=\"erp\"}").await.unwrap() > 0.0);
    served.stopped().await;
    let waiting = test.store.list_deliveries(false, 10).await.unwrap();
    assert!(waiting.iter().all(|delivery| !delivery.problem.contains("token=t")), "{waiting:?}");

    assert_eq!(pass(&test, &webhook).await.delivered, 4);
    let kinds = receiver.kinds();
    assert_eq!(kinds[..2], ["notice.paid", "payment.refused"]);
    assert_eq!(kinds.len(), 4);
    for (headers, body) in receiver.taken.lock().unwrap().iter() {
        let header = |name: &str| headers[name].to_str().unwrap();
        let event: Value = serde_json::from_slice(body).unwrap();
        assert_eq!(event["id"], header("webhook-id"));
        let timestamp = header("webhook-timestamp").parse().unwrap();
        let signed = |secret| WebhookSecret::read(secret).unwrap().sign(header("webhook-id"), timestamp, body);
        assert_eq!(header("webhook-signature"), format!("{} {}", signed(CURRENT), signed(PREVIOUS)));
    }
}

async fn what_is_never_taken_is_given_up_and_can_be_resent(test: TestStore) {
    let (receiver, address) = Receiver::start(&[Act::Redirect]).await;
    let webhook = webhook(address, &["notice.paid"], &[CURRENT]);
    pass(&test, &webhook).await;
    story(&test, "1").await;
    let now = Timestamp::now();
    // Its last attempt is a redirect, which is not followed.
    test.store.sequence_events().await.unwrap();
    test.store.take_over_events("erp".into(), party(), vec!["notice.paid".into()], 100, now).await.unwrap();
    execute(&test.url, "UPDATE webhook_delivery SET attempts = 10").await.unwrap();
    assert_eq!(pass(&test, &webhook).await.given_up, 1);
    assert!(receiver.taken.lock().unwrap().is_empty());
    let [dead] = <[_; 1]>::try_from(test.store.list_deliveries(true, 10).await.unwrap()).unwrap();
    assert!(dead.dead && dead.problem.contains("redirects are not followed"), "{dead:?}");
    let [backlog] = <[_; 1]>::try_from(test.store.webhook_backlogs().await.unwrap()).unwrap();
    assert_eq!((backlog.pending, backlog.dead), (0, 1));
    assert_eq!(test.store.prune_outbox(at(NOON + 10), 100).await.unwrap(), 3, "what was given up is kept");

    assert!(test.store.resend_event("erp".into(), dead.event_id, now).await.unwrap());
    assert!(!test.store.resend_event("erp".into(), 999, now).await.unwrap());
    assert_eq!(pass(&test, &webhook).await.delivered, 1);
    assert_eq!(receiver.kinds(), ["notice.paid"]);
    assert!(test.store.list_deliveries(true, 10).await.unwrap().is_empty());
}

async fn only_kinds_that_are_wanted_are_pushed(test: TestStore) {
    let (receiver, address) = Receiver::start(&[]).await;
    let webhook = webhook(address, &["notice.*"], &[CURRENT]);
    pass(&test, &webhook).await;
    story(&test, "1").await;
    assert_eq!(pass(&test, &webhook).await.delivered, 2);
    assert_eq!(receiver.kinds(), ["notice.paid", "notice.reopened"]);
    assert_eq!(test.store.forget_webhook("erp".into()).await.unwrap(), 0);
    assert!(test.store.webhook_backlogs().await.unwrap().is_empty());
}

async fn what_happened_since_an_instant_is_pushed_again(test: TestStore) {
    let (receiver, address) = Receiver::start(&[]).await;
    let webhook = webhook(address, &["notice.paid"], &[CURRENT]);
    pass(&test, &webhook).await;
    story(&test, "1").await;
    assert_eq!(pass(&test, &webhook).await.delivered, 1);
    let recover = |since| test.store.recover_webhook("erp".into(), party(), at(since), Timestamp::now());
    assert!(recover(NOON + 10).await.unwrap());
    assert_eq!(pass(&test, &webhook).await.delivered, 0, "nothing happened since");
    assert!(recover(NOON).await.unwrap());
    assert_eq!(pass(&test, &webhook).await.delivered, 1);
    let ids: Vec<_> = receiver.taken.lock().unwrap().iter().map(|(headers, _)| headers["webhook-id"].clone()).collect();
    assert!(ids.len() == 2 && ids[0] == ids[1], "{ids:?}");
}

async fn one_process_delivers_at_a_time(test: TestStore) {
    let now = Timestamp::now();
    let until = now + Duration::from_mins(1);
    let take = |owner: &str, at: Timestamp| test.store.take_webhook_lease("erp".into(), owner.into(), until, at);
    assert!(take("one", now).await.unwrap() && take("one", now).await.unwrap());
    assert!(!take("two", now).await.unwrap());
    assert!(take("two", until).await.unwrap());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_name_that_leads_into_this_machine_is_not_called() {
    let (receiver, address) = Receiver::start(&[]).await;
    let secrets = vec![WebhookSecret::read(CURRENT).unwrap()];
    let url = format!("https://localhost:{}/events", address.port());
    let client = WebhookClient::new(&url, &[], secrets, Duration::from_secs(3)).unwrap();
    let problem = client.post("1", 0, b"{}".to_vec()).await.unwrap_err().to_string();
    assert!(problem.contains("none of its addresses is public"), "{problem}");
    assert!(receiver.taken.lock().unwrap().is_empty());
}
