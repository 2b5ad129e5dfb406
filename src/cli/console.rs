//! Where a command reads and writes, so that tests can stand in for a terminal.

use std::io::{BufRead, Write};

/// The streams of a command.
pub struct Console<'a> {
    /// Standard input.
    pub input: &'a mut dyn BufRead,
    /// Standard output: what was asked for.
    pub out: &'a mut (dyn Write + Send),
    /// Standard error: what else there is to say.
    pub err: &'a mut (dyn Write + Send),
    /// Whether a person watches standard error: then progress is shown.
    pub watched: bool,
}
