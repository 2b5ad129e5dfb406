//! `nontax api METHOD`: every API of the platform by hand, JSON in and JSON out.

mod call;
mod client_ip;
mod download_bill;
mod explain;
mod listing;
mod micropay;
mod questions;
mod real_name;
mod refund;
mod request;
mod token;
mod unifiedorder;

use std::path::PathBuf;
use std::time::Duration;

use clap::builder::PossibleValuesParser;

use super::{Console, Exit, Failure, Shared, assembly, config};
use crate::platform::{APIS, Api};
use call::ApiCall;

/// How long one call may take, repetitions included: a person waits, and the platform's test calls call us twice meanwhile.
const PATIENCE: Duration = Duration::from_secs(30);

/// What `nontax api` takes.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Exit codes: 2 the request breaks a rule of the platform, 4 no reply that can be read, 5 refused."
)]
pub struct Args {
    /// The API.
    #[arg(value_parser = PossibleValuesParser::new(APIS.map(|api| api.name)), required_unless_present = "list")]
    method: Option<String>,
    /// The request as JSON; @FILE takes it from a file, - from standard input. appid is filled in. A payer's auth_code and a
    /// wx_realname_token are taken from a file or standard input only.
    #[arg(value_name = "REQUEST", default_value = "-")]
    request: String,
    /// Which party calls; may be left out when there is one.
    #[arg(long, value_name = "NAME")]
    party: Option<String>,
    /// Print what would be sent and which rules were checked, and send nothing.
    #[arg(long)]
    explain: bool,
    /// Where downloadbill writes the statement. It appears there whole or not at all.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// What an order or a payment at the counter is known by: the same key goes on with the same one. Made here and told when it is
    /// left out.
    #[arg(long, value_name = "KEY")]
    key: Option<String>,
    /// Place an order beside another open one for the same notice.
    #[arg(long)]
    allow_open_order: bool,
    /// The URL that getclientip calls.
    #[arg(long, value_name = "URL")]
    url: Option<String>,
    /// Print all APIs: section of the source, whose they are, whether a call may be repeated.
    #[arg(long, conflicts_with = "method")]
    list: bool,
}

/// Runs it.
///
/// # Errors
/// [`Failure`] with the exit code of what went wrong, its cause and its cure.
pub async fn run(args: &Args, shared: &Shared, console: &mut Console<'_>) -> Result<(), Failure> {
    let Some(api) = args.method.as_deref().and_then(Api::named) else {
        return listing::run(console);
    };
    check_options(args, api)?;
    if api.name == "getclientip" {
        return client_ip::run(args.url.as_deref(), console).await;
    }
    let config = config::load(shared)?.config;
    config::require_parties(&config)?;
    // What is explained is not sent, and needs nothing that is kept.
    let store = if args.explain { None } else { Some(assembly::open_store(&config).await?) };
    let parties = assembly::parties(&config, store.as_ref())?;
    let call = ApiCall::new(api, args, &parties, &config.platform, store.as_ref())?;
    let outcome = match api.name {
        "unifiedorder" => unifiedorder::run(&call, console).await,
        "refund" => refund::run(&call, console).await,
        "micropay" => micropay::run(&call, console).await,
        "downloadbill" => download_bill::run(&call, args.out.as_deref(), console).await,
        "getrealname" => real_name::run(&call, console).await,
        "token" => token::run(&call, console).await,
        _ => questions::run(&call, console).await,
    };
    if let Some(store) = store {
        store.close().await;
    }
    outcome
}

/// An option that a method does not know is a misunderstanding, and no reason to call.
fn check_options(args: &Args, api: &Api) -> Result<(), Failure> {
    let misplaced = |option: &str, method: &str| {
        Err(Failure::new(Exit::Usage, format!("{option} is for {method} alone"))
            .with_help(format!("leave {option} out")))
    };
    if args.key.is_some() && !matches!(api.name, "unifiedorder" | "micropay") {
        return misplaced("--key", "unifiedorder and micropay");
    }
    if args.allow_open_order && api.name != "unifiedorder" {
        return misplaced("--allow-open-order", "unifiedorder");
    }
    match (&args.out, &args.url, api.name) {
        (Some(_), _, name) if name != "downloadbill" => misplaced("--out", "downloadbill"),
        (_, Some(_), name) if name != "getclientip" => misplaced("--url", "getclientip"),
        (None, _, "downloadbill") if !args.explain => {
            Err(Failure::new(Exit::Usage, "downloadbill needs a file to write to").with_help("give it with --out FILE"))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;
