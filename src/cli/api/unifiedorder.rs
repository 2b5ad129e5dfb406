//! `nontax api unifiedorder`.

use super::call::ApiCall;
use super::{Console, Failure};
use crate::wire::UnifiedOrderRequest;

pub(super) async fn run(call: &ApiCall<'_>, console: &mut Console<'_>) -> Result<(), Failure> {
    let Some(request) = call.prepare::<UnifiedOrderRequest>(console)? else { return Ok(()) };
    let replied = call.client()?.unified_order(&request).await.map_err(|error| call.failure(&error))?;
    ApiCall::print(&replied.document, console)
}
