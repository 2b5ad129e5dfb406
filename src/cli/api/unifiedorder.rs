//! `nontax api unifiedorder`: an order that is kept with its notice, once for each key.

use jiff::Timestamp;

use super::call::{ApiCall, print_json};
use super::{Console, Exit, Failure};
use crate::app::{OrderWish, PlaceOrderError, PlacedOrderAnswer, Placement, place_order};
use crate::cli::assembly::store_failure;
use crate::cli::caller_key::given_or_new_key;
use crate::platform::{PlatformError, UNIFIED_ORDER};
use crate::wire::UnifiedOrderRequest;

pub(super) async fn run(call: &ApiCall<'_>, console: &mut Console<'_>) -> Result<(), Failure> {
    let request = call.prepare::<UnifiedOrderRequest>(console)?;
    let (Some(order), Some(store)) = (request, call.store) else { return Ok(()) };
    let wish = OrderWish {
        order,
        idempotency_key: given_or_new_key(call.key, console)?,
        allow_open_order: call.allow_open_order,
        requested_by: "command line".to_owned(),
    };
    let now = Timestamp::now();
    let placed = place_order(&**store, call.party, wish, now).await.map_err(|error| failed(call, error))?;
    let (Placement::New(placed) | Placement::Repeated(placed)) = placed;
    print_json(&PlacedOrderAnswer::at(&placed, now), console)
}

fn failed(call: &ApiCall<'_>, error: PlaceOrderError) -> Failure {
    match error {
        PlaceOrderError::Invalid(problems) => {
            call.failure(&PlatformError::InvalidRequest { api: UNIFIED_ORDER, problems })
        }
        PlaceOrderError::Refused { errcode, errmsg } => {
            call.failure(&PlatformError::Refused { api: UNIFIED_ORDER, errcode, errmsg })
        }
        PlaceOrderError::NotPlaced(error) => call.failure(&error),
        PlaceOrderError::Store(error) => store_failure(&error),
        PlaceOrderError::NotAGovernmentUnit(_) => Failure::from_error(Exit::Usage, &error)
            .with_help("say with --party which government unit places it, or let its system do so"),
        PlaceOrderError::NoPlatformAccess(_) => {
            Failure::from_error(Exit::Config, &error).with_help("add app_secret_file to the party")
        }
        PlaceOrderError::OpenOrder(ref placed) => {
            let answer = PlacedOrderAnswer::at(placed, Timestamp::now());
            let link = answer.map(|answer| answer.order_id).unwrap_or_default();
            Failure::from_error(Exit::Failure, &error)
                .with_help(format!("the open order is {link}; --allow-open-order places another one beside it"))
        }
        PlaceOrderError::OutcomeUnknown(_) | PlaceOrderError::LookUp(_) => Failure::from_error(Exit::Network, &error)
            .with_help("give the same order again with the same --key: it finds out before it places anything"),
        error => Failure::from_error(Exit::Failure, &error),
    }
}
