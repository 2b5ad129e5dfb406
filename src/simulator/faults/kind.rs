//! The kinds of faults by name, with the number that some of them take.

use std::time::Duration;

/// The longest that a fault keeps anybody waiting. Longer than any deadline of a party, and soon enough over for a test.
pub(in crate::simulator) const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// [`LONGEST_WAIT`], as scripts write it.
const LONGEST_WAIT_MS: i64 = 30_000;

/// A kind of fault.
pub(super) struct Kind<F: 'static> {
    pub(super) name: &'static str,
    /// The number that it takes.
    pub(super) number: Option<Number>,
    pub(super) make: fn(i64) -> F,
}

/// The number of a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Number {
    /// The key of it in a script.
    pub(super) key: &'static str,
    pub(super) least: i64,
    pub(super) most: i64,
    pub(super) default: Option<i64>,
}

/// What a fault's name or number must be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// No fault has this name.
    #[error("{found:?} is none of {expected}")]
    Name {
        /// What stands there.
        found: String,
        /// The names.
        expected: String,
    },
    /// The number is missing, unreadable or out of range.
    #[error("{name} needs {key}, a whole number from {least} to {most}")]
    Number {
        /// The fault's name.
        name: &'static str,
        /// The key of the number.
        key: &'static str,
        /// Its least value.
        least: i64,
        /// Its greatest value.
        most: i64,
    },
    /// The fault takes no number.
    #[error("{0} takes no number")]
    NoNumber(&'static str),
}

/// Milliseconds that a fault keeps somebody waiting.
pub(super) const fn milliseconds(default: i64) -> Number {
    Number { key: "milliseconds", least: 0, most: LONGEST_WAIT_MS, default: Some(default) }
}

/// The span of a number in milliseconds that is in range.
pub(super) fn span(milliseconds: i64) -> Duration {
    Duration::from_millis(u64::try_from(milliseconds).unwrap_or_default()).min(LONGEST_WAIT)
}

/// The kind of a name.
pub(super) fn named<F>(kinds: &'static [Kind<F>], name: &str) -> Result<&'static Kind<F>, Problem> {
    kinds.iter().find(|kind| kind.name == name).ok_or_else(|| {
        let names: Vec<_> = kinds.iter().map(|kind| kind.name).collect();
        Problem::Name { found: name.to_owned(), expected: names.join(", ") }
    })
}

impl<F> Kind<F> {
    /// The fault with its number, or with the usual one.
    pub(super) fn fault(&self, number: Option<i64>) -> Result<F, Problem> {
        let Some(Number { key, least, most, default }) = self.number else {
            return number.map_or_else(|| Ok((self.make)(0)), |_| Err(Problem::NoNumber(self.name)));
        };
        match number.or(default) {
            Some(number) if (least..=most).contains(&number) => Ok((self.make)(number)),
            _ => Err(Problem::Number { name: self.name, key, least, most }),
        }
    }
}
