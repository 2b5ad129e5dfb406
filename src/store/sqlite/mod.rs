//! SQLite, the embedded default: WAL, every commit on disk before it counts, one writer.

mod engine;
mod given;
mod inspection;
mod lane;
mod relocation;

use SqliteStore as Engine;
pub use engine::SqliteStore;
use engine::{Db, Pools, Row};
use given::{arguments, given, keyed, keyed_and_locked, run_together, updated_by_key};
use lane::Lane;

/// A transaction that writes holds the database's one write lock from its start: no row needs a lock of its own.
macro_rules! locked {
    ($sql:literal) => {
        $sql
    };
}

#[path = "../statements/mod.rs"]
mod statements;
