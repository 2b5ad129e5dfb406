//! Another central access_token server (`platform.token_mode = "external"`): `GET token_url?appid=…` and
//! `POST token_url/invalidate`, with a bearer token. A gateway's `/admin/v1/token` is one.

use std::time::Duration;

use reqwest::StatusCode;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::json;

use super::error::TOKEN_SERVER;
use super::received::errmsg;
use super::{AccessToken, AppSecret, Https, IssuedToken, PlatformError};
use crate::wire::{TokenReply, from_json};

/// A central server, for one account.
#[derive(Clone, Debug)]
pub struct TokenServer {
    /// Connections whose base is `token_url`.
    pub https: Https,
    /// The account.
    pub appid: String,
    /// The bearer token for the server.
    pub bearer: AppSecret,
}

/// What a central server says when it does not do what was asked.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Complaint {
    error: String,
    message: String,
    errcode: Option<i64>,
    errmsg: String,
}

#[derive(Deserialize)]
struct Invalidated {
    was_current: bool,
}

impl TokenServer {
    /// Asks for the token.
    ///
    /// # Errors
    /// [`PlatformError`] when none was given.
    pub async fn fetch(&self) -> Result<IssuedToken, PlatformError> {
        let request = self.https.request_get("").query(&[("appid", &self.appid)]);
        let reply: TokenReply = self.call(request).await?;
        let lifetime = reply.expires_in.and_then(|seconds| u64::try_from(seconds).ok());
        match (reply.access_token, lifetime) {
            (Some(token), Some(seconds)) => {
                Ok(IssuedToken { token: AccessToken::new(token), valid_for: Duration::from_secs(seconds) })
            }
            _ => Err(unreadable("it lacks access_token or expires_in")),
        }
    }

    /// Says that the platform refused a token. Returns whether it was the server's current one.
    ///
    /// # Errors
    /// [`PlatformError`] when the server did not take note of it.
    pub async fn invalidate(&self, token: &AccessToken) -> Result<bool, PlatformError> {
        let body = json!({ "appid": self.appid, "access_token": token.expose() }).to_string();
        let request = self.https.request_post("/invalidate").header("content-type", "application/json").body(body);
        Ok(self.call::<Invalidated>(request).await?.was_current)
    }

    async fn call<T: DeserializeOwned>(&self, request: reqwest::RequestBuilder) -> Result<T, PlatformError> {
        let (status, body) = self.https.exchange(TOKEN_SERVER, request.bearer_auth(self.bearer.expose())).await?;
        if status.is_success() {
            return from_json(&body).map_err(|error| unreadable(&error.to_string()));
        }
        Err(complaint(status, &body))
    }
}

fn complaint(status: StatusCode, body: &[u8]) -> PlatformError {
    let complaint: Complaint = from_json(body).unwrap_or_default();
    if let Some(errcode) = complaint.errcode {
        return PlatformError::Refused { api: TOKEN_SERVER, errcode, errmsg: errmsg(&complaint.errmsg) };
    }
    let Complaint { error, message, .. } = complaint;
    PlatformError::Unreachable {
        api: TOKEN_SERVER,
        problem: errmsg(format!("HTTP status {status} {error} {message}").trim_end()),
    }
}

fn unreadable(problem: &str) -> PlatformError {
    PlatformError::Unreadable { api: TOKEN_SERVER, problem: problem.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_a_complaint_fit_a_line() {
        for body in [r#"{"errcode":40125,"errmsg":"a\nb\u001b"}"#, r#"{"error":"a\nb","message":"\u001b"}"#] {
            let told = complaint(StatusCode::BAD_GATEWAY, body.as_bytes()).to_string();
            assert!(told.contains("ab") && !told.contains(char::is_control), "{told:?}");
        }
    }
}
