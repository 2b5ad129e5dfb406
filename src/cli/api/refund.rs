//! `nontax api refund`: a refund that the refund desk keeps and follows. Its number is the caller's, or made at the desk.

use jiff::Timestamp;

use super::call::ApiCall;
use super::{Console, Exit, Failure};
use crate::app::{RefundWish, request_refund};
use crate::cli::Format;
use crate::cli::refund::{derived_key, failed, outcome, print, tell_repetition};
use crate::domain::{Fen, InvalidIdentifier, OrderId, RefundAmount, RefundOutId};
use crate::wire::RefundRequest;

pub(super) async fn run(call: &ApiCall<'_>, console: &mut Console<'_>) -> Result<(), Failure> {
    let request = call.prepare::<RefundRequest>(console)?;
    let (Some(request), Some(store)) = (request, call.store) else { return Ok(()) };
    let wish = wish(request).map_err(|error| Failure::from_error(Exit::Usage, &error))?;
    let (numbered, now) = (wish.refund_out_id.is_some(), Timestamp::now());
    let asked = request_refund(&**store, call.party, wish, now).await.map_err(failed)?;
    if !numbered {
        tell_repetition(&asked, now, "refund_out_id", console);
    }
    print(&asked, Format::Json, console)?;
    outcome(&asked)
}

fn wish(request: RefundRequest) -> Result<RefundWish, InvalidIdentifier> {
    let order_id = OrderId::new(&request.order_id)?;
    let refund_out_id = request.refund_out_id.as_deref().map(RefundOutId::new).transpose()?;
    // Above 0 where it is there: the request was checked.
    let amount = request.refund_fee.and_then(Fen::new).map_or(RefundAmount::All, RefundAmount::Part);
    let caller_key = match &refund_out_id {
        Some(number) => number.to_string(),
        None => derived_key(&order_id, amount, &request.reason),
    };
    let (reason, requested_by) = (request.reason, "command line".to_owned());
    Ok(RefundWish { order_id, amount, reason, caller_key, requested_by, refund_out_id })
}
