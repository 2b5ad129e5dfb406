//! A refund that we ask for: its states, and which follows which.

use jiff::Timestamp;

use super::{RefundAsk, RefundOrderId};

/// A request for a refund, as far as the rules are concerned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefundRequest {
    /// What the platform is asked for.
    pub ask: RefundAsk,
    /// Where the request stands.
    pub state: RefundRequestState,
}

/// Where a request for a refund stands. What may follow what is in [`REFUND_REQUEST_TRANSITIONS`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum RefundRequestState {
    /// It is stored. Whether the platform has it is not known: it may be made again, under the same `refund_out_id` alone.
    Requested,
    /// The platform has taken it.
    Accepted {
        /// The platform's number of the refund, where it told it.
        refund_order_id: Option<RefundOrderId>,
    },
    /// The money went back.
    Refunded {
        /// The platform's number of the refund, where it told it.
        refund_order_id: Option<RefundOrderId>,
        /// When, where it told it.
        at: Option<Timestamp>,
    },
    /// The platform refused it: nothing went back by it.
    Refused {
        /// Its errcode.
        errcode: i64,
        /// Its words.
        errmsg: String,
    },
}

/// What can happen to a request.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum RefundStep {
    /// The platform took it, or shows that it has it.
    Accept {
        /// The platform's number of the refund, where it told it.
        refund_order_id: Option<RefundOrderId>,
    },
    /// The platform shows or notifies that it is done.
    Finish {
        /// The platform's number of the refund, where it told it.
        refund_order_id: Option<RefundOrderId>,
        /// When it was done.
        at: Option<Timestamp>,
    },
    /// The platform refused it.
    Refuse {
        /// Its errcode.
        errcode: i64,
        /// Its words.
        errmsg: String,
    },
}

/// Every transition of a request by name: from, step, to. A pair that is not in here is refused.
pub const REFUND_REQUEST_TRANSITIONS: [(&str, &str, &str); 8] = [
    ("requested", "accept", "accepted"),
    ("requested", "finish", "refunded"),
    ("requested", "refuse", "refused"),
    ("accepted", "accept", "accepted"),
    ("accepted", "finish", "refunded"),
    ("refunded", "finish", "refunded"),
    // Proof that the money moves wins over the platform's word that it does not.
    ("refused", "accept", "accepted"),
    ("refused", "finish", "refunded"),
];

/// A step that a request's state does not allow.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a request for a refund that is {from} has no step \"{step}\"")]
pub struct RefundStepError {
    /// The state's name.
    pub from: &'static str,
    /// The step's name.
    pub step: &'static str,
}

impl RefundStep {
    /// The name in the table and in the journal.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Accept { .. } => "accept",
            Self::Finish { .. } => "finish",
            Self::Refuse { .. } => "refuse",
        }
    }
}

impl RefundRequestState {
    /// The name in the database, in the journal and in events.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Requested => "requested",
            Self::Accepted { .. } => "accepted",
            Self::Refunded { .. } => "refunded",
            Self::Refused { .. } => "refused",
        }
    }

    /// The platform's number of the refund, where it is known.
    #[must_use]
    pub const fn refund_order_id(&self) -> Option<&RefundOrderId> {
        match self {
            Self::Accepted { refund_order_id } | Self::Refunded { refund_order_id, .. } => refund_order_id.as_ref(),
            Self::Requested | Self::Refused { .. } => None,
        }
    }

    /// Whether nothing more is to be learnt of it. A refusal can still be proved wrong.
    #[must_use]
    pub const fn is_final(&self) -> bool {
        matches!(self, Self::Refunded { .. } | Self::Refused { .. })
    }

    /// The state after `step`. What was known before and is not told again stays.
    ///
    /// # Errors
    /// [`RefundStepError`] when the table has no such transition.
    pub fn after(self, step: RefundStep) -> Result<Self, RefundStepError> {
        let known = self.refund_order_id().cloned();
        match (self, step) {
            (
                Self::Requested | Self::Accepted { .. } | Self::Refused { .. },
                RefundStep::Accept { refund_order_id },
            ) => Ok(Self::Accepted { refund_order_id: refund_order_id.or(known) }),
            (
                Self::Requested | Self::Accepted { .. } | Self::Refused { .. },
                RefundStep::Finish { refund_order_id, at },
            ) => Ok(Self::Refunded { refund_order_id: refund_order_id.or(known), at }),
            (Self::Refunded { at: first, .. }, RefundStep::Finish { refund_order_id, at }) => {
                Ok(Self::Refunded { refund_order_id: known.or(refund_order_id), at: first.or(at) })
            }
            (Self::Requested, RefundStep::Refuse { errcode, errmsg }) => Ok(Self::Refused { errcode, errmsg }),
            (from, step) => Err(RefundStepError { from: from.name(), step: step.name() }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_what_the_code_does() {
        let id = || RefundOrderId::new("R").ok();
        let states = [
            RefundRequestState::Requested,
            RefundRequestState::Accepted { refund_order_id: id() },
            RefundRequestState::Refunded { refund_order_id: id(), at: None },
            RefundRequestState::Refused { errcode: 9_202_012, errmsg: String::new() },
        ];
        let steps = [
            RefundStep::Accept { refund_order_id: None },
            RefundStep::Finish { refund_order_id: None, at: None },
            RefundStep::Refuse { errcode: 9_202_012, errmsg: String::new() },
        ];
        for state in &states {
            for step in &steps {
                let row =
                    REFUND_REQUEST_TRANSITIONS.iter().find(|(from, on, _)| *from == state.name() && *on == step.name());
                let after = state.clone().after(step.clone()).ok();
                assert_eq!(
                    after.as_ref().map(RefundRequestState::name),
                    row.map(|(_, _, to)| *to),
                    "{state:?} {step:?}"
                );
            }
        }
    }

    #[test]
    fn a_number_once_known_is_not_forgotten() {
        let id = RefundOrderId::new("R").unwrap();
        let accepted = RefundRequestState::Accepted { refund_order_id: Some(id.clone()) };
        let done = accepted.after(RefundStep::Finish { refund_order_id: None, at: None }).unwrap();
        assert_eq!(done.refund_order_id(), Some(&id));
    }
}
