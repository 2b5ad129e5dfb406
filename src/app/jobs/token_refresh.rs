//! The access_tokens are kept fresh ahead, so that no callback and no cashier waits for one.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use super::{Job, JobError, JobRun, Ran};
use crate::app::Party;
use crate::domain::{PartyName, Schedule};

/// How often it is looked at: within the last two minutes of a token's life, when it is refreshed at the latest, there is time for
/// two looks.
const INTERVAL: Duration = Duration::from_secs(50);

/// Keeps a party's access_token fresh.
pub struct TokenRefreshJob {
    party: Arc<Party>,
}

impl TokenRefreshJob {
    /// For a party, which has a way to the platform.
    #[must_use]
    pub const fn new(party: Arc<Party>) -> Self {
        Self { party }
    }
}

#[async_trait]
impl Job for TokenRefreshJob {
    fn name(&self) -> &'static str {
        "token_refresh"
    }

    fn party(&self) -> Option<&PartyName> {
        Some(&self.party.name)
    }

    fn schedule(&self) -> Schedule {
        Schedule::Every(INTERVAL)
    }

    /// Whoever asks for a token near its end has the next one fetched; all gateways take it over from the database.
    async fn run(&self, _: JobRun) -> Result<Ran, JobError> {
        let Some(platform) = &self.party.platform else {
            return Ok(Ran::Done("the party has no app_secret".to_owned()));
        };
        let current = platform.tokens().current().await?;
        Ok(Ran::Done(format!("good until {}", current.expires_at)))
    }
}
