//! When a job is due: every so long, or once for each day that has ended, by the clock in China.
//!
//! What was done is known by day, not by a mark that only moves forward: a day that fails holds no other one up, and a clock that
//! was wrong for a while leaves no day out.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::ChinaDate;

/// A time of the day in China, to the minute.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WallTime {
    minutes: u16,
}

/// Text that is no time of the form `HH:MM`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it is not a time of the day of the form HH:MM")]
pub struct InvalidWallTime;

/// When a job is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Schedule {
    /// Every so long, counted from the start of the last run.
    Every(Duration),
    /// Once for each day that has ended.
    Daily(DailySchedule),
}

/// Once for each day that has ended, on the day after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DailySchedule {
    /// From when on it is tried.
    pub from: WallTime,
    /// Until when it is tried again. What is still not done then is tried again the next day.
    pub until: WallTime,
    /// How long after a try that did not do it the next one is made.
    pub retry_every: Duration,
    /// How many days before the latest one are caught up when they were missed.
    pub catch_up_days: u8,
}

/// A day that a daily job was tried for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DayTried {
    /// The day.
    pub day: ChinaDate,
    /// When it was last tried.
    pub tried_at: Timestamp,
    /// Whether it is done.
    pub done: bool,
}

/// A run that somebody asked for, whatever the schedule says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JobRequest {
    /// When it was asked for.
    pub requested_at: Timestamp,
    /// For which day, of a daily job; none for the latest one.
    pub day: Option<ChinaDate>,
}

/// A run that began and has not told its end: it is under way, or whoever ran it died.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BrokenOff {
    /// Of a daily job: for which day.
    pub day: Option<ChinaDate>,
}

/// What is known of a job, as far as it decides when it is due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobPast {
    /// The first day that it answers for, of a daily job: the latest one when it was first seen.
    pub first_day: ChinaDate,
    /// When its last run began.
    pub last_started_at: Option<Timestamp>,
    /// The run that began and has not told its end.
    pub broken_off: Option<BrokenOff>,
    /// What somebody asked for.
    pub request: Option<JobRequest>,
    /// The days that it was tried for lately.
    pub days: Vec<DayTried>,
}

/// When a job is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due {
    /// Now, a daily one for this day.
    Now(Option<ChinaDate>),
    /// Not before this instant.
    At(Timestamp),
}

impl Schedule {
    /// When a job with this past is due.
    #[must_use]
    pub fn due(&self, past: &JobPast, now: Timestamp) -> Due {
        match self {
            Self::Every(pause) => due_every(*pause, past, now),
            Self::Daily(daily) => daily.due(past, now),
        }
    }

    /// The latest day that a daily job is due for; a first run begins with it.
    #[must_use]
    pub fn latest_day(&self, now: Timestamp) -> ChinaDate {
        match self {
            Self::Every(_) => ChinaDate::at(now).plus_days(-1),
            Self::Daily(daily) => daily.latest_day(now),
        }
    }

    /// The earliest day whose past decides anything at `now`.
    #[must_use]
    pub fn earliest_day(&self, now: Timestamp) -> ChinaDate {
        match self {
            Self::Every(_) => ChinaDate::at(now),
            Self::Daily(daily) => daily.latest_day(now).plus_days(-i32::from(daily.catch_up_days)),
        }
    }
}

impl JobPast {
    /// Whether it does not wait for its time: somebody asked for a run, or one was broken off.
    const fn is_urgent(&self) -> bool {
        self.request.is_some() || self.broken_off.is_some()
    }
}

fn due_every(pause: Duration, past: &JobPast, now: Timestamp) -> Due {
    let next = past.last_started_at.map(|started| (started, after(started, pause)));
    match next {
        // A start that lies in the future was dated by a wrong clock.
        Some((started, next)) if !past.is_urgent() && started <= now && now < next => Due::At(next),
        _ => Due::Now(None),
    }
}

impl DailySchedule {
    fn due(&self, past: &JobPast, now: Timestamp) -> Due {
        let latest = self.latest_day(now);
        let asked_for = past.request.map(|request| request.day.unwrap_or(latest));
        if let Some(day) = asked_for.or(past.broken_off.and_then(|run| run.day)) {
            return Due::Now(Some(day));
        }
        let mut next = self.next_morning(now);
        let mut waiting = Vec::new();
        for day in self.owed(past, latest, now) {
            // A try that lies in the future was dated by a wrong clock.
            let tried = past.days.iter().find(|tried| tried.day == day).filter(|tried| tried.tried_at <= now);
            match tried.map(|tried| (tried.tried_at, self.next_try(tried.tried_at))) {
                None => waiting.push((None, day)),
                Some((tried_at, at)) if at <= now => waiting.push((Some(tried_at), day)),
                Some((_, at)) => next = next.min(at),
            }
        }
        // The day that waited longest, those that were never tried first: one that always fails is not in the others' way.
        let longest = waiting.into_iter().min();
        longest.map_or(Due::At(next), |(_, day)| Due::Now(Some(day)))
    }

