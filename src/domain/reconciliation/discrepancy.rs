//! The life of a discrepancy: found, healed or queued for a person, closed.

use jiff::Timestamp;

/// Where a discrepancy stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DiscrepancyState {
    /// Something near midnight that the statement of the day beside may list. It was not told to anybody yet.
    InFlight,
    /// Found, and nothing was done about it.
    Open,
    /// It is being healed.
    Healing(HealingProgress),
    /// Nothing safe is left to do by itself: a person decides.
    Queued {
        /// Why.
        reason: String,
        /// How far healing came.
        progress: HealingProgress,
    },
    /// The book and the platform agree now.
    Healed {
        /// What healed it.
        reason: String,
    },
    /// It is gone without healing: a later look did not find it.
    Vanished {
        /// What shows that.
        reason: String,
    },
    /// A person closed it.
    Closed {
        /// Who.
        by: String,
        /// Why.
        reason: String,
    },
}

/// How far healing came. It is kept before each call to the platform, so that a crash repeats a call at most.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HealingProgress {
    /// What was done last.
    pub stage: HealingStage,
    /// How often that was done.
    pub attempts: u32,
    /// When it was last done.
    pub last_at: Option<Timestamp>,
    /// Who said yes to a refund.
    pub approved_by: Option<String>,
}

/// What was done last about a discrepancy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum HealingStage {
    /// Nothing.
    #[default]
    Begun,
    /// The platform was asked to notify again.
    AskedToNotify,
    /// The payment or the refunds were recorded from the order's details.
    Recorded,
    /// A refund was asked for.
    AskedForRefund,
}

impl HealingStage {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Begun, Self::AskedToNotify, Self::Recorded, Self::AskedForRefund];

    /// The name in the database.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Begun => "begun",
            Self::AskedToNotify => "asked_to_notify",
            Self::Recorded => "recorded",
            Self::AskedForRefund => "asked_for_refund",
        }
    }
}

impl HealingProgress {
    /// The progress after `stage` is entered, or entered once more, at an instant.
    #[must_use]
    pub fn into_stage(self, stage: HealingStage, at: Timestamp) -> Self {
        let attempts = if self.stage == stage { self.attempts.saturating_add(1) } else { 1 };
        Self { stage, attempts, last_at: Some(at), approved_by: self.approved_by }
    }
}

/// What happens to a discrepancy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DiscrepancyStep {
    /// A look found it: for the first time, or again.
    Find {
        /// Whether it is only in flight.
        in_flight: bool,
    },
    /// Healing goes on.
    Heal(HealingProgress),
    /// Healing ends, and a person decides.
    Queue {
        /// Why.
        reason: String,
    },
    /// The book and the platform agree.
    Settle {
        /// What made them.
        reason: String,
    },
    /// A later look does not find it.
    Vanish {
        /// What shows that.
        reason: String,
    },
    /// A person says yes to a refund.
    Approve {
        /// Who.
        by: String,
    },
    /// A person closes it.
    Close {
        /// Who.
        by: String,
        /// Why.
        reason: String,
    },
}

/// A step that a state does not have.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a discrepancy that is {from} cannot {step}")]
pub struct DiscrepancyStepError {
    from: &'static str,
    step: &'static str,
}

/// All steps: from, step, to. What is missing here is refused. Finding something again leaves what is under way, and what a person
/// closed, as it is.
pub const DISCREPANCY_TRANSITIONS: &[(&str, &str, &str)] = &[
    ("in_flight", "find", "in_flight or open"),
    ("in_flight", "vanish", "vanished"),
    ("in_flight", "close", "closed"),
    ("open", "find", "open"),
    ("open", "heal", "healing"),
    ("open", "queue", "queued"),
    ("open", "settle", "healed"),
    ("open", "vanish", "vanished"),
    ("open", "close", "closed"),
    ("healing", "find", "healing"),
    ("healing", "heal", "healing"),
    ("healing", "queue", "queued"),
    ("healing", "settle", "healed"),
    ("healing", "vanish", "healed"),
    ("healing", "close", "closed"),
    ("queued", "find", "queued"),
    ("queued", "settle", "healed"),
    ("queued", "vanish", "vanished"),
    ("queued", "approve", "healing"),
    ("queued", "close", "closed"),
    ("healed", "find", "in_flight or open"),
    ("vanished", "find", "in_flight or open"),
    ("closed", "find", "closed"),
];

