//! `[retention]`: what is pruned at which age. The journals and whatever tells of money stay.

use super::section::Section;

pub(super) const KEYS: &[&str] = &["keep_bodies", "body_days", "statement_days", "event_days"];

/// What is pruned at which age.
#[derive(Clone, Copy, Debug)]
pub struct RetentionConfig {
    /// Whether the bodies of notifications are kept at all.
    pub keep_bodies: bool,
    /// For how many days.
    pub body_days: u16,
    /// For how many days the files of statements are kept.
    pub statement_days: u16,
    /// For how many days events are kept.
    pub event_days: u16,
}

pub(super) fn read(mut section: Section<'_>) -> RetentionConfig {
    let keep_bodies = section.boolean("keep_bodies", true).value;
    let mut days = |name: &str, default: u16| section.integer(name, 1..=3_650_u16, default, "days").value;
    RetentionConfig {
        keep_bodies,
        body_days: days("body_days", 30),
        statement_days: days("statement_days", 400),
        event_days: days("event_days", 400),
    }
}
