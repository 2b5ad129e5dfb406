//! What the simulated platform refuses with (source §10, and the common codes of Weixin's APIs).

use serde::Serialize;

/// An errcode with its text, as the platform's replies carry them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
#[error("{errcode}: {errmsg}")]
pub struct ApiError {
    /// The errcode; never 0.
    pub errcode: i64,
    /// What it means, and here what exactly was wrong.
    pub errmsg: String,
}

impl ApiError {
    /// An error with the text of its code.
    #[must_use]
    pub fn new(code: ApiErrorCode) -> Self {
        Self { errcode: code.code(), errmsg: code.text().to_owned() }
    }

    /// With what was wrong this time.
    #[must_use]
    pub fn because(code: ApiErrorCode, cause: impl std::fmt::Display) -> Self {
        Self { errcode: code.code(), errmsg: format!("{}: {cause}", code.text()) }
    }
}

impl From<ApiErrorCode> for ApiError {
    fn from(code: ApiErrorCode) -> Self {
        Self::new(code)
    }
}

macro_rules! api_error_codes {
    ($($(#[$meta:meta])* $name:ident = $code:literal, $text:literal;)+) => {
        /// The errcodes that the simulator gives.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum ApiErrorCode {
            $($(#[$meta])* $name,)+
        }

        impl ApiErrorCode {
            /// The number on the wire.
            #[must_use]
            pub const fn code(self) -> i64 {
                match self { $(Self::$name => $code,)+ }
            }

            /// What it means.
            #[must_use]
            pub const fn text(self) -> &'static str {
                match self { $(Self::$name => $text,)+ }
            }
        }
    };
}

api_error_codes! {
    /// The access_token is not one that is valid now.
    InvalidCredential = 40001, "invalid credential, access_token is invalid or not latest";
    /// `grant_type` is not `client_credential`.
    InvalidGrantType = 40002, "invalid grant_type";
    /// No such Official Account.
    InvalidAppid = 40013, "invalid appid";
    /// A field that has no code of its own.
    InvalidArgument = 40097, "invalid args";
    /// The AppSecret is wrong.
    InvalidAppSecret = 40125, "invalid appsecret";
    /// There is no access_token in the URL.
    AccessTokenMissing = 41001, "access_token missing";
    /// The access_token's time is over.
    AccessTokenExpired = 42001, "access_token expired";
    /// More than 20 forced refreshes a day.
    TokenQuotaExceeded = 45009, "reach max api daily quota limit";
    /// The body is not the JSON object that is wanted.
    InvalidJson = 47001, "data format error";
    /// A notice's entity or item is suspended.
    NoticeSuspended = 9_200_211, "payment notice is suspended";
    /// There is no such notice.
    NoticeNotFound = 9_200_231, "payment notice does not exist";
    /// It is paid.
    PaymentCompleted = 9_200_232, "payment completed";
    /// It is canceled.
    NoticeCanceled = 9_200_233, "payment notice is canceled";
    /// It is past its date.
    LatePaymentNotAllowed = 9_200_235, "late payment is not allowed";
    /// Not through this bank.
    BankNotSupported = 9_200_236, "payment through this bank is not supported";
    /// Not now.
    PaymentSuspended = 9_200_297, "payment is suspended for now";
    /// `desc` is empty.
    EmptyDesc = 9_201_000, "the desc parameter is empty";
    /// The items do not add up to the fee.
    FeeIsNotTheSum = 9_201_001, "the total amount is not equal to the sum of the amounts of all sub-items";
    /// The fee is 0.
    FeeIsZero = 9_201_003, "the total amount is 0";
    /// `payment_expire_date` is no date.
    InvalidExpireDate = 9_201_004, "the payment_expire_date parameter is invalid";
    /// `return_url` is missing.
    InvalidReturnUrl = 9_201_008, "the return_url parameter is invalid";
    /// `ip` is no address.
    InvalidIp = 9_201_009, "the ip parameter is invalid";
    /// There is no such order.
    InvalidOrderId = 9_201_010, "the order_id parameter is invalid";
    /// The reason of a refund is empty.
    InvalidRefundReason = 9_201_011, "the refund_reason parameter is invalid";
    /// `trade_type` is unknown.
    InvalidTradeType = 9_201_015, "the trade_type parameter is invalid";
    /// Neither a notice nor an order number.
    InvalidNoticeNo = 9_201_018, "the payment_notice_no parameter is invalid";
    /// `department_code` is empty.
    InvalidDepartmentCode = 9_201_019, "the department_code parameter is invalid";
    /// `payment_notice_type` is neither 1 nor 2.
    InvalidNoticeType = 9_201_020, "the payment_notice_type parameter is invalid";
    /// `region_code` is empty.
    InvalidRegionCode = 9_201_021, "the region_code parameter is invalid";
    /// `department_name` is empty.
    InvalidDepartmentName = 9_201_022, "the department_name parameter is invalid";
    /// A partial refund without its number.
    InvalidRefundOutId = 9_201_024, "the refund_out_id parameter is invalid";
    /// Nothing to refund yet.
    RefundBeforePayment = 9_202_001, "no refund is allowed before the payment is completed";
    /// Nothing left to refund.
    Refunded = 9_202_011, "refunded";
    /// More than was paid.
    RefundExceedsTotal = 9_202_012,
        "failed to refund the order, the amount to be refunded plus the amount already refunded exceeds the total amount";
    /// The refund's number was used with another amount.
    RefundOutIdConflict = 9_202_013, "duplicate refund_busi_id with different refund_fee";
    /// A test call got no reply.
    MockNotSent = 9_203_001, "failed to notify of the test result, failed to send the request";
    /// A test call's reply is no reply envelope.
    MockReplyUnreadable = 9_203_002, "failed to notify of the test result, failed to return the data";
    /// A test call's reply does not hold what it must.
    MockReplyWrong = 9_203_004, "failed to notify of the test result, failed to return the decrypted data";
    /// Nobody answers receivables queries.
    FinanceNotConfigured = 9_205_000, "the information on the finance authorities is not configured";
    /// The receivables query failed.
    QueryFailed = 9_210_000, "failed to query information from the finance authorities";
    /// `openid` is missing.
    InvalidOpenid = 9_291_000, "the openid parameter is invalid";
    /// `appid` is empty.
    EmptyAppid = 9_291_004, "the appid is empty";
    /// The access_token is another account's.
    AppidNotOfToken = 9_291_005, "the appid does not match with the access_token";
}
