//! The promises about reconciliation: the book of a day in order, the runs, and the discrepancies with their lives.

use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;

use super::StoreError;
use crate::domain::{
    BookedOrder, ChinaDate, Difference, DifferenceKind, DiscrepancyState, DiscrepancyStep, DiscrepancyStepError, Fen,
    OrderId, PartyName, RefundOrderId,
};

/// Orders of a day, ascending by the bytes of `order_id`, with their payment and refunds of that day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BookPage {
    /// The orders.
    pub orders: Vec<BookedOrder>,
    /// After which order the next page begins; `None` at the end of the day.
    pub next_after: Option<OrderId>,
}

/// A difference that a run found, with what both sides told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundDifference {
    /// The difference.
    pub difference: Difference,
    /// JSON.
    pub evidence: String,
    /// Whether the statement beside the day may still list it.
    pub in_flight: bool,
}

/// A discrepancy as the store keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DiscrepancyRecord {
    /// Its number.
    pub discrepancy_id: i64,
    /// Whose.
    pub party: PartyName,
    /// The day of the statement.
    pub day: ChinaDate,
    /// What kind.
    pub kind: DifferenceKind,
    /// The order.
    pub order_id: OrderId,
    /// The refund that it is about.
    pub refund_order_id: Option<RefundOrderId>,
    /// Where it stands.
    pub state: DiscrepancyState,
    /// The statement's amount.
    pub stated_fee: Option<Fen>,
    /// The book's amount.
    pub booked_fee: Option<Fen>,
    /// What both sides told when it was last found, JSON.
    pub evidence: String,
    /// What the platform's order showed while it was healed, JSON; empty before.
    pub seen: String,
    /// Changes with each change, so that of two who change it one fails.
    pub version: i64,
    /// When it was found first.
    pub opened_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// When it was healed, vanished or was closed.
    pub closed_at: Option<Timestamp>,
}

/// Which discrepancies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DiscrepancyFilter {
    /// All.
    #[default]
    All,
    /// Those that remain: open, healing, queued.
    Remaining,
    /// Those that healing works on: open, healing.
    ToHeal,
    /// Those that wait for a person.
    Queued,
    /// Those that wait for the next statement.
    InFlight,
}

/// Which discrepancies to list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DiscrepancySelection {
    /// Those of one day only.
    pub day: Option<ChinaDate>,
    /// In which states.
    pub filter: DiscrepancyFilter,
    /// Those only with a greater number.
    pub after: i64,
    /// At most so many.
    pub limit: u32,
}

/// What a run counted on both sides.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReconciliationSums {
    /// The statement's side.
    pub stated: SideSums,
    /// The book's side: what happened on the day.
    pub booked: SideSums,
    /// Rows of the statement that could not be read.
    pub bad_rows: u64,
}

/// Numbers and amounts of one side.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SideSums {
    /// How many payments.
    pub payments: u64,
    /// Their sum.
    pub paid_fee: Fen,
    /// How many refunds.
    pub refunds: u64,
    /// Their sum.
    pub refunded_fee: Fen,
}

/// One run over the statement of a day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunKey {
    /// Whose.
    pub party: PartyName,
    /// The day.
    pub day: ChinaDate,
    /// Which run of the day, counted from 1.
    pub run: i64,
}

/// The last run of a day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReconciliationRun {
    /// The day.
    pub day: ChinaDate,
    /// Which run of the day, counted from 1.
    pub run: i64,
    /// The statement's SHA-256, hex.
    pub statement_sha256: String,
    /// What it counted.
    pub sums: ReconciliationSums,
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended; `None` while it runs, and after a crash.
    pub ended_at: Option<Timestamp>,
}

/// A callback that the journal holds, by the platform's correlation id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeenCallback {
    /// The correlation id.
    pub wxnontaxstr: String,
    /// What became of it.
    pub outcome: String,
    /// What was replied.
    pub errcode: i64,
    /// When it came.
    pub received_at: Timestamp,
    /// How long it took here.
    pub duration: Duration,
}

/// A discrepancy that could not be moved.
#[derive(Debug, thiserror::Error)]
pub enum MoveDiscrepancyError {
    /// There is none of that number.
    #[error("the party has no discrepancy {0}")]
    NotFound(i64),
    /// Somebody else moved it meanwhile.
    #[error("somebody else moved discrepancy {0} meanwhile: look at it again")]
    Outdated(i64),
    /// Its state does not allow the step.
    #[error(transparent)]
    Refused(#[from] DiscrepancyStepError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Reconciliation of every party.
#[async_trait]
pub trait Discrepancies: Send + Sync {
    /// A page of the orders that were paid or refunded on a day, each with what happened on that day alone.
    async fn book_of_day(
        &self,
        party: PartyName,
        day: ChinaDate,
        after: Option<OrderId>,
        limit: u32,
    ) -> Result<BookPage, StoreError>;

    /// All that the book holds of each of the orders, in their order, whatever the day.
    async fn booked_orders(&self, party: PartyName, order_ids: Vec<OrderId>) -> Result<Vec<BookedOrder>, StoreError>;

    /// Begins a run over a statement.
    async fn begin_reconciliation(
        &self,
        party: PartyName,
        day: ChinaDate,
        statement_sha256: String,
        at: Timestamp,
    ) -> Result<RunKey, StoreError>;

    /// Keeps what a run counted; a later run of the day wins.
    async fn end_reconciliation(&self, run: RunKey, sums: ReconciliationSums, at: Timestamp) -> Result<(), StoreError>;

    /// The last run of a day.
    async fn find_reconciliation(
        &self,
        party: PartyName,
        day: ChinaDate,
    ) -> Result<Option<ReconciliationRun>, StoreError>;

    /// Keeps what a run found, with the events. One that is known keeps its row, its age and what was done about it. No two may have
    /// the same identity.
    async fn keep_differences(&self, run: RunKey, found: Vec<FoundDifference>, at: Timestamp)
    -> Result<(), StoreError>;

    /// Ends at most `limit` of the discrepancies of a day that a run did not find any more, with the events. Returns how many.
    async fn end_unfound(&self, run: RunKey, reason: String, limit: u32, at: Timestamp) -> Result<u64, StoreError>;

    /// Moves a discrepancy of a version, with the event when it ends or opens. `seen` replaces what the platform's order showed.
    async fn move_discrepancy(
        &self,
        party: PartyName,
        (discrepancy_id, version): (i64, i64),
        step: DiscrepancyStep,
        seen: Option<String>,
        at: Timestamp,
    ) -> Result<DiscrepancyRecord, MoveDiscrepancyError>;

    /// A discrepancy of a party.
    async fn find_discrepancy(
        &self,
        party: PartyName,
        discrepancy_id: i64,
    ) -> Result<Option<DiscrepancyRecord>, StoreError>;

    /// Discrepancies by number, the earliest first.
    async fn list_discrepancies(
        &self,
        party: PartyName,
        selection: DiscrepancySelection,
    ) -> Result<Vec<DiscrepancyRecord>, StoreError>;

    /// How many discrepancies of a party remain; of one day, or of all.
    async fn count_remaining(&self, party: PartyName, day: Option<ChinaDate>) -> Result<u64, StoreError>;

    /// The callbacks that came with one of these correlation ids.
    async fn callbacks_of(&self, party: PartyName, wxnontaxstrs: Vec<String>) -> Result<Vec<SeenCallback>, StoreError>;
}
