//! The Order Query API (protocol §6; source §6.1.3).

use serde::{Deserialize, Serialize};

use super::lenient;
use super::receivables::ReceivablesItem;

/// `status` of an order that waits for payment.
pub const ORDER_STATUS_TO_BE_PAID: i64 = 1;

/// `status` of an order whose refund is on its way.
pub const ORDER_STATUS_AWAITING_REFUND: i64 = 6;

/// `status` of an order that ran out of time before it was paid.
pub const ORDER_STATUS_CANCELED: i64 = 12;

/// `fee_type` of an order in Chinese yuan.
pub const FEE_TYPE_CNY: i64 = 1;

/// `refund_status` of a partial refund that is done.
pub const REFUND_STATUS_REFUNDED: i64 = 5;

/// `refund_status` of a partial refund that is on its way.
pub const REFUND_STATUS_AWAITING: i64 = 6;

/// The body of `POST /nontax/getorder`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GetOrderRequest {
    /// The Official Account that asks.
    pub appid: String,
    /// Service ID.
    #[serde(default, deserialize_with = "lenient::optional_integer", skip_serializing_if = "Option::is_none")]
    pub service_id: Option<i64>,
    /// The order.
    pub order_id: String,
}

/// The reply to `POST /nontax/getorder`. With an errcode other than 0 nothing else is present. A time of 0 means that it has
/// not happened.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct GetOrderReply {
    /// 0, or what is wrong (§10).
    #[serde(deserialize_with = "lenient::integer")]
    pub errcode: i64,
    /// What the errcode means.
    #[serde(deserialize_with = "lenient::optional_string", skip_serializing_if = "Option::is_none")]
    pub errmsg: Option<String>,
    /// The Official Account.
    #[serde(deserialize_with = "lenient::optional_string", skip_serializing_if = "Option::is_none")]
    pub appid: Option<String>,
    /// The user.
    #[serde(deserialize_with = "lenient::optional_string", skip_serializing_if = "Option::is_none")]
    pub openid: Option<String>,
    /// The order.
    #[serde(deserialize_with = "lenient::optional_string", skip_serializing_if = "Option::is_none")]
    pub order_id: Option<String>,
    /// When it was placed, Unix seconds.
    #[serde(deserialize_with = "lenient::optional_integer", skip_serializing_if = "Option::is_none")]
    pub create_time: Option<i64>,
    /// When it was paid, Unix seconds.
    #[serde(deserialize_with = "lenient::optional_integer", skip_serializing_if = "Option::is_none")]
    pub pay_finish_time: Option<i64>,
    /// Name of the service.
    #[serde(deserialize_with = "lenient::optional_string", skip_serializing_if = "Option::is_none")]
    pub desc: Option<String>,
    /// Total in fen.
    #[serde(deserialize_with = "lenient::optional_integer", skip_serializing_if = "Option::is_none")]
    pub fee: Option<i64>,
    /// 1 CNY, 2 US dollar.
    #[serde(deserialize_with = "lenient::optional_integer", skip_serializing_if = "Option::is_none")]
    pub fee_type: Option<i64>,
    /// Number of the payment transaction.
    #[serde(deserialize_with = "lenient::optional_string", skip_serializing_if = "Option::is_none")]
    pub trans_id: Option<String>,
    /// 1 to be paid, 3 or 4 paid, 5 refunded, 6 awaiting refund, 12 canceled.
    #[serde(deserialize_with = "lenient::optional_integer", skip_serializing_if = "Option::is_none")]
    pub status: Option<i64>,
    /// The bank.
    #[serde(deserialize_with = "lenient::optional_string", skip_serializing_if = "Option::is_none")]
    pub bank_id: Option<String>,
    /// The bank's name.
    #[serde(deserialize_with = "lenient::optional_string", skip_serializing_if = "Option::is_none")]
    pub bank_name: Option<String>,
    /// The bank account.
    #[serde(deserialize_with = "lenient::optional_string", skip_serializing_if = "Option::is_none")]
    pub bank_account: Option<String>,
    /// When the refund was done, Unix seconds.
    #[serde(deserialize_with = "lenient::optional_integer", skip_serializing_if = "Option::is_none")]
    pub refund_finish_time: Option<i64>,
    /// Why it was refunded.
    #[serde(deserialize_with = "lenient::optional_string", skip_serializing_if = "Option::is_none")]
    pub refund_reason: Option<String>,
    /// The platform's number of the refund.
    #[serde(deserialize_with = "lenient::optional_string", skip_serializing_if = "Option::is_none")]
    pub refund_order_id: Option<String>,
    /// The refunding party's number of the refund.
    #[serde(deserialize_with = "lenient::optional_string", skip_serializing_if = "Option::is_none")]
    pub refund_out_id: Option<String>,
    /// The notice, as given when the order was placed.
    #[serde(deserialize_with = "lenient::optional_string", skip_serializing_if = "Option::is_none")]
    pub payment_notice_no: Option<String>,
    /// The business system's number, as given when the order was placed.
    #[serde(deserialize_with = "lenient::optional_string", skip_serializing_if = "Option::is_none")]
    pub order_no: Option<String>,
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
    /// What the total is made of.
    #[serde(deserialize_with = "lenient::one_or_many", skip_serializing_if = "Vec::is_empty")]
    pub items: Vec<ReceivablesItem>,
    /// Bill type code.
    #[serde(deserialize_with = "lenient::optional_string", skip_serializing_if = "Option::is_none")]
    pub bill_type_code: Option<String>,
    /// Bill number.
    #[serde(deserialize_with = "lenient::optional_string", skip_serializing_if = "Option::is_none")]
    pub bill_no: Option<String>,
    /// 1 the receivable comes from finance, 2 from the government unit.
    #[serde(deserialize_with = "lenient::optional_integer", skip_serializing_if = "Option::is_none")]
    pub payment_info_source: Option<i64>,
    /// Partial refunds.
    #[serde(deserialize_with = "lenient::one_or_many", skip_serializing_if = "Vec::is_empty")]
    pub partial_refund_info: Vec<PartialRefundInfo>,
    /// Whom the platform notified, and what came back.
    #[serde(deserialize_with = "lenient::one_or_many", skip_serializing_if = "Vec::is_empty")]
    pub notify_history: Vec<NotifyHistory>,
    /// Where the order was placed.
    #[serde(deserialize_with = "lenient::optional_string", skip_serializing_if = "Option::is_none")]
    pub scene: Option<String>,
}

