//! For tests of what works with notices: a store in memory that keeps the promises about them and no others.

use std::collections::BTreeMap;
use std::sync::Mutex;

use async_trait::async_trait;
use jiff::Timestamp;

use super::{
    Book, ImportOutcome, JournalEntry, KnownOrder, MoveNoticeError, NoticeDraft, NoticeHistory, NoticeRecord,
    ReceivablesLookup, Recording, StateChange, StoreError,
};
use crate::domain::{
    Found, NoticeKey, NoticeState, NoticeStep, NotificationAnswer, OrderId, PartyName, PaymentNoticeNo,
    ReceivablesFacts, Suspension, SuspensionScope,
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
    async fn look_up_receivables(&self, _: ReceivablesLookup) -> Result<ReceivablesFacts, StoreError> {
        let suspensions = self.suspensions.lock().unwrap().iter().cloned().collect();
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
        key: NoticeKey,
        step: NoticeStep,
        reason: String,
        at: Timestamp,
    ) -> Result<NoticeState, MoveNoticeError> {
        let mut records = self.records.lock().unwrap();
        let record = records.get_mut(&key).ok_or(MoveNoticeError::NotFound)?;
        let from_state = record.notice.state.name().to_owned();
        let to = record.notice.state.clone().after(&step)?;
        record.notice.state = to.clone();
        self.history.lock().unwrap().changes.push(StateChange {
            subject_kind: "notice".to_owned(),
            subject: key.to_string(),
            step: step.name().to_owned(),
            from_state,
            to_state: to.name().to_owned(),
            cause: reason,
            recorded_at: at,
        });
        Ok(to)
    }

    async fn suspend(&self, _: PartyName, suspension: Suspension, _: Timestamp) -> Result<(), StoreError> {
        self.suspensions.lock().unwrap().push(suspension);
        Ok(())
    }

    async fn lift_suspension(
        &self,
        _: PartyName,
        scope: SuspensionScope,
        _: String,
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