    /// The last day whose morning after has begun.
    fn latest_day(&self, now: Timestamp) -> ChinaDate {
        let today = ChinaDate::at(now);
        if self.from.on(today) <= now { today.plus_days(-1) } else { today.plus_days(-2) }
    }

    /// The days that are to be done and are not, the earliest first.
    fn owed(&self, past: &JobPast, latest: ChinaDate, now: Timestamp) -> impl Iterator<Item = ChinaDate> {
        let earliest = latest.plus_days(-i32::from(self.catch_up_days));
        // A first day that has not come yet was dated by a wrong clock.
        let first = if past.first_day <= ChinaDate::at(now) { past.first_day } else { latest };
        let days = (0..=i32::from(self.catch_up_days)).map(move |days| earliest.plus_days(days));
        days.filter(move |day| *day >= first && !past.days.iter().any(|tried| tried.day == *day && tried.done))
    }

    /// When a day is tried again after a try that did not do it.
    fn next_try(&self, tried_at: Timestamp) -> Timestamp {
        let at = after(tried_at, self.retry_every);
        let day = ChinaDate::at(at);
        if at < self.from.on(day) {
            self.from.on(day)
        } else if at <= self.until.on(day) {
            at
        } else {
            self.from.on(day.plus_days(1))
        }
    }

    /// The next instant at which another day becomes due.
    fn next_morning(&self, now: Timestamp) -> Timestamp {
        let today = ChinaDate::at(now);
        let morning = self.from.on(today);
        if now < morning { morning } else { self.from.on(today.plus_days(1)) }
    }
}

/// Later by a span that fits, or never.
fn after(start: Timestamp, span: Duration) -> Timestamp {
    SignedDuration::try_from(span).ok().and_then(|span| start.checked_add(span).ok()).unwrap_or(Timestamp::MAX)
}

impl WallTime {
    /// A time of the day; `None` when there is no such one.
    #[must_use]
    pub const fn new(hour: u16, minute: u16) -> Option<Self> {
        if hour < 24 && minute < 60 { Some(Self { minutes: hour * 60 + minute }) } else { None }
    }

    /// A whole hour; 24 is 00:00 again.
    #[must_use]
    pub const fn whole_hour(hour: u16) -> Self {
        Self { minutes: hour % 24 * 60 }
    }

    /// The instant on a day.
    #[must_use]
    pub fn on(self, day: ChinaDate) -> Timestamp {
        after(day.instant_at(0), Duration::from_mins(u64::from(self.minutes)))
    }
}

/// `HH:MM`
impl FromStr for WallTime {
    type Err = InvalidWallTime;

    fn from_str(text: &str) -> Result<Self, InvalidWallTime> {
        let (hour, minute) = text.split_once(':').ok_or(InvalidWallTime)?;
        let digits = |part: &str| {
            let right = part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
            right.then(|| part.parse().ok()).flatten().ok_or(InvalidWallTime)
        };
        Self::new(digits(hour)?, digits(minute)?).ok_or(InvalidWallTime)
    }
}

