//! When a call that is safe to repeat is repeated, and after which pause. Pure: chance comes in as an argument.

use std::time::Duration;

use super::PlatformError;
use crate::wire::ApiErrcode;

/// How often a call is made at most. More would only add load to a platform that is in trouble.
pub const MAX_ATTEMPTS: u32 = 4;

/// The longest pause before the first repetition of a call that failed for a moment: short enough to fit into a callback's wait.
const PAUSE_WHEN_BROKEN: Duration = Duration::from_millis(100);

/// The longest pause before the first repetition of a call that came too often: the platform counts by the minute.
const PAUSE_WHEN_TOO_OFTEN: Duration = Duration::from_secs(2);

/// No pause is longer: the caller's patience ends first.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// The pause before call number `attempt` + 1, after call number `attempt` (from 1) to `api` failed with `error`; `None` when
/// it is not to be repeated. It doubles with every attempt, and `fraction` (0 up to 1) takes up to half of it away, so that many
/// who failed together do not come back together.
#[must_use]
pub fn pause_before_repetition(api: &str, error: &PlatformError, attempt: u32, fraction: f64) -> Option<Duration> {
    if attempt >= MAX_ATTEMPTS || error.api() != api {
        return None;
    }
    let first = match error {
        PlatformError::Unreachable { .. } => PAUSE_WHEN_BROKEN,
        PlatformError::Refused { errcode, .. } => match ApiErrcode::from_code(*errcode)? {
            ApiErrcode::SystemError => PAUSE_WHEN_BROKEN,
            ApiErrcode::CalledTooOften | ApiErrcode::MinuteQuotaReached => PAUSE_WHEN_TOO_OFTEN,
            _ => return None,
        },
        PlatformError::InvalidRequest { .. } | PlatformError::Unreadable { .. } | PlatformError::NoToken { .. } => {
            return None;
        }
    };
    let longest = first.saturating_mul(2_u32.saturating_pow(attempt.saturating_sub(1))).min(LONGEST_PAUSE);
    Some(longest.mul_f64(1.0 - fraction.clamp(0.0, 1.0) / 2.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    const API: &str = "/nontax/getorder";

    fn refused(errcode: i64) -> PlatformError {
        PlatformError::Refused { api: API, errcode, errmsg: String::new() }
    }

    fn pauses_ms(error: &PlatformError, fraction: f64) -> Vec<u128> {
        (1..)
            .map_while(|attempt| pause_before_repetition(API, error, attempt, fraction))
            .map(|p| p.as_millis())
            .collect()
    }

    #[test]
    fn pauses_double_and_chance_takes_up_to_half() {
        let broken = PlatformError::Unreachable { api: API, problem: String::new() };
        assert_eq!(pauses_ms(&broken, 0.0), [100, 200, 400]);
        assert_eq!(pauses_ms(&broken, 1.0), [50, 100, 200]);
        assert_eq!(pauses_ms(&refused(-1), 0.5), [75, 150, 300]);
        for too_often in [9_202_004, 45_011] {
            assert_eq!(pauses_ms(&refused(too_often), 0.0), [2_000, 4_000, 8_000]);
        }
    }

    #[test]
    fn what_would_fail_again_is_not_repeated() {
        for errcode in [40_001, 45_009, 9_201_010, 9_202_011, 9_299_999] {
            assert_eq!(pauses_ms(&refused(errcode), 0.0), [0_u128; 0], "{errcode}");
        }
        let unreadable = PlatformError::Unreadable { api: API, problem: String::new() };
        let invalid = PlatformError::InvalidRequest { api: API, problems: Vec::new() };
        let no_token = PlatformError::Unreachable { api: "/cgi-bin/stable_token", problem: String::new() };
        for error in [unreadable, invalid, no_token] {
            assert_eq!(pauses_ms(&error, 0.0), [0_u128; 0], "{error}");
        }
    }
}
