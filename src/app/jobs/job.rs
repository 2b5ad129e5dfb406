//! What a job is.

use std::error::Error;

use async_trait::async_trait;
use jiff::Timestamp;

use crate::app::chain;
use crate::domain::{ChinaDate, PartyName, Schedule};

/// Something that one of all gateways does unasked.
#[async_trait]
pub trait Job: Send + Sync {
    /// As operators know it, and as the table keeps it.
    fn name(&self) -> &'static str;

    /// Whose; none for a job of the whole database.
    fn party(&self) -> Option<&PartyName> {
        None
    }

    /// When it is due.
    fn schedule(&self) -> Schedule;

    /// One run. It is dropped where it waits when its lease is lost or the gateway stops, and is run again then, here or elsewhere: what
    /// it did in part must not be in its way.
    ///
    /// # Errors
    /// [`JobError`] when it failed; it is tried again as the schedule says.
    async fn run(&self, run: JobRun) -> Result<Ran, JobError>;
}

/// A run that begins.
#[derive(Clone, Copy, Debug)]
pub struct JobRun {
    /// Of a daily job: the day to work on, which has ended.
    pub day: Option<ChinaDate>,
    /// When it began.
    pub started_at: Timestamp,
}

/// What a run that did not fail came to. The text is for people: short, and without secrets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ran {
    /// All was done.
    Done(String),
    /// It waits for something, such as a file that is not there yet. It is tried again, and nobody is alarmed.
    NotYet(String),
}

/// Why a run failed, with all causes. Every error becomes one with `?`.
#[derive(Debug)]
pub struct JobError(pub String);

impl<E: Error> From<E> for JobError {
    fn from(error: E) -> Self {
        Self(chain(&error))
    }
}
