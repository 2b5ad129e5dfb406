//! Postgres 15 or newer, for production: any number of gateways on one database.

mod engine;
mod given;
mod inspection;
mod lane;
mod relocation;

use PostgresStore as Engine;
pub use engine::PostgresStore;
use engine::{Db, Pools, Row};
use given::{arguments, given, keyed, keyed_and_locked, run_together, updated_by_key};
use lane::Lane;

/// Rows that are read to be changed are locked until the transaction ends.
macro_rules! locked {
    ($sql:literal) => {
        concat!($sql, " FOR UPDATE")
    };
}

#[path = "../statements/mod.rs"]
#[expect(clippy::duplicate_mod, reason = "one text, compiled for each engine with its own types")]
mod statements;
