//! The rows of a statement, a csv in which each cell stands behind a backtick (source §6.1.5).

mod cells;
mod column;
mod decimal;
mod header;
mod row;
mod summary;

pub use header::StatementHeader;
pub use row::{STATEMENT_STATUS_REFUND, STATEMENT_STATUS_SUCCESS, StatementRefund, StatementRow};
pub use summary::{StatementSummary, StatementSummaryTitles};

/// A line that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatementFault {
    /// The title of the column to blame, where one is.
    pub column: Option<&'static str>,
    /// What is wrong.
    pub cause: String,
}

impl StatementFault {
    /// A fault of the whole line.
    fn of_line(cause: impl Into<String>) -> Self {
        Self { column: None, cause: cause.into() }
    }
}

/// How much of a cell a fault repeats: enough to find it.
const MAX_REPEATED_CHARS: usize = 40;

/// The beginning of a cell, quoted.
fn repeated(cell: &str) -> String {
    format!("{:?}", cell.chars().take(MAX_REPEATED_CHARS).collect::<String>())
}
