//! The exact shapes on the wire. Bytes to types and back, and nothing else: what a value means is decided in `domain`.
//!
//! Readers are lenient where the platform is: a number may come as a numeric string, an empty string means absent, fields
//! that nobody listed are ignored, a BOM or white space around a document is no error.

mod callback_envelope;
mod errcode;
mod json;
mod lenient;
mod notification;
mod order;
mod receivables;
mod token;

pub use callback_envelope::{
    DATA_ENCRYPT_TYPE, PROTOCOL_VERSION, ReplyEnvelope, RequestEnvelope, SIGN_TYPE, read_request_envelope,
};
pub use errcode::{Errcode, Locale, RefundRule};
pub use json::{InvalidJson, from_json};
pub use notification::{
    NotificationReply, PAY_CHANNEL_WX_NONTAX, PaymentStatusNotification, STATUS_PAID, STATUS_REFUNDED, is_paid_status,
};
pub use order::{
    GetOrderReply, GetOrderRequest, NotifyDetail, NotifyHistory, ORDER_STATUS_CANCELED, ORDER_STATUS_TO_BE_PAID,
    PartialRefundInfo, REFUND_STATUS_REFUNDED,
};
pub use receivables::{ReceivablesItem, ReceivablesQuery, ReceivablesReply};
pub use token::{StableTokenRequest, TokenReply};
