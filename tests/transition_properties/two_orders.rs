//! Two orders for one notice: at most one settles it, at any moment, and a refusal is never taken back.

use nontax_gateway::domain::{
    Disposition, NoticeState, NotificationAnswer, Objection, OnRefusal, OrderEvent, OrderState, Policy,
    ReplyVocabulary, UnknownNotice,
};
use proptest::prelude::*;

use crate::book::{
    Book, FEE, OrderEntry, PAID_AT_SECONDS, any_policy, at, full_refund, order_id, paid, part_refund, unpaid_notice,
};

fn any_event() -> impl Strategy<Value = OrderEvent> {
    prop_oneof![
        4 => Just(paid(FEE, PAID_AT_SECONDS)),
        2 => (0..3_usize, 1..=FEE).prop_map(|(number, amount)| part_refund(number, amount)),
        1 => Just(full_refund()),
    ]
}

/// Up to 16 notifications, each of the order A, B or C.
fn any_notifications() -> impl Strategy<Value = Vec<(&'static str, OrderEvent)>> {
    proptest::collection::vec((prop_oneof![Just("A"), Just("B"), Just("C")], any_event()), 1..16)
}

fn rank(state: OrderState) -> Option<usize> {
    OrderState::ALL.iter().position(|other| *other == state)
}

/// Whether everything that `event` tells stands in the record of the order.
fn stands_in(entry: &OrderEntry, event: &OrderEvent) -> bool {
    match event {
        OrderEvent::Paid(_) => entry.payment.is_some(),
        OrderEvent::Refunded(refunded) => refunded.done.iter().all(|refund| match &refund.kind {
            nontax_gateway::domain::RefundKind::Full => entry.refunds.contains(refund),
            nontax_gateway::domain::RefundKind::Partial { refund_order_id, .. } => {
                entry.refunds.iter().any(|other| format!("{:?}", other.kind).contains(refund_order_id.as_str()))
            }
        }),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn the_rules_hold_after_every_notification(notifications in any_notifications(), policy in any_policy()) {
        let mut book = Book::holding(unpaid_notice());
        for (name, event) in &notifications {
            let before = book.clone();
            let own_before = before.order(&order_id(name));
            let decision = book.decide_and_apply(&order_id(name), event, policy, at(PAID_AT_SECONDS + 60));
            let own = book.order(&order_id(name));
            book.assert_payer_and_notice_agree();

            // Orders only move forward, and other orders do not move at all.
            prop_assert!(rank(own.state) >= rank(own_before.state));
            for (other, entry) in before.orders.iter().filter(|(other, _)| other.as_str() != *name) {
                prop_assert_eq!(book.order(other).state, entry.state);
            }
            // A refusal is final.
            for (other, entry) in &before.orders {
                if matches!(entry.disposition(), Some(Disposition::Refused { .. })) {
                    prop_assert_eq!(&book.order(other).payment, &entry.payment);
                }
            }
            // Only the refund of the order that settles a notice touches it.
            if matches!(event, OrderEvent::Refunded(_)) && !own_before.settles() {
                prop_assert_eq!(book.notice(), before.notice());
            }
            // A full refund of the payer lets go of the notice.
            if own_before.settles() && own.state == OrderState::Refunded {
                prop_assert!(!own.settles());
                let payer = NoticeState::Paid { order_id: Some(order_id(name)) };
                prop_assert_ne!(&book.notice().state, &payer);
            }
            match &decision.answer {
                NotificationAnswer::Recorded => prop_assert!(!decision.changes.is_empty()),
                NotificationAnswer::AlreadyRecorded { .. } => {
                    prop_assert!(decision.changes.is_empty());
                    prop_assert!(stands_in(&own_before, event));
                }
                NotificationAnswer::Refused(refusal) => {
                    prop_assert_eq!(policy.replies, ReplyVocabulary::All);
                    prop_assert_eq!(policy.on_refusal, OnRefusal::Refund);
                    let expected = Disposition::Refused { because: refusal.objection().clone() };
                    prop_assert_eq!(own.disposition(), Some(&expected));
                    let Objection::AlreadyPaid { order_id: Some(payer) } = refusal.objection() else {
                        return Err(TestCaseError::fail("nothing but the other order stands against it"));
                    };
                    prop_assert_ne!(payer, &order_id(name), "the platform would keep what it should refund");
                }
                NotificationAnswer::Held(because) => {
                    prop_assert_eq!(policy.replies, ReplyVocabulary::All);
                    prop_assert_eq!(policy.on_refusal, OnRefusal::Hold);
                    prop_assert_eq!(own.disposition(), Some(&Disposition::Held { because: because.clone() }));
                }
                NotificationAnswer::EverythingSuspended => prop_assert!(false, "nothing is suspended"),
                NotificationAnswer::RefundPending => prop_assert!(false, "nothing is pending"),
            }
            // The same notification once more changes nothing and is answered alike.
            let mut again = book.clone();
            let repeat = again.decide_and_apply(&order_id(name), event, policy, at(PAID_AT_SECONDS + 120));
            prop_assert_eq!(&again.orders, &book.orders);
            prop_assert_eq!(&again.notices, &book.notices);
            let same = match (&decision.answer, &repeat.answer) {
                (NotificationAnswer::Recorded, NotificationAnswer::AlreadyRecorded { differs }) => !differs,
                (first, second) => first == second,
            };
            prop_assert!(same, "{:?} then {:?}", decision.answer, repeat.answer);
        }
    }

    #[test]
    fn a_notice_is_due_exactly_while_no_unrefunded_order_has_settled_it(
        notifications in any_notifications(),
        unknown_notice in prop_oneof![Just(UnknownNotice::Refuse), Just(UnknownNotice::Record)],
    ) {
        let policy = Policy { unknown_notice, replies: ReplyVocabulary::RecordsOnly, on_refusal: OnRefusal::Refund };
        let mut book = Book::holding(unpaid_notice());
        for (name, event) in &notifications {
            book.notify(&order_id(name), event, policy, at(PAID_AT_SECONDS));
        }
        // Who may not refuse keeps every payment, so the notice is due only when all of them went back.
        let kept = book.orders.values().any(|entry| entry.payment.is_some() && entry.state != OrderState::Refunded);
        prop_assert_eq!(book.notice().state == NoticeState::Unpaid, !kept);
    }
}

#[test]
fn the_second_order_is_told_the_first_and_stays_refused_after_its_refund() {
    let policy =
        Policy { unknown_notice: UnknownNotice::Refuse, replies: ReplyVocabulary::All, on_refusal: OnRefusal::Refund };
    let mut book = Book::holding(unpaid_notice());
    let now = at(PAID_AT_SECONDS);
    let payment = paid(FEE, PAID_AT_SECONDS);
    assert_eq!(book.notify(&order_id("A"), &payment, policy, now), NotificationAnswer::Recorded);
    let refused = book.notify(&order_id("B"), &payment, policy, now);
    let NotificationAnswer::Refused(refusal) = &refused else { panic!("{refused:?}") };
    assert_eq!(refusal.objection(), &Objection::AlreadyPaid { order_id: Some(order_id("A")) });
    book.notify(&order_id("B"), &full_refund(), policy, now);
    assert_eq!(book.notice().state, NoticeState::Paid { order_id: Some(order_id("A")) });
    book.notify(&order_id("A"), &full_refund(), policy, now);
    assert_eq!(book.notice().state, NoticeState::Unpaid);
    assert_eq!(book.notify(&order_id("B"), &payment, policy, now), refused, "the platform acted on the code already");
    assert_eq!(book.notify(&order_id("C"), &payment, policy, now), NotificationAnswer::Recorded);
}
