//! A row of the journal of callbacks: what came, from where, and what it was answered.

use std::time::Duration;

use jiff::Timestamp;

use crate::domain::PartyName;

/// Which callback.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CallbackKind {
    /// The receivables query.
    Receivables,
    /// The payment status notification.
    Notification,
}

impl CallbackKind {
    /// As it stands in the callback URL, in the journal and in the metrics.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Receivables => "receivables",
            Self::Notification => "notification",
        }
    }
}

/// One callback received. Rows are only ever appended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JournalEntry {
    /// Whose.
    pub party: PartyName,
    /// Which callback.
    pub kind: CallbackKind,
    /// The platform's correlation id, as it came.
    pub wxnontaxstr: Option<String>,
    /// The address that called, behind trusted proxies.
    pub peer: String,
    /// SHA-256 of the raw body, in hex.
    pub body_digest: String,
    /// The order or the notice that it is about, where it could be read.
    pub subject: Option<String>,
    /// What became of it, in one word.
    pub outcome: &'static str,
    /// What was replied.
    pub errcode: i64,
    /// The symmetric key that opened it.
    pub key_id: Option<String>,
    /// When it came.
    pub received_at: Timestamp,
    /// How long it took until the outcome was known.
    pub duration: Duration,
}
