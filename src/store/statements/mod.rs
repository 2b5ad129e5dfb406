//! The statements and transactions of both engines, written once. Each engine compiles this folder for itself, with its own
//! `Engine`, `Db`, `Row` and `locked!` from the module above.

mod access_token;
mod api_client;
mod booked_order;
mod change_audit;
mod discrepancy;
mod discrepancy_rows;
mod events;
mod history;
mod import;
mod job;
mod journal;
mod journal_lists;
mod journal_reading;
mod lanes;
mod look_back;
mod look_up;
mod micropay;
mod micropay_begin;
mod micropay_rows;
mod moving;
mod notice;
mod notice_search;
mod order;
mod order_expiry;
mod payment;
mod payment_lists;
mod placed_order;
mod placed_order_rows;
mod reconciliation_run;
mod record;
mod record_facts;
mod record_rows;
mod record_writer;
mod refund_call;
mod refund_request;
mod relocation;
mod retention;
mod rows;
mod rows_given;
mod statement_file;
mod suspension;
mod webhook;

use async_trait::async_trait;
use jiff::Timestamp;

pub(super) use lanes::Lanes;
use lanes::{FindOrder, LookUp};

pub(super) use relocation::{export_tables, import_tables};
pub(super) use rows_given::{Column, Given, Write};

use super::{Db, Engine, Lane, Pools, Row, arguments, given, keyed, keyed_and_locked, run_together, updated_by_key};
use crate::domain::{
    NoticeKey, NotificationAnswer, OrderId, PartyName, PaymentNoticeNo, ReceivablesFacts, Suspension, SuspensionScope,
};
use crate::store::{
    Author, Book, ImportOutcome, JournalEntry, KnownOrder, MoveNoticeError, NoticeChange, NoticeDraft, NoticeHistory,
    NoticeRecord, ReceivablesLookup, Recording, Store, StoreError, SuspensionRecord,
};

/// How often a transaction is tried when other writers get in between. Each loser's opponent has committed, so with a handful of
/// gateways a second attempt nearly always wins.
const MAX_ATTEMPTS: u32 = 8;

/// A connection inside or outside of a transaction.
type Connection = <Db as sqlx::Database>::Connection;

/// Names what failed, for the error.
fn failed(doing: &'static str) -> impl FnOnce(sqlx::Error) -> StoreError {
    move |source| StoreError::Database { doing, source }
}

/// Whether a transaction lost against another writer and may be tried again.
fn lost_a_race(error: &StoreError) -> bool {
    match error {
        StoreError::Contended { .. } => true,
        StoreError::Database { source, .. } => Engine::is_conflict(source),
        StoreError::Schema(_)
        | StoreError::Inconsistent { .. }
        | StoreError::Overloaded { .. }
        | StoreError::Interrupted
        | StoreError::Closed
        | StoreError::Open(_) => false,
    }
}

#[async_trait]
impl Book for Engine {
    async fn look_up_receivables(&self, lookup: ReceivablesLookup) -> Result<ReceivablesFacts, StoreError> {
        match self.lanes() {
            Some(lanes) => lanes.look_ups.ask(lookup).await,
            None => lanes::ask_alone::<LookUp>(self.pools(), &lookup).await,
        }
    }

    async fn find_order(&self, party: PartyName, order_id: OrderId) -> Result<Option<KnownOrder>, StoreError> {
        match self.lanes() {
            Some(lanes) => lanes.orders.ask((party, order_id)).await,
            None => lanes::ask_alone::<FindOrder>(self.pools(), &(party, order_id)).await,
        }
    }

    async fn record_notification(&self, recording: Recording) -> Result<NotificationAnswer, StoreError> {
        match self.lanes() {
            Some(lanes) => lanes.recordings.ask(recording).await,
            None => lanes::record_alone(self.pools(), &recording).await,
        }
    }

    async fn append_journal(&self, entries: Vec<JournalEntry>) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        journal::appending(&entries).run(&mut transaction).await?;
        transaction.commit().await.map_err(failed("commit journal rows"))
    }

    async fn import_notices(
        &self,
        party: PartyName,
        drafts: Vec<NoticeDraft>,
        by: Author,
        at: Timestamp,
    ) -> Result<Vec<ImportOutcome>, StoreError> {
        for _ in 0..MAX_ATTEMPTS {
            match import::import(self.begin().await?, &party, &drafts, &by, at).await {
                Err(error) if lost_a_race(&error) => {}
                outcome => return outcome,
            }
        }
        Err(StoreError::Contended { attempts: MAX_ATTEMPTS })
    }

    async fn find_notices(
        &self,
        party: PartyName,
        payment_notice_no: PaymentNoticeNo,
    ) -> Result<Vec<NoticeRecord>, StoreError> {
        notice::find_by_number(&mut *self.reader().await?, &party, &payment_notice_no).await
    }

    async fn notice_history(&self, party: PartyName, key: NoticeKey) -> Result<NoticeHistory, StoreError> {
        history::of_notice(&mut *self.reader().await?, &party, &key).await
    }

    async fn move_notice(
        &self,
        party: PartyName,
        change: NoticeChange,
        by: Author,
        at: Timestamp,
    ) -> Result<NoticeRecord, MoveNoticeError> {
        moving::move_notice(self.begin().await?, &party, &change, &by, at).await
    }

    async fn suspend(
        &self,
        party: PartyName,
        suspension: Suspension,
        by: Author,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        suspension::suspend(self.begin().await?, &party, &suspension, &by, at).await
    }

    async fn list_suspensions(&self, party: PartyName) -> Result<Vec<SuspensionRecord>, StoreError> {
        suspension::list(&mut *self.reader().await?, &party).await
    }

    async fn lift_suspension(
        &self,
        party: PartyName,
        scope: SuspensionScope,
        reason: String,
        by: Author,
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        suspension::lift(self.begin().await?, &party, &scope, &reason, &by, at).await
    }

    async fn count_held(&self, party: PartyName) -> Result<u64, StoreError> {
        payment::count_held(&mut *self.reader().await?, &party).await
    }
}

#[async_trait]
impl Store for Engine {
    async fn check_ready(&self) -> Result<(), StoreError> {
        self.check_schema().await
    }

    async fn migrate(&self) -> Result<usize, StoreError> {
        self.bring_up_to_date().await
    }

    async fn close(&self) {
        if let Some(lanes) = self.lanes() {
            lanes.close().await;
        }
        self.close_connections().await;
    }
}
