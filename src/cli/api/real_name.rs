//! `nontax api getrealname`: the name, opened with the platform's public key. It is printed and kept nowhere.

use serde_json::{Value, json};

use super::call::ApiCall;
use super::{Console, Exit, Failure};
use crate::envelope::open_real_name;
use crate::wire::GetRealNameRequest;

pub(super) async fn run(call: &ApiCall<'_>, console: &mut Console<'_>) -> Result<(), Failure> {
    let Some(request) = call.prepare::<GetRealNameRequest>(console)? else { return Ok(()) };
    let replied = call.client()?.get_real_name(&request).await.map_err(|error| call.failure(&error))?;
    let name = open_real_name(&replied.reply, call.party.key_ring.platform_keys()).map_err(|fault| {
        Failure::new(Exit::Failure, format!("the name cannot be opened: {fault}"))
            .with_help("compare the party's [[party.platform_key]] with the key that Weixin assigned")
    })?;
    // The sources do not say whether the plaintext is the name or an object with it.
    let name: Value = serde_json::from_str(name.expose()).unwrap_or_else(|_| name.expose().into());
    ApiCall::print(&json!({ "errcode": 0, "errmsg": replied.errmsg, "real_name": name }), console)
}
