//! What a platform, or a proxy in its place, sends instead of a reply: each is an error that says what was received, and none hangs.

use std::sync::Arc;
use std::time::{Duration, Instant};

use nontax_gateway::app::TokenKeeper;
use nontax_gateway::domain::OrderId;
use nontax_gateway::platform::{
    AppSecret, GET_ORDER, Https, PlatformClient, PlatformError, TokenMode, TokenRequest, UNIFIED_ORDER,
};
use nontax_gateway::wire::{GetOrderReply, ReceivablesItem, UnifiedOrderRequest};
use serde_json::{Value, json};

use crate::served::APP_SECRET;
use crate::stub_platform::{OrderReply, StubPlatform, TOKEN, http, order_for};
use crate::weixin::APPID;

/// A client of the platform with its own token, as patient as told.
pub(crate) fn client(platform: &StubPlatform, timeout: Duration) -> PlatformClient {
    let https = Https::new(&platform.url, Duration::from_secs(20)).unwrap();
    let request = TokenRequest {
        https: https.clone(),
        appid: APPID.to_owned(),
        secret: AppSecret::new(APP_SECRET),
        mode: TokenMode::Stable,
    };
    PlatformClient::new(https, APPID.to_owned(), Arc::new(TokenKeeper::alone(request)), timeout)
}

/// As patient as a slow machine needs.
pub(crate) fn patient_client(platform: &StubPlatform) -> PlatformClient {
    client(platform, Duration::from_secs(20))
}

/// An order that keeps all the rules.
pub(crate) fn placeable() -> UnifiedOrderRequest {
    UnifiedOrderRequest {
        appid: APPID.into(),
        openid: Some("ont-9vjAcIdSU-LgB7ubALAVJO9U".into()),
        desc: "测试办证缴费".into(),
        fee: Some(2),
        return_url: Some("https://example.com/done".into()),
        ip: "10.0.0.1".into(),
        payment_notice_no: Some("1".into()),
        department_code: "118610002".into(),
        department_name: "测试执收单位".into(),
        region_code: "440000".into(),
        items: vec![ReceivablesItem {
            no: 1,
            item_id: "000001".into(),
            item_name: "测试".into(),
            fee: 2,
            ..Default::default()
        }],
        payment_notice_create_time: Some(1_500_967_298),
        scene: "biz".into(),
        ..Default::default()
    }
}

async fn asked(client: &PlatformClient) -> Result<Option<GetOrderReply>, PlatformError> {
    client.get_order(&OrderId::new("A").unwrap()).await
}

