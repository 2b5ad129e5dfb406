//! `nontax api refund`.

use super::call::ApiCall;
use super::{Console, Failure};
use crate::wire::RefundRequest;

pub(super) async fn run(call: &ApiCall<'_>, console: &mut Console<'_>) -> Result<(), Failure> {
    let Some(request) = call.prepare::<RefundRequest>(console)? else { return Ok(()) };
    let replied = call.client()?.refund(&request).await.map_err(|error| call.failure(&error))?;
    ApiCall::print(&replied.document, console)
}
