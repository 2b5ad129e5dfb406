//! What an operator does about a call to the platform that failed.

use crate::platform::PlatformError;
use crate::wire::ApiErrcode;

/// What to do.
pub(super) const fn platform_cure(error: &PlatformError) -> &'static str {
    match error {
        PlatformError::Unreachable { .. } => {
            "nontax doctor tells whether DNS, the way there or the certificate is at fault; correct platform.base_url, or let \
             this host out to it"
        }
        PlatformError::InvalidRequest { .. } => "correct the fields that are named",
        PlatformError::NoToken { .. } => "check the database, and try again",
        PlatformError::Unreadable { .. } => {
            "something between here and the platform answers in its place: check platform.base_url and the proxy"
        }
        PlatformError::Refused { errcode, .. } => match ApiErrcode::from_code(*errcode) {
            Some(ApiErrcode::IpNotListed) => {
                "enter this address at mp.weixin.qq.com, Settings > Security Center > IP Whitelist (IP 白名单)"
            }
            Some(ApiErrcode::InvalidAppSecret | ApiErrcode::AppSecretMissing) => {
                "compare app_secret with the one at mp.weixin.qq.com; after a reset there, replace it here (AppSecret 错误)"
            }
            Some(ApiErrcode::InvalidAppid | ApiErrcode::AppidMissing | ApiErrcode::EmptyAppid) => {
                "compare appid with the one at mp.weixin.qq.com (AppID 错误)"
            }
            Some(ApiErrcode::AppidNotOfToken) => {
                "app_secret belongs to another Official Account than appid: correct one of the two"
            }
            Some(ApiErrcode::ApiUnauthorized) => {
                "ask Weixin's contact for non-tax payments to enable the APIs for this appid (接口权限未开通)"
            }
            Some(ApiErrcode::KeyNotConfigured) => {
                "Weixin has no key of this account yet: give the symmetric key to its contact (对称密钥未配置)"
            }
            Some(
                ApiErrcode::FinanceNotConfigured
                | ApiErrcode::BankNotConfigured
                | ApiErrcode::GovernmentUnitNotConfigured,
            ) => "Weixin has not entered this account yet: give appid and callback URLs to its contact",
            Some(ApiErrcode::InvalidCredential | ApiErrcode::InvalidAccessToken | ApiErrcode::AccessTokenExpired) => {
                "another program fetches tokens of this account and ends ours: use platform.token_mode = \"stable\" everywhere"
            }
            Some(ApiErrcode::DailyQuotaReached | ApiErrcode::MinuteQuotaReached | ApiErrcode::CalledTooOften) => {
                "wait: the account's calls are used up for now (调用次数已达上限)"
            }
            Some(ApiErrcode::SystemError) => "try again in a minute: the platform is busy",
            _ => "look the errcode up in the platform's documents, or ask Weixin's contact",
        },
    }
}
