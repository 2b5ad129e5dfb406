//! One call to the platform's address that asks for nothing: it needs no token and is counted nowhere.

use reqwest::redirect::Policy;
use reqwest::{Client, Response};

use super::CALL_TIMEOUT;

/// GETs the root of `base_url`, whatever comes back. By the same way as the platform's client: TLS roots, proxies.
pub(super) async fn probe(base_url: &str) -> Result<Response, reqwest::Error> {
    let client = Client::builder()
        .timeout(CALL_TIMEOUT)
        .redirect(Policy::none())
        .user_agent(concat!("nontax-gateway/", env!("CARGO_PKG_VERSION")))
        .build()?;
    client.get(format!("{base_url}/")).send().await
}
