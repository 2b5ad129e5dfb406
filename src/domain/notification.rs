//! What a payment status notification changes in the book, and what it is answered (protocol §2.2, §3).
//!
//! [`decide`] is the only place where a payment is accepted or refused. A store reads the facts under its locks, calls it,
//! and writes the changes in the same transaction; the answer leaves only after the commit.

use jiff::Timestamp;

use super::{
    ChinaDate, Disposition, Fen, Notice, NoticeKey, NoticeState, NoticeStep, Objection, OnRefusal, OrderDetails,
    OrderId, OrderState, OrderStep, Payment, Refund, RefundKind, ReplyVocabulary, Resolution, Suspensions,
    UnknownNotice, objection_to,
};

/// What the platform notified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OrderEvent {
    /// Status 3 or 4.
    Paid(Paid),
    /// Status 5.
    Refunded(Refunded),
}

/// A notified payment, with what is known of the order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paid {
    /// What the order pays. What the book holds already of the order wins over it.
    pub resolution: Resolution,
    /// `wx_nontax` for the platform.
    pub pay_channel: String,
    /// When the citizen paid. Bank and finance always get it.
    pub pay_finish_time: Option<Timestamp>,
}

/// The refunds of an order that are known now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refunded {
    /// Those that are done. None are needed for an order that is refunded in full in the book already.
    pub done: Vec<Refund>,
    /// Whether the platform shows others that are not done yet: one of them may be what was notified.
    pub more_pending: bool,
}

/// All that a notification is decided from. Only what a store read under its locks, in the transaction that writes the
/// changes, belongs in here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotificationFacts {
    /// The order that was notified.
    pub order_id: OrderId,
    /// What the order pays; `None` when the platform knows no such order, or when nobody has asked yet.
    pub details: Option<OrderDetails>,
    /// Where the order stands.
    pub state: OrderState,
    /// Its payment.
    pub payment: Option<Payment>,
    /// Its refunds.
    pub refunds: Vec<Refund>,
    /// The notice that it pays.
    pub notice: Option<Notice>,
    /// Other orders that paid the same notice, were recorded beside the one that settles it, and were not refunded;
    /// earliest first.
    pub waiting: Vec<OrderId>,
    /// What is suspended now.
    pub suspensions: Suspensions,
}

/// What the party's role, mode and configuration say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// What to do with a notice that is not held.
    pub unknown_notice: UnknownNotice,
    /// Which errcodes a reply may carry.
    pub replies: ReplyVocabulary,
    /// Refund or hold.
    pub on_refusal: OnRefusal,
}

/// An objection that makes the platform refund the citizen. Only [`decide`] makes one, and it makes it from facts that a store
/// read; no failure and no default can become one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal(Objection);

impl Refusal {
    /// What stands against the payment.
    #[must_use]
    pub const fn objection(&self) -> &Objection {
        &self.0
    }
}

/// What a notification is answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotificationAnswer {
    /// 0: it is in the book now.
    Recorded,
    /// 0: it was in the book already.
    AlreadyRecorded {
        /// The repeat tells another story than the first notification did: somebody should look.
        differs: bool,
    },
    /// A refunding code.
    Refused(Refusal),
    /// 299: a refunding code was due, and the payment waits for a person.
    Held(Objection),
    /// 297: all payment to the party is suspended for now; no payment was recorded.
    EverythingSuspended,
    /// 299: every refund that is done is in the book already, and the one notified may be one that is not done yet.
    RefundPending,
}

impl NotificationAnswer {
    /// What became of the notification, in one word, for the journal and the metrics.
    #[must_use]
    pub const fn outcome(&self) -> &'static str {
        match self {
            Self::Recorded => "recorded",
            Self::AlreadyRecorded { differs: false } => "already_recorded",
            Self::AlreadyRecorded { differs: true } => "repeat_differs",
            Self::Refused(_) => "refused",
            Self::Held(_) => "held",
            Self::EverythingSuspended => "everything_suspended",
            Self::RefundPending => "refund_pending",
        }
    }
}

/// One change of the book.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// A notice that was not held, made from the order's details.
    AddNotice(Box<Notice>),
    /// The order's notice moves on.
    MoveNotice {
        /// The notice.
        key: NoticeKey,
        /// The state that it leaves.
        from: NoticeState,
        /// The step.
        step: NoticeStep,
        /// The state that it enters.
        to: NoticeState,
    },
    /// The order's payment is recorded, or its disposition changes.
    PutPayment(Payment),
    /// Another order's payment gets another disposition.
    Dispose {
        /// The other order.
        order_id: OrderId,
        /// Its payment's new disposition.
        disposition: Disposition,
    },
    /// A refund is recorded.
    AddRefund(Refund),
    /// The order moves on.
    MoveOrder {
        /// The state that it leaves.
        from: OrderState,
        /// The state that it enters.
        to: OrderState,
    },
}

