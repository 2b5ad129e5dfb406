//! `nontax serve`: the gateway itself.

use std::net::SocketAddr;
use std::sync::Arc;

use clap::ValueEnum;
use tokio::net::TcpListener;
use tokio::sync::watch;

use super::assembly::{
    address_rules, callback_limits, connection_limits, micropay_runner, open_store, parties, start_logging,
    store_failure, webhooks,
};
use super::stop::asked_to_stop;
use super::workers::Workers;
use super::{Exit, Failure, Shared, config};
use crate::config::{Config, ServerRole};
use crate::server::{Gateway, admin_router, callback_router, serve};
use crate::store::{Store, StoreError};

/// What `serve` takes.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// What this gateway does; without it server.role of the configuration.
    #[arg(long, value_enum)]
    role: Option<Role>,
}

/// What a gateway does of all that there is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Role {
    /// Everything.
    All,
    /// The callbacks and the admin API, without the jobs.
    Callback,
    /// The jobs and the admin API, without the callbacks.
    Worker,
}

impl From<Role> for ServerRole {
    fn from(role: Role) -> Self {
        match role {
            Role::All => Self::All,
            Role::Callback => Self::Callback,
            Role::Worker => Self::Worker,
        }
    }
}

/// Serves until the process is asked to stop, then finishes what is under way.
///
/// # Errors
/// [`Failure`] when the configuration, the database's schema or an address to listen on is wrong.
pub async fn run(args: &Args, shared: &Shared) -> Result<(), Failure> {
    let mut config = config::load(shared)?.config;
    config::require_parties(&config)?;
    config.server.role = args.role.map_or(config.server.role, Into::into);
    let role = config.server.role;
    start_logging(&config.logging)?;
    let store = open_store(&config).await?;
    check_schema(&*store).await?;
    let runner = micropay_runner(&config, &store);
    let parties = parties(&config, Some(&store))?;
    let webhooks = webhooks(&config)?;
    let (address_rules, limits) = (address_rules(&config.server), callback_limits(&config.server));
    let keeps_bodies = config.retention.keep_bodies;
    let gateway =
        Gateway::keeping_bodies(parties, Arc::clone(&store), address_rules, limits, runner.clone(), keeps_bodies);
    let callbacks =
        if role.answers_callbacks() { Some(listen("server.listen", config.server.listen).await?) } else { None };
    let admin = listen("server.admin_listen", config.server.admin_listen).await?;
    tell_start(&config, callbacks.as_ref(), &admin);
    let workers =
        if role.does_jobs() { Some(Workers::start(&config, runner, &store, &gateway, webhooks)?) } else { None };

    let (stop, stopped) = watch::channel(());
    let connections = connection_limits(&config.server);
    let until = |mut stopped: watch::Receiver<()>| async move { drop(stopped.changed().await) };
    let (callback_routes, callbacks_stop) = (callback_router(&gateway), until(stopped.clone()));
    let mut callbacks = tokio::spawn(async move {
        match callbacks {
            Some(listener) => serve(listener, callback_routes, connections, callbacks_stop).await,
            None => callbacks_stop.await,
        }
    });
    let mut admin = tokio::spawn(serve(admin, admin_router(&gateway), connections, until(stopped)));
    tokio::select! {
        () = asked_to_stop() => tracing::info!("asked to stop; finishing what is under way"),
        // A listener ends by itself only by a panic. Better no process than one that serves nobody.
        _ = &mut callbacks => return Err(Failure::new(Exit::Failure, "the listener for callbacks ended: this is a bug")),
        _ = &mut admin => return Err(Failure::new(Exit::Failure, "the admin listener ended: this is a bug")),
    }
    // What they leave in the middle is as after a crash: the next gateway goes on from what is kept.
    if let Some(workers) = workers {
        workers.stop().await;
    }
    let _ = stop.send(());
    // They end by themselves, within the grace.
    let _ = callbacks.await;
    let _ = admin.await;
    gateway.close(config.server.shutdown_grace).await;
    tracing::info!("stopped");
    Ok(())
}

/// A wrong schema is a mistake to be told at once; a database that is away may come back, and is answered 299 until then.
async fn check_schema(store: &dyn Store) -> Result<(), Failure> {
    match store.check_ready().await {
        Ok(()) => Ok(()),
        Err(error @ StoreError::Database { .. }) => {
            let error = &error as &dyn std::error::Error;
            tracing::error!(error, "the database is not there yet; callbacks are answered 299 until it is");
            Ok(())
        }
        Err(error) => Err(store_failure(&error)),
    }
}

async fn listen(key: &str, address: SocketAddr) -> Result<TcpListener, Failure> {
    TcpListener::bind(address).await.map_err(|error| {
        Failure::new(Exit::Network, format!("cannot listen on {address} ({key}): {error}"))
            .with_help(format!("stop what listens there, or set {key} to another address"))
    })
}

fn tell_start(config: &Config, callbacks: Option<&TcpListener>, admin: &TcpListener) {
    let address = |listener: &TcpListener| listener.local_addr().map(|address| address.to_string()).unwrap_or_default();
    let names: Vec<&str> = config.parties.iter().map(|party| party.name.as_str()).collect();
    tracing::info!(
        version = env!("CARGO_PKG_VERSION"),
        role = config.server.role.name(),
        callbacks = callbacks.map(address),
        admin = address(admin),
        database = config.database.url,
        parties = names.join(", "),
        "serving"
    );
    if callbacks.is_some() && config.server.allow_from.is_empty() {
        tracing::warn!("server.allow_from is empty: any address may call the callbacks");
    }
}
