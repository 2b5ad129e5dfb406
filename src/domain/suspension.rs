//! Suspensions of a whole party, a collection entity or an item, as a person orders them.

use super::{DepartmentCode, Notice};

/// What is suspended.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum SuspensionScope {
    /// All payment to the party, for the time being (297).
    Everything,
    /// One collection entity (211).
    Department(DepartmentCode),
    /// One item, by its `item_id` (211).
    Item(String),
}

/// A suspension in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suspension {
    /// What is suspended.
    pub scope: SuspensionScope,
    /// Why, in the words of the person who ordered it.
    pub reason: String,
}

/// All suspensions of a party that are in force.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Suspensions(Vec<Suspension>);

impl Suspensions {
    /// Whether all payment is suspended for now.
    #[must_use]
    pub fn everything(&self) -> bool {
        self.0.iter().any(|suspension| suspension.scope == SuspensionScope::Everything)
    }

    /// Whether the notice's collection entity or one of its items is suspended.
    #[must_use]
    pub fn touch(&self, notice: &Notice) -> bool {
        self.0.iter().any(|suspension| match &suspension.scope {
            SuspensionScope::Everything => false,
            SuspensionScope::Department(code) => *code == notice.key.department_code,
            SuspensionScope::Item(id) => notice.items.iter().any(|item| item.item_id == *id),
        })
    }
}

impl FromIterator<Suspension> for Suspensions {
    fn from_iter<I: IntoIterator<Item = Suspension>>(suspensions: I) -> Self {
        Self(suspensions.into_iter().collect())
    }
}
