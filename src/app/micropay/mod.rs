//! Payments at the counter that never charge twice: each step is kept before the deed that it leads to, and whoever comes after a
//! crash goes on from there (source §6.1.9, docs/decisions/0014).

mod answer;
mod draft;
mod error;
mod look;
mod outcome;
mod refunding;
mod resume;
mod runner;

pub use error::MicropayError;
pub use outcome::{MicropayNext, MicropayOutcome};
pub use resume::resume_micropays;
pub use runner::{MicropayRunner, Telling};
