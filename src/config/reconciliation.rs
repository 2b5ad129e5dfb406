//! `[reconciliation]`: how differences between the statements and the book are healed.

use std::time::Duration;

use super::section::Section;

pub(super) const KEYS: &[&str] = &["refund_duplicates", "calls_per_second", "notification_wait_ms"];

/// How differences are healed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReconciliationConfig {
    /// Whether a payment that came twice is refunded without asking a person.
    pub refund_duplicates: bool,
    /// How many calls to the platform healing makes in a second at most, for each party.
    pub calls_per_second: u32,
    /// How long a notification that the platform was asked for is waited for.
    pub notification_wait: Duration,
}

pub(super) fn read(mut section: Section<'_>) -> ReconciliationConfig {
    ReconciliationConfig {
        refund_duplicates: section.boolean("refund_duplicates", false).value,
        calls_per_second: section.integer("calls_per_second", 1..=100, 10, "calls").value,
        notification_wait: section.milliseconds("notification_wait_ms", 100..=600_000, 10_000).value,
    }
}
