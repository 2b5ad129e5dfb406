//! Reading the journal of callbacks back.

use async_trait::async_trait;
use jiff::Timestamp;

use super::{CallbackKind, StoreError};
use crate::domain::PartyName;

/// A row of the journal of callbacks, as far as somebody who waits for a callback needs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JournaledCallback {
    /// Its number. Gateways write at the same time, so a row of a lower number may appear later.
    pub callback_id: i64,
    /// Which callback.
    pub kind: CallbackKind,
    /// The platform's correlation id.
    pub wxnontaxstr: Option<String>,
    /// What became of it, in one word.
    pub outcome: String,
    /// What was replied.
    pub errcode: i64,
    /// The symmetric key that opened it; `None` when none did, or no platform key verified it.
    pub key_id: Option<String>,
    /// When it came, by the clock of the gateway that took it.
    pub received_at: Timestamp,
}

/// The journal of callbacks, to be read.
#[async_trait]
pub trait JournalReading: Send + Sync {
    /// The callbacks of a party that came at `since` or later, in the order of their numbers. Only the newest `newest` rows of
    /// the whole journal are looked at, so that a journal of years costs no more than one of a day.
    async fn callbacks_since(
        &self,
        party: PartyName,
        since: Timestamp,
        newest: u32,
    ) -> Result<Vec<JournaledCallback>, StoreError>;
}
