//! SQLite, the embedded default: WAL, every commit on disk before it counts, one writer.

mod engine;
mod inspection;

use SqliteStore as Engine;
pub use engine::SqliteStore;
use engine::{Db, Row};

/// A transaction that writes holds the database's one write lock from its start: no row needs a lock of its own.
macro_rules! locked {
    ($sql:literal) => {
        $sql
    };
}

#[path = "../statements/mod.rs"]
mod statements;
