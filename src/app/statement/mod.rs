//! Statements: downloaded and kept, and read row by row in bounded memory.

mod archive;
mod bad_row;
mod csv_reader;
mod download;
mod due;
mod error;
mod kept;
mod peeked;
mod reader;
mod report;

pub use bad_row::BadRow;
pub use download::{DownloadStatementError, DownloadedStatement, StatementWish, download_statement};
pub use due::ready_at;
pub use error::StatementError;
pub use kept::{KeptFile, StatementRows};
pub use reader::StatementReader;
pub use report::{CsvReport, StatementReport, StatementTotals, SummaryDifference};
