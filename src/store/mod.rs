//! The promises of storage, kept by SQLite and by Postgres alike.
//!
//! A promise takes all that it needs as owned data and gives back an owned answer, so that a store is free to keep several
//! waiting promises with one statement. A money promise runs read, [`crate::domain::decide`], write and commit as one
//! transaction, and returns after the commit.

mod access_tokens;
mod api_clients;
mod book;
mod coalesce;
mod error;
mod events;
mod inspection;
mod journal;
mod journal_reading;
mod micropays;
mod notice;
#[cfg(test)]
pub(crate) mod notices_in_memory;
mod open;
mod placed_orders;
mod postgres;
mod recording;
mod refund_requests;
mod schema;
mod sqlite;

use async_trait::async_trait;

pub use access_tokens::{AccessTokens, KeptToken, TokenKey, TokenLease, TokenRow};
pub use api_clients::{ApiAuditEntry, ApiClients, Revocation};
pub use book::{Book, ReceivablesLookup};
pub use error::{MoveNoticeError, StoreError};
pub use events::{EventPage, Events, FeedEvent};
pub use inspection::Inspection;
pub use journal::{CallbackKind, JournalEntry};
pub use journal_reading::{JournalReading, JournaledCallback};
pub use micropays::{
    BegunMicropay, MicropayLease, MicropayMove, MicropayRecord, MicropayStepRecord, MicropaySubject, Micropays,
    NewMicropay,
};
pub use notice::{ImportOutcome, KnownOrder, NoticeDraft, NoticeHistory, NoticeRecord, OrderRecord, StateChange};
pub use open::{OpenOptions, SharedStore, inspect, open, sqlite_path};
pub use placed_orders::{OpenedOrder, OrderReservation, PlacedOrder, PlacedOrders, ReservedOrder};
pub use postgres::PostgresStore;
pub use recording::Recording;
pub use refund_requests::{
    BegunCall, OpenedRefund, RefundDraft, RefundNews, RefundRequestRecord, RefundRequests, RefundSelection, ToldOrder,
};
pub use schema::SchemaState;
pub use sqlite::SqliteStore;

/// What both engines promise. Whoever needs a part of it takes that part: [`Book`] for what pays what,
/// [`Micropays`] for payments at the counter.
#[async_trait]
pub trait Store:
    Book + JournalReading + ApiClients + AccessTokens + PlacedOrders + RefundRequests + Micropays + Events
{
    /// Fails when the database cannot be reached or lacks a migration of this version.
    async fn check_ready(&self) -> Result<(), StoreError>;

    /// Brings the schema up to this version. Returns how many migrations were applied.
    async fn migrate(&self) -> Result<usize, StoreError>;

    /// Lets go of every connection, after what is under way.
    async fn close(&self);
}
