//! The Quick Pay Submission API (protocol §6; source §6.1.9 and the page of `nontaxmicropay`).

use std::fmt;

use serde::{Deserialize, Serialize};

use super::lenient;
use super::receivables::ReceivablesItem;

/// The body of `POST /nontax/micropay`. A required field that is missing reads as an empty string.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct MicropayRequest {
    /// The Official Account. Required.
    pub appid: String,
    /// The bank; the platform chooses one when it is absent. Required in the test environment.
    #[serde(deserialize_with = "lenient::optional_string", skip_serializing_if = "Option::is_none")]
    pub bank_id: Option<String>,
    /// The sorting bank account.
    #[serde(deserialize_with = "lenient::optional_string", skip_serializing_if = "Option::is_none")]
    pub bank_account: Option<String>,
    /// The merchant account that the money goes to.
    #[serde(deserialize_with = "lenient::optional_string", skip_serializing_if = "Option::is_none")]
    pub mch_id: Option<String>,
    /// Name of the service. Required.
    pub desc: String,
    /// Total in fen. Required.
    #[serde(deserialize_with = "lenient::optional_integer", skip_serializing_if = "Option::is_none")]
    pub fee: Option<i64>,
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
    /// The notice; required when there is no order number.
    #[serde(deserialize_with = "lenient::optional_string", skip_serializing_if = "Option::is_none")]
    pub payment_notice_no: Option<String>,
    /// The business system's number; required when there is no notice.
    #[serde(deserialize_with = "lenient::optional_string", skip_serializing_if = "Option::is_none")]
    pub order_no: Option<String>,
    /// Code of the collection entity. Required.
    pub department_code: String,
    /// Name of the collection entity. Required.
    pub department_name: String,
    /// 1 general, 2 penalty.
    #[serde(deserialize_with = "lenient::optional_integer", skip_serializing_if = "Option::is_none")]
    pub payment_notice_type: Option<i64>,
    /// Code of the region. Required.
    pub region_code: String,
    /// What the scanner read from the payer's phone: 18 digits that begin with 10 to 15. Required, and good for one payment.
    pub auth_code: String,
    /// The order of the first reply. Required when there was one.
    #[serde(deserialize_with = "lenient::optional_string", skip_serializing_if = "Option::is_none")]
    pub order_id: Option<String>,
}

/// Without the payer's code and name.
impl fmt::Debug for MicropayRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MicropayRequest")
            .field("appid", &self.appid)
            .field("fee", &self.fee)
            .field("payment_notice_no", &self.payment_notice_no)
            .field("order_no", &self.order_no)
            .field("order_id", &self.order_id)
            .finish_non_exhaustive()
    }
}

/// The reply to `POST /nontax/micropay`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct MicropayReply {
    /// 0 paid; -1, 9207008 and the others of source §6.1.9.
    #[serde(deserialize_with = "lenient::integer")]
    pub errcode: i64,
    /// What the errcode means.
    #[serde(deserialize_with = "lenient::optional_string", skip_serializing_if = "Option::is_none")]
    pub errmsg: Option<String>,
    /// The order, to be named when the call is made again.
    #[serde(deserialize_with = "lenient::optional_string", skip_serializing_if = "Option::is_none")]
    pub order_id: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::from_json;

    #[test]
    fn the_sample_of_the_page_reads() {
        let request: MicropayRequest = from_json(
            r#"{"appid":"wx5f6e43071809a9dd","bank_id":"test_bank_id","bank_account":"","desc":"测试办证缴费","fee":1,
                "user_name":"*三强","items":[{"no":1,"item_id":"000001","item_name":"测试办证缴费1","overdue":0,"fee":1},
                {"no":2,"item_id":"000002","item_name":"测试办证缴费2","overdue":0,"fee":0}],
                "payment_notice_create_time":1500967298,"payment_expire_date":"20190102",
                "payment_notice_no":" 08111639088","department_code":"118610002","department_name":"测试执收单位",
                "region_code":"440000","auth_code":" 134971951305811268"}"#
                .as_bytes(),
        )
        .unwrap();
        assert!(!format!("{request:?}").contains("134971951305811268"));
        assert_eq!((request.payment_notice_no.as_deref(), request.bank_account), (Some("08111639088"), None));
    }
}
