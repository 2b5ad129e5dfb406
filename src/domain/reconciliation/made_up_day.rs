//! Made-up orders of a day at the platform and in the book, with injected differences, for the property tests.

use jiff::Timestamp;
use proptest::prelude::*;

use super::{
    BookedOrder, BookedPayment, BookedRefund, BookedTime, DifferenceKind, StatedOrder, StatedPayment, StatedRefund,
    StatementDay,
};
use crate::domain::{Disposition, Fen, Objection, OrderId, RefundKind, RefundOrderId};

/// 2017-10-25 00:00:00 in China.
const MIDNIGHT: i64 = 1_508_860_800;

pub(super) fn day() -> StatementDay {
    StatementDay::of("20171025".parse().unwrap())
}

/// What is done to an order of which both sides tell the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Injected {
    Nothing,
    PaymentUnknownHere,
    PaymentMissingThere,
    AmountDiffers,
    RefundUnknownHere,
    RefundMissingThere,
    RefundAmountDiffers,
    PaidTwice,
    PaidTwiceAndRefunded,
    NoSource,
    RefusedAndKept,
    InFlight,
}

/// An order at the platform.
#[derive(Clone, Debug)]
pub(super) struct Made {
    fee: i64,
    second: i64,
    /// Thirds that went back on the day.
    parts: usize,
    pub(super) injected: Injected,
}

pub(super) fn made() -> impl Strategy<Value = Made> {
    let injected = prop::sample::select(vec![
        Injected::Nothing,
        Injected::Nothing,
        Injected::Nothing,
        Injected::PaymentUnknownHere,
        Injected::PaymentMissingThere,
        Injected::AmountDiffers,
        Injected::RefundUnknownHere,
        Injected::RefundMissingThere,
        Injected::RefundAmountDiffers,
        Injected::PaidTwice,
        Injected::PaidTwiceAndRefunded,
        Injected::NoSource,
        Injected::RefusedAndKept,
        Injected::InFlight,
    ]);
    let made = (3..1_000_000_i64, 600..85_800_i64, 0..3_usize, injected);
    made.prop_map(|(fee, second, parts, injected)| Made { fee, second, parts, injected })
}

fn fen(fee: i64) -> Fen {
    Fen::new(fee).unwrap()
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(MIDNIGHT + second).unwrap()
}

fn number(order_id: &OrderId, part: usize) -> RefundOrderId {
    RefundOrderId::new(&format!("{order_id}-{part}")).unwrap()
}

/// Both sides of an order, and the kinds of difference that are to be found.
pub(super) fn sides(
    order_id: &OrderId,
    made: &Made,
) -> (Option<StatedOrder>, Option<BookedOrder>, Vec<DifferenceKind>) {
    use DifferenceKind as Kind;
    let needs_refund = [Injected::RefundUnknownHere, Injected::RefundMissingThere, Injected::RefundAmountDiffers];
    let parts = if needs_refund.contains(&made.injected) { made.parts.max(1) } else { made.parts };
    let (mut stated, mut booked) = agreeing(order_id, made, parts);
    let kind = match made.injected {
        Injected::Nothing => return (Some(stated), Some(booked), Vec::new()),
        Injected::PaymentUnknownHere => {
            let mut kinds = vec![Kind::RefundedThereOnly; parts];
            kinds.insert(0, Kind::UnknownHere);
            return (Some(stated), None, kinds);
        }
        Injected::PaymentMissingThere => {
            let mut kinds = vec![Kind::RefundedHereOnly; parts];
            kinds.insert(0, Kind::MissingThere);
            return (None, Some(booked), kinds);
        }
        Injected::InFlight => {
            booked.refunds.clear();
            change(&mut booked, |payment| payment.at = told(86_399 - made.second % 300));
            return (None, Some(booked), vec![Kind::MissingThere]);
        }
        Injected::AmountDiffers => {
            change(&mut booked, |payment| payment.fee = Some(fen(made.fee + 1)));
            Kind::AmountsDiffer
        }
        Injected::RefundUnknownHere => {
            booked.refunds.pop();
            Kind::RefundedThereOnly
        }
        Injected::RefundMissingThere => {
            stated.refunds.pop();
            Kind::RefundedHereOnly
        }
        Injected::RefundAmountDiffers => {
            stated.refunds[0].fee = fen(made.fee / 3 + 1);
            Kind::RefundAmountsDiffer
        }
        Injected::PaidTwice | Injected::PaidTwiceAndRefunded => {
            let because = Objection::AlreadyPaid { order_id: None };
            change(&mut booked, |payment| payment.disposition = Disposition::Refused { because });
            if made.injected == Injected::PaidTwiceAndRefunded {
                refund_the_rest(&mut stated, &mut booked, made, parts);
                return (Some(stated), Some(booked), Vec::new());
            }
            Kind::PaidTwice
        }
        Injected::NoSource => {
            let because = Some(Objection::NoticeUnknown);
            change(&mut booked, |payment| payment.disposition = Disposition::Recorded { because });
            Kind::NoSource
        }
        Injected::RefusedAndKept => {
            change(&mut booked, |payment| payment.disposition = Disposition::Refused { because: Objection::Late });
            Kind::RefusedNotRefunded
        }
    };
    (Some(stated), Some(booked), vec![kind])
}

fn change(booked: &mut BookedOrder, change: impl FnOnce(&mut BookedPayment)) {
    change(booked.payment.as_mut().unwrap());
}

fn told(second: i64) -> BookedTime {
    BookedTime::Told(at(second))
}

/// Both sides of an order of which they tell the same.
fn agreeing(order_id: &OrderId, made: &Made, parts: usize) -> (StatedOrder, BookedOrder) {
    let mut stated = StatedOrder::of(order_id.clone(), String::new());
    stated.payments.push(StatedPayment { fee: fen(made.fee), at: at(made.second) });
    let disposition = Disposition::Settles;
    let payment = BookedPayment { fee: Some(fen(made.fee)), at: told(made.second), disposition, notice: None };
    let mut booked = BookedOrder { payment: Some(payment), ..BookedOrder::of(order_id.clone()) };
    for place in 0..parts {
        let (refund_order_id, refund_fee) = (number(order_id, place), fen(made.fee / 3));
        stated.refunds.push(stated_refund(refund_order_id.clone(), refund_fee, made));
        let kind = RefundKind::Partial { refund_order_id, refund_fee };
        booked.refunds.push(BookedRefund { kind, at: told(made.second) });
    }
    (stated, booked)
}

fn stated_refund(refund_order_id: RefundOrderId, fee: Fen, made: &Made) -> StatedRefund {
    StatedRefund { refund_order_id, refund_out_id: None, fee, at: at(made.second), is_done: true }
}

fn refund_the_rest(stated: &mut StatedOrder, booked: &mut BookedOrder, made: &Made, parts: usize) {
    let left = fen(made.fee - made.fee / 3 * i64::try_from(parts).unwrap());
    booked.refunds.push(BookedRefund { kind: RefundKind::Full, at: told(made.second) });
    stated.refunds.push(stated_refund(number(&stated.order_id, 9), left, made));
}
