//! Whatever the clock does and however long a gateway is away: every day is done once, none is left out, and no job stops for good.

use std::time::Duration;

use jiff::Timestamp;
use proptest::prelude::*;

use super::{ChinaDate, DailySchedule, DayTried, Due, JobPast, Schedule, WallTime};

/// 2026-11-01 00:00 in China.
const START_SECONDS: i64 = 1_793_462_400;

const DAY_SECONDS: i64 = 86_400;

fn daily(from: u16, hours: u16, retry_minutes: u64, catch_up_days: u8) -> DailySchedule {
    let time = |hour| WallTime::new(hour, 30).unwrap();
    DailySchedule {
        from: time(from),
        until: time((from + hours).min(23)),
        retry_every: Duration::from_mins(retry_minutes),
        catch_up_days,
    }
}

fn some_daily() -> impl Strategy<Value = DailySchedule> {
    (0..20_u16, 0..6_u16, 1..90_u64, 0..10_u8).prop_map(|(from, hours, retry, days)| daily(from, hours, retry, days))
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(START_SECONDS + seconds).unwrap()
}

fn seen_at(schedule: Schedule, now: Timestamp) -> JobPast {
    let first_day = schedule.latest_day(now);
    JobPast { first_day, last_started_at: None, broken_off: None, request: None, days: Vec::new() }
}

fn keep(past: &mut JobPast, tried: DayTried) {
    past.days.retain(|other| other.day != tried.day);
    past.days.push(tried);
    past.last_started_at = Some(tried.tried_at);
}

/// Does everything that is due; fails when that has no end.
fn do_all(schedule: Schedule, past: &mut JobPast, now: Timestamp) -> Vec<ChinaDate> {
    let mut done = Vec::new();
    while let Due::Now(Some(day)) = schedule.due(past, now) {
        assert!(done.len() < 64, "it is due again and again");
        done.push(day);
        keep(past, DayTried { day, tried_at: now, done: true });
    }
    done
}

proptest! {
    /// A gateway that looks at moments of any distance: each day within reach is done exactly once, and only after it has ended.
    #[test]
    fn no_day_is_missed_and_none_is_done_twice(daily in some_daily(), pauses in prop::collection::vec(1..4 * DAY_SECONDS, 1..40)) {
        let schedule = Schedule::Daily(daily);
        let mut seconds = 10 * DAY_SECONDS;
        let mut past = seen_at(schedule, at(seconds));
        let first = past.first_day;
        let mut done = Vec::new();
        for pause in pauses {
            let now = at(seconds);
            for day in do_all(schedule, &mut past, now) {
                prop_assert!(day.plus_days(1).instant_at(0) <= now, "{day} has not ended");
                prop_assert!(!done.contains(&day), "{day} was done before");
                done.push(day);
            }
            let latest = schedule.latest_day(now);
            for back in 0..=i32::from(daily.catch_up_days) {
                let day = latest.plus_days(-back);
                prop_assert!(day < first || done.contains(&day), "{day} is left out");
            }
            seconds += pause;
        }
    }

    /// What is not due says from when on it is, and is due then.
    #[test]
    fn who_waits_until_the_instant_that_was_named_finds_it_due(daily in some_daily(), seconds in 0..30 * DAY_SECONDS, done in any::<bool>()) {
        let schedule = Schedule::Daily(daily);
        let now = at(seconds);
        let mut past = seen_at(schedule, now);
        while let Due::Now(Some(day)) = schedule.due(&past, now) {
            keep(&mut past, DayTried { day, tried_at: now, done });
        }
        let Due::At(next) = schedule.due(&past, now) else { return Err(TestCaseError::fail("it is due again at once")) };
        prop_assert!(next > now);
        prop_assert!(matches!(schedule.due(&past, next), Due::Now(Some(_))), "nothing is due at {next}");
        let just_before = next - Duration::from_secs(1);
        prop_assert!(just_before < now || matches!(schedule.due(&past, just_before), Due::At(at) if at == next));
    }

    /// A clock that goes wrong by years, forward or back, and is put right: nothing is left out afterwards, and nothing stands still.
    #[test]
    fn a_clock_that_was_wrong_leaves_no_day_out(
        daily in some_daily(),
        jump in -900 * DAY_SECONDS..900 * DAY_SECONDS,
        first_start_is_wrong in any::<bool>(),
        done in any::<bool>(),
    ) {
        let schedule = Schedule::Daily(daily);
        let (right, wrong) = (at(40 * DAY_SECONDS), at(40 * DAY_SECONDS + jump));
        let mut past = seen_at(schedule, if first_start_is_wrong { wrong } else { right });
        for _ in 0..16 {
            if let Due::Now(Some(day)) = schedule.due(&past, wrong) {
                keep(&mut past, DayTried { day, tried_at: wrong, done });
            }
        }
        let later = right + Duration::from_hours(48);
        let latest = schedule.latest_day(later);
        do_all(schedule, &mut past, later);
        prop_assert!(past.days.iter().any(|tried| tried.day == latest && tried.done), "{latest} is left out");
        prop_assert!(matches!(schedule.due(&past, later), Due::At(next) if next <= later + Duration::from_hours(24)));
    }

    /// A day that never succeeds is tried all morning, and the others are done all the same.
    #[test]
    fn a_day_that_always_fails_is_in_nobodys_way(daily in some_daily(), failing in 0..8_i32) {
        let schedule = Schedule::Daily(daily);
        let mut past = seen_at(schedule, at(10 * DAY_SECONDS));
        let bad = past.first_day.plus_days(failing);
        let mut looks = 0;
        let (mut now, end) = (at(10 * DAY_SECONDS), at(20 * DAY_SECONDS));
        while now < end {
            looks += 1;
            prop_assert!(looks < 20_000, "it is tried without a pause");
            match schedule.due(&past, now) {
                Due::Now(Some(day)) => keep(&mut past, DayTried { day, tried_at: now, done: day != bad }),
                Due::Now(None) => return Err(TestCaseError::fail("a daily job without a day")),
                Due::At(next) => now = next,
            }
        }
        let latest = schedule.latest_day(end - Duration::from_secs(1));
        for day in (0_i32..).map(|days| past.first_day.plus_days(days)).take_while(|day| *day <= latest) {
            prop_assert!(day == bad || past.days.iter().any(|tried| tried.day == day && tried.done), "{day} is left out");
        }
    }

    /// What comes every so long never waits longer than that, whatever the clock did.
    #[test]
    fn what_comes_every_so_long_never_stands_still(pause in 1..100_000_u64, jump in -900 * DAY_SECONDS..900 * DAY_SECONDS) {
        let schedule = Schedule::Every(Duration::from_secs(pause));
        let now = at(40 * DAY_SECONDS);
        let mut past = seen_at(schedule, now);
        past.last_started_at = Some(at(40 * DAY_SECONDS + jump));
        match schedule.due(&past, now) {
            Due::Now(day) => prop_assert_eq!(day, None),
            Due::At(next) => prop_assert!(now < next && next <= now + Duration::from_secs(pause)),
        }
    }
}
