//! The gateway through its public interfaces: the stores' contract, races, and the HTTP server on a real port, on SQLite and
//! on Postgres. One program, so that it is linked once.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod book;
mod races;
mod store_contract;
mod stores;
