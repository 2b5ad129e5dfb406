//! `nontax webhook`: what is still to be pushed to other systems, and pushing it again.

use std::io;

use clap::{Args, Subcommand};
use jiff::Timestamp;
use serde_json::json;

use super::assembly::store_failure;
use super::{Console, Exit, Failure, Format};
use crate::config::{Config, WebhookConfig};
use crate::store::{KeptDelivery, SharedStore};

/// The commands about webhooks.
#[derive(Debug, Subcommand)]
pub enum WebhookCommand {
    /// Show how each webhook stands, and the deliveries that wait.
    List(ListArguments),
    /// Show the deliveries that were given up.
    Dead(ListArguments),
    /// Deliver an event anew.
    Resend(ResendArguments),
    /// Deliver anew all that happened since an instant.
    Recover(RecoverArguments),
    /// Drop what is kept for a webhook that is no longer configured.
    Forget(ForgetArguments),
}

/// What `webhook list` and `webhook dead` take.
#[derive(Debug, Args)]
pub struct ListArguments {
    /// How many deliveries are shown, oldest first.
    #[arg(long, value_name = "COUNT", default_value_t = 50)]
    limit: u32,
    /// How to print it.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// What `webhook resend` takes.
#[derive(Debug, Args)]
pub struct ResendArguments {
    /// The webhook, by its name in the configuration.
    #[arg(value_name = "WEBHOOK")]
    webhook: String,
    /// The event's id.
    #[arg(value_name = "ID")]
    id: i64,
}

/// What `webhook recover` takes.
#[derive(Debug, Args)]
pub struct RecoverArguments {
    /// The webhook, by its name in the configuration.
    #[arg(value_name = "WEBHOOK")]
    webhook: String,
    /// From when on, such as 2026-03-01T00:00:00+08:00.
    #[arg(long, value_name = "INSTANT")]
    since: Timestamp,
}

/// What `webhook forget` takes.
#[derive(Debug, Args)]
pub struct ForgetArguments {
    /// The name that it had in the configuration.
    #[arg(value_name = "WEBHOOK")]
    webhook: String,
}

/// Runs a command about webhooks.
///
/// # Errors
/// [`Failure`] with the exit code: 2 for a webhook or an event that is not there, 4 when the database was not reached.
pub async fn run(
    command: &WebhookCommand,
    config: &Config,
    store: &SharedStore,
    console: &mut Console<'_>,
) -> Result<(), Failure> {
    match command {
        WebhookCommand::List(arguments) => list(arguments, false, store, console).await,
        WebhookCommand::Dead(arguments) => list(arguments, true, store, console).await,
        WebhookCommand::Resend(arguments) => resend(arguments, config, store, console).await,
        WebhookCommand::Recover(arguments) => recover(arguments, config, store, console).await,
        WebhookCommand::Forget(arguments) => forget(arguments, config, store, console).await,
    }
}

async fn list(
    arguments: &ListArguments,
    dead: bool,
    store: &SharedStore,
    console: &mut Console<'_>,
) -> Result<(), Failure> {
    let backlogs = store.webhook_backlogs().await.map_err(|error| store_failure(&error))?;
    let deliveries = store.list_deliveries(dead, arguments.limit).await.map_err(|error| store_failure(&error))?;
    match arguments.format {
        Format::Json => {
            let backlogs: Vec<_> = backlogs
                .iter()
                .map(|of| json!({ "webhook": of.webhook, "pending": of.pending, "dead": of.dead, "oldest_at": of.oldest_at.map(|at| at.to_string()) }))
                .collect();
            let deliveries: Vec<_> = deliveries.iter().map(delivery_json).collect();
            writeln!(console.out, "{}", json!({ "webhooks": backlogs, "deliveries": deliveries })).map_err(cannot_write)
        }
        Format::Text => {
            for of in backlogs {
                let since = of.oldest_at.map(|at| format!(", the oldest of {at}")).unwrap_or_default();
                writeln!(console.out, "{}: {} waiting{since}, {} given up", of.webhook, of.pending, of.dead)
                    .map_err(cannot_write)?;
            }
            for KeptDelivery { webhook, event_id, party, kind, attempts, next_at, problem, .. } in deliveries {
                let next = if dead { String::new() } else { format!(", next {next_at}") };
                writeln!(console.out, "{webhook} {event_id} {kind} of {party}: {attempts} attempts{next} {problem}")
                    .map_err(cannot_write)?;
            }
            Ok(())
        }
    }
}

fn delivery_json(delivery: &KeptDelivery) -> serde_json::Value {
    json!({
        "webhook": delivery.webhook,
        "id": delivery.event_id.to_string(),
        "party": delivery.party.as_str(),
        "kind": delivery.kind,
        "attempts": delivery.attempts,
        "next_at": (!delivery.dead).then(|| delivery.next_at.to_string()),
        "problem": delivery.problem,
    })
}

async fn resend(
    arguments: &ResendArguments,
    config: &Config,
    store: &SharedStore,
    console: &mut Console<'_>,
) -> Result<(), Failure> {
    let webhook = find(&arguments.webhook, config)?;
    let resent = store.resend_event(webhook.name.clone(), arguments.id, Timestamp::now()).await;
    if !resent.map_err(|error| store_failure(&error))? {
        return Err(Failure::new(Exit::Usage, format!("there is no event {} any more", arguments.id)));
    }
    writeln!(console.out, "event {} is delivered to {} anew", arguments.id, webhook.name).map_err(cannot_write)
}

async fn recover(
    arguments: &RecoverArguments,
    config: &Config,
    store: &SharedStore,
    console: &mut Console<'_>,
) -> Result<(), Failure> {
    let webhook = find(&arguments.webhook, config)?;
    for party in &webhook.parties {
        let (name, now) = (webhook.name.clone(), Timestamp::now());
        let recovered = store.recover_webhook(name, party.clone(), arguments.since, now).await;
        let told = if recovered.map_err(|error| store_failure(&error))? {
            format!("what happened to {party} since {} is delivered to {} anew", arguments.since, webhook.name)
        } else {
            format!("{} does not follow {party} yet: a serving gateway begins with it", webhook.name)
        };
        writeln!(console.out, "{told}").map_err(cannot_write)?;
    }
    Ok(())
}

async fn forget(
    arguments: &ForgetArguments,
    config: &Config,
    store: &SharedStore,
    console: &mut Console<'_>,
) -> Result<(), Failure> {
    if config.webhooks.iter().any(|webhook| webhook.name == arguments.webhook) {
        let told = format!("\"{}\" stands in the configuration", arguments.webhook);
        return Err(Failure::new(Exit::Usage, told).with_help("remove its [[webhook]] from every gateway first"));
    }
    let dropped = store.forget_webhook(arguments.webhook.clone()).await.map_err(|error| store_failure(&error))?;
    writeln!(console.out, "{} is forgotten, with {dropped} deliveries", arguments.webhook).map_err(cannot_write)
}

fn find<'c>(name: &str, config: &'c Config) -> Result<&'c WebhookConfig, Failure> {
    config.webhooks.iter().find(|webhook| webhook.name == name).ok_or_else(|| {
        let names: Vec<_> = config.webhooks.iter().map(|webhook| webhook.name.as_str()).collect();
        Failure::new(Exit::Usage, format!("there is no webhook \"{name}\" in the configuration"))
            .with_help(format!("the webhooks are: {}", names.join(", ")))
    })
}

#[expect(clippy::needless_pass_by_value, reason = "it stands in map_err, where an error comes by value")]
fn cannot_write(error: io::Error) -> Failure {
    Failure::new(Exit::Failure, format!("the output cannot be written: {error}"))
}
