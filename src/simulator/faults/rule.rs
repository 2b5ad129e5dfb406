//! A rule of a fault script: what it is about, and which of those calls it strikes.

use super::{ApiFault, CallbackFault};
use crate::simulator::callback::Callback;
use crate::simulator::chance::Stream;

/// A rule.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Rule {
    pub(super) on: On,
    pub(super) when: When,
}

/// What a rule is about, and what goes wrong with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum On {
    /// Calls to the platform's APIs, or to the one at a path.
    Api { path: Option<String>, fault: ApiFault },
    /// Callbacks, or those of one kind.
    Callback { callback: Option<Callback>, fault: CallbackFault },
}

/// Which of the calls that a rule is about it strikes. They are counted from 1.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum When {
    Always,
    /// By chance: 0 never, 1 always.
    Probability(f64),
    /// The n-th, the 2n-th and so on.
    Every(u64),
    /// These.
    Nth(Vec<u64>),
}

impl When {
    /// Whether it strikes the call of this number. Only a probability draws.
    pub(super) fn strikes(&self, number: u64, chance: &mut Stream) -> bool {
        match self {
            Self::Always => true,
            Self::Probability(probability) => chance.fraction() < *probability,
            Self::Every(every) => number.is_multiple_of(*every),
            Self::Nth(numbers) => numbers.contains(&number),
        }
    }
}
