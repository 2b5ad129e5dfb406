//! What can go wrong with a callback on its way to a party and back.

use std::time::Duration;

use super::kind::{Kind, Problem, milliseconds, named, span};

/// A fault of a callback.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::simulator) enum CallbackFault {
    /// It is sent late.
    Delay(Duration),
    /// It is not sent.
    Drop,
    /// It is sent, and its reply is lost.
    LoseReply,
    /// It is sent twice.
    Duplicate,
    /// It is held back until another one was sent, or until this time is over.
    Reorder(Duration),
    /// It is sealed with another key than the party's.
    WrongKey,
    /// Its body ends in its middle.
    Cut,
    /// It comes byte by byte, with this pause.
    SlowBytes(Duration),
}

const KINDS: &[Kind<CallbackFault>] = &[
    Kind { name: "delay", number: Some(milliseconds(1000)), make: |number| CallbackFault::Delay(span(number)) },
    Kind { name: "drop", number: None, make: |_| CallbackFault::Drop },
    Kind { name: "lose_reply", number: None, make: |_| CallbackFault::LoseReply },
    Kind { name: "duplicate", number: None, make: |_| CallbackFault::Duplicate },
    Kind { name: "reorder", number: Some(milliseconds(5000)), make: |number| CallbackFault::Reorder(span(number)) },
    Kind { name: "wrong_key", number: None, make: |_| CallbackFault::WrongKey },
    Kind { name: "cut", number: None, make: |_| CallbackFault::Cut },
    Kind { name: "slow_bytes", number: Some(milliseconds(20)), make: |number| CallbackFault::SlowBytes(span(number)) },
];

impl CallbackFault {
    pub(super) fn kind(name: &str) -> Result<&'static Kind<Self>, Problem> {
        named(KINDS, name)
    }

    /// The names of all faults.
    #[cfg(test)]
    pub(super) fn names() -> impl Iterator<Item = &'static str> {
        KINDS.iter().map(|kind| kind.name)
    }
}
