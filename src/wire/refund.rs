//! The Refund Request API (protocol §6; source §6.1.4).

use serde::{Deserialize, Serialize};

use super::lenient;

/// The body of `POST /nontax/refund`. With `refund_fee` and `refund_out_id` the refund is partial.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RefundRequest {
    /// The Official Account that refunds.
    pub appid: String,
    /// The order.
    pub order_id: String,
    /// Why.
    pub reason: String,
    /// How much, in fen.
    #[serde(deserialize_with = "lenient::optional_integer", skip_serializing_if = "Option::is_none")]
    pub refund_fee: Option<i64>,
    /// The refunding party's own number, unique per partial refund.
    #[serde(deserialize_with = "lenient::optional_string", skip_serializing_if = "Option::is_none")]
    pub refund_out_id: Option<String>,
}

/// The reply to `POST /nontax/refund`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RefundReply {
    /// 0, or what is wrong (§10).
    #[serde(deserialize_with = "lenient::integer")]
    pub errcode: i64,
    /// What the errcode means.
    #[serde(deserialize_with = "lenient::optional_string", skip_serializing_if = "Option::is_none")]
    pub errmsg: Option<String>,
    /// The platform's number of the refund.
    #[serde(deserialize_with = "lenient::optional_string", skip_serializing_if = "Option::is_none")]
    pub refund_order_id: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::from_json;

    #[test]
    fn a_full_refund_names_no_amount() {
        let request =
            RefundRequest { appid: "a".into(), order_id: "o".into(), reason: "r".into(), ..Default::default() };
        assert_eq!(serde_json::to_string(&request).unwrap(), r#"{"appid":"a","order_id":"o","reason":"r"}"#);
        let read: RefundRequest =
            from_json(br#"{"appid":"a","order_id":"o","reason":"r","refund_fee":"","refund_out_id":""}"#).unwrap();
        assert_eq!(read, request);
    }
}