#[tokio::test]
async fn what_is_no_reply_is_an_error_that_says_what_was_received() {
    let html = format!("<html><a href=\"/?access_token={TOKEN}\">请登录</a></html>");
    let cases: [(&str, Vec<u8>, &[&str]); 13] = [
        ("HTML", http("200 OK", &html), &["cannot be read", "HTML in place of JSON", "access_token=***"]),
        ("nothing", http("200 OK", ""), &["cannot be read", "it is empty"]),
        ("truncated JSON", http("200 OK", r#"{"errcode":0,"desc":"叶"#), &["cannot be read", "breaks off", "EOF"]),
        ("another type", http("200 OK", r#"{"errcode":{"叶":1}}"#), &["cannot be read", "it is JSON, "]),
        ("a list", http("200 OK", "[]"), &["cannot be read", "no object"]),
        ("an empty object", http("200 OK", "{}"), &["cannot be read", "without an errcode"]),
        ("a word", http("200 OK", "Bad Gateway"), &["cannot be read", "Bad Gateway"]),
        ("too large", http("200 OK", &" ".repeat(2 << 20)), &["larger than 1048576 bytes"]),
        ("not found", http("404 Not Found", &html), &["cannot be read", "HTTP status 404", "access_token=***"]),
        ("an error page", http("502 Bad Gateway", &html), &["could not be reached", "HTTP status 502"]),
        (
            "cut short",
            b"HTTP/1.1 200 OK\r\ncontent-length: 5000\r\n\r\n{\"errcode\":0,".to_vec(),
            &["could not be reached"],
        ),
        ("no HTTP", b"220 smtp ready\r\n".to_vec(), &["could not be reached"]),
        ("no answer", Vec::new(), &["could not be reached"]),
    ];
    let platform = StubPlatform::start(OrderReply::Json(json!({}))).await;
    let client = patient_client(&platform);
    for (name, bytes, words) in cases {
        platform.answers(OrderReply::Raw(bytes));
        let error = asked(&client).await.unwrap_err();
        let told = error.to_string();
        assert!(words.iter().all(|word| told.contains(word)), "{name}: {told}");
        assert!(!told.contains(TOKEN) && !told.contains('叶') && told.chars().count() < 300, "{name}: {told}");
        assert!(told.contains(GET_ORDER) && error.outcome_is_unknown(), "{name}: {told}");
    }
}

#[tokio::test]
async fn no_redirect_is_followed() {
    let platform = StubPlatform::start(OrderReply::Json(order_for("A", "1"))).await;
    let location = format!("{}/elsewhere?access_token={TOKEN}", platform.url);
    let redirect = format!("HTTP/1.1 302 Found\r\nlocation: {location}\r\ncontent-length: 0\r\n\r\n");
    platform.answers_at(GET_ORDER, [OrderReply::Raw(redirect.into_bytes())]);
    let told = asked(&patient_client(&platform)).await.unwrap_err().to_string();
    assert!(told.contains("a redirect to") && told.contains("/elsewhere") && !told.contains(TOKEN), "{told}");
    assert_eq!((platform.calls("/elsewhere"), platform.calls(GET_ORDER)), (0, 1));
}

#[tokio::test]
async fn slow_bytes_end_with_the_patience() {
    let reply = http("200 OK", &order_for("A", "1").to_string());
    let platform = StubPlatform::start(OrderReply::Dripping(Duration::from_secs(1), reply)).await;
    let client = client(&platform, Duration::from_millis(700));
    let begun = Instant::now();
    let error = asked(&client).await.unwrap_err();
    assert!(matches!(error, PlatformError::Unreachable { .. }), "{error}");
    assert!(begun.elapsed() < Duration::from_secs(30), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn an_errcode_is_believed_under_any_status() {
    let refusal = json!({ "errcode": 9_201_010, "errmsg": "no such order" }).to_string();
    let platform = StubPlatform::start(OrderReply::Raw(http("400 Bad Request", &refusal))).await;
    assert_eq!(asked(&patient_client(&platform)).await, Ok(None));
    platform.answers(OrderReply::Raw(http("500 Oops", &order_for("A", "1").to_string())));
    let error = asked(&patient_client(&platform)).await.unwrap_err();
    assert!(matches!(error, PlatformError::Unreachable { .. }), "{error}");
}

#[tokio::test]
async fn a_reply_to_an_order_must_name_the_order() {
    let query_fee_reply: Value = json!({
        "department_code": "143605002004", "department_name": "韶关市公安局交警支队市区一大队", "errcode": 0,
        "errmsg": "通知书未缴款", "fee": 20_000, "payment_notice_no": "440204190185356", "payment_notice_type": 1,
        "items": [{"fee": 20_000, "item_id": "103050101200", "item_name": "交通违法罚款", "no": 1, "overdue": 0}],
        "payment_notice_create_time": 1_508_806_661, "region_code": "440000", "user_name": "叶*梅",
    });
    let platform = StubPlatform::start(OrderReply::Json(query_fee_reply.clone())).await;
    let client = patient_client(&platform);
    let error = client.unified_order(&placeable()).await.unwrap_err();
    assert!(matches!(error, PlatformError::Unreadable { .. }) && error.to_string().contains("no order_id"), "{error}");
    let mut both = query_fee_reply;
    both["order_id"] = "A".into();
    platform.answers(OrderReply::Json(both));
    let replied = client.unified_order(&placeable()).await.unwrap();
    assert_eq!((replied.order_id.as_deref(), &replied.document["user_name"]), (Some("A"), &json!("叶*梅")));
    assert_eq!(platform.calls(UNIFIED_ORDER), 2);
}

#[tokio::test]
async fn a_request_that_breaks_the_rules_is_not_sent() {
    let platform = StubPlatform::start(OrderReply::Json(json!({ "errcode": 0, "order_id": "A" }))).await;
    let request = UnifiedOrderRequest { fee: Some(3), ip: String::new(), ..placeable() };
    let error = patient_client(&platform).unified_order(&request).await.unwrap_err();
    let PlatformError::InvalidRequest { problems, .. } = &error else { panic!("{error}") };
    assert_eq!(problems.iter().map(|problem| problem.field.as_str()).collect::<Vec<_>>(), ["fee", "ip"]);
    assert!(!error.outcome_is_unknown());
    assert_eq!((platform.calls(UNIFIED_ORDER), platform.token_requests()), (0, 0));
}
