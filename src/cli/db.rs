//! `nontax db export` and `import`: everything that a database holds, from one engine to the other.

use std::fs::{self, File, OpenOptions};
use std::io::{BufReader, BufWriter, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use clap::Subcommand;
use jiff::Timestamp;

use super::assembly::{open_store, store_failure};
use super::{Console, Exit, Failure, Shared, config};
use crate::app::move_house::{Moved, export_database, import_database};
use crate::store::{RelocationError, SharedStore};

/// How much is read or written at a time.
const BUFFER_BYTES: usize = 1 << 20;

/// What can be done with a whole database.
#[derive(Debug, Subcommand)]
pub enum DbCommand {
    /// Write everything that the database holds into a file of JSON lines, as it is at one moment. The file holds secrets.
    Export {
        /// The file to make, or - for standard output.
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
    /// Take an export into an empty database that was migrated: all of it, read back and compared, or nothing.
    Import {
        /// The file, or - for standard input.
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
}

/// Runs it.
///
/// # Errors
/// [`Failure`] says what is wrong with the file or the database; then nothing was changed.
pub async fn run(command: &DbCommand, shared: &Shared, console: &mut Console<'_>) -> Result<(), Failure> {
    let config = config::load(shared)?.config;
    let store = open_store(&config).await?;
    let done = match store.check_ready().await {
        Err(error) => Err(store_failure(&error)),
        Ok(()) => match command {
            DbCommand::Export { file } => export(&store, file, console).await,
            DbCommand::Import { file } => import(&store, file, console).await,
        },
    };
    store.close().await;
    done
}

async fn export(store: &SharedStore, file: &Path, console: &mut Console<'_>) -> Result<(), Failure> {
    if file == Path::new("-") {
        let mut into = BufWriter::with_capacity(BUFFER_BYTES, &mut *console.out);
        let moved = export_database(&**store, &mut into, Timestamp::now()).await;
        let moved = moved.map_err(|error| failed(&error, "the export"))?;
        let flushed = into.flush();
        drop(into);
        flushed.map_err(|error| Failure::from_error(Exit::Failure, &error))?;
        return tell(&mut *console.err, "exported", moved, "standard output");
    }
    let name = file.display().to_string();
    // For its owner alone, and never in the place of another one.
    let made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(file);
    let made = made.map_err(|error| Failure::new(Exit::Failure, format!("{name} cannot be made: {error}")))?;
    let exported = export_into(store, made).await;
    match exported {
        Ok(moved) => tell(&mut *console.out, "exported", moved, &name),
        Err(error) => {
            // A part of an export is of no use to anybody.
            let _ = fs::remove_file(file);
            Err(failed(&error, &name))
        }
    }
}

async fn export_into(store: &SharedStore, file: File) -> Result<Moved, RelocationError> {
    let mut into = BufWriter::with_capacity(BUFFER_BYTES, file);
    let moved = export_database(&**store, &mut into, Timestamp::now()).await?;
    into.into_inner().map_err(std::io::IntoInnerError::into_error)?.sync_all()?;
    Ok(moved)
}

async fn import(store: &SharedStore, file: &Path, console: &mut Console<'_>) -> Result<(), Failure> {
    let standard_input = file == Path::new("-");
    let name = if standard_input { "standard input".to_owned() } else { file.display().to_string() };
    let imported = if standard_input {
        // The console's own is locked to its thread.
        import_database(&**store, &mut BufReader::with_capacity(BUFFER_BYTES, std::io::stdin())).await
    } else {
        let opened = File::open(file)
            .map_err(|error| Failure::new(Exit::Failure, format!("{name} cannot be opened: {error}")))?;
        import_database(&**store, &mut BufReader::with_capacity(BUFFER_BYTES, opened)).await
    };
    let moved = imported.map_err(|error| failed(&error, &name))?;
    tell(&mut *console.out, "imported, read back and found the same:", moved, &name)
}

fn failed(error: &RelocationError, name: &str) -> Failure {
    Failure::from_error(Exit::Failure, error).with_help(format!("{name} was not moved, and no database was changed"))
}

fn tell(out: &mut (dyn std::io::Write + Send), what: &str, moved: Moved, name: &str) -> Result<(), Failure> {
    let Moved { tables, rows, schema } = moved;
    writeln!(out, "{what} {rows} rows of {tables} tables (schema {schema}), {name}")
        .map_err(|error| Failure::from_error(Exit::Failure, &error))
}
