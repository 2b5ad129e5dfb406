//! Tests of the rules: a whole request passes, and each breach is found under its field.

use super::*;
use crate::wire::{
    DownloadBillRequest, GetAuthUrlRequest, GetOrderListRequest, GetRealNameRequest, MicropayRequest, MockRequest,
    QueryFeeRequest, ReceivablesItem, RefundRequest, UnifiedOrderRequest, from_json,
};

/// The fields that a request has problems with.
fn fields(request: &impl CheckedRequest) -> Vec<String> {
    request.problems().into_iter().map(|problem| problem.field).collect()
}

fn item(no: i64, fee: i64) -> ReceivablesItem {
    ReceivablesItem { no, item_id: "000001".into(), item_name: "测试办证缴费".into(), fee, ..Default::default() }
}

fn order() -> UnifiedOrderRequest {
    UnifiedOrderRequest {
        appid: "wx5f6e43071809a9dd".into(),
        openid: Some("ont-9vjAcIdSU-LgB7ubALAVJO9U".into()),
        desc: "测试办证缴费".into(),
        fee: Some(3),
        return_url: Some("https://example.com/done?a=b".into()),
        ip: "10.0.0.1".into(),
        payment_notice_no: Some("08111639088".into()),
        department_code: "118610002".into(),
        department_name: "测试执收单位".into(),
        region_code: "440000".into(),
        items: vec![item(1, 1), item(2, 2)],
        payment_notice_create_time: Some(1_500_967_298),
        scene: "biz".into(),
        ..Default::default()
    }
}

fn micropay() -> MicropayRequest {
    MicropayRequest {
        appid: "wx5f6e43071809a9dd".into(),
        desc: "测试办证缴费".into(),
        fee: Some(1),
        items: vec![item(1, 1), item(2, 0)],
        payment_notice_create_time: Some(1_500_967_298),
        payment_expire_date: Some("20190102".into()),
        payment_notice_no: Some("08111639088".into()),
        department_code: "118610002".into(),
        department_name: "测试执收单位".into(),
        region_code: "440000".into(),
        auth_code: "134971951305811268".into(),
        ..Default::default()
    }
}

#[test]
fn whole_requests_pass() {
    assert_eq!(order().problems(), []);
    assert_eq!(micropay().problems(), []);
    let in_browser = UnifiedOrderRequest { trade_type: Some("MWEB".into()), openid: None, ..order() };
    assert_eq!(in_browser.problems(), []);
    let miniprogram = UnifiedOrderRequest { scene: "miniprogram".into(), return_url: None, ..order() };
    assert_eq!(miniprogram.problems(), []);
    let by_order_no = UnifiedOrderRequest { payment_notice_no: None, order_no: Some("1".into()), ..order() };
    assert_eq!(by_order_no.problems(), []);
    let ipv6 = UnifiedOrderRequest { ip: "2001:db8::1".into(), scene: "ctiyservice".into(), ..order() };
    assert_eq!(ipv6.problems(), []);
}

#[test]
fn each_breach_of_an_order_is_found_under_its_field() {
    type Spoil = fn(&mut UnifiedOrderRequest);
    let cases: [(&str, Spoil); 29] = [
        ("appid", |r| r.appid.clear()),
        ("desc", |r| r.desc = "  ".into()),
        ("ip", |r| r.ip = "nowhere".into()),
        ("ip", |r| r.ip.clear()),
        ("department_code", |r| r.department_code.clear()),
        ("department_code", |r| r.department_code = " 1".into()),
        ("department_name", |r| r.department_name.clear()),
        ("region_code", |r| r.region_code = "4".repeat(129)),
        ("scene", |r| r.scene = "cityservice".into()),
        ("trade_type", |r| r.trade_type = Some("NATIVE".into())),
        ("openid", |r| r.openid = None),
        ("openid", |r| r.openid = Some(" ".into())),
        ("return_url", |r| r.return_url = None),
        ("return_url", |r| r.return_url = Some("javascript:alert(1)".into())),
        ("return_url", |r| r.return_url = Some("https:///path".into())),
        ("payment_notice_no", |r| r.payment_notice_no = None),
        ("payment_notice_no", |r| r.order_no = Some("1".into())),
        ("payment_notice_type", |r| r.payment_notice_type = Some(3)),
        ("payment_notice_create_time", |r| r.payment_notice_create_time = None),
        ("payment_notice_create_time", |r| r.payment_notice_create_time = Some(1_500_967_298_000)),
        ("payment_expire_date", |r| r.payment_expire_date = Some("20260231".into())),
        ("payment_expire_date", |r| r.payment_expire_date = Some("2026-2-1".into())),
        ("app_appid", |r| r.app_appid = Some("wx1".into())),
        ("items", |r| r.items.clear()),
        ("items[1].item_id", |r| r.items[1].item_id.clear()),
        ("items[0].overdue", |r| r.items[0].overdue = Some(-1)),
        ("fee", |r| r.fee = None),
        ("fee", |r| r.fee = Some(4)),
        ("fee", |r| r.items[0].fee = i64::MAX),
    ];
    for (field, spoil) in cases {
        let mut spoilt = order();
        spoil(&mut spoilt);
        assert!(fields(&spoilt).iter().any(|found| found == field), "{field}: {:?}", spoilt.problems());
        assert!(fields(&spoilt).iter().all(|found| found == field), "{field}: {:?}", spoilt.problems());
    }
}

