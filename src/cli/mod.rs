//! The command line. One file per command; this one holds what they share.

pub mod completions;
mod console;
pub mod envelope;
mod failure;
mod key_files;
pub mod keys;
pub mod notice;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand, ValueEnum};

pub use console::{Console, on_this_console};
pub use failure::{Exit, Failure};

/// The server for Weixin's non-tax revenue payments.
#[derive(Debug, Parser)]
#[command(name = "nontax", version, about, propagate_version = true, max_term_width = 100)]
pub struct Cli {
    /// What every command takes.
    #[command(flatten)]
    pub shared: Shared,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What every command takes.
#[derive(Clone, Debug, clap::Args)]
pub struct Shared {
    /// Configuration file; may be given more than once, later files win. Without it NONTAX_CONFIG, then
    /// ./config/default.toml, then the built-in default.
    #[arg(long = "config", value_name = "FILE", global = true)]
    pub config: Vec<PathBuf>,
}

/// How a read command prints.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    #[default]
    Text,
    /// For programs.
    Json,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Open, make and explain envelopes offline.
    #[command(subcommand)]
    Envelope(envelope::EnvelopeCommand),
    /// Make keys.
    #[command(subcommand)]
    Keys(keys::KeysCommand),
    /// Print what a shell needs to complete the commands.
    Completions(completions::CompletionsArguments),
}

/// Runs the command of this process's arguments.
#[must_use]
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let outcome: Result<(), Failure> = on_this_console(|console| match &cli.command {
        Command::Envelope(command) => envelope::run(command, console),
        Command::Keys(command) => keys::run(command, console),
        Command::Completions(arguments) => completions::run(arguments, console),
    });
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}
