//! What may be refunded of an order, and what to ask the platform for (source §6.1.4, §11.8).

use jiff::Timestamp;

use super::{ChinaDate, Fen, Refund, RefundKind, RefundOrderId, RefundRequest, RefundRequestState};

/// From this many days before the end of the refund period on, a caller is warned: enough for a bureau to find an account that
/// was closed.
const WARN_DAYS: i64 = 30;

/// How much is to go back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RefundAmount {
    /// All that is left.
    All,
    /// This much.
    Part(Fen),
}

/// What a refund is decided from: what a store read under the order's lock, and what the platform told of an order that was not
/// notified yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefundFacts {
    /// What was paid; `None` when nothing was, as far as anybody knows.
    pub paid: Option<Fen>,
    /// When it was paid.
    pub pay_finish_time: Option<Timestamp>,
    /// The refunds on record or told by the platform, those on their way included.
    pub refunds: Vec<Refund>,
    /// What was asked for here already, whatever became of it.
    pub requests: Vec<RefundRequest>,
}

/// What the platform is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RefundAsk {
    /// All of the order: the request names neither an amount nor a number.
    Whole,
    /// An amount, under a number of ours.
    Part(Fen),
}

/// A refund that may be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RefundPlan {
    /// What to ask for.
    pub ask: RefundAsk,
    /// How many days of the refund period are left, today not counted; `None` when nobody told when the order was paid.
    pub days_left: Option<i64>,
}

impl RefundPlan {
    /// Whether the refund period ends soon: what is not asked for in time cannot be refunded through the platform at all.
    #[must_use]
    pub fn ends_soon(&self) -> bool {
        self.days_left.is_some_and(|days| days < WARN_DAYS)
    }
}

/// Why a refund may not be asked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RefundRefusal {
    /// The order is not paid.
    #[error("the order is not paid: there is nothing to refund")]
    NothingPaid,
    /// The wish is 0.
    #[error("the amount is 0: ask for 1 fen or more, or for all that is left")]
    Zero,
    /// Nothing is left.
    #[error("nothing is left of the {} fen paid: {} fen were refunded, {} fen are being refunded", paid.get(), refunded.get(), under_way.get())]
    NothingLeft {
        /// What was paid.
        paid: Fen,
        /// What went back.
        refunded: Fen,
        /// What is asked for and not done.
        under_way: Fen,
    },
    /// The wish is more than what is left.
    #[error("{} fen are more than the {} fen that are left of {} fen paid", wished.get(), left.get(), paid.get())]
    MoreThanLeft {
        /// The wish.
        wished: Fen,
        /// What is left.
        left: Fen,
        /// What was paid.
        paid: Fen,
    },
    /// The refund period is over.
    #[error("the order was paid on {paid_on} and could be refunded until {last_day}, one year (§11.8)")]
    TooLate {
        /// The day of payment in China.
        paid_on: ChinaDate,
        /// The last day of the period.
        last_day: ChinaDate,
    },
}

impl RefundRefusal {
    /// The rule's name, for programs.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::NothingPaid => "nothing_paid",
            Self::Zero => "zero",
            Self::NothingLeft { .. } => "nothing_left",
            Self::MoreThanLeft { .. } => "more_than_left",
            Self::TooLate { .. } => "too_late",
        }
    }
}

/// What to ask the platform for. Nothing that was asked for before and may still be done is given back twice: a request whose
/// outcome is not known counts as if it were done.
///
/// # Errors
/// [`RefundRefusal`] names the rule that stands against it.
pub fn plan_refund(facts: &RefundFacts, wish: RefundAmount, now: Timestamp) -> Result<RefundPlan, RefundRefusal> {
    if wish == RefundAmount::Part(Fen::ZERO) {
        return Err(RefundRefusal::Zero);
    }
    let paid = facts.paid.ok_or(RefundRefusal::NothingPaid)?;
    let (refunded, under_way) = (refunded(facts, paid), under_way(facts, paid));
    let left = paid.saturating_sub(refunded).saturating_sub(under_way);
    if left == Fen::ZERO {
        return Err(RefundRefusal::NothingLeft { paid, refunded, under_way });
    }
    let ask = match wish {
        RefundAmount::All if left == paid => RefundAsk::Whole,
        RefundAmount::All => RefundAsk::Part(left),
        RefundAmount::Part(wished) if wished > left => {
            return Err(RefundRefusal::MoreThanLeft { wished, left, paid });
        }
        RefundAmount::Part(wished) => RefundAsk::Part(wished),
    };
    Ok(RefundPlan { ask, days_left: days_left(facts.pay_finish_time, now)? })
}

fn days_left(pay_finish_time: Option<Timestamp>, now: Timestamp) -> Result<Option<i64>, RefundRefusal> {
    let Some(pay_finish_time) = pay_finish_time else { return Ok(None) };
    let paid_on = ChinaDate::at(pay_finish_time);
    let last_day = paid_on.a_year_later();
    let days_left = last_day.days_since(ChinaDate::at(now));
    if days_left < 0 { Err(RefundRefusal::TooLate { paid_on, last_day }) } else { Ok(Some(days_left)) }
}

/// What went back, no more than was paid.
fn refunded(facts: &RefundFacts, paid: Fen) -> Fen {
    let parts = facts.refunds.iter().map(|refund| match &refund.kind {
        RefundKind::Full => paid,
        RefundKind::Partial { refund_fee, .. } => *refund_fee,
    });
    // What does not even fit into a number is more than was paid.
    parts.sum::<Option<Fen>>().map_or(paid, |sum| sum.min(paid))
}

