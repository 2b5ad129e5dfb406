//! Each kind of difference, healed where that is safe and queued where it is not, with the simulator as the platform.

use nontax_gateway::app::{DiscrepancyResolution, ResolveError};
use nontax_gateway::domain::{DifferenceKind, NoticeState, OrderEvent, Paid, PaymentNoticeNo, Resolution, Role};
use nontax_gateway::store::{DiscrepancyFilter, DiscrepancySelection};
use nontax_gateway::wire::RefundRequest;
use serde_json::Value;

use crate::book::{details, errcode, finance, order, paid, paid_as, party, recording_bank};
use crate::database::texts;
use crate::reconciled_world::Reconciled;
use crate::stores::{TestStore, on_both_stores};

on_both_stores!(
    what_agrees_has_no_discrepancy_and_equal_sums,
    a_payment_that_was_never_notified_is_notified_again,
    a_bank_records_a_payment_that_was_never_notified_from_the_order,
    a_payment_that_finance_is_not_told_of_again_is_recorded_from_the_order,
    what_is_recorded_from_the_order_is_held_and_never_refused,
    a_payment_that_the_statement_lacks_waits_for_a_person,
    a_payment_that_nobody_made_waits_for_a_person,
    another_amount_waits_for_a_person,
    a_refund_that_was_never_notified_is_recorded,
    a_duplicate_that_the_platform_kept_waits_for_a_yes,
    a_duplicate_that_the_platform_kept_is_refunded_where_that_is_configured,
    money_without_a_notice_finds_it_in_the_order,
    a_second_run_finds_the_same_and_changes_nothing,
    what_waits_for_a_person_is_over_when_somebody_refunded_it,
    a_platform_that_is_away_leaves_everything_as_it_is,
    without_app_secret_everything_is_found_and_waits_for_a_person,
    without_a_statement_there_is_nothing_to_reconcile,
);

/// Nobody hears the gateway's reply to these notifications.
fn lost_replies(nth: &str) -> String {
    format!("[[fault]]\non = \"callback\"\ncallback = \"notification\"\nkind = \"lose_reply\"\nnth = [{nth}]\n")
}

async fn state_of(world: &Reconciled, number: &str) -> NoticeState {
    let found = world.store.find_notices(party(), PaymentNoticeNo::new(number).unwrap()).await.unwrap();
    found[0].notice.state.clone()
}

async fn what_agrees_has_no_discrepancy_and_equal_sums(test: TestStore) {
    let world = Reconciled::start(&test, Role::Finance, "").await;
    // Told once; refunded in full; refunded in two parts.
    for (number, fee) in [("1", 30_000), ("2", 30_005), ("3", 30_006)] {
        let order_id = world.ordered(number, fee).await;
        world.world.simulator.pay(&order_id).await.unwrap();
    }
    let outcome = world.night().await;
    assert_eq!(world.lines().await, Vec::<String>::new());
    let sums = outcome.matched.sums;
    assert_eq!(sums.stated, sums.booked);
    assert_eq!((sums.stated.payments, sums.stated.paid_fee.get()), (3, 90_011));
    assert_eq!((sums.stated.refunds, sums.stated.refunded_fee.get()), (3, 30_005 + 2 * 10_002));
    assert!(outcome.matched.statement_is_clean);
    assert_eq!((outcome.remaining, outcome.matched.in_flight), (0, 0));
}

async fn a_payment_that_was_never_notified_is_notified_again(test: TestStore) {
    let world = Reconciled::start(&test, Role::Finance, "").await;
    let order_id = world.ordered("1", 20_007).await;
    world.world.simulator.pay(&order_id).await.unwrap();
    let outcome = world.night().await;
    assert_eq!(world.lines().await, ["unknown_here healed: the platform notified it again"]);
    assert_eq!(state_of(&world, "1").await, NoticeState::Paid { order_id: Some(order(&order_id)) });
    assert_eq!((outcome.healing.healed, outcome.remaining), (1, 0));
    assert_eq!(outcome.matched.sums.stated, outcome.matched.sums.booked, "the last look is after the healing");
    let kinds = texts(&test, "SELECT kind FROM outbox WHERE kind LIKE 'discrepancy.%' ORDER BY event_id").await;
    assert_eq!(kinds, ["discrepancy.opened", "discrepancy.closed"]);

    // Both sides tell of the notification that came, under the same number.
    assert!(outcome.healing.notifications.sent > 0 && outcome.healing.notifications.never_came == 0);
    let seen: Value = serde_json::from_str(&world.discrepancies().await[0].seen).unwrap();
    let notification = &seen["notifications"][0];
    assert_eq!(notification["here"]["outcome"], "recorded", "{seen}");
    assert!(notification["there"]["cost_time_ms"].is_i64(), "{seen}");
}

