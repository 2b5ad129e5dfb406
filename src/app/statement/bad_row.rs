//! A line of a statement that cannot be read.

use std::fmt;

use crate::wire::StatementFault;

/// A line that cannot be read. It is reported and does not stop the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadRow {
    /// The csv in the zip; `None` of a csv alone.
    pub entry: Option<String>,
    /// Its number, from 1.
    pub line: u64,
    /// The title of the column to blame, where one is.
    pub column: Option<&'static str>,
    /// What is wrong.
    pub cause: String,
}

impl BadRow {
    pub(super) fn new(entry: Option<&str>, line: u64, StatementFault { column, cause }: StatementFault) -> Self {
        Self { entry: entry.map(str::to_owned), line, column, cause }
    }
}

/// `1900016021.csv:12: total amount: "-1.00" is negative`.
impl fmt::Display for BadRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(entry) = &self.entry {
            write!(f, "{entry}:")?;
        }
        write!(f, "{}: ", self.line)?;
        if let Some(column) = self.column {
            write!(f, "{column}: ")?;
        }
        f.write_str(&self.cause)
    }
}
