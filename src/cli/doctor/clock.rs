//! This host's clock, against the platform's `Date`.

use std::sync::Arc;

use jiff::Timestamp;
use jiff::fmt::rfc2822;
use reqwest::header::DATE;

use super::finding::Finding;
use super::patient::Patient;
use super::probe::probe;

const WHAT: &str = "clock";

/// From here on somebody should look: a clock that is kept by NTP is within a fraction of a second, and the header counts seconds.
const WARN_ABOVE_SECONDS: u64 = 5;

/// From here on times in the journals mislead, and a token may be taken for valid after its end.
const FAIL_ABOVE_SECONDS: u64 = 60;

pub(super) async fn check(patient: Arc<Patient>) -> Vec<Finding> {
    let asked_at = Timestamp::now();
    let Ok(response) = probe(&patient.config.platform.base_url).await else {
        let detail = "not compared: the platform was not reached";
        return vec![Finding::warning(WHAT, detail, "see what is said of the platform")];
    };
    let answered_at = Timestamp::now();
    let date = response.headers().get(DATE).and_then(|date| date.to_str().ok());
    let Some(theirs) = date.and_then(|date| rfc2822::parse(date).ok()) else {
        let detail = "not compared: the platform's answer has no date";
        return vec![Finding::warning(WHAT, detail, "compare it by hand, or with an NTP client")];
    };
    // Theirs was written at some moment between the two.
    let ours = asked_at + answered_at.duration_since(asked_at) / 2;
    vec![judge(ours.as_second() - theirs.timestamp().as_second())]
}

/// Judges by how many seconds ours is ahead.
fn judge(ahead_seconds: i64) -> Finding {
    let apart = ahead_seconds.unsigned_abs();
    let side = if ahead_seconds < 0 { "behind" } else { "ahead of" };
    let detail = format!("{apart} s {side} the platform's");
    let cure = "run an NTP client, such as chrony; the time zone does not matter (时钟偏差，请配置 NTP)";
    if apart > FAIL_ABOVE_SECONDS {
        Finding::failure(WHAT, detail, cure)
    } else if apart > WARN_ABOVE_SECONDS {
        Finding::warning(WHAT, detail, cure)
    } else {
        Finding::ok(WHAT, format!("within {} s of the platform's", apart.max(1)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::doctor::finding::Level;

    #[test]
    fn a_clock_may_be_a_little_wrong_in_both_directions() {
        for (ahead, level) in [
            (0, Level::Ok),
            (5, Level::Ok),
            (-5, Level::Ok),
            (6, Level::Warning),
            (-60, Level::Warning),
            (61, Level::Failure),
            (-86_400, Level::Failure),
        ] {
            assert_eq!(judge(ahead).level, level, "{ahead}");
        }
        assert!(judge(-93).to_string().contains("93 s behind the platform's"));
    }
}
