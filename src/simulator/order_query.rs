//! The answer to an order query, with the history of its notifications (source §6.1.3).

use super::cases::TEST_BANK_ID;
use super::exchange::{Answer, Exchange};
use super::notification::Event;
use super::order::{Order, OrderStatus, Refund};
use super::settings::SimulatedParty;
use crate::wire::{
    GetOrderReply, NotifyDetail, NotifyHistory, ORDER_STATUS_AWAITING_REFUND, ORDER_STATUS_CANCELED,
    ORDER_STATUS_TO_BE_PAID, PartialRefundInfo, REFUND_STATUS_AWAITING, REFUND_STATUS_REFUNDED, STATUS_PAID,
    STATUS_REFUNDED,
};

/// How much of a reply `third_resp` and `third_resp_data` keep, in characters.
const THIRD_RESP_CHARACTERS: usize = 4096;

/// `fee_type` of CNY.
const FEE_TYPE_CNY: i64 = 1;

const RECEIVABLE_OF_FINANCE: i64 = 1;
const RECEIVABLE_OF_GOVERNMENT_UNIT: i64 = 2;

impl Order {
    /// The order as `/nontax/getorder` tells it.
    pub(super) fn reply(&self, now: i64) -> GetOrderReply {
        let request = &self.request;
        let reply = GetOrderReply {
            errcode: 0,
            errmsg: Some("ok".to_owned()),
            appid: Some(request.appid.clone()),
            openid: request.openid.clone(),
            order_id: Some(self.order_id.clone()),
            create_time: Some(self.created_at),
            desc: Some(request.desc.clone()),
            fee: Some(self.fee),
            fee_type: Some(FEE_TYPE_CNY),
            status: Some(match self.status(now) {
                OrderStatus::ToBePaid => ORDER_STATUS_TO_BE_PAID,
                OrderStatus::Paid => STATUS_PAID,
                OrderStatus::AwaitingRefund => ORDER_STATUS_AWAITING_REFUND,
                OrderStatus::Refunded => STATUS_REFUNDED,
                OrderStatus::Canceled => ORDER_STATUS_CANCELED,
            }),
            bank_id: Some(request.bank_id.clone().unwrap_or_else(|| TEST_BANK_ID.to_owned())),
            bank_name: Some("Test_bank".to_owned()),
            bank_account: Some(request.bank_account.clone().unwrap_or_else(|| "6215385809487657".to_owned())),
            payment_notice_no: request.payment_notice_no.clone(),
            order_no: request.order_no.clone(),
            department_code: Some(request.department_code.clone()),
            department_name: Some(request.department_name.clone()),
            payment_notice_type: request.payment_notice_type,
            region_code: Some(request.region_code.clone()),
            items: request.items.clone(),
            bill_type_code: Some(String::new()),
            bill_no: Some(String::new()),
            payment_info_source: Some(if self.receivable_is_finances {
                RECEIVABLE_OF_FINANCE
            } else {
                RECEIVABLE_OF_GOVERNMENT_UNIT
            }),
            notify_history: self.notify_history.clone(),
            scene: Some(request.scene.clone()),
            ..GetOrderReply::default()
        };
        self.with_payment(reply, now)
    }

    fn with_payment(&self, reply: GetOrderReply, now: i64) -> GetOrderReply {
        let Some(payment) = &self.payment else {
            // As in the sources' sample of an order that was never paid.
            return GetOrderReply {
                pay_finish_time: Some(0),
                trans_id: Some(String::new()),
                refund_finish_time: Some(0),
                ..reply
            };
        };
        let partial = payment.refunds.iter().filter(|refund| self.is_partial(refund));
        let is_going_back = matches!(self.status(now), OrderStatus::AwaitingRefund | OrderStatus::Refunded);
        let completing = payment.refunds.last().filter(|_| is_going_back);
        let completed = completing.filter(|_| self.status(now) == OrderStatus::Refunded);
        GetOrderReply {
            pay_finish_time: Some(payment.finished_at),
            trans_id: Some(payment.trans_id.clone()),
            refund_finish_time: Some(completed.map_or(0, |refund| refund.finished_at)),
            refund_reason: completing.map(|refund| refund.reason.clone()),
            refund_order_id: completing.map(|refund| refund.refund_order_id.clone()),
            refund_out_id: completing.and_then(|refund| refund.refund_out_id.clone()),
            partial_refund_info: partial.map(|refund| partial_refund_info(refund, now)).collect(),
            ..reply
        }
    }

    fn is_partial(&self, refund: &Refund) -> bool {
        refund.refund_out_id.is_some() || refund.fee < self.fee
    }

    /// Whether a party took the last notification that it had, and that was of this kind of event.
    pub(super) fn is_told(&self, party: &SimulatedParty, event: Event) -> bool {
        let history = self.notify_history.iter().find(|history| history.name.as_deref() == Some(&party.name));
        let last = history.and_then(|history| history.notify_detail.last());
        last.is_some_and(|last| last.status == event.status() && last.errcode == Some(0))
    }

    /// Adds a notification to the history, of which each party's first and last are kept.
    pub(super) fn record_notification(&mut self, party: &SimulatedParty, status: i64, exchange: &Exchange) {
        let detail = notify_detail(status, party, exchange);
        let known = |history: &&mut NotifyHistory| history.name.as_deref() == Some(&party.name);
        if let Some(history) = self.notify_history.iter_mut().find(known) {
            history.notify_detail.truncate(1);
            history.notify_detail.push(detail);
            history.notify_cnt += 1;
        } else {
            self.notify_history.push(NotifyHistory {
                appid: party.appid.clone(),
                name: Some(party.name.clone()),
                notify_detail: vec![detail],
                notify_cnt: 1,
            });
        }
    }
}

fn partial_refund_info(refund: &Refund, now: i64) -> PartialRefundInfo {
    let is_done = refund.is_done(now);
    PartialRefundInfo {
        refund_order_id: refund.refund_order_id.clone(),
        refund_reason: Some(refund.reason.clone()),
        refund_fee: Some(refund.fee),
        refund_finish_time: Some(if is_done { refund.finished_at } else { 0 }),
        refund_out_id: refund.refund_out_id.clone(),
        refund_status: Some(if is_done { REFUND_STATUS_REFUNDED } else { REFUND_STATUS_AWAITING }),
    }
}

fn notify_detail(status: i64, party: &SimulatedParty, exchange: &Exchange) -> NotifyDetail {
    let cut = |text: &str| text.chars().take(THIRD_RESP_CHARACTERS).collect::<String>();
    let detail = NotifyDetail {
        notify_time: exchange.sent_at,
        cost_time: i64::try_from(exchange.elapsed_ms).unwrap_or(i64::MAX),
        wxnontaxstr: exchange.wxnontaxstr.clone(),
        status,
        url: party.notification_url.clone(),
        third_resp: exchange.body.as_deref().map(cut),
        ..NotifyDetail::default()
    };
    match &exchange.answer {
        Answer::Reply(reply) => NotifyDetail {
            errcode: Some(reply.errcode),
            errmsg: Some(reply.errmsg.clone()),
            third_resp_data: Some(cut(&reply.plaintext)),
            ..detail
        },
        Answer::Fault(fault) => {
            NotifyDetail { ret: fault.code().code(), ret_errmsg: Some(fault.to_string()), ..detail }
        }
    }
}
