//! More callbacks than may be under way: the rest is answered 299 at once, and a place comes back when its work has ended.

use std::time::Duration;

use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

use crate::book::{import, party, payable};
use crate::database::{HeldBook, eventually, texts};
use crate::logs;
use crate::served::{Served, Setup};
use crate::stores::{TestStore, on_both_stores};
use crate::stub_platform::{OrderReply, StubPlatform, order_for};
use crate::weixin::{envelope, paid, paid_without_details};

on_both_stores!(
    what_finds_no_place_is_answered_299_at_once_and_service_resumes,
    work_that_outlives_its_deadline_keeps_its_place,
    work_whose_caller_hung_up_keeps_its_place,
    a_body_that_comes_slowly_takes_no_place,
    an_envelope_fault_that_waits_for_its_moment_takes_no_place,
);

/// Waits until so many callbacks are under way.
async fn in_flight(served: &Served, callbacks: f64) {
    eventually("so many callbacks are under way", || async {
        (served.sample("nontax_callbacks_in_flight").await == Some(callbacks)).then_some(())
    })
    .await;
}

/// How many callbacks of a kind were shed.
async fn shed(served: &Served, kind: &str) -> Option<f64> {
    served.sample(&format!(r#"nontax_callbacks_shed_total{{kind="{kind}"}}"#)).await
}

async fn what_finds_no_place_is_answered_299_at_once_and_service_resumes(test: TestStore) {
    import(&*test.store, payable("1")).await;
    import(&*test.store, payable("2")).await;
    let platform = StubPlatform::start(OrderReply::Gated(order_for("A", "1"))).await;
    let served = Setup::with_platform(&platform.url).max_in_flight(2).serve(&test.store).await;
    let (first, second) = (paid_without_details("A"), paid_without_details("A"));
    let under_way = async { tokio::join!(served.notified(&first), served.notified(&second)) };
    let others = async {
        in_flight(&served, 2.0).await;
        // The platform is held, so whatever comes back now did not wait for the two.
        assert_eq!(served.notified(&paid("B", "2")).await, 299);
        assert_eq!(served.queried("1").await, 299);
        // Unread: nonsense gets the same.
        assert_eq!(served.post("receivables", b"nonsense".to_vec()).await.opened()["errcode"], 299);
        let url = format!("http://{}/callback/nobody/receivables", served.callbacks);
        assert_eq!(served.client.post(url).send().await.unwrap().status().as_u16(), 404);
        assert_eq!((shed(&served, "notification").await, shed(&served, "receivables").await), (Some(1.0), Some(2.0)));
        platform.release();
    };
    assert_eq!(tokio::join!(under_way, others).0, (0, 0));
    assert_eq!(served.notified(&paid("B", "2")).await, 0);
    in_flight(&served, 0.0).await;
    let overloaded =
        r#"nontax_callbacks_total{party="gz-finance",kind="receivables",errcode="299",outcome="overloaded"}"#;
    assert_eq!(served.sample(overloaded).await, Some(2.0));
    eventually("the log tells that some were shed", || async {
        let told = |line: &str| line.contains("answered 299 unread") && line.contains(r#""max_in_flight":2"#);
        logs::lines().lines().any(told).then_some(())
    })
    .await;
    served.stopped().await;
    // No row tells what was shed.
    let outcomes = texts(&test, "SELECT outcome FROM callback_journal ORDER BY outcome").await;
    assert_eq!(outcomes, ["already_recorded", "recorded", "recorded"]);
}

async fn work_that_outlives_its_deadline_keeps_its_place(test: TestStore) {
    import(&*test.store, payable("1")).await;
    let setup = Setup::default().reply_deadline(Duration::from_millis(300)).max_in_flight(1);
    let served = setup.serve(&test.store).await;
    let held = HeldBook::hold(&test).await;
    assert_eq!(served.notified(&paid("A", "1")).await, 299);
    assert_eq!(shed(&served, "notification").await, None, "that one was answered at its deadline");
    assert_eq!(served.notified(&paid("A", "1")).await, 299);
    assert_eq!(shed(&served, "notification").await, Some(1.0));
    held.release().await;
    in_flight(&served, 0.0).await;
    assert_eq!(served.notified(&paid("A", "1")).await, 0);
}

/// Sends a request whose body is `body`, of which `sent` bytes are sent.
async fn send(served: &Served, body: &str, sent: usize) -> TcpStream {
    let mut caller = TcpStream::connect(served.callbacks).await.unwrap();
    let (party, length) = (party(), body.len());
    let head = format!("POST /callback/{party}/notification HTTP/1.1\r\nhost: a\r\ncontent-length: {length}\r\n\r\n");
    caller.write_all(format!("{head}{}", &body[..sent]).as_bytes()).await.unwrap();
    caller
}

async fn work_whose_caller_hung_up_keeps_its_place(test: TestStore) {
    import(&*test.store, payable("1")).await;
    let platform = StubPlatform::start(OrderReply::Gated(order_for("A", "1"))).await;
    let served = Setup::with_platform(&platform.url).max_in_flight(1).serve(&test.store).await;
    let body = envelope(paid_without_details("A").to_string().as_bytes()).to_string();
    let caller = send(&served, &body, body.len()).await;
    platform.was_asked().await;
    drop(caller);
    // The server sees that the caller is gone before the platform answers.
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(served.queried("1").await, 299);
    platform.release();
    in_flight(&served, 0.0).await;
    assert_eq!(served.queried("1").await, 232);
}

async fn a_body_that_comes_slowly_takes_no_place(test: TestStore) {
    import(&*test.store, payable("1")).await;
    let served = Setup::default().max_in_flight(1).serve(&test.store).await;
    let body = envelope(paid("A", "1").to_string().as_bytes()).to_string();
    let _slow = send(&served, &body, body.len() - 1).await;
    for _ in 0..5 {
        assert_eq!(served.queried("1").await, 0);
    }
    in_flight(&served, 0.0).await;
}

async fn an_envelope_fault_that_waits_for_its_moment_takes_no_place(test: TestStore) {
    import(&*test.store, payable("1")).await;
    let mut setup = Setup::default().max_in_flight(1);
    setup.limits.envelope_fault_delay = Duration::from_secs(1);
    let served = setup.serve(&test.store).await;
    let waiting = served.post("receivables", b"nonsense".to_vec());
    let others = async {
        eventually("the fault is counted", || {
            served.sample(r#"nontax_callback_duration_seconds_count{kind="receivables"}"#)
        })
        .await;
        assert_eq!(served.queried("1").await, 0);
    };
    assert_eq!(tokio::join!(waiting, others).0.opened()["errcode"], 210);
    assert_eq!(shed(&served, "receivables").await, None);
}
