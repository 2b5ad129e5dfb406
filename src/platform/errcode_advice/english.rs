//! Cause and cure of every errcode in English, and whether trying again can help.

use super::Retry;
use crate::wire::ApiErrcode;

macro_rules! advice {
    ($($errcode:ident, $retry:ident: $cause:literal, $cure:literal;)+) => {
        /// Whether trying again can help. An errcode without a row does not compile.
        pub(super) const fn retry(errcode: ApiErrcode) -> Retry {
            match errcode { $(ApiErrcode::$errcode => Retry::$retry,)+ }
        }

        /// The cause, and what to do.
        pub(super) const fn cause_and_cure(errcode: ApiErrcode) -> (&'static str, &'static str) {
            match errcode { $(ApiErrcode::$errcode => ($cause, $cure),)+ }
        }
    };
}

advice! {
    SystemError, SameCallLater:
        "the platform is busy or broken for a moment",
        "ask again in a few minutes; find out with getorder or getorderlist what became of an order or a refund before it is repeated";
    InvalidCredential, AfterFreshToken:
        "another program fetched a token and ended this one, or it is not the latest",
        "the gateway fetches a fresh one and asks once more; when it comes back, let every other system take its token from here, or use token_mode = \"stable\" everywhere";
    InvalidGrantType, AfterCorrection:
        "grant_type is not client_credential",
        "report it as a bug of this program";
    InvalidAppid, AfterCorrection:
        "there is no Official Account of this AppID",
        "compare the party's appid with the one at mp.weixin.qq.com";
    InvalidAccessToken, AfterFreshToken:
        "the access_token was cut or mixed up on its way",
        "the gateway fetches a fresh one and asks once more; check what stores or forwards the token when it comes back";
    InvalidArgument, AfterCorrection:
        "a field without an errcode of its own is missing or wrong",
        "compare the request with the fields of the source; errmsg may name the field";
    InvalidAppSecret, AfterCorrection:
        "the AppSecret was reset, or belongs to another account",
        "write the account's AppSecret into the party's app_secret_file; mp.weixin.qq.com shows one only when it is reset, which ends the one before";
    IpNotListed, AfterCorrection:
        "the address that this machine calls from is not on the account's IP whitelist",
        "add it at mp.weixin.qq.com, Settings and Development, Security Center, IP whitelist; it takes a few minutes";
    AccessTokenMissing, AfterCorrection:
        "the call carried no access_token",
        "check that no proxy in between drops the query of the URL";
    AppidMissing, AfterCorrection:
        "the call carried no appid",
        "fill in the party's appid";
    AppSecretMissing, AfterCorrection:
        "the call for a token carried no AppSecret",
        "fill in the party's app_secret_file";
    AccessTokenExpired, AfterFreshToken:
        "the token's two hours are over",
        "the gateway fetches a fresh one and asks once more; check this machine's clock when it comes back";
    PostRequired, AfterCorrection:
        "something in between turned the POST into a GET",
        "check the proxy on the way, and that base_url begins with https";
    EmptyBody, AfterCorrection:
        "something in between dropped the body",
        "check the proxy on the way";
    DailyQuotaReached, AfterCorrection:
        "the account's calls of the day are used up",
        "wait for midnight in China, or clear the quota at mp.weixin.qq.com; find out who calls so often";
    MinuteQuotaReached, SameCallLater:
        "too many calls in this minute",
        "call less often; ask again in the next minute";
    InvalidJson, AfterCorrection:
        "the body is not the JSON object that the API takes",
        "check the request with --explain, and that no proxy changes bodies";
    ApiUnauthorized, AfterCorrection:
        "the account may not call this API",
        "give the AppID to the person responsible for Weixin non-tax payment, who configures its permissions";
    OrderNotOfAppid, Never:
        "the order was placed for another Official Account",
        "ask with the party whose order it is";
    NoticeSuspended, AfterCorrection:
        "finance stopped payment for the entity or the item",
        "ask the finance authorities when it is taken up again";
    NoticeNotFound, AfterCorrection:
        "region, entity and number together name no notice, or finance has not received it yet",
        "compare all three with the paper; ask finance when they are right";
    PaymentCompleted, Never:
        "somebody has paid the notice",
        "ask getorderlist for the order that paid it";
    NoticeCanceled, Never:
        "finance or the unit has withdrawn the notice",
        "have a new notice made out";
    LatePaymentNotAllowed, Never:
        "the last day for payment is over",
        "have a new notice made out, or late payment allowed by finance";
    BankNotSupported, AfterCorrection:
        "the notice is to be paid through other banks",
        "leave bank_id out, or give one of the notice's banks";
    PaymentSuspended, AfterCorrection:
        "finance has stopped all payments for now, during its closing of the books perhaps",
        "wait until finance takes payments again";
    EmptyDesc, AfterCorrection:
        "desc is empty",
        "fill in the service's name";
    FeeIsNotTheSum, AfterCorrection:
        "fee is not the sum of the items' fee",
        "correct the total or the items, in fen";
    FeeIsZero, AfterCorrection:
        "fee is 0 or missing",
        "give the total in fen";
    InvalidExpireDate, AfterCorrection:
        "payment_expire_date is not a day as YYYYMMDD",
        "write it so, or leave it out";
    InvalidAppidParameter, AfterCorrection:
        "appid is not an Official Account that the platform knows",
        "compare it with mp.weixin.qq.com; ask Weixin whether it was configured for non-tax payment";
    InvalidUseruin, AfterCorrection:
        "the payer cannot be told from the request",
        "give the openid that the payer has towards this account";
    InvalidReturnUrl, AfterCorrection:
        "return_url is missing or no URL",
        "give it with https, or set scene to miniprogram where it is one";
    InvalidIp, AfterCorrection:
        "ip is not the payer's address",
        "ask for it on the payer's page (source §8) and pass it on";
    InvalidOrderId, AfterCorrection:
        "there is no such order",
        "compare order_id with the reply to the order's placement";
    InvalidRefundReason, AfterCorrection:
        "the refund's reason is empty",
        "say why the money goes back";
    InvalidMchId, AfterCorrection:
        "the merchant account is not bound to this bank",
        "leave mch_id out, or take one that is bound to bank_id";
    InvalidBillDate, AfterCorrection:
        "bill_date is no day with a statement",
        "give a past day as YYYYMMDD, after 06:00 of the day that follows it";
    InvalidBillType, AfterCorrection:
        "bill_type is none of ALL, SUCCESS, REFUND",
        "choose one, or leave it out";
    InvalidTradeType, AfterCorrection:
        "trade_type is neither JSAPI nor MWEB",
        "choose one, or leave it out";
    InvalidBankId, AfterCorrection:
        "the platform has no bank of this bank_id",
        "take the one that Weixin assigned; in the test environment it is required";
    InvalidBankAccount, AfterCorrection:
        "the sorting account is not one of the bank's",
        "leave bank_account out unless money is sorted";
    InvalidNoticeNo, AfterCorrection:
        "neither payment_notice_no nor order_no is there, or the number is malformed",
        "fill in exactly one of the two";
    InvalidDepartmentCode, AfterCorrection:
        "department_code is empty or unknown",
        "take it from the notice";
    InvalidNoticeType, AfterCorrection:
        "payment_notice_type is neither 1 nor 2",
        "choose one, or leave it out";
    InvalidRegionCode, AfterCorrection:
        "region_code is empty or unknown",
        "take it from the notice";
    InvalidDepartmentName, AfterCorrection:
        "department_name is empty",
        "take it from the notice";
    FeeDiffersFromFinance, AfterCorrection:
        "finance says another amount, with a late fee perhaps",
        "ask queryfee anew and place the order with what it says";
    InvalidRefundOutId, AfterCorrection:
        "a partial refund came without its number, or with a malformed one",
        "give refund_fee and refund_out_id together";
    EmptyAuthCode, AfterCorrection:
        "the payer's code is missing",
        "scan the code on the payer's phone";
    RefundBeforePayment, AfterCorrection:
        "the order is not paid",
        "look at it with getorder; an unpaid order ends by itself after 10 minutes";
    RefundNotAuthorized, AfterCorrection:
        "this account may not refund the order",
        "refund with the bank's party, or ask Weixin for the permission";
    IpRestricted, AfterCorrection:
        "the address that this machine calls from may not refund",
        "give it to the person responsible at Weixin (source §4.1.5)";
    CalledTooOften, SameCallLater:
        "too many calls in a short time",
        "call less often; ask again a little later";
    RefundAccountError, AfterCorrection:
        "the payer's Weixin account cannot take the money",
        "have the payer put the account in order, or refund by another way";
    RefundBalanceInsufficient, AfterCorrection:
        "the merchant account holds less than the refund",
        "put money into the merchant account, then repeat with the same refund_out_id";
    Refunded, Never:
        "the order is refunded already",
        "nothing: the refund is done; getorder shows it";
    RefundExceedsTotal, Never:
        "with what was refunded before it is more than was paid",
        "look at partial_refund_info with getorder and refund at most what is left";
    RefundOutIdConflict, Never:
        "this refund_out_id was used before with another refund_fee",
        "look at that refund with getorder; give another refund a number of its own";
    SignatureNotVerified, AfterCorrection:
        "the signature does not fit the platform's key",
        "compare the party's platform_key with the one that Weixin assigned";
    InconsistentOrderNotNotified, SameCallLater:
        "finance's URL gave no good reply",
        "look into the journal of callbacks, mend the cause, ask again";
    MockNotSent, AfterCorrection:
        "the platform could not reach the URL",
        "check that it is open to Weixin's addresses, its certificate and its firewall";
    MockReplyUnreadable, AfterCorrection:
        "what came back is no reply envelope",
        "check that the URL is the gateway's callback and that no proxy answers in its place";
    MockReplyWrong, AfterCorrection:
        "the reply did not open with the party's key, or did not refuse the wrong signature",
        "compare the symmetric_key and the platform_key with those that Weixin has; nontax envelope explain helps";
    RealNameInvalidParameter, AfterCorrection:
        "wx_realname_token is wrong, used or too old",
        "have the payer authorise again through getauthurl";
    RealNameAppidMismatch, AfterCorrection:
        "the token was authorised for another account",
        "ask with the party that made the link";
    FinanceNotConfigured, AfterCorrection:
        "the platform knows no finance authorities for this region",
        "ask the person responsible at Weixin to enter them, and this account with its appid and callback URLs";
    BankNotConfigured, AfterCorrection:
        "the platform knows no bank for this order",
        "ask the person responsible at Weixin to enter it with its appid and callback URLs, or give a bank_id in the test environment";
    GovernmentUnitNotConfigured, AfterCorrection:
        "the platform knows no such government unit",
        "ask the person responsible at Weixin to enter it with its appid and callback URLs";
    KeyNotConfigured, AfterCorrection:
        "the platform has no symmetric key of this account",
        "give the key to the person responsible at Weixin (source §7.1)";
    StatementNotFound, AfterCorrection:
        "there is no statement for this day and merchant, or not yet",
        "ask after 06:00 of the next day; a day without orders has none";
    MicropayFailed, AfterCorrection:
        "the payment did not go through",
        "have the payer refresh the code or choose another way, and pay anew";
    AuthCodeExpired, Never:
        "the payer's code is older than a minute",
        "have the payer refresh it, and scan the new one";
    BalanceInsufficient, AfterCorrection:
        "the payer's balance is too low",
        "have the payer choose another card, and scan anew";
    CardNotSupported, AfterCorrection:
        "the payer's card does not do for this payment",
        "have the payer choose or add another card, and scan anew";
    OrderCanceled, Never:
        "the order ran out of time or was canceled",
        "begin a new payment with a new code";
    PasswordRequired, SameCallLater:
        "the payer has to type the password",
        "wait 10 seconds and call again with the order_id of the first reply, up to 30 seconds";
    AuthCodeUsed, Never:
        "the payer's code was used before",
        "have the payer refresh it, and scan the new one";
    AuthCodeInvalid, Never:
        "what was scanned is no payment code of Weixin's",
        "have the payer open Weixin's payment code, and scan that";
    QueryFailed, SameCallLater:
        "finance's receivables query gave no good reply",
        "ask again a little later; look into the journal of callbacks if finance is served here";
    InvalidOpenid, AfterCorrection:
        "openid is missing or malformed",
        "give the openid that the payer has towards this account, or set trade_type to MWEB outside Weixin";
    OpenidNotOfAppid, AfterCorrection:
        "the openid belongs to another account",
        "take it from the webpage authorisation of this account";
    AppAppidNotFound, AfterCorrection:
        "there is no app of this AppID",
        "compare app_appid with open.weixin.qq.com";
    AppAppidNotAnApp, AfterCorrection:
        "app_appid belongs to something that is no app",
        "give the app's own AppID from open.weixin.qq.com";
    EmptyAppid, AfterCorrection:
        "appid is empty",
        "fill in the party's appid";
    AppidNotOfToken, AfterCorrection:
        "the access_token was fetched for another account",
        "check that the party's appid and AppSecret belong together; a fresh token does not help";
}
