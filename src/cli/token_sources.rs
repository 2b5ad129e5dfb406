//! From the configuration to where the access_tokens come from: the row in the database, or another central server.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use super::{Exit, Failure};
use crate::app::TokenKeeper;
use crate::config::{PartyConfig, PlatformConfig, TokenConfig};
use crate::platform::{AppSecret, Https, TokenMode, TokenRequest, TokenServer, TokenSource};
use crate::store::SharedStore;

/// How much longer than one call to the platform a lease lasts: for the database before and after it, and for clocks that differ.
pub(super) const LEASE_SPARE: Duration = Duration::from_secs(5);

/// Makes one source for an account, however many parties have it.
pub(super) struct TokenSources<'c> {
    origin: Origin<'c>,
    made: HashMap<String, Arc<dyn TokenSource>>,
}

enum Origin<'c> {
    Platform { https: &'c Https, mode: TokenMode, store: Option<&'c SharedStore>, lease: Duration },
    Server { https: Https, bearer: AppSecret },
}

impl<'c> TokenSources<'c> {
    /// For the parties of a configuration; `https` leads to the platform. Without a store the tokens are this process's alone.
    pub(super) fn new(
        platform: &'c PlatformConfig,
        https: &'c Https,
        store: Option<&'c SharedStore>,
    ) -> Result<Self, Failure> {
        let origin = match &platform.token {
            TokenConfig::Platform(mode) => {
                Origin::Platform { https, mode: *mode, store, lease: platform.timeout + LEASE_SPARE }
            }
            TokenConfig::External { url, bearer } => {
                let https = Https::new(url, platform.timeout);
                let https = https.map_err(|error| Failure::from_error(Exit::Network, &error))?;
                Origin::Server { https, bearer: AppSecret::new(bearer.expose()) }
            }
        };
        Ok(Self { origin, made: HashMap::new() })
    }

    /// A party's source; none when there is no AppSecret to ask the platform with.
    pub(super) fn of(&mut self, party: &PartyConfig) -> Result<Option<Arc<dyn TokenSource>>, Failure> {
        if let Some(source) = self.made.get(&party.appid) {
            return Ok(Some(Arc::clone(source)));
        }
        let appid = party.appid.clone();
        let keeper = match (&self.origin, &party.app_secret) {
            (Origin::Server { https, bearer }, _) => {
                TokenKeeper::of_server(TokenServer { https: https.clone(), appid, bearer: bearer.clone() })
            }
            (Origin::Platform { .. }, None) => return Ok(None),
            (Origin::Platform { https, mode, store, lease }, Some(secret)) => {
                let secret = AppSecret::new(secret.expose());
                let request = TokenRequest { https: (*https).clone(), appid, secret, mode: *mode };
                match store {
                    Some(store) => {
                        let store: SharedStore = Arc::clone(store);
                        TokenKeeper::over_store(store, request, *lease).map_err(|error| {
                            Failure::new(Exit::Failure, format!("the system gives no random bytes: {error}"))
                        })?
                    }
                    None => TokenKeeper::alone(request),
                }
            }
        };
        let source: Arc<dyn TokenSource> = Arc::new(keeper);
        self.made.insert(party.appid.clone(), Arc::clone(&source));
        Ok(Some(source))
    }
}
