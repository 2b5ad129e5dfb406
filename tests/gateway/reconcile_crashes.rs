//! A reconciliation that breaks off at any point and is run again comes to the same end.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::Poll;

use jiff::{Timestamp, ToSpan as _};
use nontax_gateway::app::{ReconcileContext, reconcile_day};
use nontax_gateway::domain::Role;

use crate::database::texts;
use crate::reconciled_world::Reconciled;
use crate::stores::{TestStore, on_both_stores};

on_both_stores!(wherever_it_breaks_off_a_rerun_comes_to_the_same_end);

/// Polls a future so often and then drops it, as a crash does; what it gave, if it ended before.
async fn cut_off<T>(polls: usize, future: impl Future<Output = T>) -> Option<T> {
    let mut future = pin!(future);
    let mut left = polls;
    poll_fn(move |context| {
        if left == 0 {
            return Poll::Ready(None);
        }
        left -= 1;
        future.as_mut().poll(context).map(Some)
    })
    .await
}

/// A day with something to heal of several kinds: never notified, missing, a lost refusal of a duplicate.
async fn troubled_day(test: &TestStore) -> Reconciled {
    let lost = "[[fault]]\non = \"callback\"\ncallback = \"notification\"\nkind = \"lose_reply\"\nnth = [4, 5]\n";
    let mut world = Reconciled::start(test, Role::Finance, lost).await;
    world.options.refund_duplicates = true;
    let simulator = &world.world.simulator;
    for (number, fee) in [("1", 20_008), ("2", 30_000)] {
        simulator.pay(&world.ordered(number, fee).await).await.unwrap();
    }
    // The citizen ordered twice before paying: nobody hears the refusal of the second, and of its repetition.
    let twice = [world.ordered("3", 40_000).await, world.world.placed("3").await];
    for order_id in twice {
        simulator.pay(&order_id).await.unwrap();
    }
    for number in ["4", "5"] {
        simulator.pay(&world.ordered(number, 20_007).await).await.unwrap();
    }
    world.begin_night().await;
    world
}

/// What is left in the end: the discrepancies and the book, without what depends on when.
async fn end_state(test: &TestStore, world: &Reconciled) -> Vec<String> {
    // The nights after: a call for a refund that broke off is over by then and looked up, and what the platform refunded is heard of.
    let later = || Timestamp::now() + 2.minutes();
    for _ in 0..3 {
        let context = ReconcileContext { clock: &later, ..world.context() };
        // Boxed as a job runs it, on whichever thread.
        let night: Pin<Box<dyn Future<Output = _> + Send + '_>> = Box::pin(reconcile_day(&context, world.day));
        night.await.unwrap();
    }
    let found = world.discrepancies().await;
    // By what something was healed depends on where it broke off, that it was does not.
    let mut lines: Vec<_> = found.iter().map(|found| format!("{} {}", found.kind.name(), found.state.name())).collect();
    lines.sort();
    lines.extend(texts(test, "SELECT state FROM notice ORDER BY payment_notice_no").await);
    let mut dispositions = texts(test, "SELECT disposition FROM payment").await;
    dispositions.sort();
    lines.extend(dispositions);
    lines.extend(texts(test, "SELECT state FROM refund_request").await);
    lines
}

async fn wherever_it_breaks_off_a_rerun_comes_to_the_same_end(test: TestStore) {
    let other =
        if test.url.starts_with("sqlite:") { crate::stores::sqlite().await } else { crate::stores::postgres().await };
    let undisturbed = troubled_day(&other).await;
    undisturbed.reconcile(undisturbed.day).await;
    let expected = end_state(&other, &undisturbed).await;

    let world = troubled_day(&test).await;
    let mut crashes = 0;
    for polls in 1.. {
        let context = world.context();
        match cut_off(polls, Box::pin(reconcile_day(&context, world.day))).await {
            Some(outcome) => {
                outcome.unwrap();
                break;
            }
            None => crashes += 1,
        }
    }
    assert!(crashes > 20, "it broke off {crashes} times");
    assert_eq!(end_state(&test, &world).await, expected);
}