async fn a_bank_records_a_payment_that_was_never_notified_from_the_order(test: TestStore) {
    let world = Reconciled::start(&test, Role::Bank, "").await;
    let order_id = world.ordered("1", 20_007).await;
    world.world.simulator.pay(&order_id).await.unwrap();
    world.night().await;
    assert_eq!(world.lines().await, ["unknown_here healed: it was recorded from the order's details"]);
    assert_eq!(state_of(&world, "1").await, NoticeState::Paid { order_id: Some(order(&order_id)) });
    let peers = texts(&test, "SELECT peer FROM callback_journal WHERE kind = 'notification'").await;
    assert_eq!(peers, ["reconciliation"], "the journal says whose word it was");
}

async fn a_payment_that_finance_is_not_told_of_again_is_recorded_from_the_order(test: TestStore) {
    let drops = "[[fault]]\non = \"callback\"\ncallback = \"notification\"\nkind = \"drop\"\n";
    let world = Reconciled::start(&test, Role::Finance, drops).await;
    let order_id = world.ordered("1", 30_000).await;
    world.world.simulator.pay(&order_id).await.unwrap();
    let outcome = world.night().await;
    assert_eq!(world.lines().await, ["unknown_here healed: it was recorded from the order's details"]);
    assert_eq!(state_of(&world, "1").await, NoticeState::Paid { order_id: Some(order(&order_id)) });
    let seen = outcome.healing.notifications;
    assert!(seen.sent > 0 && seen.never_came == seen.sent, "{seen:?}");
}

/// Nobody hears what healing would reply: a refusal in the book would promise money back that the platform keeps.
async fn what_is_recorded_from_the_order_is_held_and_never_refused(test: TestStore) {
    let drops = "[[fault]]\non = \"callback\"\ncallback = \"notification\"\nkind = \"drop\"\n";
    let world = Reconciled::start(&test, Role::Finance, drops).await;
    for order_id in [world.ordered("1", 30_000).await, world.world.placed("1").await] {
        world.world.simulator.pay(&order_id).await.unwrap();
    }
    world.night().await;
    assert_eq!(texts(&test, "SELECT disposition FROM payment ORDER BY disposition").await, ["held", "settles"]);
    assert_eq!(texts(&test, "SELECT kind FROM outbox WHERE kind = 'payment.refused'").await, [""; 0]);
    assert!(world.lines().await.iter().any(|line| line.starts_with("paid_twice queued")), "a person decides");
}

async fn a_payment_that_the_statement_lacks_waits_for_a_person(test: TestStore) {
    let world = Reconciled::start(&test, Role::Finance, "").await;
    let order_id = world.ordered("1", 20_008).await;
    world.world.simulator.pay(&order_id).await.unwrap();
    world.ordered("2", 30_000).await;
    let outcome = world.night().await;
    let reason = "the platform's order was paid, and its statement does not list it";
    assert_eq!(world.lines().await, [format!("missing_there queued: {reason}")]);
    assert_eq!((outcome.healing.queued, outcome.remaining), (1, 1));
    let found = &world.discrepancies().await[0];
    let wrong = world.resolve(found.discrepancy_id, DiscrepancyResolution::Refund, ("li", "x"));
    assert!(matches!(wrong.await, Err(ResolveError::NotRefundable("missing_there"))));
    let by_and_why = ("li", "the platform corrected its statement");
    let close = world.resolve(found.discrepancy_id, DiscrepancyResolution::Close, by_and_why);
    assert_eq!(close.await.unwrap().state.name(), "closed");
    assert_eq!(world.reconcile(world.day).await.remaining, 0, "a person's word stands when it is found again");
}

async fn a_payment_that_nobody_made_waits_for_a_person(test: TestStore) {
    let world = Reconciled::start(&test, Role::Bank, "").await;
    world.ordered("1", 30_000).await;
    let event = paid_at_noon_of(&world, "9", 20_000);
    assert_eq!(errcode(&*world.store, "AQ-made-up", event, recording_bank()).await, 0);
    world.night().await;
    let lines = world.lines().await;
    assert_eq!(lines, ["missing_there queued: the platform says that there is no such order"]);
}

/// A payment of a notice at noon of the day.
fn paid_at_noon_of(world: &Reconciled, number: &str, fee: i64) -> OrderEvent {
    let OrderEvent::Paid(paid) = paid_as(Resolution::Details(details(number, fee))) else { unreachable!() };
    OrderEvent::Paid(Paid { pay_finish_time: Some(world.day.instant_at(12)), ..paid })
}

