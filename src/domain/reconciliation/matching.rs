//! What differs between the statement and the book in one order.

use super::{BookedOrder, BookedRefund, Place, StatedOrder, StatedRefund, StatementDay};
use crate::domain::{Disposition, Fen, Objection, OrderId, RefundKind, RefundOrderId};

/// What kind of difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DifferenceKind {
    /// The statement lists a payment that the book does not hold.
    UnknownHere,
    /// The book holds a payment that the statement does not list.
    MissingThere,
    /// Both have the payment, and not over the same amount.
    AmountsDiffer,
    /// The statement lists a refund that the book does not hold.
    RefundedThereOnly,
    /// The book holds a refund that the statement does not list.
    RefundedHereOnly,
    /// Both have the refund, and not over the same amount.
    RefundAmountsDiffer,
    /// A second order paid a notice, and its money has not gone back.
    PaidTwice,
    /// The money of a payment that has no notice ("no source"), and has not gone back.
    NoSource,
    /// A payment was answered with a refunding code for another cause, and the platform kept the money.
    RefusedNotRefunded,
}

impl DifferenceKind {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::UnknownHere,
        Self::MissingThere,
        Self::AmountsDiffer,
        Self::RefundedThereOnly,
        Self::RefundedHereOnly,
        Self::RefundAmountsDiffer,
        Self::PaidTwice,
        Self::NoSource,
        Self::RefusedNotRefunded,
    ];

    /// The name in the database, in events and on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::UnknownHere => "unknown_here",
            Self::MissingThere => "missing_there",
            Self::AmountsDiffer => "amounts_differ",
            Self::RefundedThereOnly => "refunded_there_only",
            Self::RefundedHereOnly => "refunded_here_only",
            Self::RefundAmountsDiffer => "refund_amounts_differ",
            Self::PaidTwice => "paid_twice",
            Self::NoSource => "no_source",
            Self::RefusedNotRefunded => "refused_not_refunded",
        }
    }

    /// The kind of a name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// Whether both sides have the payment, and the question is whose the money is.
    #[must_use]
    pub const fn is_a_claim(self) -> bool {
        matches!(self, Self::PaidTwice | Self::NoSource | Self::RefusedNotRefunded)
    }
}

/// One difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// What kind.
    pub kind: DifferenceKind,
    /// The order.
    pub order_id: OrderId,
    /// The refund that it is about; `None` for a payment, and for a refund of all that was left.
    pub refund_order_id: Option<RefundOrderId>,
    /// The statement's amount.
    pub stated_fee: Option<Fen>,
    /// The book's amount.
    pub booked_fee: Option<Fen>,
    /// Where the book's side stands to the day. Near midnight it is in flight, and nobody's fault yet.
    pub place: Place,
}

/// What differs in one order. `booked` is all that the book holds of it, whatever the day; `stated` what the statement of the day
/// lists.
#[must_use]
pub fn differences(day: StatementDay, stated: Option<&StatedOrder>, booked: Option<&BookedOrder>) -> Vec<Difference> {
    let Some(order_id) = stated.map(|stated| &stated.order_id).or_else(|| booked.map(|booked| &booked.order_id)) else {
        return Vec::new();
    };
    let mut found = Found { order_id, differences: Vec::new() };
    match_payment(day, stated, booked, &mut found);
    match_refunds(day, stated.map_or(&[], |stated| &stated.refunds), booked, &mut found);
    found.differences
}

struct Found<'a> {
    order_id: &'a OrderId,
    differences: Vec<Difference>,
}

impl Found<'_> {
    fn add(
        &mut self,
        kind: DifferenceKind,
        refund_order_id: Option<&RefundOrderId>,
        (stated_fee, booked_fee): (Option<Fen>, Option<Fen>),
        place: Place,
    ) {
        let (order_id, refund_order_id) = (self.order_id.clone(), refund_order_id.cloned());
        self.differences.push(Difference { kind, order_id, refund_order_id, stated_fee, booked_fee, place });
    }
}