/// An answer, and the changes that have to be committed before it is given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// The answer.
    pub answer: NotificationAnswer,
    /// The changes, in the order in which they are to be written.
    pub changes: Vec<Change>,
}

/// Decides a notification. `received_at` stands in for a `pay_finish_time` that the notification does not tell.
#[must_use]
pub fn decide(facts: &NotificationFacts, event: &OrderEvent, policy: Policy, received_at: Timestamp) -> Decision {
    match event {
        OrderEvent::Paid(paid) => decide_paid(facts, paid, policy, received_at),
        OrderEvent::Refunded(refunded) => decide_refunded(facts, refunded),
    }
}

fn decide_paid(facts: &NotificationFacts, paid: &Paid, policy: Policy, received_at: Timestamp) -> Decision {
    if let Some(decision) = facts.payment.as_ref().and_then(|payment| repeat_of(payment, facts, paid, policy)) {
        return decision;
    }
    let mut changes = Vec::new();
    let fee = facts.details.as_ref().map(|details| details.fee);
    let verdict = if facts.state == OrderState::Refunded || all_went_back(&facts.refunds, fee) {
        // The money went back before we heard that it came: on record, and the notice stays as it is.
        Verdict::Record(None)
    } else {
        judge(facts, paid, policy, received_at)
    };
    let (answer, disposition) = match verdict {
        Verdict::Settle => {
            settle(facts, &mut changes);
            (NotificationAnswer::Recorded, Disposition::Settles)
        }
        Verdict::Record(because) => (NotificationAnswer::Recorded, Disposition::Recorded { because }),
        Verdict::EverythingSuspended => {
            return Decision { answer: NotificationAnswer::EverythingSuspended, changes: Vec::new() };
        }
        Verdict::Refuse(because) => match policy.on_refusal {
            OnRefusal::Refund => {
                (NotificationAnswer::Refused(Refusal(because.clone())), Disposition::Refused { because })
            }
            OnRefusal::Hold => (NotificationAnswer::Held(because.clone()), Disposition::Held { because }),
        },
    };
    if facts.payment.as_ref().is_none_or(|payment| payment.disposition != disposition || payment.fee != fee) {
        changes.push(Change::PutPayment(Payment {
            order_id: facts.order_id.clone(),
            fee,
            pay_channel: paid.pay_channel.clone(),
            pay_finish_time: paid.pay_finish_time,
            disposition,
        }));
    }
    move_order(facts, facts.state.after(OrderStep::Pay), &mut changes);
    Decision { answer, changes }
}

/// The decision for an order whose payment is in the book already; `None` when it has to be judged (again).
fn repeat_of(payment: &Payment, facts: &NotificationFacts, paid: &Paid, policy: Policy) -> Option<Decision> {
    let answer = match &payment.disposition {
        // Recorded when nobody could say what the order pays. Now somebody can.
        Disposition::Recorded { because: Some(Objection::NoticeUnknown) }
            if payment.fee.is_none() && facts.details.is_some() =>
        {
            return None;
        }
        Disposition::Settles | Disposition::Recorded { .. } => NotificationAnswer::AlreadyRecorded {
            differs: payment.pay_channel != paid.pay_channel
                || (paid.pay_finish_time.is_some() && payment.pay_finish_time != paid.pay_finish_time),
        },
        Disposition::Refused { because } => match policy.replies {
            ReplyVocabulary::All => NotificationAnswer::Refused(Refusal(because.clone())),
            // Refused under another role or mode, and in the book as such. This one may not refuse.
            ReplyVocabulary::RecordsOnly => NotificationAnswer::AlreadyRecorded { differs: false },
        },
        Disposition::Held { .. } => return None,
    };
    Some(Decision { answer, changes: Vec::new() })
}

enum Verdict {
    Settle,
    Record(Option<Objection>),
    Refuse(Objection),
    EverythingSuspended,
}

fn judge(facts: &NotificationFacts, paid: &Paid, policy: Policy, received_at: Timestamp) -> Verdict {
    let objected = |objection| match policy.replies {
        ReplyVocabulary::All => Verdict::Refuse(objection),
        ReplyVocabulary::RecordsOnly => Verdict::Record(Some(objection)),
    };
    if policy.replies == ReplyVocabulary::All && facts.suspensions.everything() {
        return Verdict::EverythingSuspended;
    }
    let Some(details) = &facts.details else { return objected(Objection::NoticeUnknown) };
    match (&facts.notice, &details.notice, policy.unknown_notice) {
        (Some(notice), _, _) => {
            let paid_on = ChinaDate::at(paid.pay_finish_time.unwrap_or(received_at));
            let objection =
                objection_to(notice, &facts.suspensions, details.bank_id.as_ref(), paid_on, Some(details.fee));
            objection.map_or(Verdict::Settle, objected)
        }
        (None, Some(_), UnknownNotice::Record) => Verdict::Settle,
        (None, None, UnknownNotice::Record) => Verdict::Record(None),
        (None, _, UnknownNotice::Refuse) => objected(Objection::NoticeUnknown),
    }
}

