//! The receivables query that we answer (protocol §2.1; source §6.2.1).

use serde::{Deserialize, Serialize};

use super::lenient;

/// The plaintext of a receivables query.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReceivablesQuery {
    /// `AppID` of the Official Account asked.
    pub appid: String,
    /// Code of the region.
    pub region_code: String,
    /// Number of the payment notice.
    pub payment_notice_no: String,
    /// Code of the collection entity.
    #[serde(default, deserialize_with = "lenient::optional_string", skip_serializing_if = "Option::is_none")]
    pub department_code: Option<String>,
    /// 1 general, 2 penalty.
    #[serde(default, deserialize_with = "lenient::optional_integer", skip_serializing_if = "Option::is_none")]
    pub payment_notice_type: Option<i64>,
    /// The bank's globally unique id.
    pub bank_id: String,
}

/// The plaintext of the reply to a receivables query. Which fields are present depends on `errcode`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReceivablesReply {
    /// 0, or why the notice cannot be paid.
    #[serde(deserialize_with = "lenient::integer")]
    pub errcode: i64,
    /// What the errcode means.
    #[serde(default)]
    pub errmsg: String,
    /// Code of the region.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region_code: Option<String>,
    /// Number of the payment notice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payment_notice_no: Option<String>,
    /// Code of the collection entity.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub department_code: Option<String>,
    /// Name of the collection entity.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub department_name: Option<String>,
    /// 1 general, 2 penalty.
    #[serde(default, deserialize_with = "lenient::optional_integer", skip_serializing_if = "Option::is_none")]
    pub payment_notice_type: Option<i64>,
    /// The payer's name, masked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_name: Option<String>,
    /// When the notice was made out, Unix seconds.
    #[serde(default, deserialize_with = "lenient::optional_integer", skip_serializing_if = "Option::is_none")]
    pub payment_notice_create_time: Option<i64>,
    /// The last day for payment, YYYYMMDD.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payment_expire_date: Option<String>,
    /// What is due, in fen.
    #[serde(default, deserialize_with = "lenient::optional_integer", skip_serializing_if = "Option::is_none")]
    pub fee: Option<i64>,
    /// What it is made of.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub items: Vec<ReceivablesItem>,
    /// With 232: how it was paid; `wx_nontax` for the platform.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pay_channel: Option<String>,
    /// With 232: the order that paid it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order_id: Option<String>,
}

/// One item of a notice or an order. The same shape in queries, orders and imports.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReceivablesItem {
    /// Item number: 1, 2, 3…
    #[serde(deserialize_with = "lenient::integer")]
    pub no: i64,
    /// The item's code.
    pub item_id: String,
    /// The item's name.
    pub item_name: String,
    /// Late fee in fen.
    #[serde(default, deserialize_with = "lenient::optional_integer", skip_serializing_if = "Option::is_none")]
    pub overdue: Option<i64>,
    /// Penalty in fen.
    #[serde(default, deserialize_with = "lenient::optional_integer", skip_serializing_if = "Option::is_none")]
    pub penalty: Option<i64>,
    /// The item's amount in fen, late fee and penalty included.
    #[serde(deserialize_with = "lenient::integer")]
    pub fee: i64,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::from_json;

    #[test]
    fn empty_text_means_absent() {
        let query: ReceivablesQuery = from_json(
            br#"{"appid":"a","region_code":"440000","payment_notice_no":"1","department_code":"","payment_notice_type":" 2","bank_id":"b"}"#,
        )
        .unwrap();
        assert_eq!(query.department_code, None);
        assert_eq!(query.payment_notice_type, Some(2));
    }

    #[test]
    fn a_refusal_carries_nothing_but_its_code() {
        let reply = ReceivablesReply { errcode: 231, errmsg: "x".into(), ..Default::default() };
        assert_eq!(serde_json::to_string(&reply).unwrap(), r#"{"errcode":231,"errmsg":"x"}"#);
    }
}
