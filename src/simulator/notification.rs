//! What a party is told about an order, and what its reply means (source §6.2.2, §6.3.1; protocol §5).

use super::api_error::ApiError;
use super::exchange::Answer;
use super::order::{Order, Payment};
use super::settings::{SimulatedParty, SimulatedRole};
use crate::wire::ApiErrcode;
use crate::wire::{Errcode, PaymentStatusNotification, RefundRule, STATUS_PAID, STATUS_REFUNDED, is_paid_status};

/// What happened to an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Event {
    /// It was paid.
    Paid,
    /// It was refunded, by the refund at this place of its payment's refunds.
    Refund(usize),
}

/// What the platform does after a reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Nothing more.
    Final,
    /// It sends the notification again.
    Again,
    /// It refunds the citizen.
    Refund,
}

impl Event {
    /// `status` of the notification.
    pub(super) const fn status(self) -> i64 {
        match self {
            Self::Paid => STATUS_PAID,
            Self::Refund(_) => STATUS_REFUNDED,
        }
    }

    /// The event of an order that a status asks for, or without one the latest.
    ///
    /// # Errors
    /// 40097 when it has not happened, or the status is none that is notified.
    pub(super) fn of(order: &Order, status: Option<i64>, now: i64) -> Result<Self, ApiError> {
        let missing = |what: &str| ApiError::because(ApiErrcode::InvalidArgument, what);
        let payment = order.payment.as_ref().ok_or_else(|| missing("the order is not paid yet; pay it first"))?;
        let last_refund = payment.refunds.iter().rposition(|refund| refund.is_done(now)).map(Self::Refund);
        match status {
            None => Ok(last_refund.unwrap_or(Self::Paid)),
            Some(status) if is_paid_status(status) => Ok(Self::Paid),
            Some(STATUS_REFUNDED) => last_refund.ok_or_else(|| missing("the order has no refund")),
            Some(_) => Err(missing("status must be 3 or 4 (paid) or 5 (refunded)")),
        }
    }
}

/// The plaintext that tells a party of an event.
pub(super) fn plaintext(
    order: &Order,
    payment: &Payment,
    event: Event,
    party: &SimulatedParty,
) -> PaymentStatusNotification {
    let is_government_unit = party.role == SimulatedRole::GovernmentUnit;
    let mut notification = PaymentStatusNotification {
        order_id: order.order_id.clone(),
        status: event.status(),
        pay_channel: payment.channel.clone(),
        // A government unit gets it only when the status is paid.
        pay_finish_time: (event == Event::Paid || !is_government_unit).then_some(payment.finished_at),
        ..PaymentStatusNotification::default()
    };
    if let Event::Refund(place) = event
        && let Some(refund) = payment.refunds.get(place)
        && (is_government_unit || party.tells_partial_refunds)
    {
        notification.refund_finish_time = Some(refund.finished_at);
        if refund.fee < order.fee {
            notification.refund_fee = Some(refund.fee);
            notification.refund_order_id = Some(refund.refund_order_id.clone());
        }
    }
    if party.sends_details {
        notification.payment_notice_no.clone_from(&order.request.payment_notice_no);
        notification.region_code = Some(order.request.region_code.clone());
        notification.department_code = Some(order.request.department_code.clone());
        notification.fee = Some(order.fee);
        notification.bank_id.clone_from(&order.request.bank_id);
    }
    notification
}

