//! The rules of the requests that move money: order placement, payment at the counter, refund.

use super::findings::is_given;
use super::payable::{Payable, payable_rules};
use super::{CheckedRequest, Findings, RequestProblem};
use crate::wire::{
    MicropayRequest, RefundRequest, SCENE_CITY_SERVICE, SCENE_MINIPROGRAM, SCENE_OFFICIAL_ACCOUNT, TRADE_TYPE_JSAPI,
    TRADE_TYPE_MWEB, UnifiedOrderRequest,
};

/// What an AppID begins with.
const APPID_PREFIX: &str = "wx";

/// How long an AppID is.
const APPID_CHARS: usize = 18;

/// How many digits a payer's code has (source §6.1.9).
const AUTH_CODE_DIGITS: usize = 18;

impl CheckedRequest for UnifiedOrderRequest {
    const RULES: &'static [&'static str] = payable_rules![
        "scene is biz, ctiyservice or miniprogram; trade_type is JSAPI or MWEB where it is there",
        "openid is there unless trade_type is MWEB",
        "return_url is there, with http or https, unless scene is miniprogram",
        "ip is an IP address",
        "app_appid is wx and 16 more letters and digits where it is there",
    ];

    fn problems(&self) -> Vec<RequestProblem> {
        let mut findings = Findings::default();
        Payable::from(self).check(&mut findings);
        findings.ip("ip", &self.ip);
        findings.word("scene", &self.scene, &[SCENE_OFFICIAL_ACCOUNT, SCENE_CITY_SERVICE, SCENE_MINIPROGRAM]);
        if let Some(trade_type) = &self.trade_type {
            findings.word("trade_type", trade_type, &[TRADE_TYPE_JSAPI, TRADE_TYPE_MWEB]);
        }
        findings.optional_identifier("openid", self.openid.as_deref());
        if !is_given(self.openid.as_deref()) && self.trade_type.as_deref() != Some(TRADE_TYPE_MWEB) {
            findings.report("openid", "is required unless trade_type is MWEB: fill in the user's openid");
        }
        findings.optional_url("return_url", self.return_url.as_deref());
        if !is_given(self.return_url.as_deref()) && self.scene != SCENE_MINIPROGRAM {
            findings
                .report("return_url", "is required unless scene is miniprogram: say where the user goes after paying");
        }
        if self.app_appid.as_deref().is_some_and(|appid| !is_appid(appid)) {
            findings.report("app_appid", "must be the app's AppID: wx and 16 more letters and digits");
        }
        findings.into_problems()
    }
}

impl CheckedRequest for MicropayRequest {
    const RULES: &'static [&'static str] =
        payable_rules!["auth_code has 18 digits and begins with 10, 11, 12, 13, 14 or 15"];

    fn problems(&self) -> Vec<RequestProblem> {
        let mut findings = Findings::default();
        Payable::from(self).check(&mut findings);
        if !is_auth_code(&self.auth_code) {
            findings.report(
                "auth_code",
                "must be 18 digits that begin with 10 to 15: scan the payment code in the payer's Weixin",
            );
        }
        findings.optional_identifier("order_id", self.order_id.as_deref());
        findings.into_problems()
    }
}

impl CheckedRequest for RefundRequest {
    const RULES: &'static [&'static str] = &[
        "appid, order_id and reason are there",
        "refund_fee and refund_out_id are both there (a partial refund) or both absent (a full refund)",
        "refund_fee is above 0",
        "numbers and codes have at most 128 bytes, no blanks around them and no control characters",
    ];

    fn problems(&self) -> Vec<RequestProblem> {
        let mut findings = Findings::default();
        findings.identifier("appid", &self.appid);
        findings.identifier("order_id", &self.order_id);
        findings.text("reason", &self.reason);
        findings.optional_identifier("refund_out_id", self.refund_out_id.as_deref());
        match (self.refund_fee, is_given(self.refund_out_id.as_deref())) {
            (Some(_), false) => findings.report(
                "refund_out_id",
                "must be given together with refund_fee: give this refund a number of its own, or leave both out to refund all",
            ),
            (None, true) => findings.report(
                "refund_fee",
                "must be given together with refund_out_id: say how much in fen, or leave both out to refund all",
            ),
            _ => {}
        }
        if self.refund_fee.is_some_and(|fee| fee <= 0) {
            findings.report("refund_fee", "must be above 0: say how much in fen");
        }
        findings.into_problems()
    }
}

fn is_appid(text: &str) -> bool {
    text.len() == APPID_CHARS && text.starts_with(APPID_PREFIX) && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

fn is_auth_code(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() == AUTH_CODE_DIGITS
        && bytes.iter().all(u8::is_ascii_digit)
        && bytes[0] == b'1'
        && (b'0'..=b'5').contains(&bytes[1])
}
