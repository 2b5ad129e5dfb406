//! What heals each kind of difference, and what is left to a person.

use std::time::Duration;

use jiff::Timestamp;

use super::healing::{HealingAction, HealingFacts, HealingRights, OrderSight, SeenOrder, next_action};
use super::{BookedOrder, BookedPayment, BookedRefund, BookedTime, DifferenceKind, HealingProgress, HealingStage};
use crate::domain::{Disposition, Fen, Objection, OrderId, RefundKind};

const NOW: i64 = 1_767_300_000;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(seconds).unwrap()
}

fn paid(fee: i64) -> OrderSight {
    OrderSight::Paid(SeenOrder {
        fee: Fen::new(fee).unwrap(),
        pay_finish_time: Some(at(NOW - 50_000)),
        all_refunded: false,
        refund_pending: false,
        refunds: Vec::new(),
    })
}

fn held(disposition: Disposition) -> BookedOrder {
    let payment =
        BookedPayment { fee: Fen::new(100), at: BookedTime::Told(at(NOW - 50_000)), disposition, notice: None };
    BookedOrder { payment: Some(payment), ..BookedOrder::of(OrderId::new("A").unwrap()) }
}

struct Case {
    kind: DifferenceKind,
    booked: BookedOrder,
    sight: OrderSight,
    progress: HealingProgress,
    rights: HealingRights,
}

impl Case {
    fn of(kind: DifferenceKind) -> Self {
        Self {
            kind,
            booked: BookedOrder::of(OrderId::new("A").unwrap()),
            sight: paid(100),
            progress: HealingProgress::default(),
            rights: HealingRights { asks_to_notify: true, refunds_duplicates: false },
        }
    }

    fn after(mut self, stage: HealingStage, times: u32, seconds_ago: i64) -> Self {
        self.progress =
            HealingProgress { stage, attempts: times, last_at: Some(at(NOW - seconds_ago)), approved_by: None };
        self
    }

    fn next(&self) -> HealingAction {
        next_action(&HealingFacts {
            kind: self.kind,
            day: "20260101".parse().unwrap(),
            refund_order_id: None,
            stated_fee: Fen::new(100),
            booked: &self.booked,
            sight: &self.sight,
            progress: &self.progress,
            rights: self.rights,
            notification_wait: Duration::from_secs(10),
            now: at(NOW),
        })
    }
}

#[test]
fn a_payment_that_is_unknown_here_is_notified_again_and_recorded_when_that_does_not_help() {
    let unknown = || Case::of(DifferenceKind::UnknownHere);
    assert_eq!(unknown().next(), HealingAction::AskToNotify);
    let asked = |times, ago| unknown().after(HealingStage::AskedToNotify, times, ago);
    assert_eq!(asked(1, 4).next(), HealingAction::Wait(at(NOW + 6)));
    assert_eq!(asked(2, 11).next(), HealingAction::AskToNotify, "one that a crash swallowed is asked for again");
    assert_eq!(asked(3, 11).next(), HealingAction::RecordPayment);
    let bank = HealingRights { asks_to_notify: false, refunds_duplicates: false };
    assert_eq!(Case { rights: bank, ..unknown() }.next(), HealingAction::RecordPayment);
    assert!(matches!(unknown().after(HealingStage::Recorded, 2, 1).next(), HealingAction::Queue(_)));
    let known = Case { booked: held(Disposition::Settles), ..asked(1, 4) };
    assert_eq!(known.next(), HealingAction::Settle("the platform notified it again"));
    for sight in [OrderSight::NoSuchOrder, OrderSight::NotPaid] {
        assert!(matches!(Case { sight, ..unknown() }.next(), HealingAction::Queue(_)));
    }
}

fn twice() -> Case {
    let because = Objection::AlreadyPaid { order_id: None };
    Case { booked: held(Disposition::Refused { because }), ..Case::of(DifferenceKind::PaidTwice) }
}

#[test]
fn nothing_is_refunded_without_a_yes() {
    assert!(matches!(twice().next(), HealingAction::Queue(_)));
    let rights = HealingRights { asks_to_notify: true, refunds_duplicates: true };
    assert_eq!(Case { rights, ..twice() }.next(), HealingAction::RequestRefund);
    let progress = HealingProgress { approved_by: Some("p".into()), ..HealingProgress::default() };
    assert_eq!(Case { progress: progress.clone(), ..twice() }.next(), HealingAction::RequestRefund);
    for kind in [DifferenceKind::NoSource, DifferenceKind::RefusedNotRefunded] {
        assert!(matches!(Case { kind, rights, ..twice() }.next(), HealingAction::Queue(_)), "{kind:?}");
        assert_eq!(Case { kind, progress: progress.clone(), ..twice() }.next(), HealingAction::RequestRefund);
    }
}

#[test]
fn nothing_is_refunded_twice() {
    let rights = HealingRights { asks_to_notify: true, refunds_duplicates: true };
    let sight = |all_refunded, refund_pending| match paid(100) {
        OrderSight::Paid(seen) => OrderSight::Paid(SeenOrder { all_refunded, refund_pending, ..seen }),
        other => other,
    };
    assert_eq!(Case { sight: sight(true, false), rights, ..twice() }.next(), HealingAction::RecordRefunds);
    assert!(matches!(Case { sight: sight(false, true), rights, ..twice() }.next(), HealingAction::Leave(_)));
    let mut booked = twice().booked;
    booked.refunds.push(BookedRefund { kind: RefundKind::Full, at: BookedTime::Told(at(NOW)) });
    assert_eq!(Case { booked, rights, ..twice() }.next(), HealingAction::Settle("the money went back"));
}

#[test]
fn money_without_a_notice_is_judged_once_more_before_a_person_is_asked() {
    let because = Some(Objection::NoticeUnknown);
    let no_source = || Case {
        booked: held(Disposition::Recorded { because: because.clone() }),
        ..Case::of(DifferenceKind::NoSource)
    };
    assert_eq!(no_source().next(), HealingAction::RecordPayment);
    assert!(matches!(no_source().after(HealingStage::Recorded, 1, 1).next(), HealingAction::Queue(_)));
}
