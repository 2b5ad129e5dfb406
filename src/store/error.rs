//! What can go wrong with a store. None of it is a fact about a notice.

use super::NoticeRecord;
use crate::domain::NoticeStepError;

/// A promise that was not kept. Nothing of it was written, unless it was cut off during the commit: then the same call, made
/// again, finds out.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database cannot be reached, or broke the connection, or refused the statement.
    #[error("the database failed while it should {doing}")]
    Database {
        /// What it should do.
        doing: &'static str,
        /// What it said.
        #[source]
        source: sqlx::Error,
    },
    /// The schema is not this version's.
    #[error("the database schema does not fit this version of nontax: {0}")]
    Schema(String),
    /// A row holds something that no version of this program writes.
    #[error("the database holds an impossible value in {column}: {problem}")]
    Inconsistent {
        /// Table and column.
        column: &'static str,
        /// What is wrong with the value.
        problem: String,
    },
    /// Other writers kept getting in between.
    #[error("gave up after {attempts} attempts: other writers kept changing the same rows")]
    Contended {
        /// How often it was tried.
        attempts: u32,
    },
    /// More promises wait for the database than it can keep soon.
    #[error("{waiting} others wait for the database already")]
    Overloaded {
        /// How many wait at most.
        waiting: usize,
    },
    /// The work on it was cut off by a panic. Whether it was committed, the same call, made again, finds out.
    #[error("the work on it was cut off: this is a bug, please report it")]
    Interrupted,
    /// The store was closed.
    #[error("the store is closed")]
    Closed,
    /// The database cannot be opened as configured.
    #[error("the database cannot be opened: {0}")]
    Open(String),
}

/// A notice that could not be moved.
#[derive(Debug, thiserror::Error)]
pub enum MoveNoticeError {
    /// There is no such notice.
    #[error("there is no such notice")]
    NotFound,
    /// Somebody changed it since the version that was seen.
    #[error("it has version {} by now, not {expected}: look at it again", current.version)]
    Changed {
        /// The version that was seen.
        expected: i64,
        /// The notice as it is.
        current: Box<NoticeRecord>,
    },
    /// Its state does not allow the step.
    #[error(transparent)]
    Refused(#[from] NoticeStepError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}
