//! `nontax migrate`: brings the database's schema up to this version.

use std::io::Write;

use super::assembly::{open_store, store_failure};
use super::{Exit, Failure, Shared, config};

/// Applies the migrations that the database lacks.
///
/// # Errors
/// [`Failure`] when the database cannot be reached, or belongs to a newer version.
pub async fn run(shared: &Shared, out: &mut (dyn Write + Send)) -> Result<(), Failure> {
    let config = config::load(shared)?.config;
    // SQLite migrates itself when it is opened.
    let store = open_store(&config).await?;
    let applied = store.migrate().await.map_err(|error| store_failure(&error))?;
    store.close().await;
    let told = match applied {
        0 => writeln!(out, "{} is up to date", config.database.url),
        1 => writeln!(out, "1 migration applied to {}", config.database.url),
        more => writeln!(out, "{more} migrations applied to {}", config.database.url),
    };
    told.map_err(|error| Failure::from_error(Exit::Failure, &error))
}
