//! The promises about lists of the two journals.

use async_trait::async_trait;
use jiff::Timestamp;

use super::{CallbackKind, Page, Paged, StateChange, StoreError};
use crate::domain::PartyName;

/// A row of the journal of callbacks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallbackRecord {
    /// Its number.
    pub callback_id: i64,
    /// Which callback.
    pub kind: CallbackKind,
    /// The platform's correlation id.
    pub wxnontaxstr: Option<String>,
    /// Who sent it.
    pub peer: String,
    /// SHA-256 of the raw body, in hex.
    pub body_digest: String,
    /// The order, or the notice that was asked for.
    pub subject: Option<String>,
    /// What became of it, in one word.
    pub outcome: String,
    /// What was replied.
    pub errcode: i64,
    /// The symmetric key that opened it.
    pub key_id: Option<String>,
    /// When it came.
    pub received_at: Timestamp,
    /// How long it took, in microseconds.
    pub duration_us: i64,
}

/// Which callbacks to list; what is not given does not matter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CallbackSelection {
    /// Those of a correlation id.
    pub wxnontaxstr: Option<String>,
    /// Those about an order, or `region/department/number` of a notice.
    pub subject: Option<String>,
}

/// Which state changes to list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StateSelection {
    /// All.
    All,
    /// Those of one notice, order, payment, refund or suspension.
    Of {
        /// Which of these; `None` whichever.
        subject_kind: Option<String>,
        /// Which one.
        subject: String,
    },
}

/// A row of the journal of state changes with its number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NumberedChange {
    /// Its number.
    pub change_id: i64,
    /// The change.
    pub change: StateChange,
}

/// The journals, newest first. A page looks at a bounded number of rows: it may be empty and still not be the last.
#[async_trait]
pub trait JournalLists: Send + Sync {
    /// The journal of callbacks.
    async fn list_callbacks(
        &self,
        party: PartyName,
        selection: CallbackSelection,
        page: Page<i64>,
    ) -> Result<Paged<CallbackRecord, i64>, StoreError>;

    /// The journal of state changes.
    async fn list_state_changes(
        &self,
        party: PartyName,
        selection: StateSelection,
        page: Page<i64>,
    ) -> Result<Paged<NumberedChange, i64>, StoreError>;
}
