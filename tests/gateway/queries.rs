//! The receivables callback over HTTP, on both stores: what a query for a notice is answered.

use nontax_gateway::domain::{BankId, DepartmentCode, LatePayment, Notice, NoticeState, Suspension, SuspensionScope};
use nontax_gateway::store::Store;
use nontax_gateway::wire::Locale;
use serde_json::json;

use crate::book::{NOON, at, author, fen, import, party, payable};
use crate::served::Setup;
use crate::stores::{TestStore, on_both_stores};
use crate::weixin;

on_both_stores!(
    a_notice_that_is_due_is_shown_with_every_field,
    what_a_notice_does_not_have_is_left_out,
    every_objection_has_its_code,
    a_paid_notice_names_its_order,
    several_departments_are_told_apart,
    suspensions_are_seen_at_once,
    the_bank_of_the_query_counts,
);

async fn a_notice_that_is_due_is_shown_with_every_field(test: TestStore) {
    import(&*test.store, payable("1")).await;
    let served = Setup::default().serve(&test.store).await;
    let expected = json!({
        "errcode": 0,
        "errmsg": "成功",
        "region_code": "440100",
        "payment_notice_no": "1",
        "department_code": "001002",
        "department_name": "广州市某某管理局",
        "payment_notice_type": 1,
        "user_name": "叶*梅",
        "payment_notice_create_time": NOON - 86_400,
        "payment_expire_date": "20991231",
        "fee": 20_000,
        "items": [{
            "no": 1, "item_id": "103050101200", "item_name": "交通违法罚款", "overdue": 0, "fee": 20_000
        }],
    });
    assert_eq!(served.query("1").await, expected);
    // A second look changes nothing, whoever asks without naming the department.
    let anywhere = weixin::with(weixin::query("1"), &json!({ "department_code": "" }));
    assert_eq!(served.ask("receivables", &anywhere).await, expected);
    let english = Setup { locale: Locale::English, ..Setup::default() }.serve(&test.store).await;
    assert_eq!(english.query("1").await["errmsg"], "ok");
    assert_eq!(english.query("2").await, json!({ "errcode": 231, "errmsg": "the payment notice does not exist" }));
}

async fn what_a_notice_does_not_have_is_left_out(test: TestStore) {
    let bare = Notice { user_name: None, payment_notice_create_time: None, payment_expire_date: None, ..payable("1") };
    import(&*test.store, bare).await;
    let served = Setup::default().serve(&test.store).await;
    let reply = served.query("1").await;
    assert_eq!(reply["errcode"], 0);
    for absent in ["user_name", "payment_notice_create_time", "payment_expire_date", "pay_channel", "order_id"] {
        assert_eq!(reply.get(absent), None, "{absent}");
    }
}

async fn every_objection_has_its_code(test: TestStore) {
    let store = &*test.store;
    let late = || Some("20200101".parse().unwrap());
    import(store, Notice { state: NoticeState::Canceled, ..payable("canceled") }).await;
    import(store, Notice { state: NoticeState::Suspended, ..payable("suspended") }).await;
    import(store, Notice { payment_expire_date: late(), ..payable("late") }).await;
    import(store, Notice { payment_expire_date: late(), late_payment: LatePayment::Allowed, ..payable("allowed") })
        .await;
    import(store, Notice { bank_ids: vec![BankId::new("CCB").unwrap()], ..payable("bank") }).await;
    import(store, Notice { fee: fen(20_001), ..payable("sum") }).await;
    // The first objection in the protocol's order wins.
    let both = Notice { payment_expire_date: late(), fee: fen(1), ..payable("late-and-wrong") };
    import(store, both.clone()).await;
    import(store, Notice { state: NoticeState::Canceled, ..both }).await;
    let served = Setup::default().serve(&test.store).await;
    let expected = [
        ("nowhere", 231, "缴费通知书不存在"),
        ("canceled", 233, "缴费通知书已作废"),
        ("suspended", 211, "执收单位或项目已暂停缴费"),
        ("late", 235, "已逾期,不允许缴款"),
        ("bank", 236, "不支持通过该银行缴款"),
        ("sum", 296, "缴费通知书信息有误"),
        ("late-and-wrong", 233, "缴费通知书已作废"),
    ];
    for (number, errcode, errmsg) in expected {
        assert_eq!(served.query(number).await, json!({ "errcode": errcode, "errmsg": errmsg }), "{number}");
    }
    assert_eq!(served.queried("allowed").await, 0);
}

