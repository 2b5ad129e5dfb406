//! `nontax api micropay`: a payment at the counter, run to its end: the platform's page asks for calls until there is one.

use super::call::ApiCall;
use super::{Console, Failure};
use crate::app::MicropayRunner;
use crate::cli::Format;
use crate::cli::caller_key::given_or_new_key;
use crate::cli::micropay::{key, pay_request};
use crate::wire::MicropayRequest;

pub(super) async fn run(call: &ApiCall<'_>, console: &mut Console<'_>) -> Result<(), Failure> {
    let request = call.prepare::<MicropayRequest>(console)?;
    let (Some(request), Some(store)) = (request, call.store) else { return Ok(()) };
    let key = key(&given_or_new_key(call.key, console)?)?;
    let runner = MicropayRunner::new(store.clone(), call.platform.micropay_pace, call.platform.micropay_timeout);
    pay_request(&runner, call.party, &key, &request, Format::Json, console).await
}
