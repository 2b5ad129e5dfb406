//! The budget of forced refreshes of an access_token: the platform takes 20 a day, 30 seconds apart (protocol §6).

use std::time::Duration;

use jiff::Timestamp;

use super::ChinaDate;

/// As many in a day in China.
const PER_DAY: i64 = 20;

/// As far apart.
const PAUSE: Duration = Duration::from_secs(30);

const DAY_SECONDS: i64 = 86_400;

/// China is ahead of UTC by so much.
const CHINA_OFFSET_SECONDS: i64 = 8 * 3600;

/// The last forced refresh, and how many there were on its day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ForcedRefreshes {
    /// When the last one was.
    pub last_at: Option<Timestamp>,
    /// How many there were on that day, with it.
    pub on_that_day: i64,
}

/// One that the budget does not allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ForcedTooSoon {
    /// Which limit was met.
    pub reason: &'static str,
    /// When it is possible again.
    pub next_at: Timestamp,
}

impl ForcedRefreshes {
    /// The same with one more, at `now`.
    ///
    /// # Errors
    /// [`ForcedTooSoon`] with the moment from which it is possible.
    pub fn one_more(self, now: Timestamp) -> Result<Self, ForcedTooSoon> {
        let first = Self { last_at: Some(now), on_that_day: 1 };
        let Some(last_at) = self.last_at else { return Ok(first) };
        if ChinaDate::at(last_at) == ChinaDate::at(now) && self.on_that_day >= PER_DAY {
            let reason = "the day's 20 forced refreshes are used up";
            return Err(ForcedTooSoon { reason, next_at: end_of_day(now) });
        }
        if now < last_at + PAUSE {
            let reason = "forced refreshes are 30 seconds apart";
            return Err(ForcedTooSoon { reason, next_at: last_at + PAUSE });
        }
        let today = ChinaDate::at(last_at) == ChinaDate::at(now);
        Ok(if today { Self { on_that_day: self.on_that_day + 1, ..first } } else { first })
    }
}

fn end_of_day(now: Timestamp) -> Timestamp {
    let day = (now.as_second() + CHINA_OFFSET_SECONDS).div_euclid(DAY_SECONDS);
    Timestamp::from_second((day + 1) * DAY_SECONDS - CHINA_OFFSET_SECONDS).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn they_are_thirty_seconds_apart() {
        let first = ForcedRefreshes::default().one_more(at("2026-03-01T00:00:00Z")).unwrap();
        let refused = first.one_more(at("2026-03-01T00:00:29Z")).unwrap_err();
        assert_eq!(refused.next_at, at("2026-03-01T00:00:30Z"));
        assert_eq!(first.one_more(refused.next_at).unwrap().on_that_day, 2);
    }

    #[test]
    fn they_are_twenty_a_day_in_china() {
        let mut forced = ForcedRefreshes::default();
        for minute in 10..30 {
            forced = forced.one_more(at(&format!("2026-03-01T15:{minute}:00Z"))).unwrap();
        }
        let refused = forced.one_more(at("2026-03-01T15:59:59Z")).unwrap_err();
        assert_eq!(refused.next_at, at("2026-03-01T16:00:00Z"));
        assert_eq!(forced.one_more(refused.next_at).unwrap().on_that_day, 1);
    }
}
