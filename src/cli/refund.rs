//! `nontax refund`: the refund desk at the command line, over the same store as the gateway's.

use std::time::Duration;

use clap::{Args, Subcommand};
use jiff::Timestamp;
use serde_json::json;

use super::{Console, Exit, Failure, Format, Shared, assembly, config};
use crate::app::{Party, RefundAnswer, RefundDeskError, RefundWish, follow_refund, request_refund};
use crate::domain::{Fen, OrderId, RefundAmount, RefundOutId, RefundRequestState};
use crate::envelope::sha256_hex;
use crate::store::{RefundRequestRecord, RefundSelection, Store, StoreError};

/// How long `--wait` pauses between two looks: refunds take minutes, and the platform limits the pace.
const PAUSE_BETWEEN_LOOKS: Duration = Duration::from_secs(5);

/// How long `--wait` waits in all. What takes longer is followed later.
const LONGEST_WAIT: Duration = Duration::from_mins(10);

/// How many requests `list` prints at most.
const MOST_LISTED: u32 = 1000;

/// The commands about refunds.
#[derive(Debug, Subcommand)]
pub enum RefundCommand {
    /// Refund an order, or a part of it.
    Request(RequestArguments),
    /// Show a request for a refund.
    Show(OneArguments),
    /// List requests for refunds, newest first.
    List(ListArguments),
    /// Find out at the platform what became of a request, and make it again where that is safe.
    Follow(FollowArguments),
}

