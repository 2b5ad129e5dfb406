//! The exact shapes on the wire. Bytes to types and back, and nothing else: what a value means is decided in `domain`.
//!
//! Readers are lenient where the platform is: a number may come as a numeric string, an empty string means absent, fields
//! that nobody listed are ignored, a BOM or white space around a document is no error.

mod api_errcode;
mod callback_envelope;
mod check;
mod client_ip;
mod download_bill;
mod errcode;
mod inconsistent_order;
mod json;
mod lenient;
mod micropay;
mod mock;
mod notification;
mod order;
mod order_list;
mod query_fee;
mod real_name;
mod receivables;
mod refund;
mod statement;
mod token;
mod unified_order;

pub use api_errcode::ApiErrcode;
pub use callback_envelope::{
    DATA_ENCRYPT_TYPE, PROTOCOL_VERSION, ReplyEnvelope, RequestEnvelope, SIGN_TYPE, read_request_envelope,
    reply_envelope_json,
};
pub use check::{CheckedRequest, RequestProblem};
pub use client_ip::{BaseResponse, ClientIpReply};
pub use download_bill::{BILL_TYPE_ALL, BILL_TYPE_REFUND, BILL_TYPE_SUCCESS, DownloadBillRequest};
pub use errcode::{Errcode, Locale, RefundRule};
pub use inconsistent_order::{NotifyInconsistentOrderReply, NotifyInconsistentOrderRequest};
pub use json::{InvalidJson, from_json};
pub use micropay::{MicropayReply, MicropayRequest};
pub use mock::{MockCall, MockReply, MockRequest};
pub use notification::{
    NotificationReply, PAY_CHANNEL_WX_NONTAX, PaymentStatusNotification, STATUS_PAID, STATUS_REFUNDED, is_paid_status,
};
pub use order::{
    FEE_TYPE_CNY, GetOrderReply, GetOrderRequest, NotifyDetail, NotifyHistory, ORDER_STATUS_AWAITING_REFUND,
    ORDER_STATUS_CANCELED, ORDER_STATUS_TO_BE_PAID, PartialRefundInfo, REFUND_STATUS_AWAITING, REFUND_STATUS_REFUNDED,
};
pub use order_list::{GetOrderListReply, GetOrderListRequest};
pub use query_fee::{QueryFeeReply, QueryFeeRequest};
pub use real_name::{
    DATA_ENCRYPT_TYPE_AES_ECB, GetAuthUrlReply, GetAuthUrlRequest, GetRealNameReply, GetRealNameRequest,
    KEY_ENCRYPT_TYPE_RSA,
};
pub use receivables::{ReceivablesItem, ReceivablesQuery, ReceivablesReply};
pub use refund::{RefundReply, RefundRequest};
pub use statement::{
    STATEMENT_STATUS_REFUND, STATEMENT_STATUS_SUCCESS, StatementFault, StatementHeader, StatementRefund, StatementRow,
    StatementSummary, StatementSummaryTitles,
};
pub use token::{StableTokenRequest, TokenReply};
pub use unified_order::{
    MiniProgram, SCENE_CITY_SERVICE, SCENE_MINIPROGRAM, SCENE_OFFICIAL_ACCOUNT, TRADE_TYPE_JSAPI, TRADE_TYPE_MWEB,
    UnifiedOrderReply, UnifiedOrderRequest,
};
