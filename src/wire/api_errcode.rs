//! The errcodes that the platform's APIs refuse with (source §6.1.9, §10, and the common codes of Weixin's APIs). A closed
//! vocabulary: a number that is not in it stays a number.

macro_rules! api_errcodes {
    ($($(#[$meta:meta])* $name:ident = $code:literal, $english:literal, $chinese:literal;)+) => {
        /// An errcode of the platform's APIs. 0 is not one: it is no refusal.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum ApiErrcode {
            $($(#[$meta])* $name,)+
        }

        impl ApiErrcode {
            /// All of them, by number.
            pub const ALL: &[Self] = &[$(Self::$name,)+];

            /// The number on the wire.
            #[must_use]
            pub const fn code(self) -> i64 {
                match self { $(Self::$name => $code,)+ }
            }

            /// What a number stands for; `None` for one that is in no table.
            #[must_use]
            pub const fn from_code(code: i64) -> Option<Self> {
                match code { $($code => Some(Self::$name),)+ _ => None }
            }

            /// What it means, in English.
            #[must_use]
            pub const fn text(self) -> &'static str {
                match self { $(Self::$name => $english,)+ }
            }

            /// What it means, in Chinese.
            #[must_use]
            pub const fn chinese(self) -> &'static str {
                match self { $(Self::$name => $chinese,)+ }
            }
        }
    };
}

api_errcodes! {
    /// The platform is busy or broken for a moment; the outcome of the call is not known.
    SystemError = -1, "system error", "系统繁忙";
    /// The access_token is not one that is valid now.
    InvalidCredential = 40001, "invalid credential, access_token is invalid or not latest", "access_token 无效或不是最新的";
    /// `grant_type` is not `client_credential`.
    InvalidGrantType = 40002, "invalid grant_type", "grant_type 无效";
    /// No such Official Account.
    InvalidAppid = 40013, "invalid appid", "AppID 无效";
    /// The access_token is malformed.
    InvalidAccessToken = 40014, "invalid access_token", "access_token 不合法";
    /// A field that has no code of its own.
    InvalidArgument = 40097, "invalid args", "参数错误";
    /// The AppSecret is wrong.
    InvalidAppSecret = 40125, "invalid appsecret", "AppSecret 无效";
    /// The calling address is not on the account's IP whitelist; the message holds it.
    IpNotListed = 40164, "invalid ip, not in whitelist", "调用 IP 不在白名单中";
    /// There is no access_token in the URL.
    AccessTokenMissing = 41001, "access_token missing", "缺少 access_token";
    /// There is no appid.
    AppidMissing = 41002, "appid missing", "缺少 AppID";
    /// There is no AppSecret.
    AppSecretMissing = 41004, "appsecret missing", "缺少 AppSecret";
    /// The access_token's time is over.
    AccessTokenExpired = 42001, "access_token expired", "access_token 已过期";
    /// The call must be a POST.
    PostRequired = 43002, "require POST method", "需要 POST 请求";
    /// The body is empty.
    EmptyBody = 44002, "empty post data", "请求体为空";
    /// The account's calls of the day are used up, or its forced token refreshes are.
    DailyQuotaReached = 45009, "reach max api daily quota limit", "当日调用次数已达上限";
    /// Too many calls in a minute.
    MinuteQuotaReached = 45011, "api minute-quota reach limit, must slower, retry next minute", "调用过于频繁，请下一分钟再试";
    /// The body is not the JSON object that is wanted.
    InvalidJson = 47001, "data format error", "数据格式错误";
    /// The account may not call this API.
    ApiUnauthorized = 48001, "api unauthorized", "接口未授权";
    /// The order is another account's.
    OrderNotOfAppid = 9_200_002, "the order does not match with the appid", "订单与 AppID 不匹配";
    /// A notice's entity or item is suspended.
    NoticeSuspended = 9_200_211, "payment notice is suspended", "缴费通知书暂停缴费";
    /// There is no such notice.
    NoticeNotFound = 9_200_231, "payment notice does not exist", "缴费通知书不存在";
    /// It is paid.
    PaymentCompleted = 9_200_232, "payment completed", "缴费通知书已缴款";
    /// It is canceled.
    NoticeCanceled = 9_200_233, "payment notice is canceled", "缴费通知书已作废";
    /// It is past its date.
    LatePaymentNotAllowed = 9_200_235, "late payment is not allowed", "不允许逾期缴款";
    /// Not through this bank.
    BankNotSupported = 9_200_236, "payment through this bank is not supported", "不支持通过该银行缴款";
    /// Not now.
    PaymentSuspended = 9_200_297, "payment is suspended for now", "暂停缴款";
    /// `desc` is empty.
    EmptyDesc = 9_201_000, "the desc parameter is empty", "desc 参数为空";
    /// The items do not add up to the fee.
    FeeIsNotTheSum = 9_201_001, "the total amount is not equal to the sum of the amounts of all sub-items", "总金额与子项目金额之和不一致";
    /// The fee is 0.
    FeeIsZero = 9_201_003, "the total amount is 0", "总金额为 0";
    /// `payment_expire_date` is no date.
    InvalidExpireDate = 9_201_004, "the payment_expire_date parameter is invalid", "payment_expire_date 参数无效";
    /// `appid` is wrong.
    InvalidAppidParameter = 9_201_005, "the appid parameter is invalid", "appid 参数无效";
    /// `useruin` is wrong.
    InvalidUseruin = 9_201_007, "the useruin parameter is invalid", "useruin 参数无效";
    /// `return_url` is missing.
    InvalidReturnUrl = 9_201_008, "the return_url parameter is invalid", "return_url 参数无效";
    /// `ip` is no address.
    InvalidIp = 9_201_009, "the ip parameter is invalid", "ip 参数无效";
    /// There is no such order.
    InvalidOrderId = 9_201_010, "the order_id parameter is invalid", "order_id 参数无效";
    /// The reason of a refund is empty.
    InvalidRefundReason = 9_201_011, "the refund_reason parameter is invalid", "refund_reason 参数无效";
    /// `mch_id` is not one of the bank's.
    InvalidMchId = 9_201_012, "the mch_id parameter is invalid", "mch_id 参数无效";
    /// `bill_date` is no day that has a statement.
    InvalidBillDate = 9_201_013, "the bill_date parameter is invalid", "bill_date 参数无效";
    /// `bill_type` is unknown.
    InvalidBillType = 9_201_014, "the bill_type parameter is invalid", "bill_type 参数无效";
    /// `trade_type` is unknown.
    InvalidTradeType = 9_201_015, "the trade_type parameter is invalid", "trade_type 参数无效";
    /// `bank_id` is unknown.
    InvalidBankId = 9_201_016, "the bank_id parameter is invalid", "bank_id 参数无效";
    /// `bank_account` is not the bank's.
    InvalidBankAccount = 9_201_017, "the bank_account parameter is invalid", "bank_account 参数无效";
    /// Neither a notice nor an order number.
    InvalidNoticeNo = 9_201_018, "the payment_notice_no parameter is invalid", "payment_notice_no 参数无效";
    /// `department_code` is empty.
    InvalidDepartmentCode = 9_201_019, "the department_code parameter is invalid", "department_code 参数无效";
    /// `payment_notice_type` is neither 1 nor 2.
    InvalidNoticeType = 9_201_020, "the payment_notice_type parameter is invalid", "payment_notice_type 参数无效";
    /// `region_code` is empty.
    InvalidRegionCode = 9_201_021, "the region_code parameter is invalid", "region_code 参数无效";
    /// `department_name` is empty.
    InvalidDepartmentName = 9_201_022, "the department_name parameter is invalid", "department_name 参数无效";
    /// Finance says another amount.
    FeeDiffersFromFinance = 9_201_023, "the total amount does not match that queried from the finance authorities", "总金额与财政查询结果不一致";
    /// A partial refund without its number.
    InvalidRefundOutId = 9_201_024, "the refund_out_id parameter is invalid", "refund_out_id 参数无效";
    /// `auth_code` is empty.
    EmptyAuthCode = 9_201_033, "empty authorization code", "授权码为空";
    /// Nothing to refund yet.
    RefundBeforePayment = 9_202_001, "no refund is allowed before the payment is completed", "订单未支付，不能退款";
    /// The account may not refund the order.
    RefundNotAuthorized = 9_202_002, "the appid is not authorized to refund the order", "该 AppID 无权对此订单退款";
    /// The caller's address may not refund.
    IpRestricted = 9_202_003, "the ip is restricted", "IP 受限";
    /// Too many calls.
    CalledTooOften = 9_202_004, "api is called at a high frequency", "调用过于频繁";
    /// The account to refund to is broken.
    RefundAccountError = 9_202_005, "failed to refund the order due to weixin account error", "微信账户异常，退款失败";
    /// The merchant account lacks the money.
    RefundBalanceInsufficient = 9_202_006, "failed to refund the order due to insufficient balance", "余额不足，退款失败";
    /// Nothing left to refund.
    Refunded = 9_202_011, "refunded", "已退款";
    /// More than was paid.
    RefundExceedsTotal = 9_202_012,
        "failed to refund the order, the amount to be refunded plus the amount already refunded exceeds the total amount",
        "退款金额与已退金额之和超过订单总金额";
    /// The refund's number was used with another amount.
    RefundOutIdConflict = 9_202_013, "duplicate refund_busi_id with different refund_fee", "退款单号重复且退款金额不同";
    /// A signature does not fit.
    SignatureNotVerified = 9_202_016, "the signature is not verified", "签名验证失败";
    /// An inconsistent order could not be notified.
    InconsistentOrderNotNotified = 9_203_000,
        "failed to notify of the inconsistent order, failed to notify the finance authorities", "差错订单通知财政失败";
    /// A test call got no reply.
    MockNotSent = 9_203_001, "failed to notify of the test result, failed to send the request", "测试通知发送失败";
    /// A test call's reply is no reply envelope.
    MockReplyUnreadable = 9_203_002, "failed to notify of the test result, failed to return the data", "测试通知返回数据错误";
    /// A test call's reply does not hold what it must.
    MockReplyWrong = 9_203_004, "failed to notify of the test result, failed to return the decrypted data", "测试通知返回数据解密错误";
    /// The real name's parameter is wrong.
    RealNameInvalidParameter = 9_204_000, "failed to get the real name, invalid parameter", "获取实名失败，参数错误";
    /// The real name's token is another account's.
    RealNameAppidMismatch = 9_204_002,
        "failed to get the real name, the parameter does not match with the appid", "获取实名失败，参数与 AppID 不匹配";
    /// Nobody answers receivables queries.
    FinanceNotConfigured = 9_205_000, "the information on the finance authorities is not configured", "财政信息未配置";
    /// There is no such bank at the platform.
    BankNotConfigured = 9_205_001, "the information on the bank is not configured", "银行信息未配置";
    /// There is no such government unit at the platform.
    GovernmentUnitNotConfigured = 9_205_002, "the information on the government unit is not configured", "执收单位信息未配置";
    /// The platform has no key of this account.
    KeyNotConfigured = 9_205_010, "the key is not configured", "密钥未配置";
    /// There is no statement for this day and merchant.
    StatementNotFound = 9_205_201, "the statement does not exist", "对账单不存在";
    /// The payment at the counter failed.
    MicropayFailed = 9_207_003, "payment failed, try again", "支付失败，请重试";
    /// The payer's code is too old.
    AuthCodeExpired = 9_207_004, "the QR code has expired, refresh it in Weixin and try again", "二维码已过期，请在微信中刷新后重试";
    /// The payer's account lacks the money.
    BalanceInsufficient = 9_207_005, "insufficient balance, try again with another card", "余额不足，请换卡重试";
    /// The payer's card does not do.
    CardNotSupported = 9_207_006,
        "the current payment is not supported by this card, try again with another card or link a new card",
        "该卡不支持当前支付，请换卡或绑定新卡";
    /// The order ran out of time or was canceled.
    OrderCanceled = 9_207_007, "the current order status is \"order canceled\", pay again", "当前订单已关闭，请重新支付";
    /// The payer is typing the password.
    PasswordRequired = 9_207_008, "password is required for payment", "需要用户输入支付密码";
    /// The payer's code was used before.
    AuthCodeUsed = 9_207_009,
        "invalid parameter for the authorization code, each QR code can only be used once, refresh and try again",
        "授权码参数错误，每个二维码仅限使用一次，请刷新后重试";
    /// What was scanned is no payment code.
    AuthCodeInvalid = 9_207_010,
        "invalid authorization code, it is not a WeChat Pay barcode that the cashier scanned", "授权码无效，收银员扫描的不是微信支付条码";
    /// The receivables query failed.
    QueryFailed = 9_210_000, "failed to query information from the finance authorities", "向财政查询信息失败";
    /// `openid` is missing.
    InvalidOpenid = 9_291_000, "the openid parameter is invalid", "openid 参数无效";
    /// `openid` is another account's.
    OpenidNotOfAppid = 9_291_001, "the openid does not match with the appid", "openid 与 AppID 不匹配";
    /// There is no such app.
    AppAppidNotFound = 9_291_002, "app_appid does not exist", "app_appid 不存在";
    /// It is no app.
    AppAppidNotAnApp = 9_291_003, "the type of app_appid is not app", "app_appid 的类型不是 App";
    /// `appid` is empty.
    EmptyAppid = 9_291_004, "the appid is empty", "appid 为空";
    /// The access_token is another account's.
    AppidNotOfToken = 9_291_005, "the appid does not match with the access_token", "AppID 与 access_token 不匹配";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_number_stands_once_and_in_order() {
        let codes: Vec<i64> = ApiErrcode::ALL.iter().map(|errcode| errcode.code()).collect();
        assert!(codes.is_sorted_by(|a, b| a < b));
        for errcode in ApiErrcode::ALL {
            assert_eq!(ApiErrcode::from_code(errcode.code()), Some(*errcode));
        }
        assert_eq!(ApiErrcode::from_code(0), None);
        assert_eq!(ApiErrcode::from_code(9_299_999), None);
    }
}
