//! The Order Placement API (protocol §6; source §6.1.2).

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize};

use super::lenient;
use super::receivables::ReceivablesItem;

/// `scene` of an order placed in a Mini Program.
pub const SCENE_MINIPROGRAM: &str = "miniprogram";

/// `scene` of an order placed in the city services, as the platform spells it.
pub const SCENE_CITY_SERVICE: &str = "ctiyservice";

/// `scene` of an order placed in an Official Account.
pub const SCENE_OFFICIAL_ACCOUNT: &str = "biz";

/// `trade_type` inside Weixin, which is also what an absent one means.
pub const TRADE_TYPE_JSAPI: &str = "JSAPI";

/// `trade_type` of an H5 page in a browser that is not Weixin's.
pub const TRADE_TYPE_MWEB: &str = "MWEB";

/// The body of `POST /nontax/unifiedorder`. A required field that is missing reads as an empty string, so that whoever checks
/// the request can name it with its own errcode.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct UnifiedOrderRequest {
    /// The Official Account that places the order.
    pub appid: String,
    /// Service ID.
    #[serde(deserialize_with = "lenient::optional_integer", skip_serializing_if = "Option::is_none")]
    pub service_id: Option<i64>,
    /// The bank; the platform chooses one when it is absent.
    #[serde(deserialize_with = "lenient::optional_string", skip_serializing_if = "Option::is_none")]
    pub bank_id: Option<String>,
    /// The sorting bank account.
    #[serde(deserialize_with = "lenient::optional_string", skip_serializing_if = "Option::is_none")]
    pub bank_account: Option<String>,
    /// The merchant account that the money goes to.
    #[serde(deserialize_with = "lenient::optional_string", skip_serializing_if = "Option::is_none")]
    pub mch_id: Option<String>,
    /// The user. Absent only with `MWEB`.
    #[serde(deserialize_with = "lenient::optional_string", skip_serializing_if = "Option::is_none")]
    pub openid: Option<String>,
    /// Name of the service. Required.
    pub desc: String,
    /// Total in fen. Required.
    #[serde(deserialize_with = "lenient::optional_integer", skip_serializing_if = "Option::is_none")]
    pub fee: Option<i64>,
    /// Where the user goes after paying. Absent only in a Mini Program.
    #[serde(deserialize_with = "lenient::optional_string", skip_serializing_if = "Option::is_none")]
    pub return_url: Option<String>,
    /// The user's address. Required.
    pub ip: String,
    /// The business system's number; required when there is no notice.
    #[serde(deserialize_with = "lenient::optional_string", skip_serializing_if = "Option::is_none")]
    pub order_no: Option<String>,
    /// The notice; required when there is no order number.
    #[serde(deserialize_with = "lenient::optional_string", skip_serializing_if = "Option::is_none")]
    pub payment_notice_no: Option<String>,
    /// Code of the collection entity. Required.
    pub department_code: String,
    /// Name of the collection entity. Required.
    pub department_name: String,
    /// 1 general, 2 penalty.
    #[serde(deserialize_with = "lenient::optional_integer", skip_serializing_if = "Option::is_none")]
    pub payment_notice_type: Option<i64>,
    /// Code of the region. Required.
    pub region_code: String,
    /// The payer's name.
    #[serde(deserialize_with = "lenient::optional_string", skip_serializing_if = "Option::is_none")]
    pub user_name: Option<String>,
    /// What the total is made of. Required.
    pub items: Vec<ReceivablesItem>,
    /// When the notice was made out, Unix seconds. Required.
    #[serde(deserialize_with = "lenient::optional_integer", skip_serializing_if = "Option::is_none")]
    pub payment_notice_create_time: Option<i64>,
    /// The last day for payment, YYYYMMDD.
    #[serde(deserialize_with = "lenient::optional_string", skip_serializing_if = "Option::is_none")]
    pub payment_expire_date: Option<String>,
    /// `biz`, `ctiyservice` (sic) or `miniprogram`. Required.
    pub scene: String,
    /// The app's AppID, when the order is placed in an app.
    #[serde(deserialize_with = "lenient::optional_string", skip_serializing_if = "Option::is_none")]
    pub app_appid: Option<String>,
    /// `JSAPI` when absent, `MWEB` outside Weixin.
    #[serde(deserialize_with = "lenient::optional_string", skip_serializing_if = "Option::is_none")]
    pub trade_type: Option<String>,
    /// Whether the intermediate page starts the payment by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auto_call_pay: Option<bool>,
}