/// `HH:MM`
impl fmt::Display for WallTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.minutes / 60, self.minutes % 60)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn daily() -> DailySchedule {
        let time = |text: &str| text.parse().unwrap();
        let retry_every = Duration::from_mins(10);
        DailySchedule { from: time("06:00"), until: time("12:00"), retry_every, catch_up_days: 7 }
    }

    fn day(text: &str) -> ChinaDate {
        text.parse().unwrap()
    }

    /// An instant by the clock in China.
    fn at(date: &str, time: &str) -> Timestamp {
        time.parse::<WallTime>().unwrap().on(day(date))
    }

    fn new_on(first_day: &str) -> JobPast {
        JobPast { first_day: day(first_day), last_started_at: None, broken_off: None, request: None, days: Vec::new() }
    }

    fn tried(date: &str, tried_at: Timestamp, done: bool) -> DayTried {
        DayTried { day: day(date), tried_at, done }
    }

    #[test]
    fn what_comes_every_so_long_is_due_at_once_and_then_counted_from_its_last_start() {
        let every = Schedule::Every(Duration::from_mins(1));
        let mut past = new_on("20261123");
        let now = at("20261124", "10:00");
        assert_eq!(every.due(&past, now), Due::Now(None));
        past.last_started_at = Some(now);
        assert_eq!(every.due(&past, now), Due::At(at("20261124", "10:01")));
        assert_eq!(every.due(&past, at("20261124", "10:01")), Due::Now(None));
        assert_eq!(every.due(&past, at("20261124", "09:59")), Due::Now(None), "the clock was put back");
        past.request = Some(JobRequest { requested_at: now, day: None });
        assert_eq!(every.due(&past, now), Due::Now(None));
        past.request = None;
        past.broken_off = Some(BrokenOff { day: None });
        assert_eq!(every.due(&past, now), Due::Now(None));
    }

    #[test]
    fn a_day_is_due_in_the_morning_after_it_and_tried_again_until_noon() {
        let schedule = Schedule::Daily(daily());
        let mut past = new_on("20261122");
        past.days.push(tried("20261122", at("20261123", "06:00"), true));
        assert_eq!(schedule.due(&past, at("20261124", "05:59")), Due::At(at("20261124", "06:00")));
        assert_eq!(schedule.due(&past, at("20261124", "06:00")), Due::Now(Some(day("20261123"))));
        past.days.push(tried("20261123", at("20261124", "06:00"), false));
        assert_eq!(schedule.due(&past, at("20261124", "06:09")), Due::At(at("20261124", "06:10")));
        past.days[1].tried_at = at("20261124", "11:51");
        assert_eq!(schedule.due(&past, at("20261124", "11:55")), Due::At(at("20261125", "06:00")));
        // The next morning the day before comes first, for it was not tried yet.
        assert_eq!(schedule.due(&past, at("20261125", "06:00")), Due::Now(Some(day("20261124"))));
        past.days.push(tried("20261124", at("20261125", "06:00"), true));
        assert_eq!(schedule.due(&past, at("20261125", "06:00")), Due::Now(Some(day("20261123"))));
    }

    #[test]
    fn missed_days_are_caught_up_whatever_the_hour_but_not_without_bound() {
        let schedule = Schedule::Daily(daily());
        let mut past = new_on("20261001");
        let now = at("20261124", "15:30");
        let mut caught_up = Vec::new();
        while let Due::Now(Some(next)) = schedule.due(&past, now) {
            caught_up.push(next.to_string());
            past.days.push(DayTried { day: next, tried_at: now, done: true });
        }
        assert_eq!(caught_up.len(), 8);
        assert_eq!((caught_up[0].as_str(), caught_up[7].as_str()), ("20261116", "20261123"));
        assert_eq!(schedule.due(&past, now), Due::At(at("20261125", "06:00")));
    }

    #[test]
    fn a_first_start_begins_with_the_latest_day() {
        let schedule = Schedule::Daily(daily());
        assert_eq!(schedule.latest_day(at("20261124", "05:00")), day("20261122"));
        assert_eq!(schedule.latest_day(at("20261124", "06:00")), day("20261123"));
        let past = new_on("20261123");
        assert_eq!(schedule.due(&past, at("20261124", "06:00")), Due::Now(Some(day("20261123"))));
    }

    #[test]
    fn what_was_asked_for_and_what_was_broken_off_do_not_wait() {
        let schedule = Schedule::Daily(daily());
        let mut past = new_on("20261122");
        let now = at("20261124", "03:00");
        past.days.push(tried("20261122", at("20261123", "06:00"), true));
        past.broken_off = Some(BrokenOff { day: Some(day("20261121")) });
        assert_eq!(schedule.due(&past, now), Due::Now(Some(day("20261121"))));
        past.request = Some(JobRequest { requested_at: now, day: Some(day("20260901")) });
        assert_eq!(schedule.due(&past, now), Due::Now(Some(day("20260901"))));
        past.request = Some(JobRequest { requested_at: now, day: None });
        assert_eq!(schedule.due(&past, now), Due::Now(Some(day("20261122"))), "done already, and asked for again");
    }

    #[test]
    fn a_time_of_the_day_reads_as_it_is_written() {
        for text in ["00:00", "06:05", "23:59"] {
            assert_eq!(text.parse::<WallTime>().unwrap().to_string(), text);
        }
        for wrong in ["24:00", "06:60", "6:00", "06:0", "0600", "", "+6:00", "06:00:00"] {
            assert!(wrong.parse::<WallTime>().is_err(), "{wrong}");
        }
    }
}
