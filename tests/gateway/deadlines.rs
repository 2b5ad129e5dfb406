//! The deadline of a reply, and callers who do not wait: neither cuts off what is under way.

use std::time::Duration;

use nontax_gateway::domain::{NoticeState, PaymentNoticeNo};
use nontax_gateway::store::Store;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

use crate::book::{import, order, party, payable};
use crate::database::{HeldBook, eventually, texts};
use crate::served::Setup;
use crate::stores::{TestStore, on_both_stores};
use crate::stub_platform::{OrderReply, StubPlatform, order_for};
use crate::weixin::{envelope, paid, paid_without_details};

on_both_stores!(
    a_store_that_hangs_is_answered_299_and_finishes_its_work,
    a_slow_platform_is_answered_299_and_the_order_is_recorded_afterwards,
    a_caller_who_hangs_up_cuts_nothing_off,
);

async fn is_paid_by(store: &dyn Store, number: &str, order_id: &str) -> Option<()> {
    let found = store.find_notices(party(), PaymentNoticeNo::new(number).unwrap()).await.unwrap();
    (found[0].notice.state == NoticeState::Paid { order_id: Some(order(order_id)) }).then_some(())
}

async fn a_store_that_hangs_is_answered_299_and_finishes_its_work(test: TestStore) {
    import(&*test.store, payable("1")).await;
    let served = Setup::default().reply_deadline(Duration::from_millis(300)).serve(&test.store).await;
    let patient = Setup::default().serve(&test.store).await;
    let held = HeldBook::hold(&test).await;
    assert_eq!(served.notified(&paid("A", "1")).await, 299);
    held.release().await;
    eventually("the payment was recorded", || is_paid_by(&*test.store, "1", "A")).await;
    assert_eq!(patient.notified(&paid("A", "1")).await, 0);
    let late = r#"nontax_callbacks_total{party="gz-finance",kind="notification",errcode="299",outcome="deadline"}"#;
    assert_eq!(served.sample(late).await, Some(1.0));
    // Both what was answered and what became of the work are in the journal.
    let outcomes = eventually("the journal is written", || async {
        let outcomes = texts(&test, "SELECT outcome FROM callback_journal ORDER BY outcome").await;
        (outcomes.len() == 3).then_some(outcomes)
    });
    assert_eq!(outcomes.await, ["already_recorded", "deadline", "recorded"]);
}

async fn a_slow_platform_is_answered_299_and_the_order_is_recorded_afterwards(test: TestStore) {
    import(&*test.store, payable("1")).await;
    let platform = StubPlatform::start(OrderReply::Gated(order_for("A", "1"))).await;
    let setup = Setup::with_platform(&platform.url).reply_deadline(Duration::from_millis(300));
    let served = setup.serve(&test.store).await;
    assert_eq!(served.notified(&paid_without_details("A")).await, 299);
    platform.release();
    eventually("the payment was recorded", || is_paid_by(&*test.store, "1", "A")).await;
}

async fn a_caller_who_hangs_up_cuts_nothing_off(test: TestStore) {
    import(&*test.store, payable("1")).await;
    let platform = StubPlatform::start(OrderReply::Gated(order_for("A", "1"))).await;
    let served = Setup::with_platform(&platform.url).serve(&test.store).await;
    let body = envelope(paid_without_details("A").to_string().as_bytes()).to_string();
    let mut caller = TcpStream::connect(served.callbacks).await.unwrap();
    let head = format!(
        "POST /callback/{}/notification HTTP/1.1\r\nhost: a\r\ncontent-length: {}\r\n\r\n",
        party(),
        body.len()
    );
    caller.write_all(format!("{head}{body}").as_bytes()).await.unwrap();
    platform.was_asked().await;
    drop(caller);
    // The server sees that the caller is gone before the platform answers.
    tokio::time::sleep(Duration::from_millis(100)).await;
    platform.release();
    eventually("the payment was recorded", || is_paid_by(&*test.store, "1", "A")).await;
}