async fn another_amount_waits_for_a_person(test: TestStore) {
    let world = Reconciled::start(&test, Role::Bank, "").await;
    let order_id = world.ordered("1", 20_007).await;
    world.world.simulator.pay(&order_id).await.unwrap();
    let event = paid_at_noon_of(&world, "1", 20_006);
    assert_eq!(errcode(&*world.store, &order_id, event, recording_bank()).await, 0);
    world.night().await;
    let lines = world.lines().await;
    assert_eq!(lines, ["amounts_differ queued: the book's amount is not that of the platform's order"]);
    let found = &world.discrepancies().await[0];
    let fees = (found.stated_fee.unwrap().get(), found.booked_fee.unwrap().get());
    assert_eq!(fees, (20_007, 20_006));
}

async fn a_refund_that_was_never_notified_is_recorded(test: TestStore) {
    let drops = "[[fault]]\non = \"callback\"\ncallback = \"notification\"\nkind = \"drop\"\nnth = [2, 3]\n";
    let world = Reconciled::start(&test, Role::Finance, drops).await;
    let order_id = world.ordered("1", 30_000).await;
    world.world.simulator.pay(&order_id).await.unwrap();
    let refund = RefundRequest { order_id: order_id.clone(), reason: "error".into(), ..RefundRequest::default() };
    world.world.simulator.refund(&refund).await.unwrap();
    assert_eq!(state_of(&world, "1").await, NoticeState::Paid { order_id: Some(order(&order_id)) });
    let outcome = world.night().await;
    assert_eq!(world.lines().await, ["refunded_there_only healed: the book holds the refund now"]);
    assert_eq!(state_of(&world, "1").await, NoticeState::Unpaid);
    assert_eq!(outcome.matched.sums.stated, outcome.matched.sums.booked);
}

/// A notice paid by one order, and by a second one whose refusal nobody heard.
async fn paid_twice(test: &TestStore) -> (Reconciled, String) {
    let world = Reconciled::start(test, Role::Finance, &lost_replies("2, 3")).await;
    let (first, second) = (world.ordered("1", 30_000).await, world.world.placed("1").await);
    for order_id in [&first, &second] {
        world.world.simulator.pay(order_id).await.unwrap();
    }
    assert!(world.world.simulator.order(&second).unwrap().refund_finish_time.is_none_or(|time| time == 0));
    (world, second)
}

async fn a_duplicate_that_the_platform_kept_waits_for_a_yes(test: TestStore) {
    let (world, second) = paid_twice(&test).await;
    world.night().await;
    let reason = "its notice was paid by another order, and the platform kept the money: refund it?";
    assert_eq!(world.lines().await, [format!("paid_twice queued: {reason}")]);
    assert_eq!(world.reconcile(world.day).await.remaining, 1);
    assert_eq!(world.lines().await, [format!("paid_twice queued: {reason}")]);

    let found = world.discrepancies().await.remove(0);
    assert_eq!((found.kind, found.order_id.as_str()), (DifferenceKind::PaidTwice, second.as_str()));
    let yes = world.resolve(found.discrepancy_id, DiscrepancyResolution::Refund, ("li", "  "));
    assert!(matches!(yes.await, Err(ResolveError::NoReason)));
    let by_and_why = ("li", "paid twice indeed");
    let yes = world.resolve(found.discrepancy_id, DiscrepancyResolution::Refund, by_and_why);
    yes.await.unwrap();
    assert_eq!(world.world.simulator.order(&second).unwrap().status, Some(5));
    world.night().await;
    assert_eq!(world.lines().await.len(), 1);
    assert_eq!(world.discrepancies().await[0].state.name(), "healed");
    let asked = texts(&test, "SELECT requested_by FROM refund_request").await;
    assert_eq!(asked, ["li: paid twice indeed"]);
}

async fn a_duplicate_that_the_platform_kept_is_refunded_where_that_is_configured(test: TestStore) {
    let (mut world, second) = paid_twice(&test).await;
    world.options.refund_duplicates = true;
    world.night().await;
    world.night().await;
    assert_eq!(world.world.simulator.order(&second).unwrap().status, Some(5));
    let found = world.discrepancies().await;
    assert_eq!((found.len(), found[0].state.name()), (1, "healed"), "{:?}", world.lines().await);
    assert_eq!(texts(&test, "SELECT requested_by FROM refund_request").await, ["reconciliation"], "one refund");
}

