//! One line of what the doctor found.

use std::fmt;

use serde::Serialize;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Level {
    /// As it should be.
    Ok,
    /// It works, and is probably not what is wanted.
    Warning,
    /// Callbacks or calls fail because of it.
    Failure,
}

/// What was looked at, what was found, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Finding {
    pub(super) level: Level,
    pub(super) what: String,
    pub(super) detail: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) cure: Option<String>,
}

impl Finding {
    pub(super) fn ok(what: &str, detail: impl Into<String>) -> Self {
        Self { level: Level::Ok, what: what.to_owned(), detail: detail.into(), cure: None }
    }

    pub(super) fn warning(what: &str, detail: impl Into<String>, cure: impl Into<String>) -> Self {
        Self { level: Level::Warning, what: what.to_owned(), detail: detail.into(), cure: Some(cure.into()) }
    }

    pub(super) fn failure(what: &str, detail: impl Into<String>, cure: impl Into<String>) -> Self {
        Self { level: Level::Failure, what: what.to_owned(), detail: detail.into(), cure: Some(cure.into()) }
    }
}

/// `failure  clock  — 93 s behind the platform's; run an NTP client`
impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let level = match self.level {
            Level::Ok => "ok",
            Level::Warning => "warning",
            Level::Failure => "failure",
        };
        write!(f, "{level:<8} {}  — {}", self.what, self.detail)?;
        self.cure.as_ref().map_or(Ok(()), |cure| write!(f, "; {cure}"))
    }
}