/// Without the user and the payer's name.
impl fmt::Debug for UnifiedOrderRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UnifiedOrderRequest")
            .field("appid", &self.appid)
            .field("fee", &self.fee)
            .field("region_code", &self.region_code)
            .field("department_code", &self.department_code)
            .field("payment_notice_no", &self.payment_notice_no)
            .field("order_no", &self.order_no)
            .finish_non_exhaustive()
    }
}

/// The reply to `POST /nontax/unifiedorder`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct UnifiedOrderReply {
    /// 0, or what is wrong (§10).
    #[serde(deserialize_with = "lenient::integer")]
    pub errcode: i64,
    /// What the errcode means.
    #[serde(deserialize_with = "lenient::optional_string", skip_serializing_if = "Option::is_none")]
    pub errmsg: Option<String>,
    /// The order.
    #[serde(deserialize_with = "lenient::optional_string", skip_serializing_if = "Option::is_none")]
    pub order_id: Option<String>,
    /// The payment link, for Official Accounts and apps.
    #[serde(deserialize_with = "lenient::optional_string", skip_serializing_if = "Option::is_none")]
    pub pay_url: Option<String>,
    /// What a Mini Program opens the payment with.
    #[serde(deserialize_with = "miniprogram", skip_serializing_if = "Option::is_none")]
    pub miniprogram: Option<MiniProgram>,
}

/// What a Mini Program opens the payment with.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct MiniProgram {
    /// The AppID of the Mini Program for payment.
    pub appid: String,
    /// Its page.
    pub pagepath: String,
    /// Its business type.
    pub business_type: String,
    /// Its parameter.
    pub query_string: String,
}

/// The source calls the field a string and lists its inner fields: an object and its JSON text are both taken.
fn miniprogram<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<MiniProgram>, D::Error> {
    use serde::de::Error as _;
    use serde_json::Value;
    match Value::deserialize(deserializer)? {
        Value::Null => Ok(None),
        Value::String(text) if text.trim().is_empty() => Ok(None),
        Value::String(text) => serde_json::from_str(&text).map(Some).map_err(D::Error::custom),
        other => serde_json::from_value(other).map(Some).map_err(D::Error::custom),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::from_json;

    #[test]
    fn a_miniprogram_comes_as_an_object_as_text_or_not_at_all() {
        let object = br#"{"errcode":"0","order_id":"A","miniprogram":{"appid":"wx1","pagepath":"p"}}"#;
        let text = br#"{"errcode":0,"order_id":"A","miniprogram":"{\"appid\":\"wx1\",\"pagepath\":\"p\"}"}"#;
        let object: UnifiedOrderReply = from_json(object).unwrap();
        let text: UnifiedOrderReply = from_json(text).unwrap();
        assert_eq!(object, text);
        assert_eq!(text.miniprogram.unwrap().appid, "wx1");
        let none: UnifiedOrderReply = from_json(br#"{"errcode":0,"miniprogram":"","pay_url":" u "}"#).unwrap();
        assert_eq!((none.miniprogram, none.pay_url.as_deref()), (None, Some("u")));
    }

    #[test]
    fn the_sample_of_the_order_placement_page_reads_although_it_is_a_querys() {
        let reply: UnifiedOrderReply = from_json(
            r#"{"department_code":"143605002004","department_name":"韶关市公安局交警支队市区一大队","errcode":0,
                "errmsg":"通知书未缴款","fee":20000,"items":[{"fee":20000,"item_id":"103050101200",
                "item_name":"交通违法罚款","no":1,"overdue":0}],"payment_notice_create_time":1508806661,
                "payment_notice_no":"440204190185356","payment_notice_type":1,"region_code":"440000",
                "user_name":"叶*梅"}"#
                .as_bytes(),
        )
        .unwrap();
        assert_eq!((reply.errcode, reply.order_id, reply.pay_url), (0, None, None));
    }

    #[test]
    fn a_request_shows_nobody() {
        let request: UnifiedOrderRequest =
            from_json(r#"{"openid":"oSECRET","user_name":"叶红梅","ip":"192.0.2.7","order_no":"N1"}"#.as_bytes())
                .unwrap();
        let shown = format!("{request:?}");
        assert!(shown.contains("N1") && !shown.contains("oSECRET") && !shown.contains('叶'), "{shown}");
    }

    #[test]
    fn a_request_reads_with_fields_missing_and_numbers_as_text() {
        let request: UnifiedOrderRequest = from_json(br#"{"appid":"a","fee":" 2","openid":""}"#).unwrap();
        assert_eq!((request.fee, request.openid, request.desc.as_str()), (Some(2), None, ""));
    }
}
