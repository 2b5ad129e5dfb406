//! Everything that a database holds as one file of JSON lines, to move from SQLite to Postgres and back.
//!
//! The first line tells what the file is. Then come the tables, by name: a line with the columns, each row as a JSON array, and a line
//! with the number of rows and the SHA-256 of their lines. The last line tells the sums, so that a file that was cut is seen to be.

mod lines;
mod reader;
mod writer;

use std::io::{BufRead, Write};

use jiff::Timestamp;

pub use lines::ExportError;
use reader::ExportReader;
use writer::ExportWriter;

use crate::store::{Relocation, RelocationError};

/// What was moved.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Moved {
    /// How many tables.
    pub tables: u64,
    /// How many rows in all.
    pub rows: u64,
    /// The last migration of both sides.
    pub schema: i64,
}

/// Writes everything that a database holds at one moment. The file holds secrets: access_tokens and hashes of bearer tokens.
///
/// It writes while it waits for the database and nothing else runs beside it: this is for a command.
///
/// # Errors
/// [`RelocationError`]; what was written is no export then, and an import of it fails.
pub async fn export_database(
    store: &dyn Relocation,
    into: &mut (dyn Write + Send),
    at: Timestamp,
) -> Result<Moved, RelocationError> {
    let mut writer = ExportWriter::begin(into, store.schema_version(), at)?;
    store.export_all(&mut writer).await?;
    Ok(writer.end()?)
}

/// Takes an export into an empty database, all of it or nothing. Before it is committed, each table is read back, and its digest compared
/// with the file's.
///
/// # Errors
/// [`RelocationError`]; nothing was changed then.
pub async fn import_database(
    store: &dyn Relocation,
    from: &mut (dyn BufRead + Send),
) -> Result<Moved, RelocationError> {
    let mut reader = ExportReader::begin(from, store.schema_version())?;
    store.import_all(&mut reader).await?;
    Ok(reader.moved())
}
