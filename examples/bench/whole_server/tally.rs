//! Counts replies, their latency and the processor time that they took.

use std::time::Instant;

use miette::{IntoDiagnostic as _, Result};

use super::cpu;
use super::feed::Chosen;
use super::figures::{Figures, percentile};
use super::load::Outcome;
use super::schedule::Pace;

/// The programs whose processor time is read.
#[derive(Clone, Debug, Default)]
pub(crate) struct Watched {
    /// Servers under test.
    pub(crate) servers: Vec<u32>,
    /// The first process of Postgres, when it runs on this machine.
    pub(crate) postgres: Option<u32>,
}

#[derive(Clone, Copy, Debug)]
struct Reading {
    at: Instant,
    server_us: u64,
    postgres_us: u64,
    load_us: u64,
}

impl Watched {
    fn read(&self) -> Result<Reading> {
        let mut server_us = 0;
        for pid in &self.servers {
            server_us += cpu::of_program(*pid)?;
        }
        let postgres_us = self.postgres.map_or(Ok(0), cpu::of_family)?;
        let load_us = cpu::of_program(std::process::id())?;
        Ok(Reading { at: Instant::now(), server_us, postgres_us, load_us })
    }
}

/// What was counted so far.
pub(crate) struct Tally {
    pace: Pace,
    begun: Option<Reading>,
    answered: Vec<Chosen>,
    latencies_us: Vec<u32>,
    last_reply_at: Instant,
}

impl Tally {
    /// Counts nothing but answers until measuring begins.
    pub(crate) fn new(pace: Pace) -> Self {
        Self { pace, begun: None, answered: Vec::new(), latencies_us: Vec::new(), last_reply_at: Instant::now() }
    }

    pub(crate) const fn is_measuring(&self) -> bool {
        self.begun.is_some()
    }

    /// The warm-up is over.
    pub(crate) fn begin(&mut self, watched: &Watched) -> Result<()> {
        self.begun = Some(watched.read()?);
        Ok(())
    }

    /// A reply came now.
    pub(crate) fn count(&mut self, chosen: Chosen, due: Instant) {
        self.answered.push(chosen);
        self.last_reply_at = Instant::now();
        let Some(begun) = self.begun else { return };
        // At a fixed rate a request of the warm-up may be answered late: it is not of this time.
        if matches!(self.pace, Pace::Closed) || due >= begun.at {
            let latency = self.last_reply_at.saturating_duration_since(due);
            self.latencies_us.push(u32::try_from(latency.as_micros()).unwrap_or(u32::MAX));
        }
    }

    /// Replies until now.
    pub(crate) fn answered(&self) -> u64 {
        self.answered.len() as u64
    }

    /// Rate and processor time until now; nothing that comes later counts in them.
    pub(crate) fn figures(&self, watched: &Watched) -> Result<Figures> {
        let Some(begun) = self.begun else { return Ok(Figures::default()) };
        let now = watched.read()?;
        let replies = self.latencies_us.len() as u64;
        let took = self.last_reply_at.saturating_duration_since(begun.at).as_micros().max(1);
        let each =
            |before: u64, after: u64| u32::try_from(after.saturating_sub(before) / replies.max(1)).into_diagnostic();
        Ok(Figures {
            replies: u32::try_from(replies).into_diagnostic()?,
            per_second: u32::try_from(u128::from(replies) * 1_000_000 / took).into_diagnostic()?,
            server_us: each(begun.server_us, now.server_us)?,
            postgres_us: each(begun.postgres_us, now.postgres_us)?,
            load_us: each(begun.load_us, now.load_us)?,
            ..Figures::default()
        })
    }

    /// Everything, with the latencies. At a fixed rate those of the last replies are in it, however late they came.
    pub(crate) fn outcome(self, figures: Figures) -> Outcome {
        let mut latencies = self.latencies_us;
        if matches!(self.pace, Pace::Closed) {
            latencies.truncate(usize::try_from(figures.replies).unwrap_or(usize::MAX));
        }
        latencies.sort_unstable();
        let figures = Figures {
            p50_us: percentile(&latencies, 500),
            p99_us: percentile(&latencies, 990),
            p999_us: percentile(&latencies, 999),
            max_us: latencies.last().copied().unwrap_or(0),
            ..figures
        };
        Outcome { figures, answered: self.answered }
    }
}
