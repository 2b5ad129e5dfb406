//! The user's address, as the call of source §8 tells it to the page that makes it.

use serde::{Deserialize, Serialize};

use super::lenient;

/// The reply: the address, or why there is none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ClientIpReply {
    /// Whether it worked.
    pub base_resp: BaseResponse,
    /// The address.
    #[serde(deserialize_with = "lenient::optional_string")]
    pub client_ip: Option<String>,
}

/// The outcome in the shape of Weixin's page calls.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct BaseResponse {
    /// 0, or what is wrong.
    #[serde(deserialize_with = "lenient::integer")]
    pub ret: i64,
    /// What `ret` means; `OK` for 0.
    pub err_msg: String,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::from_json;

    #[test]
    fn the_sample_reads() {
        let reply: ClientIpReply = from_json(br#"{"base_resp":{"ret":0,"err_msg":"OK"},"client_ip":""}"#).unwrap();
        assert_eq!((reply.base_resp.ret, reply.client_ip), (0, None));
    }
}
