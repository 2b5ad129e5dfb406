//! Money as the platform counts it: whole fen.

use std::fmt;
use std::iter::Sum;

/// An amount in fen, 1/100 of a Chinese yuan. Never negative, never a fraction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fen(i64);

impl Fen {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// The amount of `fen`; `None` when it is negative.
    #[must_use]
    pub const fn new(fen: i64) -> Option<Self> {
        if fen < 0 { None } else { Some(Self(fen)) }
    }

    /// The number of fen.
    #[must_use]
    pub const fn get(self) -> i64 {
        self.0
    }

    /// The sum, or `None` when it does not fit: an absurd amount is an error, not a wrapped number.
    #[must_use]
    pub fn checked_add(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).map(Self)
    }

    /// What is left after `other` was taken away; nothing when that is more.
    #[must_use]
    pub const fn saturating_sub(self, other: Self) -> Self {
        if other.0 > self.0 { Self::ZERO } else { Self(self.0 - other.0) }
    }
}

/// The sum of some amounts; `None` when it does not fit.
impl Sum<Fen> for Option<Fen> {
    fn sum<I: Iterator<Item = Fen>>(mut amounts: I) -> Self {
        amounts.try_fold(Fen::ZERO, Fen::checked_add)
    }
}

/// Yuan with two decimals, as a person reads it: `1234.05`.
impl fmt::Display for Fen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:02}", self.0 / 100, self.0 % 100)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_negative_amount_does_not_exist() {
        assert_eq!(Fen::new(-1), None);
        assert_eq!(Fen::new(0), Some(Fen::ZERO));
    }

    #[test]
    fn sums_stop_at_overflow() {
        let most = Fen::new(i64::MAX).unwrap();
        assert_eq!([most, Fen::new(1).unwrap()].into_iter().sum::<Option<Fen>>(), None);
        assert_eq!([most, Fen::ZERO].into_iter().sum::<Option<Fen>>(), Some(most));
    }

    #[test]
    fn shown_in_yuan() {
        assert_eq!(Fen::new(123_405).unwrap().to_string(), "1234.05");
        assert_eq!(Fen::new(7).unwrap().to_string(), "0.07");
    }
}
