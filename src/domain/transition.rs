//! The two transition tables: which state of an order or a notice follows which. All of them stand here.

use super::{NoticeState, OrderId};

/// Where an order stands at our side. It only moves forward: no step leads from a later state to an earlier one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OrderState {
    /// Known, and not yet notified as paid.
    Open,
    /// A part was notified as refunded before the payment was notified.
    RefundedAhead,
    /// Paid.
    Paid,
    /// Paid, and a part went back.
    PartlyRefunded,
    /// All of it went back.
    Refunded,
}

/// What can happen to an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OrderStep {
    /// It was paid.
    Pay,
    /// A part went back, and something is left.
    RefundPart,
    /// All of it, or all that was left, went back.
    RefundAll,
}

/// Every transition of an order: from, step, to.
pub const ORDER_TRANSITIONS: [(OrderState, OrderStep, OrderState); 15] = {
    use OrderState::{Open, Paid, PartlyRefunded, Refunded, RefundedAhead};
    use OrderStep::{Pay, RefundAll, RefundPart};
    [
        (Open, Pay, Paid),
        (Open, RefundPart, RefundedAhead),
        (Open, RefundAll, Refunded),
        (RefundedAhead, Pay, PartlyRefunded),
        (RefundedAhead, RefundPart, RefundedAhead),
        (RefundedAhead, RefundAll, Refunded),
        (Paid, Pay, Paid),
        (Paid, RefundPart, PartlyRefunded),
        (Paid, RefundAll, Refunded),
        (PartlyRefunded, Pay, PartlyRefunded),
        (PartlyRefunded, RefundPart, PartlyRefunded),
        (PartlyRefunded, RefundAll, Refunded),
        (Refunded, Pay, Refunded),
        (Refunded, RefundPart, Refunded),
        (Refunded, RefundAll, Refunded),
    ]
};

impl OrderState {
    /// All states, earliest first.
    pub const ALL: [Self; 5] = [Self::Open, Self::RefundedAhead, Self::Paid, Self::PartlyRefunded, Self::Refunded];

    /// The state after `step`.
    #[must_use]
    pub fn after(self, step: OrderStep) -> Self {
        let transition = ORDER_TRANSITIONS.iter().find(|(from, on, _)| *from == self && *on == step);
        transition.map_or(self, |(_, _, to)| *to)
    }

    /// The name in the database, in the journal and in events.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::RefundedAhead => "refunded_ahead",
            Self::Paid => "paid",
            Self::PartlyRefunded => "partly_refunded",
            Self::Refunded => "refunded",
        }
    }
}

/// What can happen to a notice.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum NoticeStep {
    /// An order pays it.
    Settle(OrderId),
    /// The order that paid it was refunded in full.
    Reopen(OrderId),
    /// The bureau withdraws it.
    Cancel,
    /// The bureau stops payment for it.
    Suspend,
    /// The bureau takes back a cancellation or a suspension.
    Restore,
}

/// Every transition of a notice by name: from, step, to. A pair that is not in here is refused.
pub const NOTICE_TRANSITIONS: [(&str, &str, &str); 7] = [
    ("unpaid", "settle", "paid"),
    ("paid", "reopen", "unpaid"),
    ("unpaid", "cancel", "canceled"),
    ("suspended", "cancel", "canceled"),
    ("unpaid", "suspend", "suspended"),
    ("canceled", "restore", "unpaid"),
    ("suspended", "restore", "unpaid"),
];

/// A step that a notice's state does not allow.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a notice that is {from} cannot be {step}{}", if step.ends_with('e') { "d" } else { "ed" })]
pub struct NoticeStepError {
    /// The state's name.
    pub from: &'static str,
    /// The step's name.
    pub step: &'static str,
}

impl NoticeStep {
    /// The name in the table and in the journal.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Settle(_) => "settle",
            Self::Reopen(_) => "reopen",
            Self::Cancel => "cancel",
            Self::Suspend => "suspend",
            Self::Restore => "restore",
        }
    }
}

impl NoticeState {
    /// The name in the database, in imports and in the journal.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Unpaid => "unpaid",
            Self::Paid { .. } => "paid",
            Self::Canceled => "canceled",
            Self::Suspended => "suspended",
        }
    }

    /// The state after `step`.
    ///
    /// # Errors
    /// [`NoticeStepError`] when the table has no such transition, or when the order to reopen it for is not the one that paid it.
    pub fn after(self, step: &NoticeStep) -> Result<Self, NoticeStepError> {
        let refused = NoticeStepError { from: self.name(), step: step.name() };
        match (self, step) {
            (Self::Unpaid, NoticeStep::Settle(order_id)) => Ok(Self::Paid { order_id: Some(order_id.clone()) }),
            (Self::Paid { order_id: Some(payer) }, NoticeStep::Reopen(refunded)) if payer == *refunded => {
                Ok(Self::Unpaid)
            }
            (Self::Unpaid | Self::Suspended, NoticeStep::Cancel) => Ok(Self::Canceled),
            (Self::Unpaid, NoticeStep::Suspend) => Ok(Self::Suspended),
            (Self::Canceled | Self::Suspended, NoticeStep::Restore) => Ok(Self::Unpaid),
            _ => Err(refused),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_never_moves_back() {
        let rank = |state| OrderState::ALL.iter().position(|s| *s == state);
        for (from, step, to) in ORDER_TRANSITIONS {
            assert!(rank(to) >= rank(from), "{from:?} {step:?} {to:?}");
            assert_eq!(from.after(step), to);
        }
    }

    #[test]
    fn the_table_of_orders_has_every_pair_once() {
        for from in OrderState::ALL {
            for step in [OrderStep::Pay, OrderStep::RefundPart, OrderStep::RefundAll] {
                let rows = ORDER_TRANSITIONS.iter().filter(|(f, s, _)| *f == from && *s == step).count();
                assert_eq!(rows, 1, "{from:?} {step:?}");
            }
        }
    }

    #[test]
    fn the_table_of_notices_is_what_the_code_does() {
        let payer = OrderId::new("A").unwrap();
        let states = [
            NoticeState::Unpaid,
            NoticeState::Paid { order_id: Some(payer.clone()) },
            NoticeState::Canceled,
            NoticeState::Suspended,
        ];
        let steps = [
            NoticeStep::Settle(payer.clone()),
            NoticeStep::Reopen(payer),
            NoticeStep::Cancel,
            NoticeStep::Suspend,
            NoticeStep::Restore,
        ];
        for state in &states {
            for step in &steps {
                let row = NOTICE_TRANSITIONS.iter().find(|(f, s, _)| *f == state.name() && *s == step.name());
                let after = state.clone().after(step).ok();
                assert_eq!(after.map(|s| s.name()), row.map(|(_, _, to)| *to), "{state:?} {step:?}");
            }
        }
    }

    #[test]
    fn another_orders_refund_does_not_reopen_a_notice() {
        let paid = NoticeState::Paid { order_id: Some(OrderId::new("A").unwrap()) };
        assert!(paid.after(&NoticeStep::Reopen(OrderId::new("B").unwrap())).is_err());
        let paid_at_the_counter = NoticeState::Paid { order_id: None };
        assert!(paid_at_the_counter.after(&NoticeStep::Reopen(OrderId::new("B").unwrap())).is_err());
    }
}
