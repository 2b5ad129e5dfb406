//! `nontax micropay`: payments at the counter, run in this process and kept in the store.

mod pay;
mod show;

pub(in crate::cli) use pay::pay_request;
use std::sync::Arc;

use clap::{Args, Subcommand};

use super::{Console, Exit, Failure, Format, Shared, assembly, config};
use crate::app::{MicropayError, MicropayOutcome, MicropayRunner, Party, resume_micropays};
use crate::domain::MicropayKey;

pub use pay::PayArguments;
pub use show::ListArguments;

/// The commands about payments at the counter.
#[derive(Debug, Subcommand)]
pub enum MicropayCommand {
    /// Take a payment and wait for its outcome. The same key goes on with the same payment, after a crash too.
    Pay(PayArguments),
    /// Show a payment with all its steps.
    Show(KeyArguments),
    /// List the latest payments of a party.
    List(ListArguments),
    /// Give a payment up: no further call is made, and what is paid later all the same goes back.
    Cancel(KeyArguments),
    /// Say that a person has seen to a payment that needs one: what it was for may be paid again.
    Release(ReleaseArguments),
    /// Take up every payment that nobody runs, as a serving gateway does by itself.
    Resume(ResumeArguments),
}

/// Which payment.
#[derive(Debug, Args)]
pub struct KeyArguments {
    /// The party, by its name in the configuration.
    #[arg(long, value_name = "NAME")]
    party: String,
    /// What the payment is known by.
    #[arg(value_name = "KEY")]
    key: String,
    /// How to print it.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// What `micropay release` takes.
#[derive(Debug, Args)]
pub struct ReleaseArguments {
    #[command(flatten)]
    payment: KeyArguments,
    /// What was found out and done, for the records.
    #[arg(long, value_name = "TEXT")]
    reason: String,
}

/// What `micropay resume` takes.
#[derive(Debug, Args)]
pub struct ResumeArguments {
    /// How to print what became of them.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// The counter that a command stands at.
struct Counter {
    runner: MicropayRunner,
    parties: Vec<Arc<Party>>,
}

impl Counter {
    fn party(&self, name: &str) -> Result<&Arc<Party>, Failure> {
        self.parties.iter().find(|party| party.name.as_str() == name).ok_or_else(|| {
            let names: Vec<_> = self.parties.iter().map(|party| party.name.as_str()).collect();
            Failure::new(Exit::Usage, format!("there is no party \"{name}\" in the configuration"))
                .with_help(format!("the parties are: {}", names.join(", ")))
        })
    }
}

/// Runs a command about payments at the counter.
///
/// # Errors
/// [`Failure`] with the exit code: 1 for a payment that was given up or whose store failed, 2 for one that is not there, 5 for one
/// that the platform refused.
pub async fn run(command: &MicropayCommand, shared: &Shared, console: &mut Console<'_>) -> Result<(), Failure> {
    let config = config::load(shared)?.config;
    config::require_parties(&config)?;
    let store = assembly::open_store(&config).await?;
    let runner = assembly::micropay_runner(&config, &store);
    let parties = assembly::parties(&config, Some(&store))?.into_iter().map(Arc::new).collect();
    let counter = Counter { runner, parties };
    let outcome = match command {
        MicropayCommand::Pay(arguments) => pay::pay(arguments, &counter, console).await,
        MicropayCommand::Show(arguments) => show::show(arguments, &counter, console).await,
        MicropayCommand::List(arguments) => show::list(arguments, &counter, console).await,
        MicropayCommand::Cancel(arguments) => pay::cancel(arguments, &counter, console).await,
        MicropayCommand::Release(arguments) => pay::release(arguments, &counter, console).await,
        MicropayCommand::Resume(arguments) => resume(arguments, &counter, console).await,
    };
    store.close().await;
    outcome
}

async fn resume(arguments: &ResumeArguments, counter: &Counter, console: &mut Console<'_>) -> Result<(), Failure> {
    let resumed = resume_micropays(&counter.runner, &counter.parties).await.map_err(|error| failed(&error))?;
    match arguments.format {
        Format::Json => write_json(&resumed, console),
        Format::Text => resumed.iter().try_for_each(|outcome| write_outcome(outcome, console)),
    }
}

pub(in crate::cli) fn key(text: &str) -> Result<MicropayKey, Failure> {
    MicropayKey::new(text).map_err(|error| Failure::from_error(Exit::Usage, &error))
}

fn failed(error: &MicropayError) -> Failure {
    match error {
        MicropayError::Store(store) => assembly::store_failure(store),
        MicropayError::Invalid(_)
        | MicropayError::OtherContent(_)
        | MicropayError::UnderWay(_)
        | MicropayError::NotFound(_) => Failure::from_error(Exit::Usage, error),
        MicropayError::NoPlatformAccess(_) => Failure::from_error(Exit::Config, error),
        MicropayError::AlreadyPaid { .. }
        | MicropayError::Step(_)
        | MicropayError::Kept(_)
        | MicropayError::Random(_) => Failure::from_error(Exit::Failure, error),
    }
}

fn write_outcome(outcome: &MicropayOutcome, console: &mut Console<'_>) -> Result<(), Failure> {
    let order = outcome.order_id.as_ref().map_or_else(String::new, |order_id| format!(" (order {order_id})"));
    let MicropayOutcome { key, state, message_zh, message_en, .. } = outcome;
    writeln!(console.out, "{key}: {state}{order}\n  {message_zh}\n  {message_en}").map_err(|error| cannot_write(&error))
}

fn write_json(value: &impl serde::Serialize, console: &mut Console<'_>) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(value).map_err(|error| Failure::from_error(Exit::Failure, &error))?;
    writeln!(console.out, "{text}").map_err(|error| cannot_write(&error))
}

fn cannot_write(error: &std::io::Error) -> Failure {
    Failure::new(Exit::Failure, format!("the output cannot be written: {error}"))
}
