//! The access_token calls: `GET /cgi-bin/token` and `POST /cgi-bin/stable_token`.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::lenient;

/// The body of `POST /cgi-bin/stable_token`.
#[derive(Clone, Serialize, Deserialize)]
pub struct StableTokenRequest {
    /// `client_credential`.
    pub grant_type: String,
    /// The Official Account.
    pub appid: String,
    /// Its AppSecret.
    pub secret: String,
    /// Whether to have a new token at once, which kills the old one.
    #[serde(default)]
    pub force_refresh: bool,
}

/// The reply of both calls: a token, or an errcode.
#[derive(Clone, Default, Serialize, Deserialize)]
pub struct TokenReply {
    /// The token, 512 characters or more.
    #[serde(default, deserialize_with = "lenient::optional_string", skip_serializing_if = "Option::is_none")]
    pub access_token: Option<String>,
    /// For how many seconds it is valid.
    #[serde(default, deserialize_with = "lenient::optional_integer", skip_serializing_if = "Option::is_none")]
    pub expires_in: Option<i64>,
    /// 0 or absent when there is a token.
    #[serde(default, deserialize_with = "lenient::optional_integer", skip_serializing_if = "Option::is_none")]
    pub errcode: Option<i64>,
    /// What the errcode means.
    #[serde(default, deserialize_with = "lenient::optional_string", skip_serializing_if = "Option::is_none")]
    pub errmsg: Option<String>,
}

/// Without the secret.
impl fmt::Debug for StableTokenRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StableTokenRequest").field("appid", &self.appid).finish_non_exhaustive()
    }
}

/// Without the token.
impl fmt::Debug for TokenReply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenReply")
            .field("expires_in", &self.expires_in)
            .field("errcode", &self.errcode)
            .field("errmsg", &self.errmsg)
            .finish_non_exhaustive()
    }
}