#[test]
fn all_breaches_are_told_at_once() {
    let nothing = UnifiedOrderRequest::default();
    let found = fields(&nothing);
    for field in ["appid", "desc", "fee", "items", "ip", "scene", "openid", "return_url", "payment_notice_no"] {
        assert!(found.iter().any(|found| found == field), "{field}");
    }
}

#[test]
fn an_auth_code_is_18_digits_that_begin_with_10_to_15_and_is_never_shown() {
    for wrong in [
        "",
        "13497195130581126",
        "1349719513058112680",
        "164971951305811268",
        "09497195130581126８",
        " 134971951305811268",
    ] {
        let request = MicropayRequest { auth_code: wrong.into(), ..micropay() };
        assert_eq!(fields(&request), ["auth_code"], "{wrong:?}");
        assert!(!format!("{:?}", request.problems()).contains("4971951"));
    }
    for prefix in 10..=15 {
        let request = MicropayRequest { auth_code: format!("{prefix}4971951305811268"), ..micropay() };
        assert_eq!(request.problems(), []);
    }
}

#[test]
fn a_refund_is_partial_with_both_fields_and_full_with_neither() {
    let full = RefundRequest { appid: "a".into(), order_id: "o".into(), reason: "r".into(), ..Default::default() };
    assert_eq!(full.problems(), []);
    let partial = RefundRequest { refund_fee: Some(1), refund_out_id: Some("1".into()), ..full.clone() };
    assert_eq!(partial.problems(), []);
    let half = RefundRequest { refund_out_id: None, ..partial.clone() };
    let told = half.problems()[0].to_string();
    assert!(told.starts_with("refund_out_id: must be given together with refund_fee: "), "{told}");
    assert_eq!(fields(&RefundRequest { refund_fee: None, ..partial.clone() }), ["refund_fee"]);
    assert_eq!(fields(&RefundRequest { refund_fee: Some(0), ..partial }), ["refund_fee"]);
    assert_eq!(fields(&RefundRequest { reason: " ".into(), ..full }), ["reason"]);
}

#[test]
fn questions_have_their_rules_too() {
    let query: QueryFeeRequest =
        from_json(br#"{"appid":"a","payment_notice_no":"1","department_code":"1","region_code":"1"}"#).unwrap();
    assert_eq!(fields(&query), ["service_id"]);
    assert_eq!(
        fields(&GetOrderListRequest::default()),
        ["appid", "region_code", "department_code", "payment_notice_no"]
    );
    let bill = DownloadBillRequest { appid: "a".into(), bill_date: "20170931".into(), ..Default::default() };
    assert_eq!(fields(&bill), ["bill_date"]);
    let bill = DownloadBillRequest { bill_date: "20170930".into(), bill_type: Some("all".into()), ..bill };
    assert_eq!(fields(&bill), ["bill_type"]);
    assert_eq!(fields(&MockRequest { appid: "a".into(), url: "ftp://x/".into(), version: None }), ["url", "version"]);
    assert_eq!(fields(&GetAuthUrlRequest { redirect_url: "https://".into() }), ["redirect_url"]);
    assert_eq!(fields(&GetRealNameRequest::default()), ["wx_realname_token"]);
}
