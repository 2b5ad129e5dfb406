//! What heals a difference: one pure decision from what the book holds and what the platform's order shows now.
//!
//! It is asked again after each action, so that a crash between any two loses nothing: the facts are read anew, and what they show
//! counts, not what was meant to be done.

use std::time::Duration;

use jiff::Timestamp;

use super::{BookedOrder, DifferenceKind, HealingProgress, HealingStage};
use crate::domain::{ChinaDate, Disposition, Fen, RefundKind, RefundOrderId};

/// How often the platform is asked to notify the same order: once may be lost on the way, as the first notification was.
const MAX_NOTIFICATION_ASKS: u32 = 3;

/// How often something is recorded from the order's details: the second time shows whether the first was lost in a crash.
const MAX_RECORDINGS: u32 = 2;

/// What a decision is made from.
#[derive(Clone, Copy, Debug)]
pub struct HealingFacts<'a> {
    /// What kind of difference.
    pub kind: DifferenceKind,
    /// The day of the statement.
    pub day: ChinaDate,
    /// The refund that it is about.
    pub refund_order_id: Option<&'a RefundOrderId>,
    /// The statement's amount.
    pub stated_fee: Option<Fen>,
    /// All that the book holds of the order.
    pub booked: &'a BookedOrder,
    /// What the platform's order shows.
    pub sight: &'a OrderSight,
    /// How far healing came.
    pub progress: &'a HealingProgress,
    /// What the party may do.
    pub rights: HealingRights,
    /// How long a notification that was asked for is waited for.
    pub notification_wait: Duration,
    /// Now.
    pub now: Timestamp,
}

/// What a party may do, by its role and its configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HealingRights {
    /// Whether it may ask the platform to notify again (source §6.1.6: finance authorities).
    pub asks_to_notify: bool,
    /// Whether a payment that came twice is refunded without asking a person.
    pub refunds_duplicates: bool,
}

/// What the platform's order query shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OrderSight {
    /// The platform says that there is no such order.
    NoSuchOrder,
    /// The order was not paid.
    NotPaid,
    /// It was paid.
    Paid(SeenOrder),
}

/// A paid order as the platform shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeenOrder {
    /// Its total.
    pub fee: Fen,
    /// When it was paid.
    pub pay_finish_time: Option<Timestamp>,
    /// Whether all of it went back.
    pub all_refunded: bool,
    /// Whether something is on its way back.
    pub refund_pending: bool,
    /// Refunds of parts.
    pub refunds: Vec<SeenRefund>,
}

/// A refund of a part as the platform shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeenRefund {
    /// The platform's number.
    pub refund_order_id: String,
    /// The refunding party's number.
    pub refund_out_id: Option<String>,
    /// How much.
    pub fee: Option<Fen>,
    /// Whether the money is back.
    pub is_done: bool,
}

