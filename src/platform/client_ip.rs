//! The call of source §8, which the user's page makes to learn the user's address. From here it tells this machine's.

use std::time::Duration;

use super::{Https, PlatformError, Replied};
use crate::wire::ClientIpReply;

/// How errors name it: the sources tell no path.
const GET_CLIENT_IP: &str = "getclientip";

/// Asks `url`, which needs no access_token, which address this machine has.
///
/// # Errors
/// [`PlatformError`] when the question was not answered.
pub async fn get_client_ip(url: &str, timeout: Duration) -> Result<Replied<ClientIpReply>, PlatformError> {
    let replied: Replied<ClientIpReply> = Https::new(url, timeout)?.get_base(GET_CLIENT_IP).await?;
    match replied.base_resp.ret {
        0 => Ok(replied),
        errcode => {
            let errmsg = super::received::errmsg(&replied.base_resp.err_msg);
            Err(PlatformError::Refused { api: GET_CLIENT_IP, errcode, errmsg })
        }
    }
}
