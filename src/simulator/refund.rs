//! Refunding an order: whole, or in parts (source §6.1.4).

use super::api_error::ApiError;
use super::order::{Order, Refund};
use crate::wire::ApiErrcode;
use crate::wire::RefundRequest;

/// For how long after payment an order can be refunded (source §11.8).
const REFUND_PERIOD_SECONDS: i64 = 365 * 86_400;

impl Order {
    /// Refunds as a party asks for it. The refund is done `pending_seconds` later. Its place among the payment's refunds comes
    /// back.
    ///
    /// # Errors
    /// 9201011 without a reason, 9201024 for a part without its number, 9202001 before payment, 9202011 when it is done
    /// already, 9202012 for more than is left, 9202013 for a number that was used with another amount, 40097 a year after
    /// payment: the sources have no code for that.
    pub(super) fn refund(
        &mut self,
        request: &RefundRequest,
        now: i64,
        pending_seconds: i64,
    ) -> Result<usize, ApiError> {
        if request.reason.trim().is_empty() {
            return Err(ApiErrcode::InvalidRefundReason.into());
        }
        let payment = self.payment.as_ref().ok_or(ApiErrcode::RefundBeforePayment)?;
        if now.saturating_sub(payment.finished_at) > REFUND_PERIOD_SECONDS {
            return Err(ApiError::because(ApiErrcode::InvalidArgument, "the order was paid more than a year ago"));
        }
        let done_at = now.saturating_add(pending_seconds);
        match (request.refund_fee, &request.refund_out_id) {
            (None, out_id) => self.add(self.fee, out_id.clone(), &request.reason, done_at),
            (Some(_), None) => Err(ApiErrcode::InvalidRefundOutId.into()),
            (Some(fee), Some(out_id)) => self.refund_part(fee, out_id, &request.reason, done_at),
        }
    }

    /// Refunds what is left, as the platform does by itself.
    ///
    /// # Errors
    /// 9202001 before payment, 9202011 when nothing is left.
    pub(super) fn refund_rest(&mut self, reason: &str, now: i64, pending_seconds: i64) -> Result<usize, ApiError> {
        let payment = self.payment.as_ref().ok_or(ApiErrcode::RefundBeforePayment)?;
        let left = self.fee - payment.refunded_fee();
        self.add(left, None, reason, now.saturating_add(pending_seconds))
    }

    fn refund_part(&mut self, fee: i64, out_id: &str, reason: &str, done_at: i64) -> Result<usize, ApiError> {
        if fee <= 0 {
            return Err(ApiError::because(ApiErrcode::InvalidArgument, "refund_fee must be more than 0"));
        }
        let payment = self.payment.as_ref().ok_or(ApiErrcode::RefundBeforePayment)?;
        if let Some(earlier) = payment.refunds.iter().find(|r| r.refund_out_id.as_deref() == Some(out_id)) {
            let code = if earlier.fee == fee { ApiErrcode::Refunded } else { ApiErrcode::RefundOutIdConflict };
            return Err(code.into());
        }
        self.add(fee, Some(out_id.to_owned()), reason, done_at)
    }

