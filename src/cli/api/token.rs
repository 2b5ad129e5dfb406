//! `nontax api token`: the party's access_token, from wherever the gateway takes it. It is printed because it is asked for.

use jiff::Timestamp;
use serde_json::json;

use super::call::ApiCall;
use super::explain::{print_text, text};
use super::{Console, Failure};
use crate::config::TokenConfig;
use crate::platform::{LEGACY_TOKEN, STABLE_TOKEN, TokenMode};

pub(super) async fn run(call: &ApiCall<'_>, console: &mut Console<'_>) -> Result<(), Failure> {
    if call.explain {
        return explain(call, console);
    }
    let current = call.client()?.tokens().current().await.map_err(|error| call.failure(&error))?;
    let expires_in = current.expires_at.duration_since(Timestamp::now()).as_secs().max(0);
    ApiCall::print(&json!({ "access_token": current.token.expose(), "expires_in": expires_in }), console)
}

fn explain(call: &ApiCall<'_>, console: &mut Console<'_>) -> Result<(), Failure> {
    let base_url = &call.platform.base_url;
    let appid = &call.party.appid;
    let (target, body) = match &call.platform.token {
        TokenConfig::Platform(TokenMode::Stable) => {
            let body = json!({
                "grant_type": "client_credential", "appid": appid, "secret": "***", "force_refresh": false,
            });
            (format!("POST {base_url}{STABLE_TOKEN}"), body)
        }
        TokenConfig::External { url, .. } => (format!("GET {url}?appid={appid}"), json!(null)),
        TokenConfig::Platform(TokenMode::Legacy) => {
            let query = format!("grant_type=client_credential&appid={appid}&secret=***");
            (format!("GET {base_url}{LEGACY_TOKEN}?{query}"), json!(null))
        }
    };
    let rules = ["the party has an app_secret", "a token that is still good is not fetched again"];
    print_text(&text(call, &target, &body, &rules), console)
}
