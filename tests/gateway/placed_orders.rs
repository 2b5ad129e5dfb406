//! Orders placed here: one for each key, none beside an open one, and known with their notice when they are notified.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use jiff::Timestamp;
use nontax_gateway::app::{OrderWish, Party, PlaceOrderError, PlacedOrderAnswer, Placement, place_order};
use nontax_gateway::domain::{Mode, Notice, NoticeState, OrderState, PaymentNoticeNo, Role};
use nontax_gateway::store::PlacedOrder;
use nontax_gateway::wire::{ReceivablesItem, UnifiedOrderRequest};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::book::{NOON, at, fen, import, order, party, payable};
use crate::scripted_platform::ScriptedPlatform;
use crate::served::Setup;
use crate::stores::{TestStore, on_both_stores, open};
use crate::weixin::paid_without_details;

on_both_stores!(
    many_with_one_key_place_one_order,
    many_with_different_keys_place_one_order_for_a_notice,
    another_content_is_a_conflict,
    an_open_order_is_reported_until_it_expires_or_is_paid,
    a_refusal_frees_the_key,
    a_lost_reply_is_looked_up_before_another_order_is_placed,
    a_crash_before_the_reply_is_in_progress_and_then_unknown,
    the_notification_of_a_placed_order_needs_no_look_up,
    a_held_notice_must_be_payable_with_the_same_fee,
    a_notice_that_an_order_brought_goes_by_the_latest_order,
    only_a_government_unit_places_orders_and_fields_are_checked,
    a_front_end_gets_what_it_needs,
);

pub(crate) fn unit(platform: &ScriptedPlatform) -> Party {
    platform.party(Role::GovernmentUnit, Mode::DirectBusiness)
}

pub(crate) fn request(number: &str, fee: i64) -> UnifiedOrderRequest {
    UnifiedOrderRequest {
        openid: Some("oWxNonTax0000000000000000001".into()),
        desc: "traffic fine".into(),
        fee: Some(fee),
        return_url: Some("https://pay.example.org/done".into()),
        ip: "192.0.2.7".into(),
        payment_notice_no: Some(number.into()),
        department_code: "001002".into(),
        department_name: "广州市某某管理局".into(),
        region_code: "440100".into(),
        items: vec![ReceivablesItem {
            no: 1,
            item_id: "103050101200".into(),
            item_name: "交通违法罚款".into(),
            fee,
            ..ReceivablesItem::default()
        }],
        payment_notice_create_time: Some(NOON - 86_400),
        scene: "biz".into(),
        ..UnifiedOrderRequest::default()
    }
}

pub(crate) fn wish(key: &str, order: UnifiedOrderRequest) -> OrderWish {
    OrderWish { order, idempotency_key: key.into(), allow_open_order: false, requested_by: "window 2".into() }
}

/// Some seconds after noon.
fn second(seconds: i64) -> Timestamp {
    at(NOON + seconds)
}

/// A platform that places every order, "O0" first.
async fn placing() -> ScriptedPlatform {
    let placed = AtomicUsize::new(0);
    ScriptedPlatform::start(move |api, _| match api {
        "unifiedorder" => Some(opened(&format!("O{}", placed.fetch_add(1, Ordering::Relaxed)))),
        _ => None,
    })
    .await
}

pub(crate) fn opened(order_id: &str) -> Value {
    json!({ "errcode": 0, "errmsg": "ok", "order_id": order_id, "pay_url": format!("https://pay.example.org/{order_id}"),
            "something_new": 1 })
}

async fn place(test: &TestStore, party: &Party, wish: OrderWish, now: Timestamp) -> Result<Placement, PlaceOrderError> {
    place_order(&*test.store, party, wish, now).await
}

fn id(placement: Placement) -> String {
    let (Placement::New(placed) | Placement::Repeated(placed)) = placement;
    answer(&placed).order_id
}

fn answer(placed: &PlacedOrder) -> PlacedOrderAnswer {
    PlacedOrderAnswer::at(placed, second(0)).unwrap()
}

async fn many_with_one_key_place_one_order(test: TestStore) {
    let platform = Arc::new(placing().await);
    let second_store = open(&test.url).await;
    let mut all = JoinSet::new();
    for number in 0..16 {
        let store = if number % 2 == 0 { Arc::clone(&test.store) } else { Arc::clone(&second_store) };
        let platform = Arc::clone(&platform);
        all.spawn(async move { place_order(&*store, &unit(&platform), wish("k", request("1", 100)), second(0)).await });
    }
    for placement in all.join_all().await {
        assert!(
            matches!(placement, Ok(Placement::New(_) | Placement::Repeated(_)) | Err(PlaceOrderError::InProgress)),
            "{placement:?}"
        );
    }
    assert_eq!(platform.calls("unifiedorder").len(), 1);
    let again = place(&test, &unit(&platform), wish("k", request("1", 100)), second(700)).await.unwrap();
    assert!(
        matches!(&again, Placement::Repeated(placed) if placed.state.name_at(second(700)) == "expired"),
        "{again:?}"
    );
    assert_eq!(id(again), "O0");
}

