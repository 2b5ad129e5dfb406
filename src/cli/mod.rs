//! The command line. One file per command; this one holds what they share.

pub mod api;
mod assembly;
mod caller_key;
pub mod completions;
pub mod config;
mod console;
pub mod db;
pub mod demo;
pub mod doctor;
pub mod envelope;
mod failure;
mod fresh_key;
pub mod health;
pub mod job;
mod jobs;
mod key_files;
pub mod keys;
pub mod micropay;
pub mod migrate;
pub mod notice;
mod os_user;
pub mod reconcile;
pub mod refund;
pub mod selftest;
pub mod serve;
pub mod simulate;
mod simulate_cases;
mod simulated_platform;
mod simulated_trouble;
pub mod statement;
mod stop;
pub mod token;
pub mod token_client;
mod token_sources;
pub mod webhook;
mod workers;

use std::io;
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
    /// Tell the whole story on loopback: the Weixin side queries a notice, pays it, notifies, refunds.
    Demo(demo::Args),
    /// Serve the callbacks, and do the jobs.
    Serve(serve::Args),
    /// Play the Weixin side.
    Simulate(simulate::Args),
    /// Bring the database's schema up to this version.
    Migrate,
    /// Move everything that the database holds to another engine.
    #[command(subcommand)]
    Db(db::DbCommand),
    /// See when the jobs of the gateways are due and what became of them, and run one now.
    #[command(subcommand)]
    Job(job::JobCommand),
    /// Take in notices, look at them, stop payment for them.
    #[command(subcommand)]
    Notice(notice::NoticeCommand),
    /// Look at the access_token that all gateways share, and refresh it.
    #[command(subcommand)]
    Token(token::TokenCommand),
    /// Let the party's other systems use the admin API.
    #[command(subcommand)]
    TokenClient(token_client::TokenClientCommand),
    /// Look at what is pushed to other systems, and push it again.
    #[command(subcommand)]
    Webhook(webhook::WebhookCommand),
    /// Take payments at the counter, and see what became of them.
    #[command(subcommand)]
    Micropay(micropay::MicropayCommand),
    /// Call the platform's APIs: JSON in, JSON out.
    Api(api::Args),
    /// Refund orders, and find out what became of it.
    #[command(subcommand)]
    Refund(refund::RefundCommand),
    /// Download the platform's statements, and read them.
    #[command(subcommand)]
    Statement(statement::StatementCommand),
    /// Compare the platform's statement of a day with the book, heal what differs, and decide what is left.
    Reconcile(reconcile::Args),
    /// Open, make and explain envelopes offline.
    #[command(subcommand)]
    Envelope(envelope::EnvelopeCommand),
    /// Make keys.
    #[command(subcommand)]
    Keys(keys::KeysCommand),
    /// Check, show or start a configuration.
    Config(config::Args),
    /// Let Weixin test the callbacks of the running gateway.
    Selftest(selftest::Args),
    /// Look at everything that a gateway needs, and tell what is wrong.
    Doctor(doctor::Args),
    /// Ask a running gateway whether it is ready.
    Health,
    /// Print what a shell needs to complete the commands.
    Completions(completions::CompletionsArguments),
}

/// Runs the command of this process's arguments.
#[must_use]
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let shared = &cli.shared;
    let outcome = match cli.command {
        Command::Demo(args) => in_runtime(demo::run(&args)),
        Command::Serve(args) => in_runtime(serve::run(&args, shared)),
        Command::Simulate(args) => in_runtime(simulate::run(args)),
        Command::Migrate => in_runtime(migrate::run(shared, &mut io::stdout())),
        Command::Db(command) => on_this_console(|console| in_runtime(db::run(&command, shared, console))),
        Command::Job(command) => on_this_console(|console| in_runtime(job::run(&command, shared, console))),
        Command::Notice(command) => on_this_console(|console| in_runtime(run_notice(&command, shared, console))),
        Command::Token(command) => on_this_console(|console| in_runtime(run_token(&command, shared, console))),
        Command::TokenClient(command) => {
            on_this_console(|console| in_runtime(run_token_client(&command, shared, console)))
        }
        Command::Webhook(command) => on_this_console(|console| in_runtime(run_webhook(&command, shared, console))),
        Command::Micropay(command) => on_this_console(|console| in_runtime(micropay::run(&command, shared, console))),
        Command::Api(args) => on_this_console(|console| in_runtime(api::run(&args, shared, console))),
        Command::Refund(command) => on_this_console(|console| in_runtime(refund::run(&command, shared, console))),
        Command::Statement(command) => on_this_console(|console| in_runtime(statement::run(&command, shared, console))),
        Command::Reconcile(args) => on_this_console(|console| in_runtime(reconcile::run(&args, shared, console))),
        Command::Envelope(command) => on_this_console(|console| envelope::run(&command, console)),
        Command::Keys(command) => on_this_console(|console| keys::run(&command, console)),
        Command::Config(args) => config::run(&args, shared, &mut io::stdout()),
        Command::Selftest(args) => in_runtime(selftest::run(&args, shared, &mut io::stdout())),
        Command::Doctor(args) => doctor::run(&args, shared, &mut io::stdout()),
        Command::Health => in_runtime(health::run(shared, &mut io::stdout())),
        Command::Completions(arguments) => on_this_console(|console| completions::run(&arguments, console)),
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

async fn run_notice(
    command: &notice::NoticeCommand,
    shared: &Shared,
    console: &mut Console<'_>,
) -> Result<(), Failure> {
    let config = config::load(shared)?.config;
    config::require_parties(&config)?;
    let parties: Vec<_> = config.parties.iter().map(|party| party.name.clone()).collect();
    let store = assembly::open_store(&config).await?;
    let outcome = notice::run(command, &*store, &parties, console).await;
    store.close().await;
    outcome
}

async fn run_token_client(
    command: &token_client::TokenClientCommand,
    shared: &Shared,
    console: &mut Console<'_>,
) -> Result<(), Failure> {
    let config = config::load(shared)?.config;
    let appids: Vec<_> = config.parties.iter().map(|party| party.appid.clone()).collect();
    let parties: Vec<_> = config.parties.iter().map(|party| party.name.clone()).collect();
    let store = assembly::open_store(&config).await?;
    let known = token_client::Known { parties: &parties, appids: &appids };
    let outcome = token_client::run(command, &*store, known, console).await;
    store.close().await;
    outcome
}

async fn run_token(command: &token::TokenCommand, shared: &Shared, console: &mut Console<'_>) -> Result<(), Failure> {
    let config = config::load(shared)?.config;
    config::require_parties(&config)?;
    let store = assembly::open_store(&config).await?;
    let outcome = token::run(command, &config, &store, console).await;
    store.close().await;
    outcome
}

async fn run_webhook(
    command: &webhook::WebhookCommand,
    shared: &Shared,
    console: &mut Console<'_>,
) -> Result<(), Failure> {
    let config = config::load(shared)?.config;
    let store = assembly::open_store(&config).await?;
    let outcome = webhook::run(command, &config, &store, console).await;
    store.close().await;
    outcome
}