/// What to do next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HealingAction {
    /// Ask the platform to notify the order again.
    AskToNotify,
    /// Look again at an instant.
    Wait(Timestamp),
    /// Look again in the next run: something is on its way that takes hours.
    Leave(&'static str),
    /// Record the payment from the order's details.
    RecordPayment,
    /// Record the refunds that the order shows as done.
    RecordRefunds,
    /// Ask for a refund of what is left, at the refund desk.
    RequestRefund,
    /// The book and the platform agree.
    Settle(&'static str),
    /// A person decides.
    Queue(&'static str),
}

/// What to do next about a difference.
#[must_use]
pub fn next_action(facts: &HealingFacts<'_>) -> HealingAction {
    use HealingAction::{Queue, Settle};
    if let Some(reason) = agreed(facts) {
        return Settle(reason);
    }
    let seen = match facts.sight {
        OrderSight::NoSuchOrder => return Queue("the platform says that there is no such order"),
        OrderSight::NotPaid => return Queue("the platform's order was not paid"),
        OrderSight::Paid(seen) => seen,
    };
    match facts.kind {
        DifferenceKind::UnknownHere => learn_payment(facts),
        DifferenceKind::RefundedThereOnly => learn_refund(facts, seen),
        DifferenceKind::MissingThere => Queue(match seen.pay_finish_time.map(ChinaDate::at) {
            Some(day) if day != facts.day => "the platform's order was paid on another day than the book says",
            _ => "the platform's order was paid, and its statement does not list it",
        }),
        DifferenceKind::AmountsDiffer => Queue(match (facts.booked.fee(), facts.stated_fee) {
            (Some(booked), _) if booked == seen.fee => "the statement's amount is not that of the platform's own order",
            (_, Some(stated)) if stated == seen.fee => "the book's amount is not that of the platform's order",
            _ => "statement, book and order tell three amounts",
        }),
        DifferenceKind::RefundedHereOnly => missing_refund(facts, seen),
        DifferenceKind::RefundAmountsDiffer => Queue("the amounts of the refund differ"),
        DifferenceKind::PaidTwice | DifferenceKind::NoSource | DifferenceKind::RefusedNotRefunded => claim(facts, seen),
    }
}

/// Why nothing differs any more, when that is so.
fn agreed(facts: &HealingFacts<'_>) -> Option<&'static str> {
    let HealingFacts { kind, booked, progress, .. } = facts;
    match (kind, facts.sight) {
        (DifferenceKind::RefundedThereOnly, _) if holds_other_number(facts) => Some(REFUND_KNOWN),
        (DifferenceKind::RefundAmountsDiffer, OrderSight::Paid(seen)) if seen.all_refunded => {
            booked.full_refund().map(|_| "all of it went back, as the platform's order shows too")
        }
        _ => agreed_by_book(*kind, facts.refund_order_id, booked, progress.stage),
    }
}

/// Why a refund of the statement differs no more.
const REFUND_KNOWN: &str = "the book holds the refund now";

/// Why nothing differs any more, when the book alone shows that it is so. It costs no call to the platform, so that what waits for a
/// person can be looked at every night.
#[must_use]
pub fn agreed_by_book(
    kind: DifferenceKind,
    refund_order_id: Option<&RefundOrderId>,
    booked: &BookedOrder,
    stage: HealingStage,
) -> Option<&'static str> {
    match kind {
        DifferenceKind::UnknownHere => booked.payment.as_ref().map(|_| match stage {
            HealingStage::AskedToNotify => "the platform notified it again",
            HealingStage::Recorded => "it was recorded from the order's details",
            HealingStage::Begun | HealingStage::AskedForRefund => "it was notified meanwhile",
        }),
        DifferenceKind::RefundedThereOnly => {
            let is_it = |kind: &RefundKind| match kind {
                RefundKind::Full => true,
                RefundKind::Partial { refund_order_id: held, .. } => Some(held) == refund_order_id,
            };
            booked.refunds.iter().any(|refund| is_it(&refund.kind)).then_some(REFUND_KNOWN)
        }
        DifferenceKind::PaidTwice | DifferenceKind::NoSource | DifferenceKind::RefusedNotRefunded => {
            if booked.went_back() {
                return Some("the money went back");
            }
            let is_accepted = booked.payment.as_ref()?.disposition.objection().is_none();
            is_accepted.then_some("the payment has its notice now")
        }
        DifferenceKind::MissingThere
        | DifferenceKind::AmountsDiffer
        | DifferenceKind::RefundedHereOnly
        | DifferenceKind::RefundAmountsDiffer => None,
    }
}

/// Whether the book holds the refund that the statement lists under another of its numbers.
fn holds_other_number(facts: &HealingFacts<'_>) -> bool {
    facts.booked.refunds.iter().any(|refund| match &refund.kind {
        RefundKind::Full => false,
        RefundKind::Partial { refund_order_id, .. } => is_same(facts, refund_order_id),
    })
}

/// Whether the platform's order shows that a number in the book is another number of the refund that the statement lists.
fn is_same(facts: &HealingFacts<'_>, booked: &RefundOrderId) -> bool {
    let (OrderSight::Paid(seen), Some(stated)) = (facts.sight, facts.refund_order_id) else { return false };
    seen.refunds.iter().any(|refund| {
        let names = [Some(refund.refund_order_id.as_str()), refund.refund_out_id.as_deref()];
        names.contains(&Some(booked.as_str())) && names.contains(&Some(stated.as_str()))
    })
}

/// A payment that the book does not hold: the platform's own notification is the best source, the order's details are the other.
fn learn_payment(facts: &HealingFacts<'_>) -> HealingAction {
    let HealingFacts { progress, rights, .. } = facts;
    if progress.stage == HealingStage::Recorded {
        return match progress.attempts {
            attempts if attempts < MAX_RECORDINGS => HealingAction::RecordPayment,
            _ => HealingAction::Queue("it could not be recorded from the order's details"),
        };
    }
    let asks = if progress.stage == HealingStage::AskedToNotify { progress.attempts } else { 0 };
    if let (1.., Some(asked_at)) = (asks, progress.last_at)
        && let Ok(patience_ends_at) = asked_at.checked_add(facts.notification_wait)
        && facts.now < patience_ends_at
    {
        return HealingAction::Wait(patience_ends_at);
    }
    if rights.asks_to_notify && asks < MAX_NOTIFICATION_ASKS {
        HealingAction::AskToNotify
    } else {
        HealingAction::RecordPayment
    }
}

/// A refund that the book does not hold is a fact that the platform tells; it refuses nobody anything.
fn learn_refund(facts: &HealingFacts<'_>, seen: &SeenOrder) -> HealingAction {
    let is_done = seen.all_refunded || seen.refunds.iter().any(|refund| refund.is_done);
    let recordings = if facts.progress.stage == HealingStage::Recorded { facts.progress.attempts } else { 0 };
    if is_done && recordings < MAX_RECORDINGS {
        HealingAction::RecordRefunds
    } else if seen.refund_pending || seen.refunds.iter().any(|refund| !refund.is_done) {
        HealingAction::Leave("the refund is on its way")
    } else {
        HealingAction::Queue("the statement lists a refund that the platform's order does not show")
    }
}

/// A refund that the book holds and the statement does not list.
fn missing_refund(facts: &HealingFacts<'_>, seen: &SeenOrder) -> HealingAction {
    let is_it = |refund: &&SeenRefund| {
        facts.refund_order_id.is_some_and(|number| {
            refund.refund_order_id == number.as_str() || refund.refund_out_id.as_deref() == Some(number.as_str())
        })
    };
    let part = seen.refunds.iter().find(is_it);
    if seen.all_refunded || part.is_some_and(|part| part.is_done) {
        HealingAction::Queue("the platform's order shows the refund, and its statement does not list it")
    } else if seen.refund_pending || part.is_some() {
        HealingAction::Leave("the refund is on its way")
    } else {
        HealingAction::Queue("the book holds a refund that the platform's order does not show")
    }
}

/// Money that nothing is owed for: what the platform gave back is recorded; what it kept goes back when somebody may say so.
fn claim(facts: &HealingFacts<'_>, seen: &SeenOrder) -> HealingAction {
    let HealingFacts { kind, progress, rights, booked, .. } = facts;
    let recordings = if progress.stage == HealingStage::Recorded { progress.attempts } else { 0 };
    if seen.all_refunded {
        return match recordings {
            attempts if attempts < MAX_RECORDINGS => HealingAction::RecordRefunds,
            _ => HealingAction::Queue("the platform's refund could not be recorded"),
        };
    }
    if seen.refund_pending {
        return HealingAction::Leave("the refund is on its way");
    }
    let is_refused =
        booked.payment.as_ref().is_some_and(|payment| matches!(payment.disposition, Disposition::Refused { .. }));
    if *kind == DifferenceKind::NoSource && !is_refused && progress.stage == HealingStage::Begun {
        return HealingAction::RecordPayment;
    }
    if progress.approved_by.is_some() || (*kind == DifferenceKind::PaidTwice && rights.refunds_duplicates) {
        return HealingAction::RequestRefund;
    }
    HealingAction::Queue(match kind {
        DifferenceKind::PaidTwice => {
            "its notice was paid by another order, and the platform kept the money: refund it?"
        }
        DifferenceKind::NoSource => "the money has no notice, and the platform kept it: refund it?",
        _ => "it was refused, and the platform kept the money: refund it?",
    })
}