async fn many_with_different_keys_place_one_order_for_a_notice(test: TestStore) {
    let platform = Arc::new(placing().await);
    let second_store = open(&test.url).await;
    let mut all = JoinSet::new();
    for number in 0..16 {
        let store = if number % 2 == 0 { Arc::clone(&test.store) } else { Arc::clone(&second_store) };
        let platform = Arc::clone(&platform);
        let wish = wish(&number.to_string(), request("1", 100));
        all.spawn(async move { place_order(&*store, &unit(&platform), wish, second(0)).await.is_ok() });
    }
    assert_eq!(all.join_all().await.into_iter().filter(|placed| *placed).count(), 1);
    assert_eq!(platform.calls("unifiedorder").len(), 1);
}

async fn another_content_is_a_conflict(test: TestStore) {
    let platform = placing().await;
    place(&test, &unit(&platform), wish("k", request("1", 100)), second(0)).await.unwrap();
    for other in [request("1", 101), request("2", 100), UnifiedOrderRequest { desc: "x".into(), ..request("1", 100) }] {
        let refused = place(&test, &unit(&platform), wish("k", other), second(1)).await;
        assert!(matches!(refused, Err(PlaceOrderError::KeyTaken)), "{refused:?}");
    }
    assert_eq!(platform.calls("unifiedorder").len(), 1);
}

async fn an_open_order_is_reported_until_it_expires_or_is_paid(test: TestStore) {
    let platform = placing().await;
    let unit = unit(&platform);
    place(&test, &unit, wish("a", request("1", 100)), second(0)).await.unwrap();
    let Err(PlaceOrderError::OpenOrder(held)) = place(&test, &unit, wish("b", request("1", 100)), second(599)).await
    else {
        panic!("a second order beside an open one")
    };
    let held = PlacedOrderAnswer::at(&held, second(599)).unwrap();
    assert_eq!((held.order_id.as_str(), held.state, held.expires_in), ("O0", "open", 1));
    // Another notice, and whoever says that it may be so.
    place(&test, &unit, wish("c", request("2", 100)), second(1)).await.unwrap();
    let beside = OrderWish { allow_open_order: true, ..wish("d", request("1", 100)) };
    assert_eq!(id(place(&test, &unit, beside, second(1)).await.unwrap()), "O2");
    assert_eq!(id(place(&test, &unit, wish("b", request("1", 100)), second(601)).await.unwrap()), "O3");

    // By number of the business system there is no notice that could be paid; the order itself is.
    let by_number = || UnifiedOrderRequest { payment_notice_no: None, order_no: Some("N1".into()), ..request("", 100) };
    let first = id(place(&test, &unit, wish("e", by_number()), second(0)).await.unwrap());
    assert!(matches!(place(&test, &unit, wish("f", by_number()), second(1)).await, Err(PlaceOrderError::OpenOrder(_))));
    let served = Setup { role: Role::GovernmentUnit, mode: Mode::DirectBusiness, ..Setup::default() };
    assert_eq!(served.serve(&test.store).await.notified(&paid_without_details(&first)).await, 0);
    place(&test, &unit, wish("f", by_number()), second(2)).await.unwrap();
}

async fn a_refusal_frees_the_key(test: TestStore) {
    let calls = AtomicUsize::new(0);
    let platform = ScriptedPlatform::start(move |_, _| match calls.fetch_add(1, Ordering::Relaxed) {
        0 => Some(json!({ "errcode": 9_200_232, "errmsg": "payment completed" })),
        _ => Some(opened("O")),
    })
    .await;
    let refused = place(&test, &unit(&platform), wish("k", request("1", 100)), second(0)).await;
    assert!(matches!(refused, Err(PlaceOrderError::Refused { errcode: 9_200_232, .. })), "{refused:?}");
    let nowhere = crate::scripted_platform::party_at("http://127.0.0.1:9", Role::GovernmentUnit, Mode::DirectBusiness);
    let not_called = place(&test, &nowhere, wish("k", request("1", 100)), second(0)).await;
    assert!(matches!(not_called, Err(PlaceOrderError::NotPlaced(_))), "{not_called:?}");
    place(&test, &unit(&platform), wish("k", request("1", 200)), second(1)).await.unwrap();
}

