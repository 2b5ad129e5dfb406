//! Who is examined: the configuration, what was doubtful in it, and its parties.

use std::path::PathBuf;

use crate::app::Party;
use crate::config::{Config, Problems};

/// What every check may look at.
pub(super) struct Patient {
    pub(super) config: Config,
    /// What the configuration's own check warns of.
    pub(super) warnings: Problems,
    /// The configuration's files.
    pub(super) sources: Vec<PathBuf>,
    /// The parties that were asked for, in the order of the configuration.
    pub(super) parties: Vec<Party>,
}

/// Where the platform is.
pub(super) struct Address {
    pub(super) host: String,
    pub(super) port: u16,
    /// Whether it is reached by TLS.
    pub(super) is_https: bool,
}

impl Patient {
    /// The host of `platform.base_url`, which the configuration's check has let pass.
    pub(super) fn platform(&self) -> Option<Address> {
        let url = reqwest::Url::parse(&self.config.platform.base_url).ok()?;
        Some(Address {
            host: url.host_str()?.trim_matches(['[', ']']).to_owned(),
            port: url.port_or_known_default()?,
            is_https: url.scheme() == "https",
        })
    }
}

impl Address {
    /// The environment variable of a proxy that calls to the platform go through.
    pub(super) fn proxy_variable(&self) -> Option<&'static str> {
        let variables: [&str; 4] = if self.is_https {
            ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"]
        } else {
            ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"]
        };
        variables.into_iter().find(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty()))
    }
}
