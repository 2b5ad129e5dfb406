//! The configuration: one file per section; load, layer, validate, and tell everything that is wrong at once.
//!
//! [`load`] lays the given files over each other, then the environment over the files, then reads each section. The
//! reference of all keys is `config/default.toml`.

mod database;
mod document;
mod environment;
mod jobs;
mod key;
mod layer;
mod live_source;
mod load;
mod logging;
mod material;
mod party;
mod platform;
mod problem;
mod public_url;
mod reconciliation;
mod redact;
mod retention;
mod secret;
mod section;
mod server;
mod show;
mod source;
mod suggestion;
mod webhook;

#[cfg(test)]
mod tests;

pub use database::DatabaseConfig;
pub use environment::Environment;
pub use jobs::JobsConfig;
pub use live_source::{Fallback, LiveSourceConfig};
pub use load::{Loaded, built_in, load};
pub use logging::{LogFormat, LoggingConfig};
pub use party::PartyConfig;
pub use platform::{PlatformConfig, TokenConfig};
pub use problem::{Problem, Problems, Severity};
pub use public_url::check_public_url;
pub use reconciliation::ReconciliationConfig;
pub use retention::RetentionConfig;
pub use secret::Secret;
pub use server::{ServerConfig, ServerRole};
pub use show::Effective;
pub use source::Place;
pub use webhook::WebhookConfig;

/// What may stand at the top of a file.
const ROOT_KEYS: &[&str] =
    &["server", "database", "party", "platform", "jobs", "reconciliation", "retention", "logging", "webhook"];

/// Every table with its keys: for the reference, and to tell where a misplaced key belongs.
const SECTIONS: [(&str, &[&str]); 12] = [
    ("[server]", server::KEYS),
    ("[database]", database::KEYS),
    ("[[party]]", party::KEYS),
    ("[platform]", platform::KEYS),
    ("[jobs]", jobs::KEYS),
    ("[retention]", retention::KEYS),
    ("[logging]", logging::KEYS),
    ("[reconciliation]", reconciliation::KEYS),
    ("[party.live_source]", live_source::KEYS),
    ("[[webhook]]", webhook::KEYS),
    ("[[party.symmetric_key]]", key::SYMMETRIC_KEYS),
    ("[[party.platform_key]]", key::PLATFORM_KEYS),
];

/// What a Postgres URL begins with.
const POSTGRES_SCHEMES: [&str; 2] = ["postgres", "postgresql"];

/// A configuration in which every value is usable.
#[derive(Clone, Debug)]
pub struct Config {
    /// `[server]`
    pub server: ServerConfig,
    /// `[database]`
    pub database: DatabaseConfig,
    /// `[[party]]`, in the order of the files.
    pub parties: Vec<PartyConfig>,
    /// `[platform]`
    pub platform: PlatformConfig,
    /// `[jobs]`
    pub jobs: JobsConfig,
    /// `[retention]`
    pub retention: RetentionConfig,
    /// `[logging]`
    pub logging: LoggingConfig,
    /// `[reconciliation]`
    pub reconciliation: ReconciliationConfig,
    /// `[[webhook]]`, in the order of the files.
    pub webhooks: Vec<WebhookConfig>,
}

impl Config {
    /// The parties, of which a server needs at least one.
    ///
    /// # Errors
    /// [`Problems`] when there is none.
    pub fn require_parties(&self) -> Result<&[PartyConfig], Problems> {
        if !self.parties.is_empty() {
            return Ok(&self.parties);
        }
        let mut problems = Problems::default();
        let cause = "no party is configured, so there is nobody to answer for".to_owned();
        problems.error("party", None, cause, "add a [[party]], or start with: nontax config init");
        Err(problems)
    }

    /// The party of a name.
    #[must_use]
    pub fn party(&self, name: &str) -> Option<&PartyConfig> {
        self.parties.iter().find(|party| party.name.as_str() == name)
    }
}

/// Whether a letter can stand in the path of a URL as it is.
fn is_url_safe(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_' | '.')
}