    fn add(&mut self, fee: i64, refund_out_id: Option<String>, reason: &str, done_at: i64) -> Result<usize, ApiError> {
        let total = self.fee;
        let payment = self.payment.as_mut().ok_or(ApiErrcode::RefundBeforePayment)?;
        let left = total - payment.refunded_fee();
        if left <= 0 {
            return Err(ApiErrcode::Refunded.into());
        }
        if fee > left {
            return Err(ApiError::because(ApiErrcode::RefundExceedsTotal, format_args!("{left} fen are left")));
        }
        let refund_order_id = format!("5000{}", self.chance.digits::<24>());
        let refund = Refund { refund_order_id, refund_out_id, fee, reason: reason.to_owned(), finished_at: done_at };
        payment.refunds.push(refund);
        Ok(payment.refunds.len() - 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulator::order::OrderStatus;
    use crate::simulator::order::tests::order;

    fn part(fee: i64, out_id: &str) -> RefundRequest {
        RefundRequest {
            reason: "r".into(),
            refund_fee: Some(fee),
            refund_out_id: Some(out_id.into()),
            ..Default::default()
        }
    }

    fn paid(fee: i64) -> Order {
        let mut order = order(fee);
        order.pay(1001, "wx_nontax".into(), 1001).unwrap();
        order
    }

    fn errcode(refund: Result<usize, ApiError>) -> i64 {
        refund.unwrap_err().errcode
    }

    #[test]
    fn parts_add_up_and_repeats_are_told_apart() {
        let mut order = paid(10);
        assert_eq!(order.refund(&part(4, "a"), 2, 0), Ok(0));
        assert_eq!(errcode(order.refund(&part(4, "a"), 3, 0)), 9_202_011);
        assert_eq!(errcode(order.refund(&part(5, "a"), 3, 0)), 9_202_013);
        assert_eq!(errcode(order.refund(&part(7, "b"), 3, 0)), 9_202_012);
        assert_eq!(order.status(5), OrderStatus::Paid);
        assert_eq!(order.refund(&part(6, "b"), 3, 0), Ok(1));
        assert_eq!(order.status(5), OrderStatus::Refunded);
        assert_eq!(errcode(order.refund(&part(1, "c"), 3, 0)), 9_202_011);
    }

    #[test]
    fn the_whole_goes_back_once() {
        let whole = RefundRequest { reason: "r".into(), ..Default::default() };
        assert_eq!(errcode(order(10).refund(&whole, 2, 0)), 9_202_001);
        let mut order = paid(10);
        assert_eq!(order.refund(&whole, 2, 0), Ok(0));
        assert_eq!(errcode(order.refund(&whole, 2, 0)), 9_202_011);
        let mut partly = paid(10);
        partly.refund(&part(1, "a"), 2, 0).unwrap();
        assert_eq!(errcode(partly.refund(&whole, 2, 0)), 9_202_012);
        assert_eq!(partly.refund_rest("refused", 3, 0), Ok(1));
        assert_eq!(partly.status(4), OrderStatus::Refunded);
    }

    #[test]
    fn what_a_refund_needs() {
        let mut order = paid(10);
        assert_eq!(errcode(order.refund(&RefundRequest::default(), 2, 0)), 9_201_011);
        let no_number = RefundRequest { refund_out_id: None, ..part(1, "a") };
        assert_eq!(errcode(order.refund(&no_number, 2, 0)), 9_201_024);
        assert_eq!(errcode(order.refund(&part(0, "a"), 2, 0)), 40097);
        assert_eq!(errcode(order.refund(&part(i64::MAX, "a"), 2, 0)), 9_202_012);
    }

    #[test]
    fn a_refund_takes_its_time_and_nobody_has_it_after_a_year() {
        let whole = RefundRequest { reason: "r".into(), ..Default::default() };
        let mut order = paid(10);
        order.refund(&part(4, "a"), 1100, 60).unwrap();
        assert_eq!(order.reply(1159).partial_refund_info[0].refund_status, Some(6));
        assert_eq!(
            (order.status(1159), order.reply(1160).partial_refund_info[0].refund_status),
            (OrderStatus::Paid, Some(5))
        );
        order.refund(&part(6, "b"), 1200, 60).unwrap();
        assert_eq!(errcode(order.refund(&whole, 1201, 60)), 9_202_011);
        assert_eq!((order.reply(1259).status, order.reply(1260).status), (Some(6), Some(5)));
        assert_eq!((order.reply(1259).refund_finish_time, order.reply(1260).refund_finish_time), (Some(0), Some(1260)));
        assert!(paid(10).refund(&whole, 1001 + REFUND_PERIOD_SECONDS, 0).is_ok());
        assert_eq!(errcode(paid(10).refund(&whole, 1002 + REFUND_PERIOD_SECONDS, 0)), 40097);
    }
}
