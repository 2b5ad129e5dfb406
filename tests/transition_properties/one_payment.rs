//! One payment: lateness is judged by when the citizen paid, and the amount paid must be the amount due.

use jiff::SignedDuration;
use nontax_gateway::domain::{
    ChinaDate, LatePayment, NotificationAnswer, Objection, OnRefusal, Policy, ReplyVocabulary, UnknownNotice,
};
use proptest::prelude::*;

use crate::book::{Book, FEE, PAID_AT_SECONDS, at, fen, full_refund, order_id, paid, unpaid_notice};

const AUTHORITY: Policy =
    Policy { unknown_notice: UnknownNotice::Refuse, replies: ReplyVocabulary::All, on_refusal: OnRefusal::Refund };

const DAY_SECONDS: i64 = 86_400;

fn refused_for(answer: &NotificationAnswer) -> Option<&Objection> {
    match answer {
        NotificationAnswer::Refused(refusal) => Some(refusal.objection()),
        _ => None,
    }
}

proptest! {
    #[test]
    fn lateness_is_judged_by_pay_finish_time(
        pay_offset in -40 * DAY_SECONDS..40 * DAY_SECONDS,
        delay in 0..60 * DAY_SECONDS,
        late_payment in prop_oneof![Just(LatePayment::Refused), Just(LatePayment::Allowed)],
    ) {
        let mut notice = unpaid_notice();
        notice.late_payment = late_payment;
        let last_day = notice.payment_expire_date.unwrap();
        let pay_finish_seconds = PAID_AT_SECONDS + pay_offset;
        let mut book = Book::holding(notice);
        let received_at = at(pay_finish_seconds) + SignedDuration::from_secs(delay);
        let answer = book.notify(&order_id("A"), &paid(FEE, pay_finish_seconds), AUTHORITY, received_at);
        let late = late_payment == LatePayment::Refused && ChinaDate::at(at(pay_finish_seconds)) > last_day;
        prop_assert_eq!(refused_for(&answer), late.then_some(&Objection::Late));
    }

    #[test]
    fn another_amount_than_is_due_is_an_error_of_the_notice(amount in 0..2 * FEE) {
        let mut book = Book::holding(unpaid_notice());
        let answer = book.notify(&order_id("A"), &paid(amount, PAID_AT_SECONDS), AUTHORITY, at(PAID_AT_SECONDS));
        prop_assert_eq!(refused_for(&answer), (amount != FEE).then_some(&Objection::NoticeInconsistent));
        prop_assert_eq!(book.order(&order_id("A")).settles(), amount == FEE);
    }
}

#[test]
fn an_order_of_nothing_does_not_pass_for_a_refunded_one() {
    let mut book = Book::holding(unpaid_notice());
    let answer = book.notify(&order_id("A"), &paid(0, PAID_AT_SECONDS), AUTHORITY, at(PAID_AT_SECONDS));
    assert_eq!(refused_for(&answer), Some(&Objection::NoticeInconsistent));
}

#[test]
fn a_record_that_contradicts_itself_is_an_error_of_the_notice() {
    let mut notice = unpaid_notice();
    notice.items[0].fee = fen(FEE - 1);
    let mut book = Book::holding(notice);
    let answer = book.notify(&order_id("A"), &paid(FEE, PAID_AT_SECONDS), AUTHORITY, at(PAID_AT_SECONDS));
    assert_eq!(refused_for(&answer), Some(&Objection::NoticeInconsistent));
}

#[test]
fn a_notice_made_from_an_order_without_items_can_be_paid_again_after_its_refund() {
    let policy = Policy { unknown_notice: UnknownNotice::Record, ..AUTHORITY };
    let mut book = Book::default();
    let now = at(PAID_AT_SECONDS);
    for event in [paid(FEE, PAID_AT_SECONDS), full_refund()] {
        assert_eq!(book.notify(&order_id("A"), &event, policy, now), NotificationAnswer::Recorded);
    }
    let second = book.notify(&order_id("B"), &paid(FEE, PAID_AT_SECONDS), policy, now);
    assert_eq!(second, NotificationAnswer::Recorded);
    assert!(book.order(&order_id("B")).settles());
}
