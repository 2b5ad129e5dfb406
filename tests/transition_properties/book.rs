//! The smallest book that `decide` can be run over: it applies changes as a store does, and fails on one that does not fit.

use std::collections::BTreeMap;

use jiff::Timestamp;
use nontax_gateway::domain::{
    BankId, Change, Decision, Disposition, Fen, Item, LatePayment, Notice, NoticeKey, NoticeState, NoticeType,
    NotificationAnswer, NotificationFacts, Objection, OnRefusal, OrderDetails, OrderEvent, OrderId, OrderSource,
    OrderState, Paid, Payment, Policy, Refund, RefundKind, RefundOrderId, Refunded, ReplyVocabulary, Resolution,
    Suspensions, UnknownNotice, decide,
};
use proptest::prelude::*;

/// 2023-11-15 06:13:20 in China: after the notices' date of issue, before their last day.
pub(crate) const PAID_AT_SECONDS: i64 = 1_700_000_000;

/// What the notice of these tests asks for, in fen.
pub(crate) const FEE: i64 = 1000;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OrderEntry {
    pub(crate) details: Option<OrderDetails>,
    pub(crate) state: OrderState,
    pub(crate) payment: Option<Payment>,
    pub(crate) refunds: Vec<Refund>,
}

impl OrderEntry {
    const UNHEARD_OF: Self = Self { details: None, state: OrderState::Open, payment: None, refunds: Vec::new() };

    pub(crate) fn settles(&self) -> bool {
        self.disposition() == Some(&Disposition::Settles)
    }

    pub(crate) fn disposition(&self) -> Option<&Disposition> {
        self.payment.as_ref().map(|payment| &payment.disposition)
    }
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Book {
    pub(crate) notices: BTreeMap<NoticeKey, Notice>,
    pub(crate) orders: BTreeMap<OrderId, OrderEntry>,
    pub(crate) suspensions: Suspensions,
    /// Orders in the order in which their payments were recorded.
    payments_seen: Vec<OrderId>,
}

impl Book {
    pub(crate) fn holding(notice: Notice) -> Self {
        Self { notices: BTreeMap::from([(notice.key.clone(), notice)]), ..Self::default() }
    }

    pub(crate) fn order(&self, order_id: &OrderId) -> OrderEntry {
        self.orders.get(order_id).cloned().unwrap_or(OrderEntry::UNHEARD_OF)
    }

    pub(crate) fn notice(&self) -> &Notice {
        &self.notices[&key()]
    }

    /// Decides one notification and applies its changes.
    pub(crate) fn notify(
        &mut self,
        order_id: &OrderId,
        event: &OrderEvent,
        policy: Policy,
        at: Timestamp,
    ) -> NotificationAnswer {
        self.decide_and_apply(order_id, event, policy, at).answer
    }

    pub(crate) fn decide_and_apply(
        &mut self,
        order_id: &OrderId,
        event: &OrderEvent,
        policy: Policy,
        at: Timestamp,
    ) -> Decision {
        let mut entry = self.order(order_id);
        if let (None, OrderEvent::Paid(Paid { resolution: Resolution::Details(details), .. })) = (&entry.details, event)
        {
            entry.details = Some(details.clone());
        }
        let notice_key = entry.details.as_ref().and_then(|details| details.notice.clone());
        let facts = NotificationFacts {
            order_id: order_id.clone(),
            details: entry.details.clone(),
            state: entry.state,
            payment: entry.payment.clone(),
            refunds: entry.refunds.clone(),
            notice: notice_key.as_ref().and_then(|key| self.notices.get(key)).cloned(),
            waiting: self.waiting(order_id, notice_key.as_ref()),
            suspensions: self.suspensions.clone(),
        };
        self.orders.insert(order_id.clone(), entry);
        let decision = decide(&facts, event, policy, at);
        for change in &decision.changes {
            self.apply(order_id, change);
            self.assert_one_payer();
        }
        decision
    }

    fn waiting(&self, order_id: &OrderId, notice_key: Option<&NoticeKey>) -> Vec<OrderId> {
        let beside = |entry: &OrderEntry| {
            matches!(entry.disposition(), Some(Disposition::Recorded { because: Some(Objection::AlreadyPaid { .. }) }))
        };
        let same_notice = |entry: &OrderEntry| {
            entry.details.as_ref().is_some_and(|details| details.notice.as_ref() == notice_key) && notice_key.is_some()
        };
        let waits = |other: &&OrderId| {
            let entry = self.order(other);
            *other != order_id && beside(&entry) && same_notice(&entry) && entry.state != OrderState::Refunded
        };
        self.payments_seen.iter().filter(waits).cloned().collect()
    }

