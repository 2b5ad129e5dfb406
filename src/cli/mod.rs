//! The command line. One file per command; this one holds what they share.

pub mod config;
mod console;
mod failure;
pub mod notice;
pub mod simulate;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand, ValueEnum};

pub use console::Console;
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
    /// Check, show or start a configuration.
    Config(config::Args),
    /// Play the Weixin side.
    Simulate(simulate::Args),
}

/// Runs the command of this process's arguments.
#[must_use]
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let outcome: Result<(), Failure> = match cli.command {
        Command::Config(args) => config::run(&args, &cli.shared, &mut std::io::stdout()),
        Command::Simulate(args) => in_runtime(simulate::run(args)),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}

/// Runs what waits for the network or the database.
fn in_runtime(command: impl Future<Output = Result<(), Failure>>) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|e| Failure::from_error(Exit::Failure, &e))?;
    runtime.block_on(command)
}