async fn a_lost_reply_is_looked_up_before_another_order_is_placed(test: TestStore) {
    let calls = Arc::new(AtomicUsize::new(0));
    let (counted, paid) = (Arc::clone(&calls), Arc::new(AtomicUsize::new(0)));
    let is_paid = Arc::clone(&paid);
    let platform = ScriptedPlatform::start(move |api, _| match api {
        "getorderlist" if is_paid.load(Ordering::Relaxed) == 1 => {
            Some(json!({ "errcode": 0, "order_id_list": ["lost"], "paid_order_id": "lost" }))
        }
        "getorderlist" => Some(json!({ "errcode": 0, "order_id_list": ["lost"] })),
        // Every other call is taken, and its reply lost.
        _ => (counted.fetch_add(1, Ordering::Relaxed) % 2 == 1).then(|| opened("O")),
    })
    .await;
    let unit = unit(&platform);
    let lost = place(&test, &unit, wish("k", request("1", 100)), second(0)).await;
    assert!(matches!(lost, Err(PlaceOrderError::OutcomeUnknown(_))), "{lost:?}");
    assert_eq!(platform.calls("unifiedorder").len(), 1, "never repeated blindly");
    assert!(matches!(
        place(&test, &unit, wish("k", request("1", 101)), second(1)).await,
        Err(PlaceOrderError::KeyTaken)
    ));
    let placed = place(&test, &unit, wish("k", request("1", 100)), second(1)).await.unwrap();
    assert_eq!(id(placed), "O");
    let asked = platform.calls("getorderlist");
    assert_eq!((asked.len(), &asked[0]["payment_notice_no"]), (1, &"1".into()));

    let lost = place(&test, &unit, wish("l", request("2", 100)), second(0)).await;
    assert!(matches!(lost, Err(PlaceOrderError::OutcomeUnknown(_))), "{lost:?}");
    paid.store(1, Ordering::Relaxed);
    let refused = place(&test, &unit, wish("l", request("2", 100)), second(1)).await;
    assert!(matches!(&refused, Err(PlaceOrderError::AlreadyPaid { order_id }) if order_id == "lost"), "{refused:?}");
    assert_eq!(platform.calls("unifiedorder").len(), 3);
}

async fn a_crash_before_the_reply_is_in_progress_and_then_unknown(test: TestStore) {
    let platform = Arc::new(
        ScriptedPlatform::start(|api, _| match api {
            "getorderlist" => Some(json!({ "errcode": 0 })),
            _ => Some(opened("O")),
        })
        .await,
    );
    // The process dies between the reservation and the reply: the future is dropped where it waits for a token of nobody.
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", silent.local_addr().unwrap());
    let hanging = crate::scripted_platform::party_at(&url, Role::GovernmentUnit, Mode::DirectBusiness);
    tokio::select! {
        placed = place(&test, &hanging, wish("k", request("1", 100)), second(0)) => panic!("{placed:?}"),
        accepted = silent.accept() => drop(accepted.unwrap()),
    }
    let early = place(&test, &unit(&platform), wish("k", request("1", 100)), second(5)).await;
    assert!(matches!(early, Err(PlaceOrderError::InProgress)), "{early:?}");
    let early = place(&test, &unit(&platform), wish("l", request("1", 100)), second(5)).await;
    assert!(matches!(early, Err(PlaceOrderError::InProgress)), "for the same notice: {early:?}");
    let placed = place(&test, &unit(&platform), wish("k", request("1", 100)), second(60)).await.unwrap();
    assert_eq!(id(placed), "O");
    assert_eq!(platform.calls("getorderlist").len(), 1);
}

async fn the_notification_of_a_placed_order_needs_no_look_up(test: TestStore) {
    let platform = placing().await;
    let placed = id(place(&test, &unit(&platform), wish("k", request("1", 20_000)), second(0)).await.unwrap());
    assert_eq!(state(&test, "1").await, NoticeState::Unpaid);
    let setup = Setup { role: Role::GovernmentUnit, mode: Mode::DirectBusiness, ..Setup::with_platform(&platform.url) };
    let served = setup.serve(&test.store).await;
    assert_eq!(served.notified(&paid_without_details(&placed)).await, 0);
    assert_eq!(state(&test, "1").await, NoticeState::Paid { order_id: Some(order(&placed)) });
    assert_eq!(platform.calls("getorder").len(), 0);
    let found = test.store.find_placed_order(party(), order(&placed)).await.unwrap().unwrap();
    assert_eq!(found.1, OrderState::Paid);
    let refused = place(&test, &unit(&platform), wish("l", request("1", 20_000)), second(700)).await;
    assert!(matches!(refused, Err(PlaceOrderError::NotPayable(_))), "{refused:?}");
}

