//! Suspensions of a whole party, a collection entity or an item, as a person orders them, for a time or until they are lifted.

use jiff::Timestamp;

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

impl SuspensionScope {
    /// The name in the database, in the journal and on the admin API.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Everything => "everything",
            Self::Department(_) => "department",
            Self::Item(_) => "item",
        }
    }

    /// Which department or item; empty for everything.
    #[must_use]
    pub fn subject(&self) -> &str {
        match self {
            Self::Everything => "",
            Self::Department(code) => code.as_str(),
            Self::Item(id) => id,
        }
    }
}

/// A suspension, in force or ahead or over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suspension {
    /// What is suspended.
    pub scope: SuspensionScope,
    /// Why, in the words of the person who ordered it.
    pub reason: String,
    from: Option<Timestamp>,
    until: Option<Timestamp>,
}

/// A time that ends before it begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it would end at {until}, which is not after its start at {from}")]
pub struct EndsBeforeItStarts {
    /// Its start.
    pub from: Timestamp,
    /// Its end.
    pub until: Timestamp,
}

impl Suspension {
    /// In force from now on, until it is lifted.
    #[must_use]
    pub const fn new(scope: SuspensionScope, reason: String) -> Self {
        Self { scope, reason, from: None, until: None }
    }

    /// The same, from `from` on and before `until`.
    ///
    /// # Errors
    /// [`EndsBeforeItStarts`] for a time that holds no moment.
    pub fn between(self, from: Option<Timestamp>, until: Option<Timestamp>) -> Result<Self, EndsBeforeItStarts> {
        match (from, until) {
            (Some(from), Some(until)) if until <= from => Err(EndsBeforeItStarts { from, until }),
            _ => Ok(Self { from, until, ..self }),
        }
    }

    /// When it begins; `None` since ever.
    #[must_use]
    pub const fn from(&self) -> Option<Timestamp> {
        self.from
    }

    /// The first moment after it; `None` until it is lifted.
    #[must_use]
    pub const fn until(&self) -> Option<Timestamp> {
        self.until
    }

    /// Whether it is in force at a moment.
    #[must_use]
    pub fn in_force(&self, at: Timestamp) -> bool {
        self.from.is_none_or(|from| from <= at) && self.until.is_none_or(|until| at < until)
    }
}

/// All suspensions of a party that are in force at a moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Suspensions(Vec<Suspension>);

impl Suspensions {
    /// Those of all that are in force at `at`.
    #[must_use]
    pub fn in_force<'a>(all: impl IntoIterator<Item = &'a Suspension>, at: Timestamp) -> Self {
        Self(all.into_iter().filter(|suspension| suspension.in_force(at)).cloned().collect())
    }

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

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn everything(from: Option<i64>, until: Option<i64>) -> Result<Suspension, EndsBeforeItStarts> {
        Suspension::new(SuspensionScope::Everything, "why".into()).between(from.map(at), until.map(at))
    }

    #[test]
    fn a_suspension_holds_from_its_start_to_before_its_end() {
        let bounded = everything(Some(10), Some(20)).unwrap();
        let holds: Vec<_> = [9, 10, 19, 20].into_iter().map(|second| bounded.in_force(at(second))).collect();
        assert_eq!(holds, [false, true, true, false]);
        assert!(everything(None, None).unwrap().in_force(at(0)));
        assert!(
            everything(None, Some(5)).unwrap().in_force(at(4)) && !everything(None, Some(5)).unwrap().in_force(at(5))
        );
        assert!(
            everything(Some(5), None).unwrap().in_force(at(5)) && !everything(Some(5), None).unwrap().in_force(at(4))
        );
        assert_eq!(everything(Some(5), Some(5)), Err(EndsBeforeItStarts { from: at(5), until: at(5) }));
    }

    #[test]
    fn only_what_is_in_force_counts() {
        let all = [everything(Some(10), Some(20)).unwrap()];
        assert!(Suspensions::in_force(&all, at(15)).everything());
        assert!(!Suspensions::in_force(&all, at(25)).everything());
    }
}
