//! From a decided notification to rows: each change with its row in the journal and, where others want to know, its event.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::journal::{NewEvent, NewState, key_json};
use super::notice::{NewNotice, NoticeMove};
use super::order::OrderMove;
use super::payment::NewPayment;
use super::record_facts::Facts;
use super::record_rows::Rows;
use super::{Connection, payment, refund_request};
use crate::domain::{
    Change, Disposition, Fen, NoticeKey, NoticeState, NoticeStep, Objection, OrderEvent, OrderId, Refund, RefundKind,
    RefundOutId, RefundStep,
};
use crate::store::{Recording, StoreError};

/// Writes the changes of one notification: what every payment brings is collected, to be written together with others'; what
/// only a refund brings is written at once.
pub(super) struct Writer<'w, 'a> {
    connection: &'w mut Connection,
    rows: &'w mut Rows<'a>,
    recording: &'a Recording,
    facts: &'a Facts,
    /// The notice that the order pays.
    key: Option<&'a NoticeKey>,
    /// What this notification's refunds gave back so far, in fen.
    went_back: i64,
}

impl<'w, 'a> Writer<'w, 'a> {
    pub(super) fn new(
        connection: &'w mut Connection,
        rows: &'w mut Rows<'a>,
        recording: &'a Recording,
        facts: &'a Facts,
    ) -> Self {
        let key = facts.notification.details.as_ref().and_then(|details| details.notice.as_ref());
        Self { connection, rows, recording, facts, key, went_back: 0 }
    }

    pub(super) async fn write(&mut self, change: &'a Change) -> Result<(), StoreError> {
        let Recording { party, order_id, received_at: at, .. } = self.recording;
        let own = self.facts.notification.payment.as_ref();
        match change {
            Change::AddNotice(notice) => {
                self.rows.notices.push(NewNotice { party, notice, at: *at });
                self.state("notice", notice.key.to_string(), "add", "", notice.state.name());
            }
            Change::MoveNotice { key, from, step, to } => {
                self.move_notice(key, from, to);
                self.state("notice", key.to_string(), step.name(), from.name(), to.name());
                self.notice_event(key, step).await?;
            }
            Change::PutPayment(put) => {
                self.rows.payments.push(NewPayment { party, notice: self.key, payment: put, at: *at });
                let from = own.map_or("", |payment| payment.disposition.name());
                self.state("payment", put.order_id.to_string(), "record", from, put.disposition.name());
                self.payment_event(&put.order_id, put.fee, &put.disposition, put.pay_finish_time);
            }
            Change::Dispose { order_id, disposition } => {
                payment::dispose(self.connection, party, order_id, disposition).await?;
                let own = own.filter(|payment| payment.order_id == *order_id);
                // Another order's payment is one of those that wait, and they are recorded.
                let from = own.map_or("recorded", |payment| payment.disposition.name());
                self.state("payment", order_id.to_string(), "dispose", from, disposition.name());
            }
            Change::AddRefund(refund) => {
                payment::add_refund(self.connection, party, order_id, refund, *at).await?;
                self.state("refund", order_id.to_string(), "record", "", refund_name(refund));
                let ours = self.finish_request(refund).await?;
                self.refund_event(refund, ours.as_ref());
            }
            Change::MoveOrder { from, to } => {
                if self.facts.order_known {
                    self.rows.order_moves.push(OrderMove { party, order_id, to: *to, at: *at });
                }
                self.state("order", order_id.to_string(), "notify", from.name(), to.name());
            }
        }
        Ok(())
    }

    /// A notice that is reopened and settled again by the next order moves once, from the first state to the last.
    fn move_notice(&mut self, key: &'a NoticeKey, from: &'a NoticeState, to: &'a NoticeState) {
        let Recording { party, received_at: at, .. } = self.recording;
        let earlier = self.rows.notice_moves.last_mut().filter(|step| step.party == party && step.key == key);
        match earlier {
            Some(step) => step.to = to,
            None => self.rows.notice_moves.push(NoticeMove { party, key, from, to, at: *at }),
        }
    }

    fn state(&mut self, kind: &'static str, subject: String, step: &'a str, from: &'a str, to: &'a str) {
        let Recording { party, received_at: at, .. } = self.recording;
        let cause = self.cause();
        self.rows.states.push(NewState { party, kind, subject: subject.into(), step, from, to, cause, at: *at });
    }

