//! The promises about the book: notices, orders, payments, refunds, suspensions, and the journal of callbacks.

use async_trait::async_trait;
use jiff::Timestamp;

use super::{
    Author, ImportOutcome, JournalEntry, KnownOrder, MoveNoticeError, NoticeChange, NoticeDraft, NoticeHistory,
    NoticeRecord, Recording, StoreError, SuspensionRecord,
};
use crate::domain::{
    DepartmentCode, NoticeKey, NotificationAnswer, OrderId, PartyName, PaymentNoticeNo, ReceivablesFacts, RegionCode,
    Suspension, SuspensionScope,
};

/// What a receivables query asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReceivablesLookup {
    /// Whose book.
    pub party: PartyName,
    /// Code of the region.
    pub region_code: RegionCode,
    /// Code of the collection entity; without it the one match, if there is one.
    pub department_code: Option<DepartmentCode>,
    /// Number of the notice.
    pub payment_notice_no: PaymentNoticeNo,
    /// When it is asked: what is suspended then counts.
    pub at: Timestamp,
}

/// The book of every party.
#[async_trait]
pub trait Book: Send + Sync {
    /// What the book holds for a receivables query.
    async fn look_up_receivables(&self, lookup: ReceivablesLookup) -> Result<ReceivablesFacts, StoreError>;

    /// What is known of an order, if anything is.
    async fn find_order(&self, party: PartyName, order_id: OrderId) -> Result<Option<KnownOrder>, StoreError>;

    /// Decides a notification and commits its changes, its journal row and its outbox rows. When this returns an answer, the
    /// answer survives a crash; when it returns an error, nothing was acknowledged and the same call may be made again.
    async fn record_notification(&self, recording: Recording) -> Result<NotificationAnswer, StoreError>;

    /// Appends rows to the journal of callbacks.
    async fn append_journal(&self, entries: Vec<JournalEntry>) -> Result<(), StoreError>;

    /// Takes notices into a party's book, all or none; one outcome for each, in order. No two may have the same key. A paid
    /// notice stays as it is. The audit keeps who brought them, and of each whose amount or state changes what it was.
    async fn import_notices(
        &self,
        party: PartyName,
        drafts: Vec<NoticeDraft>,
        by: Author,
        at: Timestamp,
    ) -> Result<Vec<ImportOutcome>, StoreError>;

    /// The notices of a number, in whichever region and collection entity.
    async fn find_notices(
        &self,
        party: PartyName,
        payment_notice_no: PaymentNoticeNo,
    ) -> Result<Vec<NoticeRecord>, StoreError>;

    /// The orders that pay or paid a notice, and all that happened to it, oldest first.
    async fn notice_history(&self, party: PartyName, key: NoticeKey) -> Result<NoticeHistory, StoreError>;

    /// Moves a notice as a person asks (cancel, suspend, restore), with the reason given. Returns it as it is then.
    async fn move_notice(
        &self,
        party: PartyName,
        change: NoticeChange,
        by: Author,
        at: Timestamp,
    ) -> Result<NoticeRecord, MoveNoticeError>;

    /// Suspends everything, a collection entity or an item. A repeat changes reason and time.
    async fn suspend(
        &self,
        party: PartyName,
        suspension: Suspension,
        by: Author,
        at: Timestamp,
    ) -> Result<(), StoreError>;

    /// The suspensions of a party, those ahead and those that are over too.
    async fn list_suspensions(&self, party: PartyName) -> Result<Vec<SuspensionRecord>, StoreError>;

    /// Takes a suspension back. Returns whether there was one.
    async fn lift_suspension(
        &self,
        party: PartyName,
        scope: SuspensionScope,
        reason: String,
        by: Author,
        at: Timestamp,
    ) -> Result<bool, StoreError>;

    /// How many payments of a party are held for a person.
    async fn count_held(&self, party: PartyName) -> Result<u64, StoreError>;
}