    fn apply(&mut self, order_id: &OrderId, change: &Change) {
        match change {
            Change::AddNotice(notice) => {
                let earlier = self.notices.insert(notice.key.clone(), (**notice).clone());
                assert_eq!(earlier, None, "a notice was added over one that is held");
            }
            Change::MoveNotice { key, from, step, to } => {
                let notice = self.notices.get_mut(key).expect("the notice that moves is held");
                assert_eq!(&notice.state, from);
                assert_eq!(from.clone().after(step).as_ref(), Ok(to), "not in the table");
                notice.state = to.clone();
            }
            Change::PutPayment(payment) => {
                assert_eq!(&payment.order_id, order_id);
                if !self.payments_seen.contains(order_id) {
                    self.payments_seen.push(order_id.clone());
                }
                self.entry(order_id).payment = Some(payment.clone());
            }
            Change::Dispose { order_id, disposition } => {
                let payment = self.entry(order_id).payment.as_mut().expect("only a payment has a disposition");
                payment.disposition = disposition.clone();
            }
            Change::AddRefund(refund) => self.entry(order_id).refunds.push(refund.clone()),
            Change::MoveOrder { from, to } => {
                assert_eq!(self.entry(order_id).state, *from);
                assert_ne!(from, to, "a move that moves nothing");
                self.entry(order_id).state = *to;
            }
        }
    }

    fn entry(&mut self, order_id: &OrderId) -> &mut OrderEntry {
        self.orders.get_mut(order_id).expect("a change is about an order that was heard of")
    }

    fn assert_one_payer(&self) {
        for key in self.notices.keys() {
            let pays = |entry: &&OrderEntry| {
                entry.settles() && entry.details.as_ref().is_some_and(|details| details.notice.as_ref() == Some(key))
            };
            let payers = self.orders.values().filter(pays).count();
            assert!(payers <= 1, "{payers} orders settle {key}");
        }
    }

    /// Once a notification is applied, a notice is paid by exactly the order whose payment settles it.
    pub(crate) fn assert_payer_and_notice_agree(&self) {
        let settling: Vec<_> =
            self.orders.iter().filter(|(_, entry)| entry.settles()).map(|(order_id, _)| order_id.clone()).collect();
        let paid: Vec<_> = self
            .notices
            .values()
            .filter_map(|notice| match &notice.state {
                NoticeState::Paid { order_id } => order_id.clone(),
                _ => None,
            })
            .collect();
        assert_eq!(settling, paid);
    }
}

pub(crate) fn key() -> NoticeKey {
    NoticeKey::new("440000", "143605002004", "440204190185356").unwrap()
}

pub(crate) fn order_id(name: &str) -> OrderId {
    OrderId::new(name).unwrap()
}

pub(crate) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(seconds).unwrap()
}

pub(crate) fn fen(amount: i64) -> Fen {
    Fen::new(amount).unwrap()
}

pub(crate) fn unpaid_notice() -> Notice {
    Notice {
        key: key(),
        department_name: "交警支队".to_owned(),
        payment_notice_type: NoticeType::General,
        user_name: Some("叶*梅".to_owned()),
        payment_notice_create_time: None,
        payment_expire_date: Some("20231130".parse().unwrap()),
        fee: fen(FEE),
        items: vec![Item {
            no: 1,
            item_id: "103050101".to_owned(),
            item_name: "罚款".to_owned(),
            overdue: None,
            penalty: None,
            fee: fen(FEE),
        }],
        late_payment: LatePayment::Refused,
        bank_ids: Vec::new(),
        state: NoticeState::Unpaid,
    }
}

pub(crate) fn details(fee: i64) -> OrderDetails {
    OrderDetails {
        notice: Some(key()),
        fee: fen(fee),
        bank_id: Some(BankId::new("1001").unwrap()),
        department_name: None,
        payment_notice_type: None,
        items: Vec::new(),
        source: OrderSource::Platform,
    }
}

pub(crate) fn paid(fee: i64, pay_finish_seconds: i64) -> OrderEvent {
    OrderEvent::Paid(Paid {
        resolution: Resolution::Details(details(fee)),
        pay_channel: "wx_nontax".to_owned(),
        pay_finish_time: Some(at(pay_finish_seconds)),
    })
}

pub(crate) fn part_refund(number: usize, amount: i64) -> OrderEvent {
    let refund_order_id = RefundOrderId::new(&format!("R{number}")).unwrap();
    let kind = RefundKind::Partial { refund_order_id, refund_fee: fen(amount) };
    OrderEvent::Refunded(Refunded { done: vec![Refund { kind, refund_finish_time: None }], more_pending: false })
}

pub(crate) fn full_refund() -> OrderEvent {
    OrderEvent::Refunded(Refunded {
        done: vec![Refund { kind: RefundKind::Full, refund_finish_time: None }],
        more_pending: false,
    })
}

pub(crate) fn any_policy() -> impl Strategy<Value = Policy> {
    let unknown_notice = prop_oneof![Just(UnknownNotice::Refuse), Just(UnknownNotice::Record)];
    let replies = prop_oneof![Just(ReplyVocabulary::All), Just(ReplyVocabulary::RecordsOnly)];
    let on_refusal = prop_oneof![Just(OnRefusal::Refund), Just(OnRefusal::Hold)];
    (unknown_notice, replies, on_refusal).prop_map(|(unknown_notice, replies, on_refusal)| Policy {
        unknown_notice,
        replies,
        on_refusal,
    })
}
