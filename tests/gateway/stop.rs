//! Stopping: what is under way is answered, nothing new is taken, and the journal is written out.

use std::sync::Arc;
use std::time::Duration;

use nontax_gateway::server::ConnectionLimits;
use tokio::net::TcpStream;

use crate::book::{import, payable};
use crate::database::{eventually, texts};
use crate::served::Setup;
use crate::stores::{TestStore, on_both_stores};
use crate::stub_platform::{OrderReply, StubPlatform, order_for};
use crate::weixin::paid_without_details;

on_both_stores!(
    what_is_under_way_is_answered_and_nothing_new_is_taken,
    the_journal_is_written_out_before_the_end,
    what_does_not_finish_within_the_grace_is_cut_off,
);

async fn refused(address: std::net::SocketAddr) -> Option<()> {
    TcpStream::connect(address).await.is_err().then_some(())
}

async fn what_is_under_way_is_answered_and_nothing_new_is_taken(test: TestStore) {
    import(&*test.store, payable("1")).await;
    let platform = StubPlatform::start(OrderReply::Gated(order_for("A", "1"))).await;
    let served = Arc::new(Setup::with_platform(&platform.url).serve(&test.store).await);
    // Connections that lie idle do not hold the stop up.
    assert_eq!(served.queried("1").await, 0);
    assert_eq!(served.admin("/livez").await.0, 200);
    let under_way = Arc::clone(&served);
    let answer = tokio::spawn(async move { under_way.notified(&paid_without_details("A")).await });
    platform.was_asked().await;
    served.ask_to_stop();
    eventually("the callbacks are closed", || refused(served.callbacks)).await;
    eventually("the admin listener is closed", || refused(served.admin)).await;
    // It does not end before that one is answered.
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert!(!served.has_ended());
    platform.release();
    assert_eq!(answer.await.unwrap(), 0);
    Arc::into_inner(served).unwrap().stopped().await;
    let orders = texts(&test, "SELECT paid_by_order FROM notice WHERE paid_by_order IS NOT NULL").await;
    assert_eq!(orders, ["A"]);
}

async fn the_journal_is_written_out_before_the_end(test: TestStore) {
    import(&*test.store, payable("1")).await;
    let served = Setup::default().serve(&test.store).await;
    for _ in 0..100 {
        assert_eq!(served.queried("1").await, 0);
    }
    served.stopped().await;
    let counted = texts(&test, "SELECT CAST(COUNT(*) AS TEXT) FROM callback_journal").await;
    assert_eq!(counted, ["100"]);
}

async fn what_does_not_finish_within_the_grace_is_cut_off(test: TestStore) {
    import(&*test.store, payable("1")).await;
    let platform = StubPlatform::start(OrderReply::Gated(order_for("A", "1"))).await;
    let mut setup = Setup::with_platform(&platform.url);
    setup.connections = ConnectionLimits { shutdown_grace: Duration::from_millis(100), ..setup.connections };
    let served = Arc::new(setup.serve(&test.store).await);
    let under_way = Arc::clone(&served);
    let waiting = tokio::spawn(async move { under_way.notified(&paid_without_details("A")).await });
    platform.was_asked().await;
    served.ask_to_stop();
    // Although the platform never answers, and the caller waits on.
    eventually("the server gives up", async || served.has_ended().then_some(())).await;
    waiting.abort();
    let _ = waiting.await;
    Arc::into_inner(served).unwrap().stopped().await;
}
