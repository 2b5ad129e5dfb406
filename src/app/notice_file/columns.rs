//! The names of a notice's fields in files.

/// Every field, in the order in which they are written.
pub(super) const COLUMNS: [&str; 13] = [
    "region_code",
    "department_code",
    "department_name",
    "payment_notice_no",
    "payment_notice_type",
    "user_name",
    "payment_notice_create_time",
    "payment_expire_date",
    "fee",
    "items",
    "status",
    "late_payment",
    "bank_ids",
];

/// The fields that a CSV file must have a column for.
pub(super) const REQUIRED_COLUMNS: [&str; 6] =
    ["region_code", "department_code", "department_name", "payment_notice_no", "fee", "items"];

/// The fields of an item.
pub(super) const ITEM_FIELDS: [&str; 6] = ["no", "item_id", "item_name", "overdue", "penalty", "fee"];

/// How alike two names must be for one to be suggested for the other, from 0 to 1: high enough that nothing absurd is.
const LIKENESS_TO_SUGGEST: f64 = 0.75;

/// A name that no field has.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no such field{}", suggestion.map_or_else(String::new, |name| format!(", did you mean {name}?")))]
pub struct UnknownColumn {
    /// The field that is spelt most like it.
    pub suggestion: Option<&'static str>,
}

/// The field of this name, in any letter case.
pub(super) fn find(names: &'static [&'static str], found: &str) -> Result<&'static str, UnknownColumn> {
    let found = found.trim();
    names
        .iter()
        .copied()
        .find(|name| name.eq_ignore_ascii_case(found))
        .ok_or_else(|| UnknownColumn { suggestion: most_like(names, found) })
}

/// The name that is spelt most like `found`, if any is near.
pub(super) fn most_like(names: &[&'static str], found: &str) -> Option<&'static str> {
    let found = found.to_lowercase();
    let likeness = |name: &&'static str| strsim::jaro_winkler(name, &found);
    let best = names.iter().copied().max_by(|one, other| likeness(one).total_cmp(&likeness(other)))?;
    (likeness(&best) >= LIKENESS_TO_SUGGEST).then_some(best)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_name_is_told_the_right_one() {
        assert_eq!(find(&COLUMNS, " Fee "), Ok("fee"));
        assert_eq!(find(&COLUMNS, "payment_notice_number").unwrap_err().suggestion, Some("payment_notice_no"));
        let error = find(&COLUMNS, "expire_date").unwrap_err();
        assert!(error.to_string().starts_with("there is no such field"), "{error}");
        assert_eq!(find(&COLUMNS, "收费").unwrap_err().suggestion, None);
    }
}
