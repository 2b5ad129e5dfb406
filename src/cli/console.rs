//! Where a command reads and writes, so that tests can stand in for a terminal.

use std::io::{self, BufRead, IsTerminal as _, Write};

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

/// Runs a command on the streams of this process.
pub fn on_this_console<T>(run: impl FnOnce(&mut Console<'_>) -> T) -> T {
    let mut out = io::stdout();
    let mut err = io::stderr();
    let watched = err.is_terminal();
    run(&mut Console { input: &mut io::stdin().lock(), out: &mut out, err: &mut err, watched })
}
