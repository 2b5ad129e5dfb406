//! The exact shapes on the wire. Bytes to types and back, and nothing else: what a value means is decided in `domain`.
//!
//! Readers are lenient where the platform is: a number may come as a numeric string, an empty string means absent, fields
//! that nobody listed are ignored, a BOM or white space around a document is no error.

mod callback_envelope;
mod errcode;
mod json;
mod lenient;
mod mock;
mod notification;
mod order;
mod query_fee;
mod receivables;
mod refund;
mod token;
mod unified_order;

pub use callback_envelope::{
    DATA_ENCRYPT_TYPE, PROTOCOL_VERSION, ReplyEnvelope, RequestEnvelope, SIGN_TYPE, read_request_envelope,
};
pub use errcode::{Errcode, Locale, RefundRule};
pub use json::{InvalidJson, from_json};
pub use mock::{MockCall, MockReply, MockRequest};
pub use notification::{
    NotificationReply, PAY_CHANNEL_WX_NONTAX, PaymentStatusNotification, STATUS_PAID, STATUS_REFUNDED, is_paid_status,
};
pub use order::{
    FEE_TYPE_CNY, GetOrderReply, GetOrderRequest, NotifyDetail, NotifyHistory, ORDER_STATUS_CANCELED,
    ORDER_STATUS_TO_BE_PAID, PartialRefundInfo, REFUND_STATUS_AWAITING, REFUND_STATUS_REFUNDED,
};
pub use query_fee::{QueryFeeReply, QueryFeeRequest};
pub use receivables::{ReceivablesItem, ReceivablesQuery, ReceivablesReply};
pub use refund::{RefundReply, RefundRequest};
pub use token::{StableTokenRequest, TokenReply};
pub use unified_order::{
    MiniProgram, SCENE_MINIPROGRAM, SCENE_OFFICIAL_ACCOUNT, TRADE_TYPE_JSAPI, TRADE_TYPE_MWEB, UnifiedOrderReply,
    UnifiedOrderRequest,
};
