//! The notification callback over HTTP, on both stores: what is recorded and what is answered.

use nontax_gateway::domain::{
    BankId, DepartmentCode, LatePayment, Notice, NoticeState, NoticeStep, OnRefusal, Suspension, SuspensionScope,
};
use nontax_gateway::wire::Locale;
use serde_json::json;

use crate::book::{NOON, at, author, change, fen, import, key, order, party, payable};
use crate::served::Setup;
use crate::stores::{TestStore, on_both_stores};
use crate::weixin::{paid, refunded, with};

on_both_stores!(
    a_payment_is_recorded_and_its_repeats_get_the_same,
    a_second_order_is_told_the_winner,
    every_refusal_has_its_code_and_is_counted,
    lateness_is_judged_by_the_time_of_payment,
    what_is_suspended_is_refused_or_put_off,
    a_full_refund_makes_the_notice_due_again,
    parts_are_refunded_one_by_one,
    a_refund_ahead_of_its_payment_is_kept,
    a_refusal_can_be_held_for_a_person,
);

async fn a_payment_is_recorded_and_its_repeats_get_the_same(test: TestStore) {
    import(&*test.store, payable("1")).await;
    let served = Setup::default().serve(&test.store).await;
    for _ in 0..3 {
        assert_eq!(served.notify(&paid("A", "1")).await, json!({ "errcode": 0, "errmsg": "成功" }));
    }
    // 4 means paid as well.
    assert_eq!(served.notified(&with(paid("A", "1"), &json!({ "status": 4 }))).await, 0);
    // Another story about the same order is still a repeat, and an alarm.
    assert_eq!(served.notified(&with(paid("A", "1"), &json!({ "pay_finish_time": NOON + 9 }))).await, 0);
    assert_eq!(served.queried("1").await, 232);
    assert_eq!(served.sample(r#"nontax_repeats_total{party="gz-finance"}"#).await, Some(4.0));
    let differs =
        r#"nontax_callbacks_total{party="gz-finance",kind="notification",errcode="0",outcome="repeat_differs"}"#;
    assert_eq!(served.sample(differs).await, Some(1.0));
    // What was committed is there for the next gateway.
    let next = Setup { locale: Locale::English, ..Setup::default() }.serve(&test.store).await;
    assert_eq!(next.notify(&paid("A", "1")).await, json!({ "errcode": 0, "errmsg": "ok" }));
}

async fn a_second_order_is_told_the_winner(test: TestStore) {
    import(&*test.store, payable("1")).await;
    let served = Setup::default().serve(&test.store).await;
    assert_eq!(served.notified(&paid("A", "1")).await, 0);
    for _ in 0..2 {
        let reply = served.notify(&paid("B", "1")).await;
        assert_eq!(reply, json!({ "errcode": 232, "errmsg": "缴费通知书已缴款", "order_id": "A" }));
    }
    // The refund that follows leaves the first payment alone.
    assert_eq!(served.notified(&refunded("B")).await, 0);
    assert_eq!(served.query("1").await["order_id"], "A");
}

async fn every_refusal_has_its_code_and_is_counted(test: TestStore) {
    let store = &*test.store;
    import(store, Notice { state: NoticeState::Canceled, ..payable("canceled") }).await;
    import(store, Notice { state: NoticeState::Suspended, ..payable("suspended") }).await;
    import(store, Notice { bank_ids: vec![BankId::new("CCB").unwrap()], ..payable("bank") }).await;
    import(store, payable("amount")).await;
    import(store, Notice { state: NoticeState::Paid { order_id: None }, ..payable("elsewhere") }).await;
    let served = Setup::default().serve(&test.store).await;
    let cases = [
        (paid("A", "nowhere"), 231, "缴费通知书不存在"),
        (paid("B", "canceled"), 233, "缴费通知书已作废"),
        (paid("C", "suspended"), 211, "执收单位或项目已暂停缴费"),
        (with(paid("D", "bank"), &json!({ "bank_id": "ICBC" })), 236, "不支持通过该银行缴款"),
        (with(paid("E", "amount"), &json!({ "fee": 19_999 })), 296, "缴费通知书信息有误"),
        (paid("F", "elsewhere"), 232, "缴费通知书已缴款"),
    ];
    for (notification, errcode, errmsg) in &cases {
        assert_eq!(served.notify(notification).await, json!({ "errcode": errcode, "errmsg": errmsg }));
        // The platform refunds on it: it stays so, whatever happens to the notice.
        assert_eq!(served.notified(notification).await, *errcode);
        let counted = format!(r#"nontax_refunding_replies_total{{party="gz-finance",errcode="{errcode}"}}"#);
        assert_eq!(served.sample(&counted).await, Some(2.0));
    }
    store
        .move_notice(party(), change(key("suspended"), NoticeStep::Restore, "again"), author(), at(NOON))
        .await
        .unwrap();
    assert_eq!(served.notified(&cases[2].0).await, 211);
    assert_eq!(served.notified(&paid("G", "suspended")).await, 0);
    assert_eq!(served.notified(&with(paid("H", "bank"), &json!({ "bank_id": "CCB" }))).await, 0);
    assert_eq!(served.notified(&paid("I", "amount")).await, 0);
}

async fn lateness_is_judged_by_the_time_of_payment(test: TestStore) {
    let store = &*test.store;
    // NOON is that day in China: long past, whenever this runs.
    let last_day = || Some("20260101".parse().unwrap());
    import(store, Notice { payment_expire_date: last_day(), ..payable("1") }).await;
    import(store, Notice { payment_expire_date: last_day(), ..payable("2") }).await;
    import(store, Notice { payment_expire_date: last_day(), late_payment: LatePayment::Allowed, ..payable("3") }).await;
    let served = Setup::default().serve(&test.store).await;
    let paid_at = |order_id, number, seconds: i64| with(paid(order_id, number), &json!({ "pay_finish_time": seconds }));
    let midnight = NOON + 12 * 3600;
    assert_eq!(served.notified(&paid_at("A", "1", midnight)).await, 235);
    assert_eq!(served.notified(&paid_at("B", "1", midnight - 1)).await, 0);
    assert_eq!(served.notified(&paid_at("C", "2", NOON)).await, 0);
    assert_eq!(served.notified(&paid_at("D", "3", midnight)).await, 0);
    // Without its time a payment cannot be judged: that is no reason to refund it.
    let mut timeless = paid("E", "1");
    timeless.as_object_mut().unwrap().remove("pay_finish_time");
    assert_eq!(served.notified(&timeless).await, 210);
    assert_eq!(served.notified(&paid_at("E", "1", 0)).await, 210);
}

async fn what_is_suspended_is_refused_or_put_off(test: TestStore) {
    let store = &*test.store;
    for number in ["1", "2", "3"] {
        import(store, payable(number)).await;
    }
    let served = Setup::default().serve(&test.store).await;
    let suspend = async |scope| {
        store.suspend(party(), Suspension::new(scope, "year's end".into()), author(), at(NOON)).await.unwrap();
    };
    let lift =
        async |scope| assert!(store.lift_suspension(party(), scope, "done".into(), author(), at(NOON)).await.unwrap());
    let department = || SuspensionScope::Department(DepartmentCode::new("001002").unwrap());
    let item = || SuspensionScope::Item("103050101200".into());
    suspend(department()).await;
    assert_eq!(served.notified(&paid("A", "1")).await, 211);
    lift(department()).await;
    suspend(item()).await;
    assert_eq!(served.notified(&paid("B", "2")).await, 211);
    lift(item()).await;
    // 297 records nothing: the platform comes again.
    suspend(SuspensionScope::Everything).await;
    for _ in 0..2 {
        assert_eq!(served.notify(&paid("C", "3")).await, json!({ "errcode": 297, "errmsg": "暂停缴费" }));
    }
    lift(SuspensionScope::Everything).await;
    assert_eq!(served.notified(&paid("C", "3")).await, 0);
    // A payment that is in the book stays there, and a refund is recorded, suspended or not.
    suspend(SuspensionScope::Everything).await;
    assert_eq!(served.notified(&paid("C", "3")).await, 0);
    assert_eq!(served.notified(&refunded("C")).await, 0);
}

async fn a_full_refund_makes_the_notice_due_again(test: TestStore) {
    import(&*test.store, payable("1")).await;
    let served = Setup::default().serve(&test.store).await;
    assert_eq!(served.notified(&paid("A", "1")).await, 0);
    for _ in 0..2 {
        assert_eq!(served.notified(&refunded("A")).await, 0);
        assert_eq!(served.queried("1").await, 0);
    }
    // A late repeat of the payment does not undo the refund.
    assert_eq!(served.notified(&paid("A", "1")).await, 0);
    assert_eq!(served.queried("1").await, 0);
    assert_eq!(served.notified(&paid("B", "1")).await, 0);
    assert_eq!(served.query("1").await["order_id"], "B");
}

async fn parts_are_refunded_one_by_one(test: TestStore) {
    import(&*test.store, payable("1")).await;
    let served = Setup::default().serve(&test.store).await;
    let part = |id, amount: i64| with(refunded("A"), &json!({ "refund_order_id": id, "refund_fee": amount }));
    assert_eq!(served.notified(&paid("A", "1")).await, 0);
    assert_eq!(served.notified(&part("R1", 5_000)).await, 0);
    assert_eq!(served.notified(&part("R1", 5_000)).await, 0);
    assert_eq!(served.queried("1").await, 232);
    assert_eq!(served.notified(&part("R2", 15_000)).await, 0);
    assert_eq!(served.queried("1").await, 0);
}

async fn a_refund_ahead_of_its_payment_is_kept(test: TestStore) {
    import(&*test.store, payable("1")).await;
    let served = Setup::default().serve(&test.store).await;
    assert_eq!(served.notified(&refunded("A")).await, 0);
    assert_eq!(served.queried("1").await, 0);
    assert_eq!(served.notified(&paid("A", "1")).await, 0);
    assert_eq!(served.queried("1").await, 0);
}

async fn a_refusal_can_be_held_for_a_person(test: TestStore) {
    let store = &*test.store;
    import(store, payable("1")).await;
    let served = Setup { on_refusal: OnRefusal::Hold, ..Setup::default() }.serve(&test.store).await;
    let held = r#"nontax_held_payments{party="gz-finance"}"#;
    assert_eq!(served.sample(held).await, Some(0.0));
    assert_eq!(served.notified(&paid("A", "1")).await, 0);
    for _ in 0..2 {
        assert_eq!(served.notify(&paid("B", "1")).await, json!({ "errcode": 299, "errmsg": "系统错误" }));
        assert_eq!(served.sample(held).await, Some(1.0));
    }
    assert_eq!(served.notified(&paid("C", "nowhere")).await, 299);
    assert_eq!(served.sample(held).await, Some(2.0));
    assert_eq!(served.sample(r#"nontax_refunding_replies_total{party="gz-finance",errcode="232"}"#).await, None);
    // Imported after all: the next repeat is recorded, and nobody has to decide any more.
    import(store, Notice { fee: fen(20_000), ..payable("nowhere") }).await;
    assert_eq!(served.notified(&paid("C", "nowhere")).await, 0);
    assert_eq!(served.sample(held).await, Some(1.0));
    assert_eq!(served.query("nowhere").await["order_id"], order("C").as_str());
}