async fn money_without_a_notice_finds_it_in_the_order(test: TestStore) {
    let world = Reconciled::start(&test, Role::Bank, "").await;
    let order_id = world.ordered("1", 20_007).await;
    world.world.simulator.pay(&order_id).await.unwrap();
    // When it was notified, the platform did not know the order.
    let OrderEvent::Paid(unknown) = paid_as(Resolution::NoSuchOrder) else { unreachable!() };
    let event = OrderEvent::Paid(Paid { pay_finish_time: Some(world.day.instant_at(12)), ..unknown });
    assert_eq!(errcode(&*world.store, &order_id, event, recording_bank()).await, 0);
    world.night().await;
    assert_eq!(world.lines().await, ["no_source healed: the payment has its notice now"]);
    assert_eq!(state_of(&world, "1").await, NoticeState::Paid { order_id: Some(order(&order_id)) });
}

async fn a_second_run_finds_the_same_and_changes_nothing(test: TestStore) {
    let world = Reconciled::start(&test, Role::Finance, "").await;
    for (number, fee) in [("1", 20_007), ("2", 20_008), ("3", 30_000)] {
        let order_id = world.ordered(number, fee).await;
        world.world.simulator.pay(&order_id).await.unwrap();
    }
    world.night().await;
    let first = world.discrepancies().await;
    let events = texts(&test, "SELECT body FROM outbox ORDER BY event_id").await;
    let again = world.night().await;
    let second = world.discrepancies().await;
    let life = |found: &[nontax_gateway::store::DiscrepancyRecord]| {
        let part =
            |one: &nontax_gateway::store::DiscrepancyRecord| (one.discrepancy_id, one.state.clone(), one.opened_at);
        found.iter().map(part).collect::<Vec<_>>()
    };
    assert_eq!(life(&first), life(&second));
    assert_eq!(texts(&test, "SELECT body FROM outbox ORDER BY event_id").await, events);
    assert_eq!((again.remaining, again.healing.healed, again.healing.queued), (1, 0, 0));
    let remaining = DiscrepancySelection { filter: DiscrepancyFilter::Remaining, limit: 9, ..Default::default() };
    assert_eq!(world.store.list_discrepancies(party(), remaining).await.unwrap().len(), 1);
}

async fn what_waits_for_a_person_is_over_when_somebody_refunded_it(test: TestStore) {
    let (world, second) = paid_twice(&test).await;
    world.night().await;
    assert_eq!(world.discrepancies().await[0].state.name(), "queued");
    let refund = RefundRequest { order_id: second, reason: "at the counter".into(), ..RefundRequest::default() };
    world.world.simulator.refund(&refund).await.unwrap();
    // The night of another day: the first one's statement is not looked at again.
    let today = world.day.plus_days(1);
    world.download(today).await;
    let outcome = world.reconcile(today).await;
    assert_eq!((outcome.healing.healed, outcome.remaining_in_all), (1, 0));
    assert_eq!(world.lines().await, ["paid_twice healed: the money went back"]);
}

async fn a_platform_that_is_away_leaves_everything_as_it_is(test: TestStore) {
    let mut world = Reconciled::start(&test, Role::Finance, "").await;
    for number in ["1", "2", "3", "4"] {
        let order_id = world.ordered(number, 20_007).await;
        world.world.simulator.pay(&order_id).await.unwrap();
    }
    world.begin_night().await;
    let here = std::mem::replace(
        &mut world.party,
        crate::scripted_platform::party_at(
            "http://127.0.0.1:1",
            Role::Finance,
            nontax_gateway::domain::Mode::DirectFinance,
        ),
    );
    let outcome = world.reconcile(world.day).await;
    assert_eq!((outcome.healing.unreachable, outcome.remaining), (3, 4), "after three failures it is taken to be away");
    assert_eq!(world.lines().await, ["unknown_here open: "; 4]);
    world.party = here;
    let outcome = world.reconcile(world.day).await;
    assert_eq!((outcome.healing.healed, outcome.remaining), (4, 0));
}

async fn without_app_secret_everything_is_found_and_waits_for_a_person(test: TestStore) {
    let mut world = Reconciled::start(&test, Role::Finance, "").await;
    let order_id = world.ordered("1", 20_007).await;
    world.world.simulator.pay(&order_id).await.unwrap();
    world.begin_night().await;
    world.party.platform = None;
    world.reconcile(world.day).await;
    assert_eq!(world.lines().await, ["unknown_here queued: the party has no app_secret to ask the platform with"]);
}

async fn without_a_statement_there_is_nothing_to_reconcile(test: TestStore) {
    let world = Reconciled::start(&test, Role::Finance, "").await;
    let error = nontax_gateway::app::reconcile_day(&world.context(), world.day).await.unwrap_err();
    assert!(error.to_string().contains("was not downloaded yet"), "{error}");
    assert_eq!(errcode(&*world.store, "A", paid("1"), finance()).await, 231);
}
