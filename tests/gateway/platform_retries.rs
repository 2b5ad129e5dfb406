//! What is called again after a failure of a moment, how often, and what never is.

use std::time::{Duration, Instant};

use nontax_gateway::domain::OrderId;
use nontax_gateway::platform::{
    GET_ORDER, MAX_ATTEMPTS, MICROPAY, PlatformError, QUERY_FEE, REFUND, STABLE_TOKEN, UNIFIED_ORDER,
};
use nontax_gateway::wire::{MicropayRequest, QueryFeeRequest, RefundRequest, UnifiedOrderRequest};
use serde_json::json;

use crate::platform_replies::{client, patient_client, placeable};
use crate::stub_platform::{OrderReply, StubPlatform, http, order_for};
use crate::weixin::APPID;

fn busy() -> OrderReply {
    OrderReply::Json(json!({ "errcode": -1, "errmsg": "system error" }))
}

fn broken() -> OrderReply {
    OrderReply::Raw(http("502 Bad Gateway", ""))
}

fn micropay() -> MicropayRequest {
    let UnifiedOrderRequest {
        appid,
        desc,
        fee,
        items,
        payment_notice_no,
        department_code,
        department_name,
        region_code,
        payment_notice_create_time,
        ..
    } = placeable();
    MicropayRequest {
        appid,
        desc,
        fee,
        items,
        payment_notice_no,
        department_code,
        department_name,
        region_code,
        payment_notice_create_time,
        auth_code: "134971951305811268".into(),
        ..Default::default()
    }
}

#[tokio::test]
async fn a_question_is_asked_again_while_it_fails_for_a_moment() {
    let platform = StubPlatform::start(broken()).await;
    let client = patient_client(&platform);
    platform
        .answers_at(GET_ORDER, [busy(), broken(), OrderReply::Raw(Vec::new()), OrderReply::Json(order_for("A", "1"))]);
    let order = client.get_order(&OrderId::new("A").unwrap()).await.unwrap().unwrap();
    assert_eq!((order.fee, platform.calls(GET_ORDER)), (Some(20_000), 4));
    let query = QueryFeeRequest {
        appid: APPID.into(),
        service_id: Some(1),
        payment_notice_no: "1".into(),
        department_code: "1".into(),
        region_code: "1".into(),
        ..Default::default()
    };
    let error = client.query_fee(&query).await.unwrap_err();
    assert!(matches!(error, PlatformError::Unreachable { .. }), "{error}");
    assert_eq!(platform.calls(QUERY_FEE), MAX_ATTEMPTS as usize);
    assert_eq!(platform.token_requests(), 1);
}

#[tokio::test]
async fn a_refusal_that_stands_is_not_asked_again() {
    let refusal = OrderReply::Json(json!({ "errcode": 9_200_002, "errmsg": "not yours" }));
    let platform = StubPlatform::start(refusal).await;
    let error = patient_client(&platform).get_order(&OrderId::new("A").unwrap()).await.unwrap_err();
    assert_eq!((error.errcode(), platform.calls(GET_ORDER)), (Some(9_200_002), 1));
}

#[tokio::test]
async fn an_order_and_a_payment_at_the_counter_are_never_repeated() {
    for reply in [busy(), broken(), OrderReply::Raw(Vec::new())] {
        let platform = StubPlatform::start(reply).await;
        let client = patient_client(&platform);
        assert!(client.unified_order(&placeable()).await.unwrap_err().outcome_is_unknown());
        assert_eq!(platform.calls(UNIFIED_ORDER), 1);
        // Its runner sees -1 for itself.
        assert!(client.micropay(&micropay()).await.map_or(true, |replied| replied.errcode == -1));
        assert_eq!(platform.calls(MICROPAY), 1);
    }
}

#[tokio::test]
async fn a_refund_is_asked_for_once_so_that_its_caller_knows_what_refunded_means() {
    let platform = StubPlatform::start(broken()).await;
    let client = patient_client(&platform);
    let full =
        RefundRequest { appid: APPID.into(), order_id: "A".into(), reason: "多缴".into(), ..Default::default() };
    assert!(client.refund(&full).await.unwrap_err().outcome_is_unknown());
    assert_eq!(platform.calls(REFUND), 1);
    let partial = RefundRequest { refund_fee: Some(1), refund_out_id: Some("R1".into()), ..full };
    assert!(client.refund(&partial).await.unwrap_err().outcome_is_unknown());
    assert_eq!(platform.calls(REFUND), 2);
}

#[tokio::test]
async fn repetitions_end_with_the_patience() {
    let too_often = OrderReply::Json(json!({ "errcode": 45_011, "errmsg": "api minute-quota reach limit" }));
    let platform = StubPlatform::start(too_often).await;
    let client = client(&platform, Duration::from_millis(900));
    let begun = Instant::now();
    let error = client.get_order(&OrderId::new("A").unwrap()).await.unwrap_err();
    assert_eq!((error.errcode(), platform.calls(GET_ORDER)), (Some(45_011), 1), "a pause of a second does not fit");
    assert!(begun.elapsed() < Duration::from_secs(30), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn an_address_that_is_not_listed_is_told_with_the_address() {
    let platform = StubPlatform::start(broken()).await;
    let errmsg = "invalid ip 203.0.113.9 ipv6 ::ffff:203.0.113.9, not in whitelist rid: 1";
    platform.answers_at(STABLE_TOKEN, [OrderReply::Json(json!({ "errcode": 40_164, "errmsg": errmsg }))]);
    let error = patient_client(&platform).get_order(&OrderId::new("A").unwrap()).await.unwrap_err();
    assert_eq!(error.seen_ip(), Some("203.0.113.9".parse().unwrap()));
    assert_eq!((platform.calls(GET_ORDER), platform.calls(STABLE_TOKEN)), (0, 1));
    assert!(!error.outcome_is_unknown());
}
