//! The Inconsistent Order Notification API (protocol §6; source §6.1.6): the platform notifies once more.

use serde::{Deserialize, Serialize};

use super::lenient;

/// The body of `POST /nontax/notifyinconsistentorder`. A required field that is missing reads as an empty string.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct NotifyInconsistentOrderRequest {
    /// The Official Account that asks. Required.
    pub appid: String,
    /// The order. Required.
    pub order_id: String,
}

/// The reply to `POST /nontax/notifyinconsistentorder`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct NotifyInconsistentOrderReply {
    /// 0, or what is wrong (§10).
    #[serde(deserialize_with = "lenient::integer")]
    pub errcode: i64,
    /// What the errcode means.
    #[serde(deserialize_with = "lenient::optional_string", skip_serializing_if = "Option::is_none")]
    pub errmsg: Option<String>,
}