fn match_payment(day: StatementDay, stated: Option<&StatedOrder>, booked: Option<&BookedOrder>, found: &mut Found<'_>) {
    let listed = stated.filter(|stated| !stated.payments.is_empty());
    let held = booked.and_then(|booked| booked.payment.as_ref().map(|payment| (booked, payment)));
    match (listed, held) {
        (None, None) => {}
        (Some(stated), None) => {
            found.add(DifferenceKind::UnknownHere, None, (stated.paid(), None), Place::Inside);
        }
        (None, Some((_, payment))) => {
            let place = day.place_of(payment.at);
            if place != Place::Outside {
                found.add(DifferenceKind::MissingThere, None, (None, payment.fee), place);
            }
        }
        (Some(stated), Some((booked, payment))) => {
            let fees = (stated.paid(), payment.fee);
            if payment.fee.is_some() && fees.0 != fees.1 {
                found.add(DifferenceKind::AmountsDiffer, None, fees, Place::Inside);
            }
            if let Some(kind) = claim_on(&payment.disposition)
                && !booked.went_back()
                && !all_is_going_back(stated)
            {
                found.add(kind, None, fees, Place::Inside);
            }
        }
    }
}

/// What is wrong with keeping the money of a payment.
fn claim_on(disposition: &Disposition) -> Option<DifferenceKind> {
    match (disposition, disposition.objection()?) {
        (_, Objection::AlreadyPaid { .. }) => Some(DifferenceKind::PaidTwice),
        (_, Objection::NoticeUnknown) => Some(DifferenceKind::NoSource),
        (Disposition::Refused { .. }, _) => Some(DifferenceKind::RefusedNotRefunded),
        // Recorded beside what is wrong with it, or held in a queue of its own: both sides agree on it.
        _ => None,
    }
}

/// Whether the statement itself lists refunds of all that it lists as paid, done or on their way.
fn all_is_going_back(stated: &StatedOrder) -> bool {
    let back: Option<Fen> = stated.refunds.iter().map(|refund| refund.fee).sum();
    !stated.refunds.is_empty() && back >= stated.paid()
}

fn match_refunds(day: StatementDay, stated: &[StatedRefund], booked: Option<&BookedOrder>, found: &mut Found<'_>) {
    let mut listed: Vec<&StatedRefund> = stated.iter().collect();
    let Some(booked) = booked else {
        return add_unknown_refunds(&listed, found);
    };
    for refund in &booked.refunds {
        let RefundKind::Partial { refund_order_id, refund_fee } = &refund.kind else { continue };
        match listed.iter().position(|listed| listed.is(refund_order_id)) {
            Some(position) => {
                let listed = listed.swap_remove(position);
                if listed.fee != *refund_fee {
                    let fees = (Some(listed.fee), Some(*refund_fee));
                    found.add(DifferenceKind::RefundAmountsDiffer, Some(refund_order_id), fees, Place::Inside);
                }
            }
            None => add_missing_refund(day, booked, refund, Some(refund_order_id), found),
        }
    }
    match booked.full_refund() {
        None => add_unknown_refunds(&listed, found),
        Some(full) if listed.is_empty() => add_missing_refund(day, booked, full, None, found),
        Some(_) => {
            let fees = (listed.iter().map(|refund| refund.fee).sum(), booked.left_before_full_refund());
            if fees.1.is_some() && fees.0 != fees.1 {
                found.add(DifferenceKind::RefundAmountsDiffer, None, fees, Place::Inside);
            }
        }
    }
}

fn add_missing_refund(
    day: StatementDay,
    booked: &BookedOrder,
    refund: &BookedRefund,
    refund_order_id: Option<&RefundOrderId>,
    found: &mut Found<'_>,
) {
    let place = day.place_of(refund.at);
    if place != Place::Outside {
        let fees = (None, booked.amount_of(refund));
        found.add(DifferenceKind::RefundedHereOnly, refund_order_id, fees, place);
    }
}

fn add_unknown_refunds(listed: &[&StatedRefund], found: &mut Found<'_>) {
    for refund in listed.iter().filter(|refund| refund.is_done) {
        let fees = (Some(refund.fee), None);
        found.add(DifferenceKind::RefundedThereOnly, Some(&refund.refund_order_id), fees, Place::Inside);
    }
}
