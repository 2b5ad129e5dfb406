//! `nontax token-client`: the client systems of the admin API and their bearer tokens.

use std::io;

use clap::{Args, Subcommand};
use jiff::Timestamp;
use serde_json::json;
use zeroize::Zeroizing;

use super::assembly::store_failure;
use super::{Console, Exit, Failure, Format, os_user};
use crate::app::{SECRET_BYTES, new_api_client};
use crate::domain::{ApiClient, ApiClientName, PartyName, Scope};
use crate::store::{ApiClients, Revocation, StoreError};

/// The commands about client systems.
#[derive(Debug, Subcommand)]
pub enum TokenClientCommand {
    /// Let a client system in: prints its bearer token, once, on standard output.
    Add(AddArguments),
    /// List the client systems.
    List {
        /// How to print them.
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
    /// Take a client system's rights away, for good.
    Revoke {
        /// Its name.
        #[arg(value_name = "NAME")]
        name: String,
    },
}

/// What `token-client add` takes.
#[derive(Debug, Args)]
pub struct AddArguments {
    /// A name of its own: A-Z, a-z, 0-9, - and _.
    #[arg(value_name = "NAME")]
    name: String,
    /// What it may do: token, orders, refunds, micropay, read, notices, admin (all of it). May be given more than once.
    #[arg(long = "scope", value_name = "SCOPE", default_value = "token", value_parser = str::parse::<Scope>)]
    scopes: Vec<Scope>,
    /// For which account. May be given more than once; without it for all.
    #[arg(long = "appid", value_name = "APPID")]
    appids: Vec<String>,
    /// For which party. May be given more than once; without it for all.
    #[arg(long = "party", value_name = "NAME")]
    parties: Vec<String>,
}

/// The parties and accounts of the configuration.
#[derive(Clone, Copy, Debug)]
pub struct Known<'a> {
    /// The parties.
    pub parties: &'a [PartyName],
    /// Their accounts.
    pub appids: &'a [String],
}

/// Runs a command about client systems. `known` is what the configuration has.
///
/// # Errors
/// [`Failure`] with the exit code: 2 for a name, an account or a client that does not do, 1 or 4 when the store failed.
pub async fn run(
    command: &TokenClientCommand,
    store: &dyn ApiClients,
    known: Known<'_>,
    console: &mut Console<'_>,
) -> Result<(), Failure> {
    match command {
        TokenClientCommand::Add(arguments) => add(arguments, store, known, console).await,
        TokenClientCommand::List { format } => list(*format, store, console).await,
        TokenClientCommand::Revoke { name } => revoke(name, store, console).await,
    }
}

async fn add(
    arguments: &AddArguments,
    store: &dyn ApiClients,
    known: Known<'_>,
    console: &mut Console<'_>,
) -> Result<(), Failure> {
    let name = read_name(&arguments.name)?;
    if let Some(unknown) = arguments.appids.iter().find(|appid| !known.appids.contains(appid)) {
        let failure = Failure::new(Exit::Usage, format!("no party of the configuration has the appid \"{unknown}\""));
        return Err(failure.with_help(format!("the appids are: {}", known.appids.join(", "))));
    }
    let mut parties = Vec::with_capacity(arguments.parties.len());
    for wanted in &arguments.parties {
        let held = known.parties.iter().find(|party| party.as_str() == wanted).cloned().ok_or_else(|| {
            let names: Vec<_> = known.parties.iter().map(PartyName::as_str).collect();
            Failure::new(Exit::Usage, format!("the configuration has no party \"{wanted}\""))
                .with_help(format!("the parties are: {}", names.join(", ")))
        });
        parties.push(held?);
    }
    let mut random = Zeroizing::new([0_u8; SECRET_BYTES]);
    getrandom::fill(&mut *random)
        .map_err(|error| Failure::new(Exit::Failure, format!("the system gives no random bytes: {error}")))?;
    let (scopes, appids) = (arguments.scopes.clone(), arguments.appids.clone());
    let (client, bearer) = new_api_client(name.clone(), scopes, appids, &random, Timestamp::now());
    let client = ApiClient { parties, ..client };
    let (scopes, reach) = (scopes_of(&client), reach_of(&client));
    if !store.add_api_client(client, os_user::author()).await.map_err(failed)? {
        return Err(Failure::new(Exit::Usage, format!("there is, or was, a client called {name}"))
            .with_help("take another name: in the audit a name means one client for ever"));
    }
    writeln!(console.err, "{name} may: {scopes}; for: {reach}. Its bearer token, which is shown this once:")
        .and_then(|()| writeln!(console.out, "{}", *bearer))
        .and_then(|()| writeln!(console.err, "Give it to that system alone; it sends: Authorization: Bearer TOKEN"))
        .map_err(cannot_write)
}

