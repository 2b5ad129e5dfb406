//! `nontax token`: the access_token that all gateways share, looked at and refreshed. It is never printed.

use std::io;

use clap::{Args, Subcommand};
use jiff::Timestamp;
use serde_json::json;

use super::assembly::{parties, store_failure};
use super::notice::PartyArgument;
use super::{Console, Exit, Failure, Format};
use crate::app::Party;
use crate::config::{Config, TokenConfig};
use crate::platform::{AccessToken, CurrentToken, ForceRefreshError, PlatformError, TokenMode};
use crate::store::{SharedStore, TokenKey, TokenRow};
use crate::wire::Locale;

/// The commands about the access_token.
#[derive(Debug, Subcommand)]
pub enum TokenCommand {
    /// Show what is kept of a party's access_token: a prefix of its digest, its life, who fetches the next one.
    Show(ShowArguments),
    /// Make sure that there is a token; with --force end the one that everybody holds and get another one.
    Refresh(RefreshArguments),
}

/// What `token show` takes.
#[derive(Debug, Args)]
pub struct ShowArguments {
    #[command(flatten)]
    party: PartyArgument,
    /// How to print it.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// What `token refresh` takes.
#[derive(Debug, Args)]
pub struct RefreshArguments {
    #[command(flatten)]
    party: PartyArgument,
    /// End the token that everybody holds: 20 times a day, 30 seconds apart.
    #[arg(long)]
    force: bool,
}

/// Runs a command about the access_token.
///
/// # Errors
/// [`Failure`] with the exit code: 2 for a party that is not there, 5 when the platform refused or the budget of forced refreshes
/// is used up, 4 when it or the database was not reached.
pub async fn run(
    command: &TokenCommand,
    config: &Config,
    store: &SharedStore,
    console: &mut Console<'_>,
) -> Result<(), Failure> {
    match command {
        TokenCommand::Show(arguments) => show(arguments, config, store, console).await,
        TokenCommand::Refresh(arguments) => refresh(arguments, config, store, console).await,
    }
}

fn find(argument: &PartyArgument, config: &Config, store: &SharedStore) -> Result<Party, Failure> {
    let names: Vec<_> = config.parties.iter().map(|party| party.name.clone()).collect();
    let name = argument.among(&names)?;
    let party = parties(config, Some(store))?.into_iter().find(|party| party.name == name);
    party.ok_or_else(|| Failure::new(Exit::Usage, format!("there is no party \"{name}\" in the configuration")))
}

async fn show(
    arguments: &ShowArguments,
    config: &Config,
    store: &SharedStore,
    console: &mut Console<'_>,
) -> Result<(), Failure> {
    let party = find(&arguments.party, config, store)?;
    let TokenConfig::Platform(mode) = config.platform.token else {
        return Err(Failure::new(Exit::Usage, "the access_token comes from another server and is not kept here")
            .with_help("look at it there; platform.token_url names it"));
    };
    let key = TokenKey { appid: party.appid.clone(), mode };
    let row = store.read_access_token(key).await.map_err(|error| store_failure(&error))?;
    let shown = match arguments.format {
        Format::Json => as_json(&party.appid, mode, &row),
        Format::Text => as_text(&party.appid, mode, &row),
    };
    writeln!(console.out, "{shown}").map_err(cannot_write)
}

fn as_json(appid: &str, mode: TokenMode, row: &TokenRow) -> String {
    let token = row.token.as_ref().map(|kept| {
        json!({
            "digest_prefix": AccessToken::new(kept.text.to_string()).digest_prefix(),
            "issued_at": kept.life.issued_at.to_string(),
            "expires_at": kept.life.expires_at.to_string(),
            "usable": kept.life.is_usable(Timestamp::now()),
        })
    });
    let lease = row.lease.as_ref().map(|lease| json!({ "owner": lease.owner, "until": lease.until.to_string() }));
    json!({
        "appid": appid,
        "mode": mode.name(),
        "token": token,
        "generation": row.generation,
        "lease": lease,
        "last_forced_at": row.forced.last_at.map(|at| at.to_string()),
        "forced_on_that_day": row.forced.on_that_day,
    })
    .to_string()
}

fn as_text(appid: &str, mode: TokenMode, row: &TokenRow) -> String {
    let token = row.token.as_ref().map_or_else(
        || "no token".to_owned(),
        |kept| {
            let usable = if kept.life.is_usable(Timestamp::now()) { "" } else { " (over)" };
            let digest = AccessToken::new(kept.text.to_string()).digest_prefix();
            format!("sha256 {digest}…, from {} to {}{usable}", kept.life.issued_at, kept.life.expires_at)
        },
    );
    let lease = row.lease.as_ref().map_or_else(
        || "nobody fetches the next one".to_owned(),
        |lease| format!("{} fetches the next one, until {}", lease.owner, lease.until),
    );
    let forced = row.forced.last_at.map_or_else(
        || "never refreshed by force".to_owned(),
        |at| format!("last refreshed by force at {at}, {} times on that day", row.forced.on_that_day),
    );
    format!("{appid} ({}): {token}; number {}; {lease}; {forced}", mode.name(), row.generation)
}

async fn refresh(
    arguments: &RefreshArguments,
    config: &Config,
    store: &SharedStore,
    console: &mut Console<'_>,
) -> Result<(), Failure> {
    let party = find(&arguments.party, config, store)?;
    let Some(client) = party.platform else {
        return Err(Failure::new(
            Exit::Config,
            format!("the party {} has no app_secret to get a token with", party.name),
        )
        .with_help("add app_secret_file to it"));
    };
    let CurrentToken { token, expires_at } = if arguments.force {
        client.tokens().force_refresh().await.map_err(|error| force_failure(&error))?
    } else {
        client.tokens().current().await.map_err(|error| token_failure(&error))?
    };
    writeln!(console.out, "{}: sha256 {}…, until {expires_at}", party.appid, token.digest_prefix())
        .map_err(cannot_write)
}

fn force_failure(error: &ForceRefreshError) -> Failure {
    match error {
        ForceRefreshError::TooSoon { .. } => Failure::from_error(Exit::Refused, error),
        ForceRefreshError::Elsewhere => Failure::from_error(Exit::Usage, error),
        ForceRefreshError::Platform(error) => token_failure(error),
    }
}

fn token_failure(error: &PlatformError) -> Failure {
    let exit = match error {
        PlatformError::Refused { .. } => Exit::Refused,
        _ => Exit::Network,
    };
    Failure::from_error(exit, error).with_help(error.cure(Locale::English))
}

#[expect(clippy::needless_pass_by_value, reason = "it stands in map_err, where an error comes by value")]
fn cannot_write(error: io::Error) -> Failure {
    Failure::new(Exit::Failure, format!("the output cannot be written: {error}"))
}