async fn a_paid_notice_names_its_order(test: TestStore) {
    let store = &*test.store;
    import(store, payable("1")).await;
    import(store, Notice { state: NoticeState::Paid { order_id: None }, ..payable("elsewhere") }).await;
    let served = Setup::default().serve(&test.store).await;
    assert_eq!(served.notified(&weixin::paid("A", "1")).await, 0);
    let paid = |order_id| json!({ "errcode": 232, "errmsg": "缴费通知书已缴款", "pay_channel": "wx_nontax", "order_id": order_id });
    assert_eq!(served.query("1").await, paid("A"));
    assert_eq!(served.query("elsewhere").await, json!({ "errcode": 232, "errmsg": "缴费通知书已缴款" }));
}

async fn several_departments_are_told_apart(test: TestStore) {
    let store = &*test.store;
    import(store, payable("1")).await;
    let mut elsewhere = payable("1");
    elsewhere.key.department_code = DepartmentCode::new("009").unwrap();
    elsewhere.department_name = "另一局".into();
    import(store, elsewhere).await;
    let served = Setup::default().serve(&test.store).await;
    let of = |department: &str| weixin::with(weixin::query("1"), &json!({ "department_code": department }));
    assert_eq!(served.ask("receivables", &of("009")).await["department_name"], "另一局");
    assert_eq!(served.ask("receivables", &of("001002")).await["department_name"], "广州市某某管理局");
    assert_eq!(served.ask("receivables", &of("777")).await["errcode"], 231);
    let mut without = weixin::query("1");
    without.as_object_mut().unwrap().remove("department_code");
    assert_eq!(served.ask("receivables", &without).await["errcode"], 296);
    let other_region = weixin::with(weixin::query("1"), &json!({ "region_code": "110000" }));
    assert_eq!(served.ask("receivables", &other_region).await["errcode"], 231);
}

/// Suspends, asks, and takes it back.
async fn suspended(store: &dyn Store, served: &crate::served::Served, scope: SuspensionScope) -> i64 {
    let suspension = Suspension::new(scope.clone(), "year's end".into());
    store.suspend(party(), suspension, author(), at(NOON)).await.unwrap();
    let errcode = served.queried("1").await;
    assert!(store.lift_suspension(party(), scope, "done".into(), author(), at(NOON)).await.unwrap());
    errcode
}

async fn suspensions_are_seen_at_once(test: TestStore) {
    let store = &*test.store;
    import(store, payable("1")).await;
    let served = Setup::default().serve(&test.store).await;
    let department = |code| SuspensionScope::Department(DepartmentCode::new(code).unwrap());
    assert_eq!(suspended(store, &served, SuspensionScope::Everything).await, 297);
    assert_eq!(suspended(store, &served, department("001002")).await, 211);
    assert_eq!(suspended(store, &served, department("009")).await, 0);
    assert_eq!(suspended(store, &served, SuspensionScope::Item("103050101200".into())).await, 211);
    assert_eq!(suspended(store, &served, SuspensionScope::Item("1".into())).await, 0);
    assert_eq!(served.queried("1").await, 0);
    // Everything is everything, notices that do not exist included.
    let suspension = Suspension::new(SuspensionScope::Everything, "year's end".into());
    store.suspend(party(), suspension, author(), at(NOON)).await.unwrap();
    assert_eq!(served.query("nowhere").await, json!({ "errcode": 297, "errmsg": "暂停缴费" }));
}

async fn the_bank_of_the_query_counts(test: TestStore) {
    let banks = vec![BankId::new("CCB").unwrap(), BankId::new("ABC").unwrap()];
    import(&*test.store, Notice { bank_ids: banks, ..payable("1") }).await;
    let served = Setup::default().serve(&test.store).await;
    let through = |bank: &str| weixin::with(weixin::query("1"), &json!({ "bank_id": bank }));
    for (bank, errcode) in [("CCB", 0), (" ABC ", 0), ("ICBC", 236), ("", 0)] {
        assert_eq!(served.ask("receivables", &through(bank)).await["errcode"], errcode, "{bank}");
    }
}