async fn list(format: Format, store: &dyn ApiClients, console: &mut Console<'_>) -> Result<(), Failure> {
    let clients = store.list_api_clients().await.map_err(failed)?;
    for client in &clients {
        match format {
            Format::Text => {
                let state = client.revoked_at.map_or_else(String::new, |at| format!("; revoked {at}"));
                let (scopes, reach) = (scopes_of(client), reach_of(client));
                writeln!(console.out, "{}: {scopes}; for {reach}; since {}{state}", client.name, client.created_at)
            }
            Format::Json => {
                let scopes: Vec<_> = client.scopes.iter().map(|scope| scope.name()).collect();
                let shown = json!({
                    "name": client.name.as_str(),
                    "scopes": scopes,
                    "appids": client.appids,
                    "parties": client.parties.iter().map(PartyName::as_str).collect::<Vec<_>>(),
                    "created_at": client.created_at.to_string(),
                    "revoked_at": client.revoked_at.map(|at| at.to_string()),
                });
                writeln!(console.out, "{shown}")
            }
        }
        .map_err(cannot_write)?;
    }
    if clients.is_empty() && format == Format::Text {
        writeln!(console.err, "there is no client system; let one in with nontax token-client add NAME")
            .map_err(cannot_write)?;
    }
    Ok(())
}

async fn revoke(name: &str, store: &dyn ApiClients, console: &mut Console<'_>) -> Result<(), Failure> {
    let name = read_name(name)?;
    let told = match store.revoke_api_client(name.clone(), os_user::author(), Timestamp::now()).await.map_err(failed)? {
        Revocation::Revoked => {
            writeln!(console.out, "{name} is revoked: its bearer token is good for nothing any more")
        }
        Revocation::WasRevoked => writeln!(console.out, "{name} was revoked before"),
        Revocation::NotFound => {
            return Err(Failure::new(Exit::Usage, format!("there is no client called {name}"))
                .with_help("nontax token-client list names them"));
        }
    };
    told.map_err(cannot_write)
}

fn read_name(name: &str) -> Result<ApiClientName, Failure> {
    ApiClientName::new(name).map_err(|error| Failure::from_error(Exit::Usage, &error))
}

fn scopes_of(client: &ApiClient) -> String {
    client.scopes.iter().map(|scope| scope.name()).collect::<Vec<_>>().join(", ")
}

fn reach_of(client: &ApiClient) -> String {
    let accounts = if client.appids.is_empty() { "all accounts".to_owned() } else { client.appids.join(", ") };
    if client.parties.is_empty() {
        return accounts;
    }
    let parties: Vec<_> = client.parties.iter().map(PartyName::as_str).collect();
    format!("{accounts}, of parties {}", parties.join(", "))
}

#[expect(clippy::needless_pass_by_value, reason = "it stands in map_err, where an error comes by value")]
fn failed(error: StoreError) -> Failure {
    store_failure(&error)
}

#[expect(clippy::needless_pass_by_value, reason = "it stands in map_err, where an error comes by value")]
fn cannot_write(error: io::Error) -> Failure {
    Failure::new(Exit::Failure, format!("the output cannot be written: {error}"))
}
