//! Roles, connection modes, and the duties that follow from the two together.

use std::fmt;

/// What an accessing party is (§2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// Records the status of every notice; the authority.
    Finance,
    /// Collects; may stand in for finance.
    Bank,
    /// Places orders for its users.
    GovernmentUnit,
}

/// How the non-tax payment is connected to the finance system (§3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mode {
    /// The bank stands in for finance.
    DirectBank,
    /// Finance itself is connected.
    DirectFinance,
    /// The receivable comes from the business unit's own order.
    DirectBusiness,
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Finance => "finance",
            Self::Bank => "bank",
            Self::GovernmentUnit => "government_unit",
        })
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::DirectBank => "direct_bank",
            Self::DirectFinance => "direct_finance",
            Self::DirectBusiness => "direct_business",
        })
    }
}

/// What a party does, as its role and mode decide it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Duties {
    /// Which receivables queries it answers from its book.
    pub queries: QueryDuty,
    /// What it does with a paid order for a notice that it does not hold.
    pub unknown_notice: UnknownNotice,
    /// Which errcodes its notification replies may carry.
    pub replies: ReplyVocabulary,
    /// Whether a refund that states no amount may be a partial one, so that the order must be asked. The notification of a
    /// government unit states the amount of a partial refund (§6.3.1); that of a bank or finance does not (§6.2.2).
    pub refunds_may_hide_their_amount: bool,
}

/// Which receivables queries a party answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QueryDuty {
    /// It answers from its book.
    Answers,
    /// Queries are not its business: it answers that it holds no such notice (231).
    DoesNotAnswer,
}

/// What a party does with a paid order for a notice that it does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnknownNotice {
    /// It refuses it with 231.
    Refuse,
    /// It records it from the order's details.
    Record,
}

/// Which errcodes a party's notification replies may carry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReplyVocabulary {
    /// All of them.
    All,
    /// None that refuses a payment: what is wrong is recorded beside the payment.
    RecordsOnly,
}

/// A role and a mode that do not go together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("role \"{role}\" does not go with mode \"{mode}\": in direct_bank the bank stands in for finance")]
pub struct InvalidCombination {
    role: Role,
    mode: Mode,
}

impl Duties {
    /// The duties of a role in a mode (protocol §1).
    ///
    /// # Errors
    /// [`InvalidCombination`] for finance in `direct_bank`, where finance is not connected at all.
    pub fn of(role: Role, mode: Mode) -> Result<Self, InvalidCombination> {
        let authority = Self {
            queries: QueryDuty::Answers,
            unknown_notice: UnknownNotice::Refuse,
            replies: ReplyVocabulary::All,
            refunds_may_hide_their_amount: true,
        };
        Ok(match (role, mode) {
            (Role::Finance, Mode::DirectFinance) | (Role::Bank, Mode::DirectBank) => authority,
            (Role::Bank, Mode::DirectFinance) => Self {
                queries: QueryDuty::DoesNotAnswer,
                unknown_notice: UnknownNotice::Record,
                replies: ReplyVocabulary::RecordsOnly,
                ..authority
            },
            (Role::Finance | Role::Bank, Mode::DirectBusiness) => {
                Self { unknown_notice: UnknownNotice::Record, ..authority }
            }
            (Role::GovernmentUnit, _) => Self {
                queries: QueryDuty::DoesNotAnswer,
                unknown_notice: UnknownNotice::Record,
                replies: ReplyVocabulary::RecordsOnly,
                refunds_may_hide_their_amount: false,
            },
            (Role::Finance, Mode::DirectBank) => return Err(InvalidCombination { role, mode }),
        })
    }
}

/// What a party wants done where a refunding errcode is due.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnRefusal {
    /// The code is replied and the platform refunds the citizen.
    #[default]
    Refund,
    /// 299 is replied and the payment waits for a person.
    Hold,
}
