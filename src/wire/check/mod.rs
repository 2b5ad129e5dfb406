//! What the platform requires of a request, checked before it is sent: every breach at once, with the field and what to do
//! (source §6.1, §9; the pages of `nontaxunifiedorder` and `nontaxmicropay`).

mod findings;
mod orders;
mod payable;
mod questions;

use std::fmt;

use findings::Findings;

/// A rule of the platform that a request breaks. It never quotes what stands in the field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestProblem {
    /// The field as the platform spells it, `items[2].fee` inside a list.
    pub field: String,
    /// What it must be, and what to do.
    pub rule: String,
}

impl fmt::Display for RequestProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.field, self.rule)
    }
}

/// A request with its rules.
pub trait CheckedRequest {
    /// The rules in words, for whoever asks what is checked.
    const RULES: &'static [&'static str];

    /// Whether it names the calling account; where it does not, the access_token does.
    const NAMES_ACCOUNT: bool = true;

    /// Every rule that this request breaks; none when it can be sent.
    fn problems(&self) -> Vec<RequestProblem>;
}

#[cfg(test)]
mod tests;
