//! The promises of storage, kept by SQLite and by Postgres alike.
//!
//! A promise takes all that it needs as owned data and gives back an owned answer, so that a store is free to keep several
//! waiting promises with one statement. A money promise runs read, [`crate::domain::decide`], write and commit as one
//! transaction, and returns after the commit.

mod access_tokens;
mod api_clients;
mod book;
mod changes;
mod coalesce;
mod deflated;
mod discrepancies;
mod error;
mod events;
mod inspection;
mod jobs;
mod journal;
mod journal_lists;
mod journal_reading;
mod micropays;
mod notice;
mod notice_search;
#[cfg(test)]
pub(crate) mod notices_in_memory;
mod open;
mod order_expiry;
mod page;
mod payment_lists;
mod placed_orders;
mod postgres;
mod recording;
mod refund_requests;
mod relocation;
mod retention;
mod schema;
mod sqlite;
mod statement_files;
mod webhooks;

use async_trait::async_trait;

pub use access_tokens::{AccessTokens, KeptToken, TokenKey, TokenLease, TokenRow};
pub use api_clients::{ApiAuditEntry, ApiClients, Revocation};
pub use book::{Book, ReceivablesLookup};
pub use changes::{AuditedChange, Author, ChangeAudit, NoticeChange};
pub use discrepancies::{
    BookPage, Discrepancies, DiscrepancyFilter, DiscrepancyRecord, DiscrepancySelection, FoundDifference,
    MoveDiscrepancyError, ReconciliationRun, ReconciliationSums, RunKey, SeenCallback, SideSums,
};
pub use error::{MoveNoticeError, StoreError};
pub use events::{EventPage, Events, FeedEvent};
pub use inspection::Inspection;
pub use jobs::{EndedRun, JobKey, JobLease, JobOutcome, JobRecord, Jobs};
pub use journal::{CallbackKind, JournalEntry};
pub use journal_lists::{CallbackRecord, CallbackSelection, JournalLists, NumberedChange, StateSelection};
pub use journal_reading::{JournalReading, JournaledCallback};
pub use micropays::{
    BegunMicropay, MicropayLease, MicropayMove, MicropayRecord, MicropayStepRecord, MicropaySubject, Micropays,
    NewMicropay,
};
pub use notice::{
    ImportOutcome, KnownOrder, NoticeDraft, NoticeHistory, NoticeRecord, OrderRecord, StateChange, SuspensionRecord,
};
pub use notice_search::{NoticeSearch, NoticeSelection};
pub use open::{OpenOptions, SharedStore, inspect, open, sqlite_path};
pub use order_expiry::{OrderEnd, OrderExpiry, OverdueOrder};
use page::MAX_ROWS_LOOKED_AT;
pub use page::{MAX_PAGE_ROWS, Page, Paged};
pub use payment_lists::{AgeKey, PaymentLists, PaymentRecord};
pub use placed_orders::{OpenedOrder, OrderReservation, PlacedOrder, PlacedOrders, ReservedOrder};
pub use postgres::PostgresStore;
pub use recording::Recording;
pub use refund_requests::{
    BegunCall, OpenedRefund, RefundDraft, RefundNews, RefundRequestRecord, RefundRequests, RefundSelection, ToldOrder,
};
pub use relocation::{
    Cell, ColumnKind, MovedColumn, MovedPiece, MovedTable, Relocation, RelocationError, RowSink, RowSource,
};
pub use retention::{CallbackBody, Prunable, Retention};
pub use schema::SchemaState;
pub use sqlite::SqliteStore;
pub use statement_files::{KeptStatement, STATEMENT_CHUNK_BYTES, StatementFile, StatementFiles, StatementKey};
pub use webhooks::{DueDelivery, KeptDelivery, WebhookBacklog, Webhooks};

/// What both engines promise. Whoever needs a part of it takes that part: [`Book`] for what pays what,
/// [`Micropays`] for payments at the counter.
#[async_trait]
pub trait Store:
    Book
    + JournalReading
    + ApiClients
    + AccessTokens
    + PlacedOrders
    + RefundRequests
    + Micropays
    + Relocation
    + StatementFiles
    + Discrepancies
    + Jobs
    + ChangeAudit
    + NoticeSearch
    + PaymentLists
    + JournalLists
    + OrderExpiry
    + Retention
    + Events
    + Webhooks
{
    /// Fails when the database cannot be reached or lacks a migration of this version.
    async fn check_ready(&self) -> Result<(), StoreError>;

    /// Brings the schema up to this version. Returns how many migrations were applied.
    async fn migrate(&self) -> Result<usize, StoreError>;

    /// Lets go of every connection, after what is under way.
    async fn close(&self);
}
