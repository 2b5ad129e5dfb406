//! Notices and notifications for tests, with short names for what varies.

use std::time::{Duration, Instant};

use jiff::Timestamp;
use nontax_gateway::app::errcode_of;
use nontax_gateway::domain::{
    Duties, Fen, Item, LatePayment, Mode, Notice, NoticeKey, NoticeState, NoticeStep, NoticeType, NotificationAnswer,
    OnRefusal, OrderDetails, OrderEvent, OrderId, OrderSource, Paid, PartyName, Policy, Refund, RefundKind,
    RefundOrderId, Refunded, Resolution, Role,
};
use nontax_gateway::store::{
    Author, CallbackKind, ImportOutcome, JournalEntry, NoticeChange, NoticeDraft, Recording, Store, StoreError,
};

/// 2026-01-01 12:00 in China.
pub(crate) const NOON: i64 = 1_767_240_000;

/// The party of most tests.
pub(crate) fn party() -> PartyName {
    PartyName::new("gz-finance").unwrap()
}

/// An order's id.
pub(crate) fn order(id: &str) -> OrderId {
    OrderId::new(id).unwrap()
}

/// The key of a notice by its number.
pub(crate) fn key(number: &str) -> NoticeKey {
    NoticeKey::new("440100", "001002", number).unwrap()
}

/// Who changes what tests change.
pub(crate) fn author() -> Author {
    Author { who: "tester".into(), came_from: "192.0.2.1".into() }
}

/// A notice to move, whatever its version.
pub(crate) fn change(key: NoticeKey, step: NoticeStep, reason: &str) -> NoticeChange {
    NoticeChange { key, step, expected_version: None, reason: reason.into() }
}

/// An amount.
pub(crate) fn fen(amount: i64) -> Fen {
    Fen::new(amount).unwrap()
}

/// An instant by Unix seconds.
pub(crate) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(seconds).unwrap()
}

/// An unpaid notice over 200 yuan, payable until 2026-12-31.
pub(crate) fn notice(number: &str) -> Notice {
    Notice {
        key: key(number),
        department_name: "广州市某某管理局".into(),
        payment_notice_type: NoticeType::General,
        user_name: Some("叶*梅".into()),
        payment_notice_create_time: Some(at(NOON - 86_400)),
        payment_expire_date: Some("20261231".parse().unwrap()),
        fee: fen(20_000),
        items: vec![Item {
            no: 1,
            item_id: "103050101200".into(),
            item_name: "交通违法罚款".into(),
            overdue: Some(Fen::ZERO),
            penalty: None,
            fee: fen(20_000),
        }],
        late_payment: LatePayment::Refused,
        bank_ids: Vec::new(),
        state: NoticeState::Unpaid,
    }
}

/// A notice that is payable whenever the test runs.
pub(crate) fn payable(number: &str) -> Notice {
    Notice { payment_expire_date: Some("20991231".parse().unwrap()), ..notice(number) }
}

/// Imports one notice, its state as it stands.
pub(crate) async fn import(store: &dyn Store, notice: Notice) -> ImportOutcome {
    let draft = NoticeDraft { notice, state_given: true };
    store.import_notices(party(), vec![draft], author(), at(NOON)).await.unwrap()[0]
}

/// What finance does.
pub(crate) fn finance() -> Policy {
    policy(Role::Finance, Mode::DirectFinance, OnRefusal::Refund)
}

/// What a bank beside finance does: it records.
pub(crate) fn recording_bank() -> Policy {
    policy(Role::Bank, Mode::DirectFinance, OnRefusal::Refund)
}

/// A policy from the party's configuration.
pub(crate) fn policy(role: Role, mode: Mode, on_refusal: OnRefusal) -> Policy {
    let duties = Duties::of(role, mode).unwrap();
    Policy { unknown_notice: duties.unknown_notice, replies: duties.replies, on_refusal }
}

/// The payment of a notice, in full and in time.
pub(crate) fn paid(number: &str) -> OrderEvent {
    paid_as(Resolution::Details(details(number, 20_000)))
}

/// A payment of what `resolution` says.
pub(crate) fn paid_as(resolution: Resolution) -> OrderEvent {
    OrderEvent::Paid(Paid { resolution, pay_channel: "wx_nontax".into(), pay_finish_time: Some(at(NOON)) })
}

/// An order's details.
pub(crate) fn details(number: &str, fee: i64) -> OrderDetails {
    OrderDetails {
        notice: Some(key(number)),
        fee: fen(fee),
        bank_id: None,
        department_name: Some("广州市某某管理局".into()),
        payment_notice_type: Some(NoticeType::General),
        items: notice(number).items,
        source: OrderSource::Platform,
    }
}

/// A refund of all.
pub(crate) fn refunded() -> OrderEvent {
    refund(RefundKind::Full, Some(at(NOON + 60)))
}

/// A refund of a part.
pub(crate) fn refunded_part(id: &str, amount: i64) -> OrderEvent {
    let kind = RefundKind::Partial { refund_order_id: RefundOrderId::new(id).unwrap(), refund_fee: fen(amount) };
    refund(kind, None)
}

fn refund(kind: RefundKind, refund_finish_time: Option<Timestamp>) -> OrderEvent {
    OrderEvent::Refunded(Refunded { done: vec![Refund { kind, refund_finish_time }], more_pending: false })
}

/// A notification on its way into the book.
pub(crate) fn recording(order_id: &str, event: OrderEvent, policy: Policy) -> Recording {
    Recording {
        party: party(),
        order_id: order(order_id),
        event,
        refund_out_ids: Vec::new(),
        policy,
        received_at: at(NOON + 1),
        started: Instant::now(),
        journal: JournalEntry {
            party: party(),
            kind: CallbackKind::Notification,
            wxnontaxstr: Some("2ba37f90d155d390".into()),
            peer: "192.0.2.1".into(),
            body_digest: "00".repeat(32),
            subject: Some(order_id.into()),
            outcome: "",
            errcode: 0,
            key_id: Some("1".into()),
            received_at: at(NOON + 1),
            duration: Duration::ZERO,
        },
        errcode_of: |answer| errcode_of(answer).code(),
    }
}

/// Records a notification.
pub(crate) async fn record(
    store: &dyn Store,
    order_id: &str,
    event: OrderEvent,
    policy: Policy,
) -> Result<NotificationAnswer, StoreError> {
    store.record_notification(recording(order_id, event, policy)).await
}

/// The errcode that a notification gets.
pub(crate) async fn errcode(store: &dyn Store, order_id: &str, event: OrderEvent, policy: Policy) -> i64 {
    errcode_of(&record(store, order_id, event, policy).await.unwrap()).code()
}
