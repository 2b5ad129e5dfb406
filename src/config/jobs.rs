//! `[jobs]`: when what is done for each day is done.

use std::time::Duration;

use super::section::Section;
use crate::domain::{DailySchedule, WallTime};

pub(super) const KEYS: &[&str] = &["daily_from", "daily_until", "daily_retry_minutes", "catch_up_days"];

/// When jobs are done.
#[derive(Clone, Copy, Debug)]
pub struct JobsConfig {
    /// What is done for each day that has ended.
    pub daily: DailySchedule,
}

pub(super) fn read(mut section: Section<'_>) -> JobsConfig {
    let time = "a time of the day in China, such as 06:00";
    let from = section.parsed("daily_from", WallTime::whole_hour(6), time);
    let until = section.parsed("daily_until", WallTime::whole_hour(12), time);
    let retry = section.integer("daily_retry_minutes", 1..=240_u32, 10, "minutes");
    let catch_up = section.integer("catch_up_days", 0..=60_u8, 7, "days");
    if from.sound && until.sound && until.value < from.value {
        let place = until.place.as_ref().or(from.place.as_ref());
        let cause = format!("{} is before jobs.daily_from, {}", until.value, from.value);
        section.error("daily_until", place, cause, "make it later than jobs.daily_from, on the same day");
    }
    let retry_every = Duration::from_mins(u64::from(retry.value));
    let daily = DailySchedule { from: from.value, until: until.value, retry_every, catch_up_days: catch_up.value };
    JobsConfig { daily }
}
