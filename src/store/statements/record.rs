//! The one transaction of a notification: lock the order, lock its notice, decide, write, commit.
//!
//! Locks are always taken in this order, and the payment of a notice is only written under the notice's lock, so that two
//! gateways wait for each other and never in a circle.

use jiff::Timestamp;
use serde_json::{Value, json};
use sqlx::Transaction;

use super::journal::{self, StateRow};
use super::{Connection, Db, failed, notice, order, payment, refund_request, suspension};
use crate::domain::{
    Change, Disposition, Fen, NoticeKey, NoticeStep, NotificationAnswer, NotificationFacts, Objection, OrderEvent,
    OrderId, Refund, RefundKind, RefundOutId, RefundStep, Resolution, decide,
};
use crate::store::{JournalEntry, Recording, StoreError};

pub(super) async fn record(
    mut transaction: Transaction<'static, Db>,
    recording: &Recording,
) -> Result<NotificationAnswer, StoreError> {
    let facts = read_facts(&mut transaction, recording).await?;
    let decision = decide(&facts, &recording.event, recording.policy, recording.received_at);
    let key = facts.details.as_ref().and_then(|details| details.notice.as_ref());
    let mut writer = Writer { connection: &mut transaction, recording, facts: &facts, key };
    for change in &decision.changes {
        writer.write(change).await?;
    }
    let entry = JournalEntry {
        outcome: decision.answer.outcome(),
        errcode: (recording.errcode_of)(&decision.answer),
        duration: recording.started.elapsed(),
        ..recording.journal.clone()
    };
    journal::append(&mut transaction, &[entry]).await?;
    transaction.commit().await.map_err(failed("commit a notification"))?;
    Ok(decision.answer)
}

async fn read_facts(connection: &mut Connection, recording: &Recording) -> Result<NotificationFacts, StoreError> {
    let Recording { party, order_id, event, received_at, .. } = recording;
    let told = match event {
        OrderEvent::Paid(paid) => match &paid.resolution {
            Resolution::Details(details) => Some(details),
            Resolution::NoSuchOrder => None,
        },
        OrderEvent::Refunded(_) => None,
    };
    let stored = order::lock(connection, party, order_id, told, *received_at).await?;
    let key = stored.details.as_ref().and_then(|details| details.notice.as_ref());
    let (notice, waiting) = match key {
        Some(key) => {
            let notice = notice::lock(connection, party, key).await?;
            let waiting = match (event, &notice) {
                (OrderEvent::Refunded(_), Some(notice)) => {
                    payment::waiting(connection, party, notice, order_id).await?
                }
                _ => Vec::new(),
            };
            (notice, waiting)
        }
        None => (None, Vec::new()),
    };
    Ok(NotificationFacts {
        order_id: order_id.clone(),
        state: stored.state,
        payment: payment::find(connection, party, order_id).await?,
        refunds: payment::refunds(connection, party, order_id).await?,
        suspensions: suspension::in_force(connection, party).await?,
        details: stored.details,
        notice,
        waiting,
    })
}

struct Writer<'a> {
    connection: &'a mut Connection,
    recording: &'a Recording,
    facts: &'a NotificationFacts,
    /// The notice that the order pays.
    key: Option<&'a NoticeKey>,
}

impl<'a> Writer<'a> {
    /// Writes one change with its row in the journal and, where others want to know, its event.
    async fn write(&mut self, change: &Change) -> Result<(), StoreError> {
        let Recording { party, order_id, received_at: at, .. } = self.recording;
        match change {
            Change::AddNotice(added) => {
                notice::add_from_order(self.connection, party, added, *at).await?;
                self.state("notice", &added.key.to_string(), "add", "", added.state.name()).await
            }
            Change::MoveNotice { key, from, step, to } => {
                notice::set_state(self.connection, party, key, (from, to), *at).await?;
                self.state("notice", &key.to_string(), step.name(), from.name(), to.name()).await?;
                self.notice_event(key, step).await
            }
            Change::PutPayment(put) => {
                payment::put(self.connection, party, self.key, put, *at).await?;
                let from = self.facts.payment.as_ref().map_or("", |payment| payment.disposition.name());
                self.state("payment", put.order_id.as_str(), "record", from, put.disposition.name()).await?;
                self.payment_event(&put.order_id, put.fee, &put.disposition, put.pay_finish_time).await
            }
            Change::Dispose { order_id, disposition } => {
                payment::dispose(self.connection, party, order_id, disposition).await?;
                let own = self.facts.payment.as_ref().filter(|payment| payment.order_id == *order_id);
                // Another order's payment is one of those that wait, and they are recorded.
                let from = own.map_or("recorded", |payment| payment.disposition.name());
                self.state("payment", order_id.as_str(), "dispose", from, disposition.name()).await
            }
            Change::AddRefund(refund) => {
                payment::add_refund(self.connection, party, order_id, refund, *at).await?;
                self.state("refund", order_id.as_str(), "record", "", refund_name(refund)).await?;
                let ours = self.finish_request(refund).await?;
                self.refund_event(refund, ours.as_ref()).await
            }
            Change::MoveOrder { from, to } => {
                order::set_state(self.connection, party, order_id, *to, *at).await?;
                self.state("order", order_id.as_str(), "notify", from.name(), to.name()).await
            }
        }
    }

