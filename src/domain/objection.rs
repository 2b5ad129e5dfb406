//! What can stand against paying a notice. One list for queries and notifications, so that they cannot disagree.

use super::{BankId, ChinaDate, Fen, LatePayment, Notice, NoticeState, OrderId, Suspensions};

/// A reason why a notice may not be paid.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Objection {
    /// 211: the notice, its collection entity or one of its items is suspended.
    EntitySuspended,
    /// 231: there is no such notice, or the order that should pay it does not exist.
    NoticeUnknown,
    /// 232: it is paid already.
    AlreadyPaid {
        /// The order that paid it; `None` when it was paid by another way.
        order_id: Option<OrderId>,
    },
    /// 233: the bureau withdrew it.
    NoticeCanceled,
    /// 235: its date has passed and late payment is not taken.
    Late,
    /// 236: it may not be paid through this bank.
    BankNotSupported,
    /// 296: the record contradicts itself, or the amount paid is not the amount due.
    NoticeInconsistent,
}

impl Objection {
    /// The name in the database, in the journal and in events.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::EntitySuspended => "entity_suspended",
            Self::NoticeUnknown => "notice_unknown",
            Self::AlreadyPaid { .. } => "already_paid",
            Self::NoticeCanceled => "notice_canceled",
            Self::Late => "late",
            Self::BankNotSupported => "bank_not_supported",
            Self::NoticeInconsistent => "notice_inconsistent",
        }
    }

    /// The objection of a name; `paid_by` is the order that [`Self::AlreadyPaid`] names.
    #[must_use]
    pub fn from_name(name: &str, paid_by: Option<OrderId>) -> Option<Self> {
        Some(match name {
            "entity_suspended" => Self::EntitySuspended,
            "notice_unknown" => Self::NoticeUnknown,
            "already_paid" => Self::AlreadyPaid { order_id: paid_by },
            "notice_canceled" => Self::NoticeCanceled,
            "late" => Self::Late,
            "bank_not_supported" => Self::BankNotSupported,
            "notice_inconsistent" => Self::NoticeInconsistent,
            _ => return None,
        })
    }
}

/// The first thing that stands against paying `notice`, in the order of protocol §4: 233, 232, 211, 236, 235, 296.
///
/// `paid_on` is the day that lateness is judged by: today for a query, the day of `pay_finish_time` for a payment. `bank` is the
/// bank that collects, where it is known. `amount` is what was paid, where something was.
#[must_use]
pub fn objection_to(
    notice: &Notice,
    suspensions: &Suspensions,
    bank: Option<&BankId>,
    paid_on: ChinaDate,
    amount: Option<Fen>,
) -> Option<Objection> {
    match &notice.state {
        NoticeState::Canceled => return Some(Objection::NoticeCanceled),
        NoticeState::Paid { order_id } => return Some(Objection::AlreadyPaid { order_id: order_id.clone() }),
        NoticeState::Suspended => return Some(Objection::EntitySuspended),
        NoticeState::Unpaid => {}
    }
    let bank_excluded = bank.is_some_and(|bank| !notice.bank_ids.is_empty() && !notice.bank_ids.contains(bank));
    let late = notice.late_payment == LatePayment::Refused
        && notice.payment_expire_date.is_some_and(|last_day| paid_on > last_day);
    let inconsistent = match amount {
        // A notice made from an order may lack items: it cannot be shown to anybody, but it can be paid.
        Some(amount) => amount != notice.fee || !(notice.items.is_empty() || notice.adds_up()),
        None => !notice.adds_up(),
    };
    if suspensions.touch(notice) {
        Some(Objection::EntitySuspended)
    } else if bank_excluded {
        Some(Objection::BankNotSupported)
    } else if late {
        Some(Objection::Late)
    } else if inconsistent {
        Some(Objection::NoticeInconsistent)
    } else {
        None
    }
}