async fn state(test: &TestStore, number: &str) -> NoticeState {
    let found = test.store.find_notices(party(), PaymentNoticeNo::new(number).unwrap()).await.unwrap();
    found[0].notice.state.clone()
}

async fn a_held_notice_must_be_payable_with_the_same_fee(test: TestStore) {
    import(&*test.store, payable("1")).await;
    import(&*test.store, Notice { state: NoticeState::Canceled, ..payable("2") }).await;
    let platform = placing().await;
    let unit = unit(&platform);
    let refused = place(&test, &unit, wish("a", request("1", 19_999)), second(0)).await;
    assert!(matches!(refused, Err(PlaceOrderError::FeeDiffers { due }) if due == fen(20_000)), "{refused:?}");
    let refused = place(&test, &unit, wish("a", request("2", 20_000)), second(0)).await;
    assert!(matches!(refused, Err(PlaceOrderError::NotPayable(_))), "{refused:?}");
    assert_eq!(platform.calls("unifiedorder").len(), 0);
    place(&test, &unit, wish("a", request("1", 20_000)), second(0)).await.unwrap();
}

async fn a_notice_that_an_order_brought_goes_by_the_latest_order(test: TestStore) {
    let platform = placing().await;
    let unit = unit(&platform);
    place(&test, &unit, wish("a", request("1", 100)), second(0)).await.unwrap();
    let latest = id(place(&test, &unit, wish("b", request("1", 150)), second(700)).await.unwrap());
    let served = Setup { role: Role::GovernmentUnit, mode: Mode::DirectBusiness, ..Setup::default() };
    assert_eq!(served.serve(&test.store).await.notified(&paid_without_details(&latest)).await, 0);
    assert_eq!(state(&test, "1").await, NoticeState::Paid { order_id: Some(order(&latest)) });
}

async fn only_a_government_unit_places_orders_and_fields_are_checked(test: TestStore) {
    let platform = placing().await;
    let bank = platform.party(Role::Bank, Mode::DirectBank);
    let refused = place(&test, &bank, wish("k", request("1", 100)), second(0)).await;
    assert!(matches!(refused, Err(PlaceOrderError::NotAGovernmentUnit(_))), "{refused:?}");
    let both = UnifiedOrderRequest { order_no: Some("N".into()), ..request("1", 100) };
    let more = UnifiedOrderRequest { fee: Some(101), ..request("1", 100) };
    let strange = UnifiedOrderRequest { appid: "wx0000000000000000".into(), ..request("1", 100) };
    let nowhere = UnifiedOrderRequest { region_code: String::new(), ..request("1", 100) };
    for (order, field) in [
        (both, "payment_notice_no"),
        (more, "fee"),
        (strange, "appid"),
        (nowhere, "region_code"),
        (request("1", 0), "fee"),
    ] {
        let refused = place(&test, &unit(&platform), wish("k", order), second(0)).await;
        assert!(
            matches!(&refused, Err(PlaceOrderError::Invalid(told)) if told.iter().any(|told| told.field == field)),
            "{refused:?}"
        );
    }
    assert_eq!(platform.calls("unifiedorder").len(), 0);
}

async fn a_front_end_gets_what_it_needs(test: TestStore) {
    let platform = ScriptedPlatform::start(|_, body| {
        let mut reply = opened(body["payment_notice_no"].as_str().unwrap());
        reply["miniprogram"] = json!({ "appid": "wxmini", "pagepath": "p", "business_type": "b", "query_string": "q" });
        Some(reply)
    })
    .await;
    let in_app = UnifiedOrderRequest { app_appid: Some("wx0123456789abcdef".into()), ..request("1", 100) };
    let placed = place(&test, &unit(&platform), wish("a", in_app), second(0)).await.unwrap();
    let Placement::New(placed) = placed else { panic!("{placed:?}") };
    let (found, _) = test.store.find_placed_order(party(), order("1")).await.unwrap().unwrap();
    assert_eq!(found, placed);
    let told = serde_json::to_value(answer(&found)).unwrap();
    assert_eq!(
        told,
        json!({
            "order_id": "1", "state": "open", "pay_url": "https://pay.example.org/1",
            "miniprogram": { "appid": "wxmini", "pagepath": "p", "business_type": "b", "query_string": "q" },
            "app": { "url": "https://pay.example.org/1" },
            "expires_at": "2026-01-01T04:10:00Z", "expires_in": 600,
        })
    );
    let Placement::New(biz) = place(&test, &unit(&platform), wish("b", request("2", 100)), second(0)).await.unwrap()
    else {
        panic!("not new")
    };
    assert_eq!(answer(&biz).app, None);
}
