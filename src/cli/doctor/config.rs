//! The configuration, as `nontax config check` sees it.

use super::finding::Finding;
use super::patient::Patient;
use crate::config::{Problem, Severity};

const WHAT: &str = "config";

/// One line for the whole, and one for each warning.
pub(super) fn check(patient: &Patient) -> Vec<Finding> {
    let sources: Vec<_> = patient.sources.iter().map(|source| source.display().to_string()).collect();
    let sources = if sources.is_empty() { "the built-in default".to_owned() } else { sources.join(", ") };
    let parties = patient.config.parties.len();
    let plural = if parties == 1 { "party" } else { "parties" };
    let mut findings = vec![Finding::ok(WHAT, format!("{sources}: {parties} {plural}"))];
    findings.extend(patient.warnings.iter().map(of_problem));
    findings
}

/// A problem of the configuration as a finding.
pub(super) fn of_problem(problem: &Problem) -> Finding {
    let what = format!("{WHAT} {}", problem.key);
    match problem.severity {
        Severity::Error => Finding::failure(&what, &problem.cause, &problem.cure),
        Severity::Warning => Finding::warning(&what, &problem.cause, &problem.cure),
    }
}