/// What was asked for here, may still be done or is done, and is not among the refunds on record.
fn under_way(facts: &RefundFacts, paid: Fen) -> Fen {
    let on_record = |wanted: Option<&RefundOrderId>| {
        facts.refunds.iter().any(|refund| match &refund.kind {
            RefundKind::Full => false,
            RefundKind::Partial { refund_order_id, .. } => wanted == Some(refund_order_id),
        })
    };
    let open = facts.requests.iter().filter(|request| match &request.state {
        RefundRequestState::Requested => true,
        RefundRequestState::Accepted { refund_order_id } | RefundRequestState::Refunded { refund_order_id, .. } => {
            !on_record(refund_order_id.as_ref())
        }
        RefundRequestState::Refused { .. } => false,
    });
    let parts = open.map(|request| match request.ask {
        RefundAsk::Whole => paid,
        RefundAsk::Part(fee) => fee,
    });
    parts.sum::<Option<Fen>>().map_or(paid, |sum| sum.min(paid))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: i64 = 1_767_240_000;
    const DAY: i64 = 86_400;

    fn fen(amount: i64) -> Fen {
        Fen::new(amount).unwrap()
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(seconds).unwrap()
    }

    fn part(id: &str, amount: i64) -> Refund {
        let refund_order_id = RefundOrderId::new(id).unwrap();
        Refund { kind: RefundKind::Partial { refund_order_id, refund_fee: fen(amount) }, refund_finish_time: None }
    }

    fn request(ask: RefundAsk, state: RefundRequestState) -> RefundRequest {
        RefundRequest { ask, state }
    }

    fn accepted(id: &str) -> RefundRequestState {
        RefundRequestState::Accepted { refund_order_id: Some(RefundOrderId::new(id).unwrap()) }
    }

    fn facts(refunds: Vec<Refund>, requests: Vec<RefundRequest>) -> RefundFacts {
        RefundFacts { paid: Some(fen(100)), pay_finish_time: Some(at(NOON)), refunds, requests }
    }

    fn ask(facts: &RefundFacts, wish: RefundAmount) -> Result<RefundAsk, &'static str> {
        plan_refund(facts, wish, at(NOON + DAY)).map(|plan| plan.ask).map_err(|refusal| refusal.name())
    }

    #[test]
    fn all_of_an_untouched_order_is_asked_for_as_a_whole_and_the_rest_as_a_part() {
        assert_eq!(ask(&facts(vec![], vec![]), RefundAmount::All), Ok(RefundAsk::Whole));
        let rest = RefundAsk::Part(fen(70));
        assert_eq!(ask(&facts(vec![part("R", 30)], vec![]), RefundAmount::All), Ok(rest));
        let unknown = request(RefundAsk::Part(fen(30)), RefundRequestState::Requested);
        assert_eq!(ask(&facts(vec![], vec![unknown]), RefundAmount::All), Ok(rest));
        // A request and the refund that it became are one.
        let done = request(RefundAsk::Part(fen(30)), accepted("R"));
        assert_eq!(ask(&facts(vec![part("R", 30)], vec![done]), RefundAmount::All), Ok(rest));
    }

    #[test]
    fn never_more_than_what_is_left() {
        let open = || request(RefundAsk::Part(fen(30)), accepted("R"));
        let held = facts(vec![part("S", 30)], vec![open()]);
        assert_eq!(ask(&held, RefundAmount::Part(fen(40))), Ok(RefundAsk::Part(fen(40))));
        assert_eq!(ask(&held, RefundAmount::Part(fen(41))), Err("more_than_left"));
        assert_eq!(ask(&held, RefundAmount::Part(Fen::ZERO)), Err("zero"));
        let whole = request(RefundAsk::Whole, RefundRequestState::Requested);
        assert_eq!(ask(&facts(vec![], vec![whole]), RefundAmount::Part(fen(1))), Err("nothing_left"));
        let full = Refund { kind: RefundKind::Full, refund_finish_time: None };
        assert_eq!(ask(&facts(vec![full], vec![open()]), RefundAmount::All), Err("nothing_left"));
        let refused = RefundRequestState::Refused { errcode: 9_202_006, errmsg: String::new() };
        assert_eq!(
            ask(&facts(vec![], vec![request(RefundAsk::Whole, refused)]), RefundAmount::All),
            Ok(RefundAsk::Whole)
        );
        let unpaid = RefundFacts { paid: None, ..facts(vec![], vec![]) };
        assert_eq!(ask(&unpaid, RefundAmount::All), Err("nothing_paid"));
    }

    #[test]
    fn the_period_is_a_year_of_days_in_china() {
        let plan = |now| plan_refund(&facts(vec![], vec![]), RefundAmount::All, at(now));
        // Paid at noon on 2026-01-01; the last moment of 2027-01-01 in China is in time.
        let last_moment = NOON + 365 * DAY + 12 * 3600 - 1;
        assert_eq!(plan(last_moment).unwrap().days_left, Some(0));
        assert_eq!(plan(last_moment + 1).unwrap_err().name(), "too_late");
        assert!(plan(NOON + 336 * DAY).unwrap().ends_soon());
        assert!(!plan(NOON + 335 * DAY).unwrap().ends_soon());
        let unknown = RefundFacts { pay_finish_time: None, ..facts(vec![], vec![]) };
        assert_eq!(plan_refund(&unknown, RefundAmount::All, at(last_moment)).unwrap().days_left, None);
    }
}
