//! What a statement is asked for by, and what kind of file it is.

use std::str::FromStr;

/// Which rows a statement has (`bill_type`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BillType {
    /// Payments and refunds of the day.
    #[default]
    All,
    /// Payments of the day.
    Success,
    /// Refunds of the day.
    Refund,
}

/// A word that is no `bill_type`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no bill_type \"{0}\": it is ALL, SUCCESS or REFUND")]
pub struct UnknownBillType(String);

impl BillType {
    /// Every one.
    pub const ALL: [Self; 3] = [Self::All, Self::Success, Self::Refund];

    /// The platform's word.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::All => "ALL",
            Self::Success => "SUCCESS",
            Self::Refund => "REFUND",
        }
    }
}

impl FromStr for BillType {
    type Err = UnknownBillType;

    fn from_str(text: &str) -> Result<Self, UnknownBillType> {
        let found = Self::ALL.into_iter().find(|kind| kind.name().eq_ignore_ascii_case(text));
        found.ok_or_else(|| UnknownBillType(text.chars().take(32).collect()))
    }
}

/// What kind of file a statement is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StatementKind {
    /// One merchant's statement.
    Csv,
    /// All merchants' statements.
    Zip,
}

impl StatementKind {
    /// The name by which it is kept and shown.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Zip => "zip",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bill_types_are_read_in_either_case() {
        for kind in BillType::ALL {
            assert_eq!(kind.name().parse(), Ok(kind));
            assert_eq!(kind.name().to_lowercase().parse(), Ok(kind));
        }
        assert!("EVERYTHING".parse::<BillType>().unwrap_err().to_string().contains("REFUND"));
    }
}
