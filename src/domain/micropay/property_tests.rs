//! Whatever the platform, the network, the payer, the cashier and a crash do, and in whatever order: no payment ends as not paid
//! while the platform keeps money for it, and nobody is charged twice.

use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::domain::OrderId;

/// What becomes of a call on its way.
#[derive(Clone, Copy, Debug)]
enum Way {
    /// It arrives, and so does the reply.
    Clean,
    /// It arrives, and its reply is lost.
    ReplyLost,
    /// It arrives, and the platform says -1 although it did what was asked.
    SaysSystemError,
    /// It arrives, and the platform answers with an errcode that no source lists, although it did what was asked.
    SaysUnlisted,
    /// It is lost.
    Lost,
    /// It is taken for lost, and arrives after so many more moments.
    Late(u8),
    /// It arrives, and the caller dies before the reply.
    Crash,
    /// The caller dies before it leaves.
    CrashBefore,
    /// There was no token for it.
    NoToken,
    /// The platform refuses it before it looks at the code.
    Throttled,
}

/// What the platform does with a code that it was not shown before.
#[derive(Clone, Copy, Debug)]
enum Payer {
    /// Pays at once.
    Pays,
    /// Types the password, right, after so many moments.
    Types(u8),
    /// Never types it: the order is canceled after ten minutes.
    Hesitates,
    /// Has no money.
    Poor,
    /// Shows a code that is too old.
    Expired,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Order {
    Open { pays_at: Option<Timestamp>, ends_at: Timestamp },
    Paid,
    Canceled,
    Refunded,
}

struct Platform {
    payer: Payer,
    order: Option<Order>,
    /// How an order of somebody else stands that cannot be told from this payment's.
    foreign: Option<Sight>,
    code_was_judged: bool,
    late: Vec<Timestamp>,
    charges: u32,
}

fn foreign_id() -> OrderId {
    OrderId::new("F").unwrap()
}

fn order_id() -> OrderId {
    OrderId::new("A").unwrap()
}

fn refused(errcode: i64, about: RefusalAbout) -> MicropayAnswer {
    MicropayAnswer::Refused(MicropayRefusal { errcode, errmsg: String::new(), about }, None)
}

impl Platform {
    /// Lets what is due happen.
    fn pass(&mut self, now: Timestamp) {
        if let Some(arrives) = self.late.first().copied()
            && arrives <= now
        {
            self.late.remove(0);
            self.charge(arrives, None);
        }
        match &self.order {
            Some(Order::Open { pays_at: Some(pays_at), ends_at }) if pays_at <= &now && pays_at < ends_at => {
                self.order = Some(Order::Paid);
                self.charges += 1;
            }
            Some(Order::Open { ends_at, .. }) if ends_at <= &now => self.order = Some(Order::Canceled),
            _ => {}
        }
    }

    fn charge(&mut self, now: Timestamp, named: Option<&OrderId>) -> MicropayAnswer {
        if named == Some(&foreign_id()) || (named.is_none() && self.code_was_judged) {
            return refused(9_207_009, RefusalAbout::CodeUsed);
        }
        match (&self.order, self.payer) {
            (Some(Order::Paid), _) => MicropayAnswer::Paid(order_id()),
            (Some(Order::Open { .. }), _) => MicropayAnswer::PasswordRequired(Some(order_id())),
            (Some(_), _) => refused(9_207_007, RefusalAbout::Payment),
            (None, Payer::Pays) => {
                self.code_was_judged = true;
                self.charges += 1;
                self.order = Some(Order::Paid);
                MicropayAnswer::Paid(order_id())
            }
            (None, Payer::Types(_) | Payer::Hesitates) => {
                self.code_was_judged = true;
                let pays_at = match self.payer {
                    Payer::Types(moments) => now.checked_add(Duration::from_secs(u64::from(moments) * 4)).ok(),
                    _ => None,
                };
                let ends_at = now + Duration::from_mins(10);
                self.order = Some(Order::Open { pays_at, ends_at });
                MicropayAnswer::PasswordRequired(Some(order_id()))
            }
            (None, Payer::Poor) => {
                self.code_was_judged = true;
                refused(9_207_005, RefusalAbout::Payment)
            }
            (None, Payer::Expired) => refused(9_207_004, RefusalAbout::Code),
        }
    }

    fn seen(&self, payment: &Micropay) -> Sight {
        let rank = |sight: &Sight| match sight {
            Sight::Paid(_) => 5,
            Sight::Returning(_) => 4,
            Sight::Open(_) => 3,
            Sight::Returned(_) => 2,
            Sight::Canceled(_) => 1,
            Sight::PaidByAnother(_) | Sight::Nothing => 0,
        };
        let own = self.own();
        match &self.foreign {
            Some(foreign) if !payment.order_was_named && rank(foreign) > rank(&own) => foreign.clone(),
            _ => own,
        }
    }

