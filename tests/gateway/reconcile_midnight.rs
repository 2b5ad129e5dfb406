//! What is in flight across midnight is nobody's difference until the next statement has been seen.

use jiff::{Timestamp, ToSpan as _};
use nontax_gateway::domain::{OrderEvent, Paid, Resolution, Role};

use crate::book::{details, errcode, paid_as, recording_bank};
use crate::reconciled_world::Reconciled;
use crate::stores::{TestStore, on_both_stores};

on_both_stores!(a_payment_of_midnight_waits_for_the_next_statement);

/// The book says that an order paid a notice, at an instant or at none.
async fn booked(world: &Reconciled, order_id: &str, number: &str, fee: i64, at: Option<Timestamp>) {
    let OrderEvent::Paid(paid) = paid_as(Resolution::Details(details(number, fee))) else { unreachable!() };
    let event = OrderEvent::Paid(Paid { pay_finish_time: at, ..paid });
    assert_eq!(errcode(&*world.store, order_id, event, recording_bank()).await, 0);
}

async fn a_payment_of_midnight_waits_for_the_next_statement(test: TestStore) {
    let world = Reconciled::start(&test, Role::Bank, "").await;
    // The day before, so that the next one's statement can be had.
    let day = world.day.plus_days(-1);
    let midnight = world.day.instant_at(0);
    let before_midnight = Some(midnight - 2.seconds());
    // The platform has no statement of days before its first order.
    world.world.simulator.set_clock(day.instant_at(12).as_second());
    world.ordered("9", 30_000).await;
    world.world.simulator.set_clock(midnight.as_second() - 3);
    let late = world.ordered("1", 20_007).await;
    let early = world.ordered("2", 20_007).await;
    world.world.simulator.set_clock(midnight.as_second() - 3);
    world.world.simulator.pay(&early).await.unwrap();
    world.world.simulator.set_clock(midnight.as_second() + 3);
    world.world.simulator.pay(&late).await.unwrap();
    // The platform's clock says three seconds past midnight, the notification's two seconds before, and the other way round.
    booked(&world, &late, "1", 20_007, before_midnight).await;
    booked(&world, &early, "2", 20_007, Some(midnight + 2.seconds())).await;
    booked(&world, "AQ-made-up", "3", 500, before_midnight).await;
    world.download(day).await;
    let first = world.reconcile(day).await;
    assert_eq!((first.matched.in_flight, first.remaining), (2, 0));
    assert_eq!(world.lines().await, ["missing_there in_flight: "; 2]);

    world.download(world.day).await;
    let second = world.reconcile(world.day).await;
    assert_eq!((second.matched.in_flight, second.matched.difference_count()), (0, 0));
    let listed = format!("missing_there vanished: the statement of {} lists it", world.day);
    let missing = "missing_there queued: the platform says that there is no such order";
    let mut lines = world.lines().await;
    lines.sort();
    assert_eq!(lines, [missing.to_owned(), listed]);
    let again = world.reconcile(day).await;
    assert_eq!((again.matched.in_flight, again.remaining), (0, 1), "by now the statement of the day after is there");
}
