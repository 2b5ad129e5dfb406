//! One order: whatever the order and the repetition of its notifications, the book ends the same.

use nontax_gateway::domain::{Disposition, NoticeState, OrderEvent, OrderState, Policy, RefundKind};
use proptest::prelude::*;

use crate::book::{
    Book, FEE, PAID_AT_SECONDS, any_policy, at, details, full_refund, key, order_id, paid, part_refund, unpaid_notice,
};

/// What the book holds before the first notification.
#[derive(Clone, Copy, Debug)]
enum Start {
    Payable,
    Canceled,
    Suspended,
    PaidAtTheCounter,
    LastDayPassed,
    NotHeld,
}

fn any_start() -> impl Strategy<Value = Start> {
    prop_oneof![
        3 => Just(Start::Payable),
        1 => Just(Start::Canceled),
        1 => Just(Start::Suspended),
        1 => Just(Start::PaidAtTheCounter),
        1 => Just(Start::LastDayPassed),
        1 => Just(Start::NotHeld),
    ]
}

fn book_at(start: Start, registered: bool) -> Book {
    let mut notice = unpaid_notice();
    match start {
        Start::Canceled => notice.state = NoticeState::Canceled,
        Start::Suspended => notice.state = NoticeState::Suspended,
        Start::PaidAtTheCounter => notice.state = NoticeState::Paid { order_id: None },
        Start::LastDayPassed => notice.payment_expire_date = Some("20231101".parse().unwrap()),
        Start::Payable | Start::NotHeld => {}
    }
    let mut book = if matches!(start, Start::NotHeld) { Book::default() } else { Book::holding(notice) };
    if registered {
        let mut entry = book.order(&order_id("A"));
        entry.details = Some(details(FEE));
        book.orders.insert(order_id("A"), entry);
    }
    book
}

/// All events of an order, in the order in which they happened.
fn any_story() -> impl Strategy<Value = Vec<OrderEvent>> {
    (proptest::collection::vec(1..=FEE, 0..4), any::<bool>()).prop_map(|(parts, full)| {
        let mut story = vec![paid(FEE, PAID_AT_SECONDS)];
        story.extend(parts.into_iter().enumerate().map(|(number, amount)| part_refund(number, amount)));
        story.extend(full.then(full_refund));
        story
    })
}

/// A story, and the same events shuffled and some of them repeated.
fn any_telling() -> impl Strategy<Value = (Vec<OrderEvent>, Vec<OrderEvent>)> {
    any_story().prop_flat_map(|story| {
        let repeats = proptest::sample::subsequence(story.clone(), 0..=story.len());
        repeats.prop_flat_map(move |repeats| {
            let told: Vec<_> = story.iter().cloned().chain(repeats).collect();
            (Just(story.clone()), Just(told).prop_shuffle())
        })
    })
}

fn tell(mut book: Book, events: &[OrderEvent], policy: Policy) -> Book {
    for event in events {
        book.notify(&order_id("A"), event, policy, at(PAID_AT_SECONDS + 60));
        book.assert_payer_and_notice_agree();
    }
    book
}

fn refunds_of(book: &Book) -> Vec<String> {
    let mut refunds: Vec<_> = book.order(&order_id("A")).refunds.iter().map(|r| format!("{:?}", r.kind)).collect();
    refunds.sort();
    refunds
}

proptest! {
    #[test]
    fn any_order_of_its_events_ends_in_the_same_state(
        (story, told) in any_telling(),
        start in any_start(),
        registered in any::<bool>(),
        policy in any_policy(),
    ) {
        let expected = tell(book_at(start, registered), &story, policy);
        let found = tell(book_at(start, registered), &told, policy);
        let (expected_order, found_order) = (expected.order(&order_id("A")), found.order(&order_id("A")));
        prop_assert_eq!(found_order.state, expected_order.state);
        prop_assert_eq!(refunds_of(&found), refunds_of(&expected));
        prop_assert_eq!(found_order.settles(), expected_order.settles());
        // A notice made from an order that came back before it was heard of is not made at all; it is due in no book.
        let due = |book: &Book| book.notices.get(&key()).map(|notice| notice.state.clone()).unwrap_or_default();
        prop_assert_eq!(due(&found), due(&expected));
        if matches!(start, Start::Payable) {
            prop_assert_eq!(found_order.payment, expected_order.payment);
        }
    }

    #[test]
    fn the_state_is_what_the_money_says((story, told) in any_telling(), registered in any::<bool>(), policy in any_policy()) {
        let found = tell(book_at(Start::Payable, registered), &told, policy);
        let mut back = 0;
        let mut full = false;
        for event in &story {
            let OrderEvent::Refunded(refunded) = event else { continue };
            match &refunded.done[0].kind {
                RefundKind::Full => full = true,
                RefundKind::Partial { refund_fee, .. } => back += refund_fee.get(),
            }
        }
        let expected = match back {
            _ if full || back >= FEE => OrderState::Refunded,
            0 => OrderState::Paid,
            _ => OrderState::PartlyRefunded,
        };
        prop_assert_eq!(found.order(&order_id("A")).state, expected);
        let due_again = found.notice().state == NoticeState::Unpaid;
        prop_assert_eq!(due_again, expected == OrderState::Refunded);
    }

    #[test]
    fn nothing_is_left_for_a_person_once_all_the_money_went_back(
        (_, told) in any_telling(),
        start in any_start(),
        policy in any_policy(),
    ) {
        let found = tell(book_at(start, false), &told, policy).order(&order_id("A"));
        if found.state == OrderState::Refunded {
            let held = matches!(found.disposition(), Some(Disposition::Held { .. }));
            prop_assert!(!held, "{found:?}");
        }
    }
}
