//! Who changes something, from where, and what the audit keeps of it.

use async_trait::async_trait;
use jiff::Timestamp;
use serde_json::Value;

use super::{Page, Paged, StoreError};
use crate::domain::{NoticeKey, NoticeStep, PartyName};

/// Who orders a change, and from where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Author {
    /// A client system, or a user of this machine.
    pub who: String,
    /// An address, or the command line.
    pub came_from: String,
}

impl Author {
    /// A user of this machine who runs a command.
    #[must_use]
    pub fn on_the_command_line(who: String) -> Self {
        Self { who, came_from: "command line".to_owned() }
    }
}

/// A notice to move as a person or a system asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoticeChange {
    /// Which.
    pub key: NoticeKey,
    /// Cancel, suspend or restore.
    pub step: NoticeStep,
    /// The version that whoever asks has seen; `None` where it does not matter.
    pub expected_version: Option<i64>,
    /// Why.
    pub reason: String,
}

/// A row of the audit of changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditedChange {
    /// Its number.
    pub audit_id: i64,
    /// Whose book was changed; `None` for what is of no party.
    pub party: Option<PartyName>,
    /// Who changed it, and from where.
    pub by: Author,
    /// What was done.
    pub action: String,
    /// To what.
    pub subject: String,
    /// What it was; `None` when it is new.
    pub before: Option<Value>,
    /// What it is; `None` when it is gone.
    pub after: Option<Value>,
    /// Why.
    pub reason: String,
    /// When.
    pub recorded_at: Timestamp,
}

/// The audit of changes, to be read.
#[async_trait]
pub trait ChangeAudit: Send + Sync {
    /// The changes of a party's book, newest first; those of one subject where one is given.
    async fn list_changes(
        &self,
        party: PartyName,
        subject: Option<String>,
        page: Page<i64>,
    ) -> Result<Paged<AuditedChange, i64>, StoreError>;
}
