//! Why a statement cannot be read, or not read on.

use std::io;

use jiff::Timestamp;

use super::archive::MAX_ENTRIES;
use crate::wire::StatementFault;

/// A statement that cannot be read on.
#[derive(Debug, thiserror::Error)]
pub enum StatementError {
    /// The source failed.
    #[error("the statement cannot be read after line {after_line}")]
    Io {
        /// The last line that was read.
        after_line: u64,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// There is nothing in it, not even titles.
    #[error("the statement is empty: even a day without payments has a line of titles")]
    Empty,
    /// The platform's refusal stands in its place.
    #[error("in place of the statement stands the platform's refusal: errcode {errcode}, {errmsg}")]
    Refused {
        /// The platform's code.
        errcode: i64,
        /// Its words.
        errmsg: String,
    },
    /// It is something else.
    #[error("the file is no statement: {0}")]
    NotAStatement(&'static str),
    /// The titles do not fit.
    #[error("the titles of the statement: {}{}", .0.column.map_or_else(String::new, |column| format!("{column} ")), .0.cause)]
    Header(StatementFault),
    /// The zip is broken.
    #[error("the zip cannot be read: {0}")]
    Zip(String),
    /// The zip holds too many files.
    #[error("the zip holds more than {MAX_ENTRIES} files")]
    TooManyEntries,
    /// Its bytes are kept no longer.
    #[error("the statement is kept no longer: its bytes were pruned at {0}; download it again")]
    Pruned(Timestamp),
    /// The work on it was cut off by a panic, or by whoever waited for it.
    #[error("the reading of the statement was cut off")]
    Interrupted,
}
