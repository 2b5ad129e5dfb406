//! The payer's real name: the link to authorise it, and the name itself, encrypted (protocol §6; source §9.2, §9.3).

use std::fmt;

use serde::{Deserialize, Serialize};

use super::lenient;

/// `key_encrypt_type` of the sources' sample.
pub const KEY_ENCRYPT_TYPE_RSA: &str = "RSA";

/// `data_encrypt_type` of the sources' sample.
pub const DATA_ENCRYPT_TYPE_AES_ECB: &str = "AES_ECB";

/// The body of `POST /intp/realname/getauthurl`. It names no account: the access_token does.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct GetAuthUrlRequest {
    /// Where the user goes afterwards; `wx_realname_token` is appended to it. Required.
    pub redirect_url: String,
}

/// The reply to `POST /intp/realname/getauthurl`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct GetAuthUrlReply {
    /// 0, or what is wrong (§10).
    #[serde(deserialize_with = "lenient::integer")]
    pub errcode: i64,
    /// What the errcode means.
    #[serde(deserialize_with = "lenient::optional_string", skip_serializing_if = "Option::is_none")]
    pub errmsg: Option<String>,
    /// The link that the user opens.
    #[serde(deserialize_with = "lenient::optional_string", skip_serializing_if = "Option::is_none")]
    pub auth_url: Option<String>,
    /// For how many seconds it is valid.
    #[serde(deserialize_with = "lenient::optional_integer", skip_serializing_if = "Option::is_none")]
    pub expires_in: Option<i64>,
    /// The Mini Program that the user goes back to, when the unit uses one.
    #[serde(deserialize_with = "lenient::optional_string", skip_serializing_if = "Option::is_none")]
    pub auth_appid: Option<String>,
}

/// The body of `POST /nontax/getrealname`. It names no account: the access_token does.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct GetRealNameRequest {
    /// What was appended to the redirect_url. Required.
    pub wx_realname_token: String,
}

/// The reply to `POST /nontax/getrealname`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct GetRealNameReply {
    /// 0, or what is wrong (§10).
    #[serde(deserialize_with = "lenient::integer")]
    pub errcode: i64,
    /// What the errcode means.
    #[serde(deserialize_with = "lenient::optional_string", skip_serializing_if = "Option::is_none")]
    pub errmsg: Option<String>,
    /// How `key` is encrypted: `RSA`.
    #[serde(deserialize_with = "lenient::optional_string", skip_serializing_if = "Option::is_none")]
    pub key_encrypt_type: Option<String>,
    /// base64 of the AES key, encrypted with the platform's private key.
    #[serde(deserialize_with = "lenient::optional_string", skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// How `data` is encrypted: `AES_ECB`.
    #[serde(deserialize_with = "lenient::optional_string", skip_serializing_if = "Option::is_none")]
    pub data_encrypt_type: Option<String>,
    /// base64 of the name, encrypted with the key.
    #[serde(deserialize_with = "lenient::optional_string", skip_serializing_if = "Option::is_none")]
    pub data: Option<String>,
}

/// Without the token, which gets a name.
impl fmt::Debug for GetRealNameRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GetRealNameRequest").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::from_json;

    #[test]
    fn the_sample_of_the_sources_reads() {
        // The sources leave out the commas after two of the lines.
        let reply: GetRealNameReply = from_json(
            br#"{"errcode": 0, "errmsg": "ok", "key_encrypt_type": "RSA", "data_encrypt_type": "AES_ECB",
                "data": "f06i5EaQQiBV5uXoKcfjYFkT/UKGGuU77sVlMjpC0kKea/wz9Ow1WPlD19w3g1vXFgBqHykP1s+Iy3LjfiqYNQ==",
                "key": "V60tpxnZPsBfFQhEnCWVeetm07OUk3PyH4PYozNlK1WxaYqbLAnKld/sMN+pjo8Td6mhAImcOq7Sue8h0SxGzTA4o3Wf32ff2IoUbTHPO0AgkpZJy36eECkY/TklgaVqPtqE9iJ66Qt+0/GM3pdQ3f8FYMVmkvK6m53aHn1u6cX6mL0nbYBfVOpyGOh3iIuHnBCW3IeXXa41D6DbHrzmeKbBi6T56wxHLYnmMB7P20+EzSdCQZzeY1MtdT0TT1KrlkZsL2fYKcjg/ytvGiEewH/jY4zf83AVJW3KjSDJaLZGXYsPvNHopAQTP9jz/hUtIa2fDgSAi3mGdxDsJcesmQ=="}"#,
        )
        .unwrap();
        assert_eq!(reply.key_encrypt_type.as_deref(), Some(KEY_ENCRYPT_TYPE_RSA));
        assert_eq!(reply.data_encrypt_type.as_deref(), Some(DATA_ENCRYPT_TYPE_AES_ECB));
    }

    #[test]
    fn the_token_is_not_shown() {
        let request = GetRealNameRequest { wx_realname_token: "8e1e219ec15953101515058721".into() };
        assert!(!format!("{request:?}").contains("8e1e"));
    }
}