/// What `refund request` takes.
#[derive(Debug, Args)]
pub struct RequestArguments {
    /// The party, by its name in the configuration.
    #[arg(long, value_name = "NAME")]
    party: String,
    /// The platform's order.
    #[arg(long, value_name = "ORDER_ID")]
    order_id: String,
    /// How much, in fen; without it all that is left.
    #[arg(long, value_name = "FEN")]
    fee: Option<i64>,
    /// Why, as the platform is told.
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// A key of this refund: the same command with the same key is one refund. Without it the order, the amount and the reason are.
    #[arg(long, value_name = "KEY")]
    key: Option<String>,
    /// Wait until the money went back, ten minutes at most.
    #[arg(long)]
    wait: bool,
    /// How to print it.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// A request for a refund on the command line.
#[derive(Debug, Args)]
pub struct OneArguments {
    /// The party, by its name in the configuration.
    #[arg(long, value_name = "NAME")]
    party: String,
    /// Our number of the refund.
    #[arg(value_name = "REFUND_OUT_ID")]
    refund_out_id: String,
    /// How to print it.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// What `refund follow` takes.
#[derive(Debug, Args)]
pub struct FollowArguments {
    #[command(flatten)]
    one: OneArguments,
    /// Wait until the money went back, ten minutes at most.
    #[arg(long)]
    wait: bool,
}

/// What `refund list` takes.
#[derive(Debug, Args)]
pub struct ListArguments {
    /// The party, by its name in the configuration.
    #[arg(long, value_name = "NAME")]
    party: String,
    /// Those of one order only.
    #[arg(long, value_name = "ORDER_ID")]
    order_id: Option<String>,
    /// Those only of which something is still to be learnt.
    #[arg(long)]
    open: bool,
    /// How to print them.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// Runs a command about refunds.
///
/// # Errors
/// [`Failure`] with the exit code: 1 for what a rule forbids, 2 for a party or a refund that is not there, 4 while the outcome is not
/// known, 5 when the platform refused.
pub async fn run(command: &RefundCommand, shared: &Shared, console: &mut Console<'_>) -> Result<(), Failure> {
    let config = config::load(shared)?.config;
    config::require_parties(&config)?;
    let store = assembly::open_store(&config).await?;
    let parties = assembly::parties(&config, Some(&store))?;
    let outcome = run_over(command, &*store, &parties, console).await;
    store.close().await;
    outcome
}

async fn run_over(
    command: &RefundCommand,
    store: &dyn Store,
    parties: &[Party],
    console: &mut Console<'_>,
) -> Result<(), Failure> {
    match command {
        RefundCommand::Request(arguments) => {
            let party = named(&arguments.party, parties)?;
            let now = Timestamp::now();
            let asked = request_refund(store, party, wish(arguments)?, now).await.map_err(failed)?;
            if arguments.key.is_none() {
                tell_repetition(&asked, now, "--key", console);
            }
            let asked = if arguments.wait { waited_for(store, party, asked).await? } else { asked };
            print(&asked, arguments.format, console)?;
            outcome(&asked)
        }
        RefundCommand::Show(arguments) => {
            let party = named(&arguments.party, parties)?;
            let id = number(&arguments.refund_out_id)?;
            let found =
                store.find_refund_request(party.name.clone(), id.clone()).await.map_err(|e| store_failed(&e))?;
            let found = found.ok_or_else(|| failed(RefundDeskError::NoSuchRequest(id)))?;
            print(&found, arguments.format, console)
        }
        RefundCommand::List(arguments) => list(arguments, store, parties, console).await,
        RefundCommand::Follow(FollowArguments { one, wait }) => {
            let party = named(&one.party, parties)?;
            let id = number(&one.refund_out_id)?;
            let followed = follow_refund(store, party, &id, Timestamp::now()).await.map_err(follow_failed)?;
            let followed = if *wait { waited_for(store, party, followed).await? } else { followed };
            print(&followed, one.format, console)?;
            outcome(&followed)
        }
    }
}

async fn list(
    arguments: &ListArguments,
    store: &dyn Store,
    parties: &[Party],
    console: &mut Console<'_>,
) -> Result<(), Failure> {
    let party = named(&arguments.party, parties)?;
    let order_id = arguments.order_id.as_deref().map(OrderId::new).transpose();
    let order_id = order_id.map_err(|error| Failure::from_error(Exit::Usage, &error))?;
    let selection = RefundSelection { order_id, open_only: arguments.open };
    let found = store.list_refund_requests(party.name.clone(), selection, MOST_LISTED).await;
    let found = found.map_err(|error| store_failed(&error))?;
    match arguments.format {
        Format::Json => {
            let refunds: Vec<_> = found.iter().map(RefundAnswer::from).collect();
            write(&format!("{:#}", json!({ "refunds": refunds })), console)
        }
        Format::Text => found.iter().try_for_each(|request| print(request, Format::Text, console)),
    }
}

fn named<'a>(name: &str, parties: &'a [Party]) -> Result<&'a Party, Failure> {
    parties.iter().find(|party| party.name.as_str() == name).ok_or_else(|| {
        let names: Vec<_> = parties.iter().map(|party| party.name.as_str()).collect();
        Failure::new(Exit::Usage, format!("there is no party \"{name}\" in the configuration"))
            .with_help(format!("the parties are: {}", names.join(", ")))
    })
}

fn number(text: &str) -> Result<RefundOutId, Failure> {
    RefundOutId::new(text).map_err(|error| Failure::from_error(Exit::Usage, &error))
}

fn wish(arguments: &RequestArguments) -> Result<RefundWish, Failure> {
    let order_id = OrderId::new(&arguments.order_id).map_err(|error| Failure::from_error(Exit::Usage, &error))?;
    let amount = match arguments.fee {
        None => RefundAmount::All,
        Some(fee) => RefundAmount::Part(
            Fen::new(fee).ok_or_else(|| Failure::new(Exit::Usage, "--fee is negative: give an amount in fen"))?,
        ),
    };
    let given = arguments.key.clone();
    Ok(RefundWish {
        caller_key: given.unwrap_or_else(|| derived_key(&order_id, amount, &arguments.reason)),
        order_id,
        amount,
        reason: arguments.reason.clone(),
        requested_by: "command line".to_owned(),
        refund_out_id: None,
    })
}

/// The key of a command that names none: one that is repeated after a failure, from a shell's history perhaps, must not refund
/// twice.
pub(super) fn derived_key(order_id: &OrderId, amount: RefundAmount, reason: &str) -> String {
    let amount = match amount {
        RefundAmount::All => "all".to_owned(),
        RefundAmount::Part(fee) => fee.get().to_string(),
    };
    format!("cli-{}", sha256_hex(format!("{order_id}\n{amount}\n{reason}").as_bytes()))
}

/// Says that a command without a key met the refund of an earlier one: it may have been meant as another.
pub(super) fn tell_repetition(asked: &RefundRequestRecord, now: Timestamp, key: &str, console: &mut Console<'_>) {
    // What the store keeps has milliseconds.
    if asked.created_at.as_millisecond() < now.as_millisecond() {
        // A terminal that is gone is no reason to stop.
        let _ =
            writeln!(console.err, "this is the refund asked for at {}; give {key} for another one", asked.created_at);
    }
}

/// Follows a request until it is final or the wait is over. A look that fails is taken again.
async fn waited_for(
    store: &dyn Store,
    party: &Party,
    mut request: RefundRequestRecord,
) -> Result<RefundRequestRecord, Failure> {
    let over = tokio::time::Instant::now() + LONGEST_WAIT;
    while !request.state.is_final() && tokio::time::Instant::now() < over {
        tokio::time::sleep(PAUSE_BETWEEN_LOOKS).await;
        match follow_refund(store, party, &request.refund_out_id, Timestamp::now()).await {
            Ok(followed) => request = followed,
            Err(RefundDeskError::LookUp(_)) => {}
            Err(error) => return Err(follow_failed(error)),
        }
    }
    Ok(request)
}

/// The exit code of a request: scripts must not take a refusal or an unknown outcome for a refund.
pub(super) fn outcome(request: &RefundRequestRecord) -> Result<(), Failure> {
    match &request.state {
        RefundRequestState::Accepted { .. } | RefundRequestState::Refunded { .. } => Ok(()),
        RefundRequestState::Refused { errcode, errmsg } => {
            Err(Failure::new(Exit::Refused, format!("the platform refused with errcode {errcode}: {errmsg}")))
        }
        RefundRequestState::Requested => {
            let why = request.problem.as_deref().unwrap_or("another call for it is under way");
            Err(Failure::new(Exit::Network, format!("it is not known whether the platform took the refund: {why}"))
                .with_help(format!(
                    "run nontax refund follow --party {} {} (it never refunds twice)",
                    request.party, request.refund_out_id
                )))
        }
    }
}

pub(super) fn print(request: &RefundRequestRecord, format: Format, console: &mut Console<'_>) -> Result<(), Failure> {
    if format == Format::Json {
        return write(&format!("{:#}", json!(RefundAnswer::from(request))), console);
    }
    let amount = request.refund_fee().map_or_else(|| "all".to_owned(), |fee| format!("{fee} yuan"));
    let (id, order_id, state) = (&request.refund_out_id, &request.order_id, request.state.name());
    write(&format!("refund {id} of order {order_id}: {amount}, {state} ({})", request.reason), console)
}

fn write(text: &str, console: &mut Console<'_>) -> Result<(), Failure> {
    writeln!(console.out, "{text}")
        .map_err(|error| Failure::new(Exit::Failure, format!("the output cannot be written: {error}")))
}

fn store_failed(error: &StoreError) -> Failure {
    assembly::store_failure(error)
}

#[expect(clippy::needless_pass_by_value, reason = "it stands in map_err, where an error comes by value")]
pub(super) fn failed(error: RefundDeskError) -> Failure {
    match &error {
        RefundDeskError::Store(error) => store_failed(error),
        RefundDeskError::LookUp(_) => Failure::from_error(Exit::Network, &error)
            .with_help("nothing was asked for; nontax doctor tells what is wrong with the way to the platform"),
        RefundDeskError::NoPlatformAccess(_) => {
            Failure::from_error(Exit::Config, &error).with_help("add app_secret_file to the party")
        }
        RefundDeskError::Invalid { .. } | RefundDeskError::NoSuchRequest(_) => Failure::from_error(Exit::Usage, &error),
        RefundDeskError::Refused(_) | RefundDeskError::KeyTaken { .. } | RefundDeskError::NoSuchOrder(_) => {
            Failure::from_error(Exit::Failure, &error).with_help("nothing was asked for")
        }
    }
}

/// What went wrong with the look at a refund that was asked for before.
fn follow_failed(error: RefundDeskError) -> Failure {
    let help = "the refund was asked for; its state could not be looked up: follow it again";
    match &error {
        RefundDeskError::LookUp(_) => Failure::from_error(Exit::Network, &error).with_help(help),
        RefundDeskError::NoSuchOrder(_) => Failure::from_error(Exit::Failure, &error).with_help(help),
        _ => failed(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::Fault;

    #[test]
    fn a_look_that_failed_says_that_the_refund_was_asked_for() {
        let no_look = || RefundDeskError::LookUp(Fault::Field("status".to_owned()));
        let no_order = || RefundDeskError::NoSuchOrder(OrderId::new("A").unwrap());
        for error in [no_look(), no_order()] {
            assert!(format!("{:?}", follow_failed(error)).contains("the refund was asked for"));
        }
        for error in [no_look(), no_order()] {
            assert!(format!("{:?}", failed(error)).contains("nothing was asked for"));
        }
    }
}
