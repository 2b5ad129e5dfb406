//! The promise to give out everything that a database holds, row by row, and to take it in on another engine.
//!
//! Tables and columns are read from the live schema, so that a table that a later migration adds moves with the others.

use std::io;

use async_trait::async_trait;

use super::StoreError;

/// What a column holds. Both engines have these kinds and no others; what one engine keeps for itself alone does not move.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnKind {
    /// A whole number.
    Integer,
    /// Text.
    Text,
    /// Bytes.
    Bytes,
}

impl ColumnKind {
    /// Its name in files.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Integer => "integer",
            Self::Text => "text",
            Self::Bytes => "bytes",
        }
    }
}

/// A column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MovedColumn {
    /// Its name.
    pub name: String,
    /// What it holds.
    pub kind: ColumnKind,
}

/// A table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MovedTable {
    /// Its name.
    pub name: String,
    /// Its columns, by name, whatever order an engine has them in.
    pub columns: Vec<MovedColumn>,
    /// The columns of its primary key, by which its rows are ordered, byte by byte.
    pub key: Vec<String>,
    /// The column that the database numbers itself.
    pub numbered: Option<String>,
}

/// One value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cell {
    /// NULL.
    Absent,
    /// A whole number.
    Integer(i64),
    /// Text.
    Text(String),
    /// Bytes.
    Bytes(Vec<u8>),
}

/// Takes what a database holds.
pub trait RowSink: Send {
    /// A table begins. `last_number` is the last one that the database gave to a row of it; it is never given again, even if the row
    /// is gone.
    ///
    /// # Errors
    /// When it cannot be taken.
    fn begin_table(&mut self, table: &MovedTable, last_number: Option<i64>) -> io::Result<()>;

    /// A row of the table, its cells in the order of the columns.
    ///
    /// # Errors
    /// When it cannot be taken.
    fn row(&mut self, cells: &[Cell]) -> io::Result<()>;

    /// The table ends.
    ///
    /// # Errors
    /// When it cannot be taken, or is not what was expected.
    fn end_table(&mut self) -> io::Result<()>;
}

/// A piece of what a database is to hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MovedPiece {
    /// A table begins.
    Table {
        /// Its name.
        name: String,
        /// Its columns.
        columns: Vec<MovedColumn>,
        /// The last number that was given to a row of it.
        last_number: Option<i64>,
    },
    /// A row of it.
    Row(Vec<Cell>),
    /// The table ends.
    EndOfTable,
    /// That was all.
    End,
}

/// Gives what a database is to hold.
pub trait RowSource: Send {
    /// The next piece.
    ///
    /// # Errors
    /// When there is none that can be read.
    fn next_piece(&mut self) -> io::Result<MovedPiece>;

    /// After the last piece: takes what the database holds now, and fails where that is something else than what was given.
    fn check(&mut self) -> &mut dyn RowSink;
}

/// A move that did not come about. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum RelocationError {
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// What is read or written on the other side failed, or is not as it should be.
    #[error("{0}")]
    Other(#[from] io::Error),
    /// The database is not empty.
    #[error("the table {0} of this database holds rows already: import into an empty database that was only migrated")]
    NotEmpty(String),
    /// There is no such table, or it has other columns.
    #[error("the table {table} {problem}: export and import with the same version of nontax, on migrated databases")]
    OtherTable {
        /// The table.
        table: String,
        /// What is different.
        problem: String,
    },
}

/// Everything that a database holds.
#[async_trait]
pub trait Relocation: Send + Sync {
    /// The number of the last migration of this version.
    fn schema_version(&self) -> i64;

    /// Gives out all rows of all tables as they are at one moment.
    async fn export_all(&self, into: &mut dyn RowSink) -> Result<(), RelocationError>;

    /// Takes in all rows of all tables, all or none, into an empty database. Before it is committed, everything is read back and given to
    /// [`RowSource::check`].
    async fn import_all(&self, from: &mut dyn RowSource) -> Result<(), RelocationError>;
}