/// The order settles its notice, which is made from the order's details when the book has none.
fn settle(facts: &NotificationFacts, changes: &mut Vec<Change>) {
    let details_key = facts.details.as_ref().and_then(|details| details.notice.clone().map(|key| (details, key)));
    let notice = match (&facts.notice, details_key) {
        (Some(notice), _) => notice.clone(),
        (None, Some((details, key))) => {
            let notice = details.to_notice(key);
            changes.push(Change::AddNotice(Box::new(notice.clone())));
            notice
        }
        (None, None) => return,
    };
    move_notice(notice.key, notice.state, NoticeStep::Settle(facts.order_id.clone()), changes);
}

fn decide_refunded(facts: &NotificationFacts, refunded: &Refunded) -> Decision {
    let mut changes = Vec::new();
    let mut known = facts.refunds.clone();
    let mut differs = false;
    for refund in &refunded.done {
        if let Some(earlier) = known.iter().find(|earlier| same_refund(earlier, refund)) {
            differs |= earlier.kind != refund.kind;
        } else {
            known.push(refund.clone());
            changes.push(Change::AddRefund(refund.clone()));
        }
    }
    if changes.is_empty() {
        let answer = if refunded.more_pending {
            NotificationAnswer::RefundPending
        } else {
            NotificationAnswer::AlreadyRecorded { differs }
        };
        return Decision { answer, changes };
    }
    let fee = facts.details.as_ref().map(|details| details.fee);
    let step = if all_went_back(&known, fee) { OrderStep::RefundAll } else { OrderStep::RefundPart };
    let state = facts.state.after(step);
    move_order(facts, state, &mut changes);
    if state == OrderState::Refunded && facts.state != OrderState::Refunded {
        let_go(facts, &mut changes);
    }
    Decision { answer: NotificationAnswer::Recorded, changes }
}

fn same_refund(one: &Refund, other: &Refund) -> bool {
    match (&one.kind, &other.kind) {
        (RefundKind::Full, RefundKind::Full) => true,
        (RefundKind::Partial { refund_order_id: one, .. }, RefundKind::Partial { refund_order_id: other, .. }) => {
            one == other
        }
        _ => false,
    }
}

/// Whether the refunds leave nothing of the order: a full one, or parts that add up to its fee.
fn all_went_back(refunds: &[Refund], fee: Option<Fen>) -> bool {
    let mut parts = Some(Fen::ZERO);
    for refund in refunds {
        match &refund.kind {
            RefundKind::Full => return true,
            RefundKind::Partial { refund_fee, .. } => parts = parts.and_then(|sum| sum.checked_add(*refund_fee)),
        }
    }
    // Without a refund nothing went back, not even of an order of nothing.
    !refunds.is_empty() && fee.is_some_and(|fee| parts.is_none_or(|parts| parts >= fee))
}

/// The order was refunded in full: when it settled its notice, the next recorded order settles it, or it is due again; when it was
/// held, there is nothing left for a person to decide.
fn let_go(facts: &NotificationFacts, changes: &mut Vec<Change>) {
    let Some(payment) = &facts.payment else { return };
    let recorded =
        Change::Dispose { order_id: facts.order_id.clone(), disposition: Disposition::Recorded { because: None } };
    match (&payment.disposition, &facts.notice) {
        (Disposition::Held { .. }, _) => changes.push(recorded),
        (Disposition::Settles, Some(notice))
            if notice.state == NoticeState::Paid { order_id: Some(facts.order_id.clone()) } =>
        {
            // First this payment lets go of the notice, then another may take it: at no moment do two settle it.
            changes.push(recorded);
            move_notice(notice.key.clone(), notice.state.clone(), NoticeStep::Reopen(facts.order_id.clone()), changes);
            if let Some(next) = facts.waiting.first() {
                changes.push(Change::Dispose { order_id: next.clone(), disposition: Disposition::Settles });
                move_notice(notice.key.clone(), NoticeState::Unpaid, NoticeStep::Settle(next.clone()), changes);
            }
        }
        _ => {}
    }
}

fn move_notice(key: NoticeKey, from: NoticeState, step: NoticeStep, changes: &mut Vec<Change>) {
    // Judged before: the table has the step, or the notice stays as it is.
    if let Ok(to) = from.clone().after(&step) {
        changes.push(Change::MoveNotice { key, from, step, to });
    }
}

fn move_order(facts: &NotificationFacts, to: OrderState, changes: &mut Vec<Change>) {
    // Parts that were refunded ahead of the payment may turn out, now that the fee is known, to have been all of it.
    let fee = facts.details.as_ref().map(|details| details.fee);
    let all_back = to == OrderState::PartlyRefunded && all_went_back(&facts.refunds, fee);
    let to = if all_back { to.after(OrderStep::RefundAll) } else { to };
    if to != facts.state {
        changes.push(Change::MoveOrder { from: facts.state, to });
    }
}