    fn own(&self) -> Sight {
        match &self.order {
            None => Sight::Nothing,
            Some(Order::Open { .. }) => Sight::Open(order_id()),
            Some(Order::Paid) => Sight::Paid(order_id()),
            Some(Order::Canceled) => Sight::Canceled(order_id()),
            Some(Order::Refunded) => Sight::Returned(order_id()),
        }
    }
}

fn call(platform: &mut Platform, way: Way, payment: &Micropay, now: Timestamp) -> MicropayEvent {
    let named = payment.order_id.as_ref();
    let cut = || MicropayEvent::Unanswered("cut".to_owned());
    match way {
        Way::Clean => MicropayEvent::Answered(platform.charge(now, named)),
        Way::ReplyLost => {
            platform.charge(now, named);
            cut()
        }
        Way::SaysSystemError => {
            platform.charge(now, named);
            MicropayEvent::Answered(MicropayAnswer::SystemError(None))
        }
        Way::SaysUnlisted => {
            platform.charge(now, named);
            MicropayEvent::Answered(refused(9_999_999, RefusalAbout::Unlisted))
        }
        Way::Lost => cut(),
        Way::Late(moments) => {
            platform.late.push(now + Duration::from_secs(u64::from(moments)));
            cut()
        }
        Way::Crash => {
            platform.charge(now, named);
            MicropayEvent::Interrupted
        }
        Way::CrashBefore => MicropayEvent::Interrupted,
        Way::NoToken => MicropayEvent::NotSent("no token".to_owned()),
        Way::Throttled => MicropayEvent::Answered(refused(45_011, RefusalAbout::Request)),
    }
}

fn ways() -> impl Strategy<Value = Way> {
    prop_oneof![
        4 => Just(Way::Clean),
        1 => Just(Way::ReplyLost),
        1 => Just(Way::SaysSystemError),
        1 => Just(Way::SaysUnlisted),
        1 => Just(Way::Lost),
        2 => (0_u8..250).prop_map(Way::Late),
        1 => Just(Way::Crash),
        1 => Just(Way::CrashBefore),
        1 => Just(Way::NoToken),
        1 => Just(Way::Throttled),
    ]
}

fn foreigners() -> impl Strategy<Value = Option<Sight>> {
    prop_oneof![
        5 => Just(None),
        1 => Just(Some(Sight::Paid(foreign_id()))),
        1 => Just(Some(Sight::Open(foreign_id()))),
        1 => Just(Some(Sight::Returned(foreign_id()))),
        1 => Just(Some(Sight::Canceled(foreign_id()))),
    ]
}

fn payers() -> impl Strategy<Value = Payer> {
    prop_oneof![
        Just(Payer::Pays),
        (0_u8..200).prop_map(Payer::Types),
        Just(Payer::Hesitates),
        Just(Payer::Poor),
        Just(Payer::Expired),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[test]
    fn no_money_is_kept_for_a_payment_that_ends_as_not_paid(
        payer in payers(),
        foreign in foreigners(),
        ways in prop::collection::vec(ways(), 12),
        looks in prop::collection::vec(prop::bool::weighted(0.8), 40),
        canceled_after in prop::option::of(0_i64..40),
        slept in prop::collection::vec(prop_oneof![9 => Just(0_u64), 1 => 0_u64..2000], 40),
    ) {
        let pace = MicropayPace::default();
        let begun = Timestamp::from_second(1_700_000_000).unwrap();
        let mut platform = Platform { payer, order: None, foreign, code_was_judged: false, late: Vec::new(), charges: 0 };
        let (mut payment, mut now) = (Micropay::new(begun), begun);
        let (mut ways, mut looks, mut slept) = (ways.into_iter().cycle(), looks.into_iter().cycle(), slept.into_iter().cycle());
        let mut steps = 0;
        loop {
            steps += 1;
            prop_assert!(steps < 2000, "it never ends: {payment:?}");
            // A process that died is started again after a while.
            now = pace.later(now, Duration::from_secs(slept.next().unwrap()));
            platform.pass(now);
            let canceled = canceled_after.is_some_and(|after| now.as_second() - begun.as_second() >= after);
            let event = match payment.deed(canceled, now, &pace) {
                MicropayDeed::Nothing => break,
                MicropayDeed::WaitUntil(due) => {
                    now = due;
                    continue;
                }
                MicropayDeed::Keep(event) => event,
                MicropayDeed::Call => {
                    payment = payment.after(&MicropayEvent::CallBegins, now, &pace).unwrap();
                    call(&mut platform, ways.next().unwrap(), &payment, now)
                }
                MicropayDeed::Look if looks.next().unwrap() => MicropayEvent::Looked(platform.seen(&payment)),
                MicropayDeed::Look => MicropayEvent::LookFailed("down".to_owned()),
                MicropayDeed::Refund(refunded) => {
                    prop_assert_eq!(refunded, order_id());
                    platform.order = Some(Order::Refunded);
                    MicropayEvent::Refund(RefundProgress::Done)
                }
            };
            payment = payment.after(&event, now, &pace).unwrap();
        }
        // Nothing that was on its way comes in after the end, and no order lives longer.
        for _ in 0..20 {
            now = pace.later(now, Duration::from_mins(10));
            platform.pass(now);
        }
        prop_assert!(platform.charges <= 1);
        match &payment.state {
            // Whoever waits at the counter sees the notice paid.
            MicropayState::Paid { order_id } if *order_id == foreign_id() => {}
            // Somebody is told to look.
            MicropayState::NeedsPerson { .. } => {}
            MicropayState::Refunded { order_id } if *order_id == foreign_id() => {
                prop_assert!(!matches!(platform.order, Some(Order::Paid | Order::Open { .. })), "{:?}", platform.order);
            }
            MicropayState::Paid { .. } => prop_assert_eq!(platform.order, Some(Order::Paid)),
            MicropayState::Refunded { .. } => prop_assert_eq!(platform.order, Some(Order::Refunded)),
            MicropayState::Failed { .. } | MicropayState::Closed { .. } => {
                prop_assert!(!matches!(platform.order, Some(Order::Paid | Order::Open { .. })), "{:?}", platform.order);
            }
            other => prop_assert!(false, "{other:?}"),
        }
    }
}