impl DiscrepancyState {
    /// The names of all states.
    pub const NAMES: [&'static str; 7] = ["in_flight", "open", "healing", "queued", "healed", "vanished", "closed"];

    /// The name in the database, in events and on the command line.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::InFlight => "in_flight",
            Self::Open => "open",
            Self::Healing(_) => "healing",
            Self::Queued { .. } => "queued",
            Self::Healed { .. } => "healed",
            Self::Vanished { .. } => "vanished",
            Self::Closed { .. } => "closed",
        }
    }

    /// Whether it is a difference that remains: found, and neither healed nor closed.
    #[must_use]
    pub const fn remains(&self) -> bool {
        matches!(self, Self::Open | Self::Healing(_) | Self::Queued { .. })
    }

    /// Why it is where it is; empty where the name says it all.
    #[must_use]
    pub fn reason(&self) -> &str {
        match self {
            Self::InFlight | Self::Open | Self::Healing(_) => "",
            Self::Queued { reason, .. }
            | Self::Healed { reason }
            | Self::Vanished { reason }
            | Self::Closed { reason, .. } => reason,
        }
    }

    /// How far healing came.
    #[must_use]
    pub fn progress(&self) -> HealingProgress {
        match self {
            Self::Healing(progress) | Self::Queued { progress, .. } => progress.clone(),
            _ => HealingProgress::default(),
        }
    }

    /// The state after a step.
    ///
    /// # Errors
    /// [`DiscrepancyStepError`] when this state has no such step.
    pub fn after(self, step: DiscrepancyStep) -> Result<Self, DiscrepancyStepError> {
        use DiscrepancyStep as Step;
        let refused = DiscrepancyStepError { from: self.name(), step: step.name() };
        Ok(match (self, step) {
            (Self::InFlight | Self::Healed { .. } | Self::Vanished { .. }, Step::Find { in_flight: true }) => {
                Self::InFlight
            }
            (Self::InFlight | Self::Healed { .. } | Self::Vanished { .. }, Step::Find { in_flight: false }) => {
                Self::Open
            }
            (found, Step::Find { .. }) => found,
            (Self::Open | Self::Healing(_), Step::Heal(progress)) => Self::Healing(progress),
            (from @ (Self::Open | Self::Healing(_)), Step::Queue { reason }) => {
                Self::Queued { reason, progress: from.progress() }
            }
            (Self::Open | Self::Healing(_) | Self::Queued { .. }, Step::Settle { reason })
            | (Self::Healing(_), Step::Vanish { reason }) => Self::Healed { reason },
            (Self::InFlight | Self::Open | Self::Queued { .. }, Step::Vanish { reason }) => Self::Vanished { reason },
            (Self::Queued { progress, .. }, Step::Approve { by }) => {
                Self::Healing(HealingProgress { approved_by: Some(by), ..progress })
            }
            (Self::InFlight | Self::Open | Self::Healing(_) | Self::Queued { .. }, Step::Close { by, reason }) => {
                Self::Closed { by, reason }
            }
            _ => return Err(refused),
        })
    }
}

impl DiscrepancyStep {
    /// The name in the journal and in errors.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Find { .. } => "find",
            Self::Heal(_) => "heal",
            Self::Queue { .. } => "queue",
            Self::Settle { .. } => "settle",
            Self::Vanish { .. } => "vanish",
            Self::Approve { .. } => "approve",
            Self::Close { .. } => "close",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn states() -> [DiscrepancyState; 7] {
        let (reason, by) = ("r".to_owned(), "p".to_owned());
        [
            DiscrepancyState::InFlight,
            DiscrepancyState::Open,
            DiscrepancyState::Healing(HealingProgress::default()),
            DiscrepancyState::Queued { reason: reason.clone(), progress: HealingProgress::default() },
            DiscrepancyState::Healed { reason: reason.clone() },
            DiscrepancyState::Vanished { reason: reason.clone() },
            DiscrepancyState::Closed { by, reason },
        ]
    }

    fn steps() -> [DiscrepancyStep; 8] {
        let (reason, by) = ("r".to_owned(), "p".to_owned());
        [
            DiscrepancyStep::Find { in_flight: true },
            DiscrepancyStep::Find { in_flight: false },
            DiscrepancyStep::Heal(HealingProgress::default()),
            DiscrepancyStep::Queue { reason: reason.clone() },
            DiscrepancyStep::Settle { reason: reason.clone() },
            DiscrepancyStep::Vanish { reason: reason.clone() },
            DiscrepancyStep::Approve { by: by.clone() },
            DiscrepancyStep::Close { by, reason },
        ]
    }

    #[test]
    fn the_table_tells_every_step_and_no_other() {
        for state in states() {
            for step in steps() {
                let row = DISCREPANCY_TRANSITIONS
                    .iter()
                    .find(|(from, name, _)| (*from, *name) == (state.name(), step.name()));
                let after = state.clone().after(step.clone());
                match (row, after) {
                    (Some((_, _, to)), Ok(after)) => {
                        assert!(to.split(" or ").any(|to| to == after.name()), "{state:?} {step:?}: {after:?}");
                    }
                    (None, Err(_)) => {}
                    (row, after) => panic!("{state:?} {step:?}: the table says {row:?}, the function {after:?}"),
                }
            }
        }
    }

    #[test]
    fn what_remains_is_what_an_operator_has_to_see() {
        let remaining: Vec<_> = states().into_iter().filter(DiscrepancyState::remains).collect();
        assert_eq!(remaining.iter().map(DiscrepancyState::name).collect::<Vec<_>>(), ["open", "healing", "queued"]);
        assert_eq!(states().map(|state| state.name()), DiscrepancyState::NAMES);
    }

    #[test]
    fn a_yes_keeps_how_far_healing_came() {
        let at = Timestamp::UNIX_EPOCH;
        let progress = HealingProgress::default().into_stage(HealingStage::Recorded, at);
        let queued = DiscrepancyState::Healing(progress.clone()).after(DiscrepancyStep::Queue { reason: "r".into() });
        let approved = queued.unwrap().after(DiscrepancyStep::Approve { by: "p".into() }).unwrap();
        assert_eq!(approved.progress(), HealingProgress { approved_by: Some("p".into()), ..progress });
        let twice = approved.progress().into_stage(HealingStage::Recorded, at);
        assert_eq!((twice.attempts, twice.approved_by.as_deref()), (2, Some("p")));
    }
}
