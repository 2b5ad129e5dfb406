//! The Statement Download API (protocol §6; source §6.1.5): a file when it works, a JSON errcode when it does not.

use serde::{Deserialize, Serialize};

use super::lenient;

/// `bill_type` of all orders of the day, and of a request that names none.
pub const BILL_TYPE_ALL: &str = "ALL";

/// `bill_type` of the orders paid on the day.
pub const BILL_TYPE_SUCCESS: &str = "SUCCESS";

/// `bill_type` of the orders refunded on the day.
pub const BILL_TYPE_REFUND: &str = "REFUND";

/// The body of `POST /nontax/downloadbill`. A required field that is missing reads as an empty string.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct DownloadBillRequest {
    /// The Official Account that asks. Required.
    pub appid: String,
    /// The merchant account, for its statement as csv; absent for a zip of all of them.
    #[serde(deserialize_with = "lenient::optional_string", skip_serializing_if = "Option::is_none")]
    pub mch_id: Option<String>,
    /// The day in China, YYYYMMDD. Required.
    pub bill_date: String,
    /// `ALL`, `SUCCESS` or `REFUND`; absent for `ALL`.
    #[serde(deserialize_with = "lenient::optional_string", skip_serializing_if = "Option::is_none")]
    pub bill_type: Option<String>,
}
