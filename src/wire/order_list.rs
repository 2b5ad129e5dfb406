//! The Order List Query API (protocol §6; source §6.1.10).

use serde::{Deserialize, Serialize};

use super::lenient;

/// The body of `POST /nontax/getorderlist`. A required field that is missing reads as an empty string.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct GetOrderListRequest {
    /// The Official Account that asks. Required.
    pub appid: String,
    /// Code of the region. Required.
    pub region_code: String,
    /// Code of the collection entity. Required.
    pub department_code: String,
    /// The notice; required when there is no order number.
    #[serde(deserialize_with = "lenient::optional_string", skip_serializing_if = "Option::is_none")]
    pub payment_notice_no: Option<String>,
    /// The business system's number; required when there is no notice.
    #[serde(deserialize_with = "lenient::optional_string", skip_serializing_if = "Option::is_none")]
    pub order_no: Option<String>,
}

/// The reply to `POST /nontax/getorderlist`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct GetOrderListReply {
    /// 0, or what is wrong (§10).
    #[serde(deserialize_with = "lenient::integer")]
    pub errcode: i64,
    /// What the errcode means.
    #[serde(deserialize_with = "lenient::optional_string", skip_serializing_if = "Option::is_none")]
    pub errmsg: Option<String>,
    /// The orders placed.
    #[serde(deserialize_with = "lenient::one_or_many", skip_serializing_if = "Vec::is_empty")]
    pub order_id_list: Vec<String>,
    /// The order that is paid, when one is.
    #[serde(deserialize_with = "lenient::optional_string", skip_serializing_if = "Option::is_none")]
    pub paid_order_id: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::from_json;

    #[test]
    fn nothing_placed_and_nothing_paid_read_as_absent() {
        for text in [r#"{"errcode":0,"errmsg":"ok"}"#, r#"{"errcode":0,"order_id_list":"","paid_order_id":""}"#] {
            let reply: GetOrderListReply = from_json(text.as_bytes()).unwrap();
            assert_eq!((reply.order_id_list.len(), reply.paid_order_id), (0, None));
        }
        let reply: GetOrderListReply =
            from_json(br#"{"errcode":0,"order_id_list":["A","B"],"paid_order_id":"B"}"#).unwrap();
        assert_eq!((reply.order_id_list.len(), reply.paid_order_id.as_deref()), (2, Some("B")));
    }
}
