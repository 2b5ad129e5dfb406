//! Placing an order: what the platform checks, and what it gives back (source §6.1.2).

use jiff::civil::Date;

use super::api_error::ApiError;
use crate::wire::ApiErrcode;
use crate::wire::{
    MiniProgram, SCENE_MINIPROGRAM, TRADE_TYPE_JSAPI, TRADE_TYPE_MWEB, UnifiedOrderReply, UnifiedOrderRequest,
};

/// The AppID of the simulated Mini Program for payment.
const PAYMENT_MINIPROGRAM_APPID: &str = "wx0000000000000000";

/// Checks a request and returns its fee in fen.
///
/// # Errors
/// The code of the first field that is wrong.
pub(super) fn check(request: &UnifiedOrderRequest) -> Result<i64, ApiError> {
    use ApiErrcode as Code;
    let required = [
        (&request.appid, Code::EmptyAppid),
        (&request.desc, Code::EmptyDesc),
        (&request.ip, Code::InvalidIp),
        (&request.department_code, Code::InvalidDepartmentCode),
        (&request.department_name, Code::InvalidDepartmentName),
        (&request.region_code, Code::InvalidRegionCode),
    ];
    if let Some((_, code)) = required.into_iter().find(|(value, _)| value.trim().is_empty()) {
        return Err(code.into());
    }
    if request.ip.trim().parse::<std::net::IpAddr>().is_err() {
        return Err(Code::InvalidIp.into());
    }
    let trade_type = request.trade_type.as_deref().unwrap_or(TRADE_TYPE_JSAPI);
    if ![TRADE_TYPE_JSAPI, TRADE_TYPE_MWEB].contains(&trade_type) {
        return Err(Code::InvalidTradeType.into());
    }
    if request.openid.is_none() && trade_type != TRADE_TYPE_MWEB {
        return Err(Code::InvalidOpenid.into());
    }
    if request.return_url.is_none() && request.scene != SCENE_MINIPROGRAM {
        return Err(Code::InvalidReturnUrl.into());
    }
    if request.payment_notice_no.is_none() && request.order_no.is_none() {
        return Err(ApiError::because(Code::InvalidNoticeNo, "one of payment_notice_no and order_no is required"));
    }
    if request.payment_notice_type.is_some_and(|kind| !matches!(kind, 1 | 2)) {
        return Err(Code::InvalidNoticeType.into());
    }
    if request.payment_expire_date.as_deref().is_some_and(|text| date(text).is_none()) {
        return Err(Code::InvalidExpireDate.into());
    }
    if request.scene.trim().is_empty() {
        return Err(ApiError::because(Code::InvalidArgument, "scene is missing"));
    }
    if request.payment_notice_create_time.is_none() {
        return Err(ApiError::because(Code::InvalidArgument, "payment_notice_create_time is missing"));
    }
    check_fee(request)
}

fn check_fee(request: &UnifiedOrderRequest) -> Result<i64, ApiError> {
    let fee = request.fee.unwrap_or(0);
    if fee == 0 {
        return Err(ApiErrcode::FeeIsZero.into());
    }
    let sum = request.items.iter().try_fold(0_i64, |sum, item| sum.checked_add(item.fee));
    if fee < 0 || request.items.iter().any(|item| item.fee < 0) || sum != Some(fee) {
        return Err(ApiErrcode::FeeIsNotTheSum.into());
    }
    Ok(fee)
}

/// The day that YYYYMMDD is, when it is one.
pub(super) fn date(text: &str) -> Option<Date> {
    let number = |range: std::ops::Range<usize>| text.get(range).and_then(|digits| digits.parse::<i8>().ok());
    let year = text.get(0..4).and_then(|digits| digits.parse::<i16>().ok());
    if text.len() != 8 || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Date::new(year?, number(4..6)?, number(6..8)?).ok()
}

