//! The platform's Receivables Query API, for government units (protocol §6; source §6.1.1).

use serde::{Deserialize, Serialize};

use super::lenient;
use super::receivables::ReceivablesItem;

/// The body of `POST /nontax/queryfee`. A required field that is missing reads as an empty string.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct QueryFeeRequest {
    /// The Official Account that asks.
    pub appid: String,
    /// Service ID. Required by the platform.
    #[serde(deserialize_with = "lenient::optional_integer", skip_serializing_if = "Option::is_none")]
    pub service_id: Option<i64>,
    /// The bank; the platform chooses one when it is absent.
    #[serde(deserialize_with = "lenient::optional_string", skip_serializing_if = "Option::is_none")]
    pub bank_id: Option<String>,
    /// The notice. Required.
    pub payment_notice_no: String,
    /// Code of the collection entity. Required.
    pub department_code: String,
    /// 1 general, 2 penalty.
    #[serde(deserialize_with = "lenient::optional_integer", skip_serializing_if = "Option::is_none")]
    pub payment_notice_type: Option<i64>,
    /// Code of the region. Required.
    pub region_code: String,
}

/// The reply to `POST /nontax/queryfee`. With an errcode other than 0 nothing else is present.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct QueryFeeReply {
    /// 0 unpaid and payable, or what is wrong (§10).
    #[serde(deserialize_with = "lenient::integer")]
    pub errcode: i64,
    /// What the errcode means.
    #[serde(deserialize_with = "lenient::optional_string", skip_serializing_if = "Option::is_none")]
    pub errmsg: Option<String>,
    /// The payer's name, masked.
    #[serde(deserialize_with = "lenient::optional_string", skip_serializing_if = "Option::is_none")]
    pub user_name: Option<String>,
    /// Total in fen.
    #[serde(deserialize_with = "lenient::optional_integer", skip_serializing_if = "Option::is_none")]
    pub fee: Option<i64>,
    /// What it is made of.
    #[serde(deserialize_with = "lenient::one_or_many", skip_serializing_if = "Vec::is_empty")]
    pub items: Vec<ReceivablesItem>,
    /// The notice.
    #[serde(deserialize_with = "lenient::optional_string", skip_serializing_if = "Option::is_none")]
    pub payment_notice_no: Option<String>,
    /// Code of the collection entity.
    #[serde(deserialize_with = "lenient::optional_string", skip_serializing_if = "Option::is_none")]
    pub department_code: Option<String>,
    /// Name of the collection entity.
    #[serde(deserialize_with = "lenient::optional_string", skip_serializing_if = "Option::is_none")]
    pub department_name: Option<String>,
    /// 1 general, 2 penalty.
    #[serde(deserialize_with = "lenient::optional_integer", skip_serializing_if = "Option::is_none")]
    pub payment_notice_type: Option<i64>,
    /// Code of the region.
    #[serde(deserialize_with = "lenient::optional_string", skip_serializing_if = "Option::is_none")]
    pub region_code: Option<String>,
    /// When the notice was made out, Unix seconds.
    #[serde(deserialize_with = "lenient::optional_integer", skip_serializing_if = "Option::is_none")]
    pub payment_notice_create_time: Option<i64>,
    /// The last day for payment, YYYYMMDD.
    #[serde(deserialize_with = "lenient::optional_string", skip_serializing_if = "Option::is_none")]
    pub payment_expire_date: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::from_json;

    #[test]
    fn the_sample_of_the_order_placement_page_reads() {
        let reply: QueryFeeReply = from_json(
            r#"{"department_code":"143605002004","department_name":"韶关市公安局交警支队市区一大队","errcode":0,
                "errmsg":"通知书未缴款","fee":20000,"items":[{"fee":20000,"item_id":"103050101200",
                "item_name":"交通违法罚款","no":1,"overdue":0}],"payment_notice_create_time":1508806661,
                "payment_notice_no":"440204190185356","payment_notice_type":1,"region_code":"440000",
                "user_name":"叶*梅"}"#
                .as_bytes(),
        )
        .unwrap();
        assert_eq!((reply.fee, reply.items[0].overdue, reply.payment_expire_date), (Some(20_000), Some(0), None));
    }

    #[test]
    fn a_refusal_is_its_code_and_nothing_else() {
        let reply = QueryFeeReply { errcode: 9_200_231, ..Default::default() };
        assert_eq!(serde_json::to_string(&reply).unwrap(), r#"{"errcode":9200231}"#);
    }
}
