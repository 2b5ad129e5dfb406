//! For tests of what works with notices: a store in memory that keeps the promises about them and no others.

use std::collections::BTreeMap;
use std::sync::Mutex;

use async_trait::async_trait;
use jiff::Timestamp;

use super::{
    Author, Book, ImportOutcome, JournalEntry, KnownOrder, MoveNoticeError, NoticeChange, NoticeDraft, NoticeHistory,
    NoticeRecord, ReceivablesLookup, Recording, StateChange, StoreError, SuspensionRecord,
};
use crate::domain::{
    Found, NoticeKey, NoticeState, NotificationAnswer, OrderId, PartyName, PaymentNoticeNo, ReceivablesFacts,
    Suspension, SuspensionScope, Suspensions,
};

/// The notices of one party.
#[derive(Debug, Default)]
pub(crate) struct NoticesInMemory {
    pub(crate) records: Mutex<BTreeMap<NoticeKey, NoticeRecord>>,
    pub(crate) history: Mutex<NoticeHistory>,
    pub(crate) suspensions: Mutex<Vec<Suspension>>,
    /// The size of every batch that was imported.
    pub(crate) batches: Mutex<Vec<usize>>,
    /// How many batches are taken before the store fails.
    pub(crate) fails_after_batches: Option<usize>,
}

#[async_trait]
impl Book for NoticesInMemory {
    async fn look_up_receivables(&self, lookup: ReceivablesLookup) -> Result<ReceivablesFacts, StoreError> {
        let suspensions = Suspensions::in_force(&*self.suspensions.lock().unwrap(), lookup.at);
        Ok(ReceivablesFacts { found: Found::None, suspensions })
    }

    async fn find_order(&self, _: PartyName, _: OrderId) -> Result<Option<KnownOrder>, StoreError> {
        unreachable!("the tests of notices look for no order")
    }

    async fn record_notification(&self, _: Recording) -> Result<NotificationAnswer, StoreError> {
        unreachable!("the tests of notices record no notification")
    }

    async fn append_journal(&self, _: Vec<JournalEntry>) -> Result<(), StoreError> {
        unreachable!("the tests of notices receive no callback")
    }

    async fn import_notices(
        &self,
        _: PartyName,
        drafts: Vec<NoticeDraft>,
        _: Author,
        at: Timestamp,
    ) -> Result<Vec<ImportOutcome>, StoreError> {
        let mut batches = self.batches.lock().unwrap();
        if self.fails_after_batches == Some(batches.len()) {
            return Err(StoreError::Open("the disk is full".to_owned()));
        }
        batches.push(drafts.len());
        let mut records = self.records.lock().unwrap();
        let mut outcomes = Vec::new();
        for draft in drafts {
            let held = records.get(&draft.notice.key);
            let outcome = match held.map(|record| &record.notice.state) {
                None => ImportOutcome::Added,
                Some(NoticeState::Paid { .. }) => ImportOutcome::KeptPaid,
                Some(_) => ImportOutcome::Updated,
            };
            if outcome != ImportOutcome::KeptPaid {
                let version = held.map_or(1, |record| record.version + 1);
                let record = NoticeRecord { notice: draft.notice, version, created_at: at, updated_at: at };
                records.insert(record.notice.key.clone(), record);
            }
            outcomes.push(outcome);
        }
        Ok(outcomes)
    }

    async fn find_notices(
        &self,
        _: PartyName,
        payment_notice_no: PaymentNoticeNo,
    ) -> Result<Vec<NoticeRecord>, StoreError> {
        let records = self.records.lock().unwrap();
        Ok(records.values().filter(|r| r.notice.key.payment_notice_no == payment_notice_no).cloned().collect())
    }

    async fn notice_history(&self, _: PartyName, _: NoticeKey) -> Result<NoticeHistory, StoreError> {
        Ok(self.history.lock().unwrap().clone())
    }

    async fn move_notice(
        &self,
        _: PartyName,
        change: NoticeChange,
        _: Author,
        at: Timestamp,
    ) -> Result<NoticeRecord, MoveNoticeError> {
        let NoticeChange { key, step, expected_version, reason } = change;
        let mut records = self.records.lock().unwrap();
        let record = records.get_mut(&key).ok_or(MoveNoticeError::NotFound)?;
        if let Some(expected) = expected_version.filter(|expected| *expected != record.version) {
            return Err(MoveNoticeError::Changed { expected, current: Box::new(record.clone()) });
        }
        let from_state = record.notice.state.name().to_owned();
        let to = record.notice.state.clone().after(&step)?;
        record.notice.state = to.clone();
        record.version += 1;
        let moved = record.clone();
        self.history.lock().unwrap().changes.push(StateChange {
            subject_kind: "notice".to_owned(),
            subject: key.to_string(),
            step: step.name().to_owned(),
            from_state,
            to_state: to.name().to_owned(),
            cause: reason,
            recorded_at: at,
        });
        Ok(moved)
    }

    async fn suspend(&self, _: PartyName, suspension: Suspension, _: Author, _: Timestamp) -> Result<(), StoreError> {
        self.suspensions.lock().unwrap().push(suspension);
        Ok(())
    }

    async fn list_suspensions(&self, _: PartyName) -> Result<Vec<SuspensionRecord>, StoreError> {
        let record = |suspension: &Suspension| SuspensionRecord {
            suspension: suspension.clone(),
            created_at: Timestamp::UNIX_EPOCH,
        };
        Ok(self.suspensions.lock().unwrap().iter().map(record).collect())
    }

    async fn lift_suspension(
        &self,
        _: PartyName,
        scope: SuspensionScope,
        _: String,
        _: Author,
        _: Timestamp,
    ) -> Result<bool, StoreError> {
        let mut suspensions = self.suspensions.lock().unwrap();
        let before = suspensions.len();
        suspensions.retain(|suspension| suspension.scope != scope);
        Ok(suspensions.len() < before)
    }

    async fn count_held(&self, _: PartyName) -> Result<u64, StoreError> {
        Ok(0)
    }
}
