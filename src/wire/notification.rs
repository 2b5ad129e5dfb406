//! The payment status notification that we answer (protocol §2.2; source §6.2.2, §6.3.1).

use serde::{Deserialize, Serialize};

use super::lenient;

/// `status` of a paid order; 4 means the same.
pub const STATUS_PAID: i64 = 3;

/// `status` of a refunded order, in notifications and in order queries.
pub const STATUS_REFUNDED: i64 = 5;

/// `pay_channel` of the Weixin non-tax platform.
pub const PAY_CHANNEL_WX_NONTAX: &str = "wx_nontax";

/// Whether a `status` means paid: 3 or 4.
#[must_use]
pub const fn is_paid_status(status: i64) -> bool {
    matches!(status, 3 | 4)
}

/// The plaintext of a payment status notification. The last five fields are not in the sources: they are read when a platform
/// sends them, so that the order need not be asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentStatusNotification {
    /// The platform's order.
    pub order_id: String,
    /// 3 or 4 paid, 5 refunded.
    #[serde(deserialize_with = "lenient::integer")]
    pub status: i64,
    /// `wx_nontax` for the platform.
    pub pay_channel: String,
    /// When the citizen paid, Unix seconds. Required for bank and finance.
    #[serde(default, deserialize_with = "lenient::optional_integer", skip_serializing_if = "Option::is_none")]
    pub pay_finish_time: Option<i64>,
    /// When the refund was done, Unix seconds.
    #[serde(default, deserialize_with = "lenient::optional_integer", skip_serializing_if = "Option::is_none")]
    pub refund_finish_time: Option<i64>,
    /// The amount of a partial refund, in fen.
    #[serde(default, deserialize_with = "lenient::optional_integer", skip_serializing_if = "Option::is_none")]
    pub refund_fee: Option<i64>,
    /// The number of a partial refund.
    #[serde(default, deserialize_with = "lenient::optional_string", skip_serializing_if = "Option::is_none")]
    pub refund_order_id: Option<String>,
    /// The notice that the order pays.
    #[serde(default, deserialize_with = "lenient::optional_string", skip_serializing_if = "Option::is_none")]
    pub payment_notice_no: Option<String>,
    /// Code of the region.
    #[serde(default, deserialize_with = "lenient::optional_string", skip_serializing_if = "Option::is_none")]
    pub region_code: Option<String>,
    /// Code of the collection entity.
    #[serde(default, deserialize_with = "lenient::optional_string", skip_serializing_if = "Option::is_none")]
    pub department_code: Option<String>,
    /// The order's total, in fen.
    #[serde(default, deserialize_with = "lenient::optional_integer", skip_serializing_if = "Option::is_none")]
    pub fee: Option<i64>,
    /// The bank that collects.
    #[serde(default, deserialize_with = "lenient::optional_string", skip_serializing_if = "Option::is_none")]
    pub bank_id: Option<String>,
}

/// The plaintext of the reply to a notification.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotificationReply {
    /// 0, or what is wrong.
    #[serde(deserialize_with = "lenient::integer")]
    pub errcode: i64,
    /// What the errcode means.
    #[serde(default)]
    pub errmsg: String,
    /// With 232: the order that did pay the notice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order_id: Option<String>,
}
