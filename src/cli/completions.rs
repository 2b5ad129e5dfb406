//! `nontax completions`: what a shell needs to complete the commands.

use clap::{Args, CommandFactory as _};
use clap_complete::{Shell, generate};

use super::{Cli, Console, Exit, Failure};

/// What `completions` takes.
#[derive(Debug, Args)]
pub struct CompletionsArguments {
    /// The shell.
    #[arg(value_enum)]
    shell: Shell,
}

/// Prints the completion script of a shell.
///
/// # Errors
/// [`Failure`] when the output cannot be written.
pub fn run(arguments: &CompletionsArguments, console: &mut Console<'_>) -> Result<(), Failure> {
    let mut script = Vec::new();
    generate(arguments.shell, &mut Cli::command(), "nontax", &mut script);
    console
        .out
        .write_all(&script)
        .map_err(|error| Failure::new(Exit::Failure, format!("the output cannot be written: {error}")))
}
