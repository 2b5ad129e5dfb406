//! `nontax api micropay`: one call. Waiting for the payer's password is the runner's.

use super::call::ApiCall;
use super::{Console, Failure};
use crate::platform::{MICROPAY, PlatformError};
use crate::wire::MicropayRequest;

pub(super) async fn run(call: &ApiCall<'_>, console: &mut Console<'_>) -> Result<(), Failure> {
    let Some(request) = call.prepare::<MicropayRequest>(console)? else { return Ok(()) };
    let replied = call.client()?.micropay(&request).await.map_err(|error| call.failure(&error))?;
    // Whatever the errcode: the order_id beside it is needed for the next call.
    ApiCall::print(&replied.document, console)?;
    match replied.errcode {
        0 => Ok(()),
        errcode => {
            let errmsg = replied.errmsg.clone().unwrap_or_default();
            Err(call.failure(&PlatformError::Refused { api: MICROPAY, errcode, errmsg }))
        }
    }
}
