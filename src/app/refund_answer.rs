//! A request for a refund as it is told to programs: on the admin API and by `nontax refund`.

use jiff::Timestamp;
use serde::Serialize;

use super::caller_key::given_key;
use crate::domain::{Fen, RefundRequestState};
use crate::store::RefundRequestRecord;

/// A request for a refund. The platform's fields bear its names and units; ours that end in `_at` are RFC 3339.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RefundAnswer {
    /// Our number of it.
    pub refund_out_id: String,
    /// The order.
    pub order_id: String,
    /// `requested`, `accepted`, `refunded` or `refused`.
    pub state: &'static str,
    /// How much in fen; absent for the whole order.
    pub refund_fee: Option<i64>,
    /// Why.
    pub reason: String,
    /// The platform's number of it, once it is known.
    pub refund_order_id: Option<String>,
    /// When the money went back, Unix seconds.
    pub refund_finish_time: Option<i64>,
    /// With which errcode the platform refused.
    pub errcode: Option<i64>,
    /// Its words, or why the last call told nothing.
    pub errmsg: Option<String>,
    /// The caller's key.
    pub key: String,
    /// Who asked.
    pub requested_by: String,
    /// How often the platform was called, or may have been.
    pub attempts: u32,
    /// When it was stored.
    pub created_at: String,
    /// When it last changed.
    pub updated_at: String,
}

impl From<&RefundRequestRecord> for RefundAnswer {
    fn from(request: &RefundRequestRecord) -> Self {
        let (refund_finish_time, errcode, errmsg) = match &request.state {
            RefundRequestState::Refunded { at, .. } => (at.map(Timestamp::as_second), None, None),
            RefundRequestState::Refused { errcode, errmsg } => (None, Some(*errcode), Some(errmsg.clone())),
            RefundRequestState::Requested => (None, None, request.problem.clone()),
            RefundRequestState::Accepted { .. } => (None, None, None),
        };
        Self {
            refund_out_id: request.refund_out_id.to_string(),
            order_id: request.order_id.to_string(),
            state: request.state.name(),
            refund_fee: request.refund_fee().map(Fen::get),
            reason: request.reason.clone(),
            refund_order_id: request.state.refund_order_id().map(ToString::to_string),
            refund_finish_time,
            errcode,
            errmsg,
            key: given_key(&request.caller_key).to_owned(),
            requested_by: request.requested_by.clone(),
            attempts: request.attempts,
            created_at: request.created_at.to_string(),
            updated_at: request.updated_at.to_string(),
        }
    }
}
