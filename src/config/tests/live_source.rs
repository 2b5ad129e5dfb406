//! The back office of a party: with all that it needs, and what is told when something lacks.

use std::time::Duration;

use super::super::{Fallback, Loaded, Problems, Severity};
use super::{PARTY, load_text};

const URL: &str = "https://back-office.example.gov.cn/notice";

/// The bearer token, which nothing that is told may show.
const BEARER: &str = "hunter2";

fn party(lines: &str) -> Result<Loaded, Problems> {
    load_text(&format!("{PARTY}[party.live_source]\n{lines}"), &[("NONTAX_BACK_OFFICE", BEARER)])
}

#[test]
fn a_back_office_is_taken_with_its_bearer_and_its_defaults() {
    let loaded = party(&format!("url = \"{URL}\"\nbearer_env = \"NONTAX_BACK_OFFICE\"\n")).unwrap();
    let source = loaded.config.parties[0].live_source.as_ref().unwrap();
    assert_eq!((source.url.as_str(), source.timeout, source.fallback), (URL, Duration::from_secs(1), Fallback::Local));
    assert_eq!(source.bearer.expose(), BEARER);
    assert!(!format!("{:?}", loaded.config).contains(BEARER));
    assert!(load_text(PARTY, &[]).unwrap().config.parties[0].live_source.is_none());
}

#[test]
fn what_lacks_or_does_not_fit_is_told() {
    let bearer = "bearer_env = \"NONTAX_BACK_OFFICE\"\n";
    let broken = [
        (bearer.to_owned(), "url", "the key is missing"),
        (format!("url = \"{URL}\"\n"), "bearer_file", "needs a bearer token"),
        (format!("url = \"http://192.0.2.1/notice\"\n{bearer}"), "url", "loopback address only"),
        (
            format!("url = \"{URL}\"\ntimeout_ms = 3500\n{bearer}"),
            "timeout_ms",
            "not less than server.reply_deadline_ms",
        ),
        (format!("url = \"{URL}\"\nfallback = \"231\"\n{bearer}"), "fallback", "231"),
        (format!("url = \"{URL}\"\ntimeout = 5\n{bearer}"), "timeout", "unknown key"),
    ];
    for (lines, key, cause) in broken {
        let problems = party(&lines).err().unwrap_or_else(|| panic!("{lines}"));
        let errors: Vec<_> = problems.iter().filter(|problem| problem.severity == Severity::Error).collect();
        assert_eq!(errors.len(), 1, "{lines}: {errors:?}");
        assert!(errors[0].key.ends_with(&format!("live_source.{key}")), "{errors:?}");
        assert!(errors[0].cause.contains(cause), "{errors:?}");
    }
}