/// One partial refund of an order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PartialRefundInfo {
    /// The platform's number of the refund.
    pub refund_order_id: String,
    /// Why.
    #[serde(deserialize_with = "lenient::optional_string")]
    pub refund_reason: Option<String>,
    /// How much, in fen.
    #[serde(deserialize_with = "lenient::optional_integer")]
    pub refund_fee: Option<i64>,
    /// When it was done, Unix seconds.
    #[serde(deserialize_with = "lenient::optional_integer")]
    pub refund_finish_time: Option<i64>,
    /// The refunding party's number of the refund.
    #[serde(deserialize_with = "lenient::optional_string")]
    pub refund_out_id: Option<String>,
    /// 5 refunded, 6 awaiting refund.
    #[serde(deserialize_with = "lenient::optional_integer")]
    pub refund_status: Option<i64>,
}

/// The notifications of an order to one party.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct NotifyHistory {
    /// The party's Official Account.
    pub appid: String,
    /// The party's name.
    #[serde(deserialize_with = "lenient::optional_string")]
    pub name: Option<String>,
    /// The first and the last notification.
    pub notify_detail: Vec<NotifyDetail>,
    /// How many notifications were sent.
    #[serde(deserialize_with = "lenient::integer")]
    pub notify_cnt: i64,
}

/// One notification, as the platform saw it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct NotifyDetail {
    /// When, Unix seconds.
    #[serde(deserialize_with = "lenient::integer")]
    pub notify_time: i64,
    /// The platform's own code for the attempt; 0 when a reply came.
    #[serde(deserialize_with = "lenient::integer")]
    pub ret: i64,
    /// What `ret` means.
    #[serde(deserialize_with = "lenient::optional_string", skip_serializing_if = "Option::is_none")]
    pub ret_errmsg: Option<String>,
    /// How long it took, in milliseconds.
    #[serde(deserialize_with = "lenient::integer")]
    pub cost_time: i64,
    /// The random text appended to the URL.
    pub wxnontaxstr: String,
    /// 3 or 4 paid, 5 refunded.
    #[serde(deserialize_with = "lenient::integer")]
    pub status: i64,
    /// The URL that was called.
    #[serde(deserialize_with = "lenient::optional_string", skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// The errcode of the party's reply.
    #[serde(deserialize_with = "lenient::optional_integer", skip_serializing_if = "Option::is_none")]
    pub errcode: Option<i64>,
    /// The errmsg of the party's reply.
    #[serde(deserialize_with = "lenient::optional_string", skip_serializing_if = "Option::is_none")]
    pub errmsg: Option<String>,
    /// The party's reply as it came.
    #[serde(deserialize_with = "lenient::optional_string", skip_serializing_if = "Option::is_none")]
    pub third_resp: Option<String>,
    /// The party's reply, decrypted.
    #[serde(deserialize_with = "lenient::optional_string", skip_serializing_if = "Option::is_none")]
    pub third_resp_data: Option<String>,
}
