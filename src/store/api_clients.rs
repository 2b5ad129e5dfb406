//! The promises about the client systems of the admin API, and the audit of what they did.

use async_trait::async_trait;
use jiff::Timestamp;

use super::{Author, StoreError};
use crate::domain::{ApiClient, ApiClientName};

/// What became of a revocation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Revocation {
    /// From now on the client may do nothing.
    Revoked,
    /// It was revoked before.
    WasRevoked,
    /// There is no client of that name.
    NotFound,
}

/// One thing that a client did or tried. Rows are only ever appended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiAuditEntry {
    /// Who, empty for somebody unknown.
    pub client: String,
    /// What.
    pub action: &'static str,
    /// For which account, empty for none.
    pub appid: String,
    /// From which address, behind trusted proxies.
    pub peer: String,
    /// What else there is to say, such as the prefix of a token's digest.
    pub detail: String,
    /// What became of it, in one word.
    pub outcome: &'static str,
    /// When.
    pub recorded_at: Timestamp,
}

/// The client systems.
#[async_trait]
pub trait ApiClients: Send + Sync {
    /// Takes a new client in. Returns false when its name is taken, be it by a client that was revoked: a name in the audit means
    /// one client for ever.
    async fn add_api_client(&self, client: ApiClient, by: Author) -> Result<bool, StoreError>;

    /// A client, revoked or not.
    async fn find_api_client(&self, name: ApiClientName) -> Result<Option<ApiClient>, StoreError>;

    /// All of them by name, the revoked ones too.
    async fn list_api_clients(&self) -> Result<Vec<ApiClient>, StoreError>;

    /// Takes a client's rights away, for good.
    async fn revoke_api_client(&self, name: ApiClientName, by: Author, at: Timestamp)
    -> Result<Revocation, StoreError>;

    /// Appends a row to the audit.
    async fn append_api_audit(&self, entry: ApiAuditEntry) -> Result<(), StoreError>;
}