/// What the platform does after the answer of a party to a notification of `event`. A code that the role may not give is not
/// final.
pub(super) fn verdict(role: SimulatedRole, event: Event, order_id: &str, answer: &Answer) -> Verdict {
    let Answer::Reply(reply) = answer else { return Verdict::Again };
    let Some(errcode) = Errcode::from_code(reply.errcode) else { return Verdict::Again };
    if errcode == Errcode::Ok {
        return Verdict::Final;
    }
    if role != SimulatedRole::Recorder {
        return Verdict::Again;
    }
    // A 232 that names no order says that the notice was paid outside the platform: this order's money goes back.
    let other_order_paid = reply.order_id.as_deref() != Some(order_id);
    match (errcode.refunds(), event) {
        (RefundRule::Never, _) => Verdict::Again,
        (RefundRule::Always | RefundRule::WhenOrderDiffers, Event::Refund(_)) => Verdict::Final,
        (RefundRule::Always, Event::Paid) => Verdict::Refund,
        (RefundRule::WhenOrderDiffers, Event::Paid) => {
            if other_order_paid {
                Verdict::Refund
            } else {
                Verdict::Final
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::envelope::{KeyEncoding, SymmetricKey};
    use crate::simulator::exchange::{Reply, ReplyFault};
    use crate::simulator::order::tests::order;
    use crate::wire::RefundRequest;

    fn answer(errcode: i64, order_id: Option<&str>) -> Answer {
        let order_id = order_id.map(str::to_owned);
        Answer::Reply(Reply { plaintext: String::new(), errcode, errmsg: String::new(), order_id })
    }

    #[test]
    fn a_recorders_reply_decides() {
        let verdict = |answer: &Answer| verdict(SimulatedRole::Recorder, Event::Paid, "A", answer);
        assert_eq!(verdict(&answer(0, None)), Verdict::Final);
        for code in [211, 231, 233, 235, 236, 296] {
            assert_eq!(verdict(&answer(code, None)), Verdict::Refund, "{code}");
        }
        for code in [299, 297, 210, 298, 300, 1, -1] {
            assert_eq!(verdict(&answer(code, None)), Verdict::Again, "{code}");
        }
        assert_eq!(verdict(&answer(232, Some("A"))), Verdict::Final);
        assert_eq!(verdict(&answer(232, Some("B"))), Verdict::Refund);
        assert_eq!(verdict(&answer(232, None)), Verdict::Refund);
        assert_eq!(verdict(&Answer::Fault(ReplyFault::Empty)), Verdict::Again);
    }

    #[test]
    fn nobody_else_makes_the_platform_refund_and_nobody_does_so_twice() {
        for role in [SimulatedRole::InformedBank, SimulatedRole::GovernmentUnit] {
            assert_eq!(verdict(role, Event::Paid, "A", &answer(231, None)), Verdict::Again);
            assert_eq!(verdict(role, Event::Paid, "A", &answer(0, None)), Verdict::Final);
        }
        let refused = verdict(SimulatedRole::Recorder, Event::Refund(0), "A", &answer(231, None));
        assert_eq!(refused, Verdict::Final);
    }

    #[test]
    fn each_role_is_told_what_its_section_lists() {
        let key = SymmetricKey::read("1", b"0123456789abcdef", KeyEncoding::Raw).unwrap();
        let mut party = SimulatedParty::new("p", "wx1", "s", key);
        let mut order = order(10);
        assert_eq!(Event::of(&order, None, 1002).unwrap_err().errcode, 40097);
        order.pay(1001, "wx_nontax".into(), 1001).unwrap();
        assert_eq!(Event::of(&order, None, 1002), Ok(Event::Paid));
        assert!(Event::of(&order, Some(5), 1002).is_err());
        let request = RefundRequest {
            reason: "r".into(),
            refund_fee: Some(4),
            refund_out_id: Some("a".into()),
            ..Default::default()
        };
        order.refund(&request, 1002, 0).unwrap();
        assert_eq!(Event::of(&order, Some(4), 1002), Ok(Event::Paid));
        let event = Event::of(&order, None, 1002).unwrap();
        let payment = order.payment.as_ref().unwrap();
        let to_recorder = plaintext(&order, payment, event, &party);
        assert_eq!((to_recorder.pay_finish_time, to_recorder.refund_fee), (Some(1001), None));
        assert_eq!(to_recorder.refund_finish_time, None);
        party.tells_partial_refunds = true;
        assert_eq!(plaintext(&order, payment, event, &party).refund_fee, Some(4));
        party.role = SimulatedRole::GovernmentUnit;
        party.tells_partial_refunds = false;
        party.sends_details = true;
        let to_unit = plaintext(&order, payment, event, &party);
        assert_eq!((to_unit.pay_finish_time, to_unit.refund_finish_time), (None, Some(1002)));
        assert_eq!((to_unit.refund_fee, to_unit.fee), (Some(4), Some(10)));
    }
}