    fn cause(&self) -> &'a str {
        self.recording.journal.wxnontaxstr.as_deref().unwrap_or("notification without wxnontaxstr")
    }

    fn event(&mut self, kind: &'a str, subject: String, body: &Value) {
        let Recording { party, received_at: at, .. } = self.recording;
        self.rows.events.push(NewEvent { party, kind, subject: subject.into(), body: body.to_string(), at: *at });
    }

    async fn notice_event(&mut self, key: &NoticeKey, step: &NoticeStep) -> Result<(), StoreError> {
        let (kind, order_id) = match step {
            NoticeStep::Settle(order_id) => ("notice.paid", order_id),
            NoticeStep::Reopen(order_id) => ("notice.reopened", order_id),
            NoticeStep::Cancel | NoticeStep::Suspend | NoticeStep::Restore => return Ok(()),
        };
        let (fee, pay_finish_time) = self.paid_by(order_id).await?;
        let body = json!({
            "notice": key_json(Some(key)),
            "order_id": order_id.as_str(),
            "fee": fee.map(Fen::get),
            "pay_finish_time": pay_finish_time.map(Timestamp::as_second),
            "reason": null,
        });
        self.event(kind, key.to_string(), &body);
        Ok(())
    }

    /// What an order brought, and when: this one, or another that takes its place.
    async fn paid_by(&mut self, order_id: &OrderId) -> Result<(Option<Fen>, Option<Timestamp>), StoreError> {
        let Facts { notification: facts, .. } = self.facts;
        if facts.order_id != *order_id {
            let payment = payment::find(self.connection, &self.recording.party, order_id).await?;
            return Ok(payment.map_or((None, None), |payment| (payment.fee, payment.pay_finish_time)));
        }
        let pay_finish_time = match &self.recording.event {
            OrderEvent::Paid(paid) => paid.pay_finish_time,
            OrderEvent::Refunded(_) => facts.payment.as_ref().and_then(|payment| payment.pay_finish_time),
        };
        Ok((facts.details.as_ref().map(|details| details.fee), pay_finish_time))
    }

    fn payment_event(
        &mut self,
        order_id: &OrderId,
        fee: Option<Fen>,
        disposition: &Disposition,
        pay_finish_time: Option<Timestamp>,
    ) {
        let kind = match disposition {
            // The notice's own event tells it.
            Disposition::Settles => return,
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
        self.event(kind, order_id.to_string(), &body);
    }

    /// When the refund was asked for here, its request is done with it; our number of it. The rows of the request come after those
    /// of the refund.
    async fn finish_request(&mut self, refund: &Refund) -> Result<Option<RefundOutId>, StoreError> {
        let Recording { party, order_id, refund_out_ids: told, received_at, .. } = self.recording;
        self.rows.write_journals(self.connection).await?;
        let mut ours = None;
        for (request, number) in refund_request::fulfilled_by(self.connection, (party, order_id), refund, told).await? {
            let request = refund_request::lock(self.connection, party, &request.refund_out_id).await?;
            ours = ours.or_else(|| Some(request.refund_out_id.clone()));
            let step = RefundStep::Finish { refund_order_id: number, at: refund.refund_finish_time };
            refund_request::step(self.connection, request, step, self.cause(), *received_at).await?;
        }
        Ok(ours)
    }

    /// What the refunds before leave of the order, in fen: a full one without an amount gives that back.
    fn left(&self) -> Option<i64> {
        let facts = &self.facts.notification;
        let fee = facts.details.as_ref()?.fee.get();
        let before = facts.refunds.iter().map(|refund| match &refund.kind {
            RefundKind::Full => fee,
            RefundKind::Partial { refund_fee, .. } => refund_fee.get(),
        });
        Some(before.fold(fee - self.went_back, i64::saturating_sub).max(0))
    }

    fn refund_event(&mut self, refund: &Refund, ours: Option<&RefundOutId>) {
        let (refund_order_id, refund_fee) = match &refund.kind {
            RefundKind::Full => (None, None),
            RefundKind::Partial { refund_order_id, refund_fee } => {
                (Some(refund_order_id.as_str()), Some(refund_fee.get()))
            }
        };
        let refunded_fee = refund_fee.or_else(|| self.left());
        self.went_back += refunded_fee.unwrap_or(0);
        let order_id = self.recording.order_id.as_str();
        let body = json!({
            "order_id": order_id,
            "notice": key_json(self.key),
            "refund_order_id": refund_order_id,
            "refund_fee": refund_fee,
            "refunded_fee": refunded_fee,
            "full": matches!(refund.kind, RefundKind::Full),
            "refund_finish_time": refund.refund_finish_time.map(Timestamp::as_second),
            "refund_out_id": ours.map(RefundOutId::as_str),
            "requested_here": ours.is_some(),
        });
        self.event("refund.recorded", order_id.to_owned(), &body);
    }
}

const fn refund_name(refund: &Refund) -> &'static str {
    match refund.kind {
        RefundKind::Full => "full",
        RefundKind::Partial { .. } => "partial",
    }
}
