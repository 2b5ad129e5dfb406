//! The lines of an export.

use std::fmt::Write as _;
use std::io;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::store::{Cell, ColumnKind, MovedColumn};

/// The format that this version writes and reads.
pub(super) const FORMAT: u32 = 1;

/// The longest line that is read: the largest cell is a megabyte of a statement, in base64.
pub(super) const MAX_LINE_BYTES: usize = 64 << 20;

/// The first line.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct FirstLine {
    pub(super) nontax_export: u32,
    pub(super) schema: i64,
    pub(super) version: String,
    pub(super) exported_at: String,
}

/// The line that begins a table.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct TableLine {
    pub(super) table: String,
    /// Name and kind of each.
    pub(super) columns: Vec<(String, String)>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) last_number: Option<i64>,
}

/// The line that ends a table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct EndOfTableLine {
    pub(super) end_of_table: String,
    pub(super) rows: u64,
    pub(super) sha256: String,
}

/// The last line.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct LastLine {
    pub(super) end_of_export: bool,
    pub(super) tables: u64,
    pub(super) rows: u64,
}

/// Why a file is no export that can be taken.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// It does not begin as one.
    #[error("line 1: this is no export of nontax: its first line begins with {{\"nontax_export\":")]
    NoExport,
    /// Another version of nontax wrote it.
    #[error(
        "line 1: the file has format {found}, and this version reads {FORMAT}: export with the same version of nontax"
    )]
    OtherFormat {
        /// The file's format.
        found: u32,
    },
    /// It is of another schema.
    #[error(
        "line 1: the file has schema {found}, and this version {expected}: bring the other database up to date with the same version of \
         nontax (nontax migrate), and export it again"
    )]
    OtherSchema {
        /// The file's schema.
        found: i64,
        /// Ours.
        expected: i64,
    },
    /// A line is not as it should be.
    #[error("line {line}: {problem}")]
    Line {
        /// Its number, from 1.
        line: u64,
        /// What is wrong.
        problem: String,
    },
    /// The file was cut.
    #[error("the file ends after line {0}, before the end of the export: it was cut; copy it or export again")]
    Cut(u64),
    /// What the database holds is not what the file says.
    #[error("table {table}: {problem}; nothing was imported")]
    Digest {
        /// The table.
        table: String,
        /// What differs.
        problem: String,
    },
}

impl From<ExportError> for io::Error {
    fn from(error: ExportError) -> Self {
        Self::new(io::ErrorKind::InvalidData, error)
    }
}

/// The line of a row, without its end.
pub(super) fn row_line(cells: &[Cell]) -> io::Result<String> {
    let value = |cell: &Cell| match cell {
        Cell::Absent => Value::Null,
        Cell::Integer(number) => Value::from(*number),
        Cell::Text(text) => Value::from(text.as_str()),
        Cell::Bytes(bytes) => Value::from(BASE64_STANDARD.encode(bytes)),
    };
    Ok(serde_json::to_string(&cells.iter().map(value).collect::<Vec<_>>())?)
}

/// The cells of a row's line.
///
/// # Errors
/// What is wrong with it.
pub(super) fn cells_of(line: &str, columns: &[MovedColumn]) -> Result<Vec<Cell>, String> {
    let values: Vec<Value> = serde_json::from_str(line).map_err(|error| format!("it is no row: {error}"))?;
    if values.len() != columns.len() {
        return Err(format!("the row has {} values, and the table {} columns", values.len(), columns.len()));
    }
    values.into_iter().zip(columns).map(|(value, column)| cell_of(value, column)).collect()
}

fn cell_of(value: Value, column: &MovedColumn) -> Result<Cell, String> {
    let cell = match (value, column.kind) {
        (Value::Null, _) => Some(Cell::Absent),
        (Value::Number(number), ColumnKind::Integer) => number.as_i64().map(Cell::Integer),
        (Value::String(text), ColumnKind::Text) => Some(Cell::Text(text)),
        (Value::String(text), ColumnKind::Bytes) => BASE64_STANDARD.decode(text).ok().map(Cell::Bytes),
        _ => None,
    };
    cell.ok_or_else(|| format!("{}: expected {}", column.name, column.kind.name()))
}

/// Counts and digests the rows of a table.
#[derive(Default)]
pub(super) struct Digested {
    rows: u64,
    digest: Sha256,
}

impl Digested {
    pub(super) fn add(&mut self, line: &str) {
        self.rows += 1;
        self.digest.update(line.as_bytes());
        self.digest.update(b"\n");
    }

    pub(super) fn end(self, table: &str) -> EndOfTableLine {
        let sha256 = self.digest.finalize().iter().fold(String::with_capacity(64), |mut hex, byte| {
            let _ = write!(hex, "{byte:02x}");
            hex
        });
        EndOfTableLine { end_of_table: table.to_owned(), rows: self.rows, sha256 }
    }
}
