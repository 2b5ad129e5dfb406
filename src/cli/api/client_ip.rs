//! `nontax api getclientip`: how the user's page learns the user's address, and a trial of the URL.

use super::call::ApiCall;
use super::explain::print_text;
use super::{Console, Exit, Failure, PATIENCE};
use crate::platform::{PlatformError, get_client_ip};

const HOW: &str = "\
The user's page calls it (source §8), not the server: GET on the URL that Weixin gave you, without an access_token. The reply is
  {\"base_resp\":{\"ret\":0,\"err_msg\":\"OK\"},\"client_ip\":\"203.0.113.9\"}
Pass client_ip on to your server and put it into the order's ip: a payment from another address is refused.
To try the URL from here, which tells this machine's address: nontax api getclientip --url URL
";

pub(super) async fn run(url: Option<&str>, console: &mut Console<'_>) -> Result<(), Failure> {
    let Some(url) = url else { return print_text(HOW, console) };
    if !(url.starts_with("https://") || url.starts_with("http://")) {
        return Err(Failure::new(Exit::Usage, "--url is no URL").with_help("write it with https://"));
    }
    let replied = get_client_ip(url, PATIENCE).await.map_err(|error| {
        let exit = if matches!(error, PlatformError::Refused { .. }) { Exit::Refused } else { Exit::Network };
        Failure::from_error(exit, &error)
    })?;
    ApiCall::print(&replied.document, console)
}
