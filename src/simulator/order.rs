//! An order of the simulated platform: placed, paid, refunded.

use super::api_error::ApiError;
use super::cases::TEST_BANK_ID;
use super::chance::Stream;
use crate::wire::ApiErrcode;
use crate::wire::{NotifyHistory, UnifiedOrderRequest};

/// How long an order can be paid (source §11.3).
const ORDER_LIFETIME_SECONDS: i64 = 600;

/// An order. Amounts in fen, times in Unix seconds.
#[expect(clippy::struct_field_names, reason = "the platform's own names")]
#[derive(Debug)]
pub(super) struct Order {
    pub(super) order_id: String,
    /// As it was placed.
    pub(super) request: UnifiedOrderRequest,
    pub(super) fee: i64,
    /// Whether a finance authority answers for the receivable, or the unit that placed the order.
    pub(super) receivable_is_finances: bool,
    pub(super) created_at: i64,
    /// Whether it was canceled before its time.
    pub(super) canceled: bool,
    pub(super) payment: Option<Payment>,
    pub(super) notify_history: Vec<NotifyHistory>,
    pub(super) chance: Stream,
}

/// What paid an order, and what went back.
#[derive(Clone, Debug)]
pub(super) struct Payment {
    pub(super) finished_at: i64,
    pub(super) channel: String,
    pub(super) trans_id: String,
    pub(super) refunds: Vec<Refund>,
}

/// One refund.
#[expect(clippy::struct_field_names, reason = "the platform's own names")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refund {
    pub(super) refund_order_id: String,
    /// Present when it is partial.
    pub(super) refund_out_id: Option<String>,
    pub(super) fee: i64,
    pub(super) reason: String,
    /// When the money is back with the payer; until then it is on its way.
    pub(super) finished_at: i64,
}

/// What an order is, as `status` says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum OrderStatus {
    ToBePaid,
    Paid,
    AwaitingRefund,
    Refunded,
    Canceled,
}

impl Refund {
    /// Whether the money is back with the payer.
    pub(super) const fn is_done(&self, now: i64) -> bool {
        self.finished_at <= now
    }
}

impl Payment {
    /// What went back or is on its way.
    pub(super) fn refunded_fee(&self) -> i64 {
        self.refunds.iter().map(|refund| refund.fee).sum()
    }
}

impl Order {
    /// A new order for a request that was checked.
    pub(super) fn new(
        request: UnifiedOrderRequest,
        fee: i64,
        receivable_is_finances: bool,
        now: i64,
        mut chance: Stream,
    ) -> Self {
        Self {
            order_id: chance.order_id(),
            request,
            fee,
            receivable_is_finances,
            created_at: now,
            canceled: false,
            payment: None,
            notify_history: Vec::new(),
            chance,
        }
    }

    /// Whether it was placed for the test bank by name: then its payment does not depend on what the parties answer.
    pub(super) fn is_in_test_bank(&self) -> bool {
        self.request.bank_id.as_deref() == Some(TEST_BANK_ID)
    }

    /// A partly refunded order is still paid (source §6.1.3).
    pub(super) fn status(&self, now: i64) -> OrderStatus {
        match &self.payment {
            None if self.canceled || now - self.created_at >= ORDER_LIFETIME_SECONDS => OrderStatus::Canceled,
            None => OrderStatus::ToBePaid,
            Some(payment) if payment.refunded_fee() < self.fee => OrderStatus::Paid,
            Some(payment) if payment.refunds.iter().all(|refund| refund.is_done(now)) => OrderStatus::Refunded,
            Some(_) => OrderStatus::AwaitingRefund,
        }
    }

    /// Whether it is paid, and was at just this time.
    pub(super) fn is_paid_at(&self, time: i64) -> bool {
        self.payment.as_ref().is_some_and(|payment| payment.finished_at == time)
    }

    /// The citizen pays.
    ///
    /// # Errors
    /// 9200232 when it is paid already, 9201010 when it ran out of time.
    pub(super) fn pay(&mut self, finished_at: i64, channel: String, now: i64) -> Result<(), ApiError> {
        match self.status(now) {
            OrderStatus::ToBePaid => {
                let trans_id = format!("4200{}", self.chance.digits::<24>());
                self.payment = Some(Payment { finished_at, channel, trans_id, refunds: Vec::new() });
                Ok(())
            }
            OrderStatus::Canceled => Err(ApiError::because(
                ApiErrcode::InvalidOrderId,
                format_args!(
                    "the order was canceled, at the latest {ORDER_LIFETIME_SECONDS} seconds after it was placed; place a new one"
                ),
            )),
            OrderStatus::Paid | OrderStatus::AwaitingRefund | OrderStatus::Refunded => {
                Err(ApiError::because(ApiErrcode::PaymentCompleted, "this order was paid before"))
            }
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::simulator::chance::tests::stream;

    pub(in crate::simulator) fn order(fee: i64) -> Order {
        Order::new(UnifiedOrderRequest { fee: Some(fee), ..Default::default() }, fee, true, 1000, stream())
    }

    #[test]
    fn an_order_is_paid_once_and_in_time() {
        let mut on_time = order(5);
        assert_eq!(on_time.status(1599), OrderStatus::ToBePaid);
        on_time.pay(1599, "wx_nontax".into(), 1599).unwrap();
        assert_eq!(on_time.status(9999), OrderStatus::Paid);
        assert_eq!(on_time.pay(1599, "wx_nontax".into(), 1599).unwrap_err().errcode, 9_200_232);
        let mut late = order(5);
        assert_eq!(late.status(1600), OrderStatus::Canceled);
        assert_eq!(late.pay(1600, "wx_nontax".into(), 1600).unwrap_err().errcode, 9_201_010);
    }
}
