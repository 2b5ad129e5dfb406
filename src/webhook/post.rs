//! One call of a webhook: signed, bounded in time, to addresses that were checked after their names were resolved.

use std::error::Error;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::redirect::Policy;
use reqwest::{StatusCode, Url};

use super::{TargetRules, WebhookSecret, check_target};

/// A delivery that was not taken. Holds neither the URL, which may have a secret in it, nor what was answered.
#[derive(Debug, thiserror::Error)]
pub enum PostProblem {
    /// It answered, and not with 2xx.
    #[error("it answered {0}, where 2xx was due{hint}", hint = if .0.is_redirection() { "; redirects are not followed" } else { "" })]
    Status(StatusCode),
    /// It did not answer.
    #[error("{0}")]
    Unreachable(String),
}

/// The way to one receiver.
#[derive(Clone, Debug)]
pub struct WebhookClient {
    client: reqwest::Client,
    url: Url,
    secrets: Vec<WebhookSecret>,
}

impl WebhookClient {
    /// A way to `url`, with the secrets that sign, the current one first.
    ///
    /// # Errors
    /// What is wrong with the URL, or that TLS cannot be set up.
    pub fn new(
        url: &str,
        networks: &[ipnet::IpNet],
        secrets: Vec<WebhookSecret>,
        timeout: Duration,
    ) -> Result<Self, String> {
        let (url, rules) = check_target(url, networks)?;
        let client = reqwest::Client::builder()
            .redirect(Policy::none())
            // A proxy would resolve the name itself, unchecked.
            .no_proxy()
            .dns_resolver(Arc::new(CheckedResolver(Arc::new(rules))))
            .timeout(timeout)
            .user_agent(concat!("nontax-gateway/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| chain(&error))?;
        Ok(Self { client, url, secrets })
    }

    /// Delivers a body under its id at Unix second `timestamp`, signed with every secret.
    ///
    /// # Errors
    /// [`PostProblem`] when it was not taken, as far as can be known.
    pub async fn post(&self, id: &str, timestamp: i64, body: Vec<u8>) -> Result<(), PostProblem> {
        let signatures: Vec<_> = self.secrets.iter().map(|secret| secret.sign(id, timestamp, &body)).collect();
        let request = self
            .client
            .post(self.url.clone())
            .header("content-type", "application/json")
            .header("webhook-id", id)
            .header("webhook-timestamp", timestamp)
            .header("webhook-signature", signatures.join(" "))
            .body(body);
        let response = request.send().await.map_err(|error| PostProblem::Unreachable(chain(&error.without_url())))?;
        // What else it says is not read: it could be without end.
        if response.status().is_success() { Ok(()) } else { Err(PostProblem::Status(response.status())) }
    }
}

/// Resolves names, and gives only the addresses that may be reached: what was checked is what is connected to.
struct CheckedResolver(Arc<TargetRules>);

impl Resolve for CheckedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let rules = Arc::clone(&self.0);
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let permitted: Vec<SocketAddr> = found.filter(|address| rules.permits(address.ip())).collect();
            if permitted.is_empty() {
                let cause = "none of its addresses is public or in allow_networks";
                return Err(Box::<dyn Error + Send + Sync>::from(io::Error::new(
                    io::ErrorKind::PermissionDenied,
                    cause,
                )));
            }
            Ok(Box::new(permitted.into_iter()) as Addrs)
        })
    }
}

fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}