/// What the front end opens the payment with.
pub(super) fn reply(order_id: &str, scene: &str) -> UnifiedOrderReply {
    let reply = UnifiedOrderReply {
        errmsg: Some("ok".to_owned()),
        order_id: Some(order_id.to_owned()),
        ..UnifiedOrderReply::default()
    };
    if scene == SCENE_MINIPROGRAM {
        let miniprogram = MiniProgram {
            appid: PAYMENT_MINIPROGRAM_APPID.to_owned(),
            pagepath: "pages/pay/pay".to_owned(),
            business_type: "nontax".to_owned(),
            query_string: format!("order_id={order_id}"),
        };
        return UnifiedOrderReply { miniprogram: Some(miniprogram), ..reply };
    }
    let pay_url = format!("https://mp.weixin.qq.com/intp/nontax/pay?action=page&order_id={order_id}#wechat_redirect");
    UnifiedOrderReply { pay_url: Some(pay_url), ..reply }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::wire::ReceivablesItem;

    pub(in crate::simulator) fn request() -> UnifiedOrderRequest {
        let item = |no, fee| ReceivablesItem {
            no,
            item_id: "000001".into(),
            item_name: "Test service payment".into(),
            fee,
            ..Default::default()
        };
        UnifiedOrderRequest {
            appid: "wx5f6e43071809a9dd".into(),
            openid: Some("ont-9vjAcIdSU-LgB7ubALAVJO9U".into()),
            desc: "Test payment".into(),
            fee: Some(3),
            return_url: Some("https://example.com/".into()),
            ip: "10.0.0.1".into(),
            payment_notice_no: Some("08111639088".into()),
            department_code: "118610002".into(),
            department_name: "Test collection entity".into(),
            region_code: "440000".into(),
            items: vec![item(1, 1), item(2, 2)],
            payment_notice_create_time: Some(1_500_967_298),
            scene: "biz".into(),
            ..Default::default()
        }
    }

    #[test]
    fn a_whole_request_passes() {
        assert_eq!(check(&request()), Ok(3));
        let in_browser = UnifiedOrderRequest { trade_type: Some("MWEB".into()), openid: None, ..request() };
        assert_eq!(check(&in_browser), Ok(3));
    }

    #[test]
    fn what_is_wrong_has_its_code() {
        type Spoil = fn(&mut UnifiedOrderRequest);
        let cases: [(i64, Spoil); 17] = [
            (9_291_004, |r| r.appid.clear()),
            (9_201_000, |r| r.desc.clear()),
            (9_201_009, |r| r.ip = "nowhere".into()),
            (9_201_019, |r| r.department_code.clear()),
            (9_201_022, |r| r.department_name.clear()),
            (9_201_021, |r| r.region_code.clear()),
            (9_201_015, |r| r.trade_type = Some("NATIVE".into())),
            (9_291_000, |r| r.openid = None),
            (9_201_008, |r| r.return_url = None),
            (9_201_018, |r| r.payment_notice_no = None),
            (9_201_020, |r| r.payment_notice_type = Some(3)),
            (9_201_004, |r| r.payment_expire_date = Some("20260231".into())),
            (9_201_004, |r| r.payment_expire_date = Some("2026-2-1".into())),
            (9_201_003, |r| r.fee = None),
            (9_201_001, |r| r.fee = Some(4)),
            (9_201_001, |r| r.items[0].fee = i64::MAX),
            (40097, |r| r.scene.clear()),
        ];
        for (expected, spoil) in cases {
            let mut spoilt = request();
            spoil(&mut spoilt);
            assert_eq!(check(&spoilt).unwrap_err().errcode, expected, "{spoilt:?}");
        }
    }

    #[test]
    fn a_miniprogram_gets_parameters_and_everybody_else_a_link() {
        assert!(reply("AQCA", "miniprogram").miniprogram.is_some());
        assert!(reply("AQCA", "biz").pay_url.unwrap().contains("order_id=AQCA#"));
    }
}