    async fn state(
        &mut self,
        kind: &'static str,
        subject: &str,
        step: &str,
        from: &str,
        to: &str,
    ) -> Result<(), StoreError> {
        let row = StateRow { kind, subject, step, from, to };
        let cause = self.cause();
        journal::append_state(self.connection, &self.recording.party, &row, cause, self.recording.received_at).await
    }

    fn cause(&self) -> &'a str {
        self.recording.journal.wxnontaxstr.as_deref().unwrap_or("notification without wxnontaxstr")
    }

    async fn event(&mut self, kind: &str, subject: &str, body: &Value) -> Result<(), StoreError> {
        let Recording { party, received_at, .. } = self.recording;
        journal::append_event(self.connection, party, kind, subject, body, *received_at).await
    }

    async fn notice_event(&mut self, key: &NoticeKey, step: &NoticeStep) -> Result<(), StoreError> {
        let (kind, order_id) = match step {
            NoticeStep::Settle(order_id) => ("notice.paid", order_id),
            NoticeStep::Reopen(order_id) => ("notice.reopened", order_id),
            NoticeStep::Cancel | NoticeStep::Suspend | NoticeStep::Restore => return Ok(()),
        };
        let body = json!({ "notice": key_json(Some(key)), "order_id": order_id.as_str() });
        self.event(kind, &key.to_string(), &body).await
    }

    async fn payment_event(
        &mut self,
        order_id: &OrderId,
        fee: Option<Fen>,
        disposition: &Disposition,
        pay_finish_time: Option<Timestamp>,
    ) -> Result<(), StoreError> {
        let kind = match disposition {
            // The notice's own event tells it.
            Disposition::Settles => return Ok(()),
            Disposition::Recorded { .. } => "payment.recorded",
            Disposition::Refused { .. } => "payment.refused",
            Disposition::Held { .. } => "payment.held",
        };
        let body = json!({
            "order_id": order_id.as_str(),
            "notice": key_json(self.key),
            "fee": fee.map(Fen::get),
            "pay_finish_time": pay_finish_time.map(Timestamp::as_second),
            "because": disposition.objection().map(Objection::name),
        });
        self.event(kind, order_id.as_str(), &body).await
    }

    /// When the refund was asked for here, its request is done with it; our number of it.
    async fn finish_request(&mut self, refund: &Refund) -> Result<Option<RefundOutId>, StoreError> {
        let Recording { party, order_id, refund_out_ids: told, received_at, .. } = self.recording;
        let mut ours = None;
        for (request, number) in refund_request::fulfilled_by(self.connection, (party, order_id), refund, told).await? {
            let request = refund_request::lock(self.connection, party, &request.refund_out_id).await?;
            ours = ours.or_else(|| Some(request.refund_out_id.clone()));
            let step = RefundStep::Finish { refund_order_id: number, at: refund.refund_finish_time };
            refund_request::step(self.connection, request, step, self.cause(), *received_at).await?;
        }
        Ok(ours)
    }

    async fn refund_event(&mut self, refund: &Refund, ours: Option<&RefundOutId>) -> Result<(), StoreError> {
        let (refund_order_id, refund_fee) = match &refund.kind {
            RefundKind::Full => (None, None),
            RefundKind::Partial { refund_order_id, refund_fee } => {
                (Some(refund_order_id.as_str()), Some(refund_fee.get()))
            }
        };
        let order_id = self.recording.order_id.as_str();
        let body = json!({
            "order_id": order_id,
            "notice": key_json(self.key),
            "refund_order_id": refund_order_id,
            "refund_fee": refund_fee,
            "refund_finish_time": refund.refund_finish_time.map(Timestamp::as_second),
            "refund_out_id": ours.map(RefundOutId::as_str),
            "requested_here": ours.is_some(),
        });
        self.event("refund.recorded", order_id, &body).await
    }
}

const fn refund_name(refund: &Refund) -> &'static str {
    match refund.kind {
        RefundKind::Full => "full",
        RefundKind::Partial { .. } => "partial",
    }
}

fn key_json(key: Option<&NoticeKey>) -> Value {
    key.map_or(Value::Null, |key| {
        json!({
            "region_code": key.region_code.as_str(),
            "department_code": key.department_code.as_str(),
            "payment_notice_no": key.payment_notice_no.as_str(),
        })
    })
}
