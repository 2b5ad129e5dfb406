//! What stands behind an errcode of the platform's APIs: its cause, what to do, and whether trying again can help.

mod chinese;
mod english;

use crate::wire::{ApiErrcode, Locale};

/// Whether the same call may have another outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Retry {
    /// It cannot: what was asked for is done, or cannot be done to this order, notice or code any more.
    Never,
    /// After somebody corrected the request, a setting here or at the platform, or an account.
    AfterCorrection,
    /// With an access_token that the platform takes.
    AfterFreshToken,
    /// The same call, a little later. For a call that moves money only as its own rules say.
    SameCallLater,
}

/// What there is to say of an errcode, in one language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ErrcodeAdvice {
    /// What the errcode means, in the sources' words.
    pub meaning: &'static str,
    /// What most probably led to it.
    pub cause: &'static str,
    /// What to do.
    pub cure: &'static str,
    /// Whether trying again can help.
    pub retry: Retry,
}

impl ErrcodeAdvice {
    /// Of an errcode.
    #[must_use]
    pub const fn of(errcode: ApiErrcode, locale: Locale) -> Self {
        let (meaning, (cause, cure)) = match locale {
            Locale::Chinese => (errcode.chinese(), chinese::cause_and_cure(errcode)),
            Locale::English => (errcode.text(), english::cause_and_cure(errcode)),
        };
        Self { meaning, cause, cure, retry: english::retry(errcode) }
    }

    /// Of a number; one that is in no table gets the only advice that fits it.
    #[must_use]
    pub fn of_code(code: i64, locale: Locale) -> Self {
        match (ApiErrcode::from_code(code), locale) {
            (Some(errcode), locale) => Self::of(errcode, locale),
            (None, Locale::Chinese) => Self {
                meaning: "文档未列出的返回码",
                cause: "平台返回了本程序所依据的文档中没有的返回码",
                cure: "查阅微信的全局返回码，或将返回码和时间告知微信非税支付的对接人员",
                retry: Retry::AfterCorrection,
            },
            (None, Locale::English) => Self {
                meaning: "an errcode that the sources do not list",
                cause: "the platform answered with a number that no table known here holds",
                cure: "look it up among Weixin's common errcodes, or give it with the time to the person responsible at Weixin",
                retry: Retry::AfterCorrection,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_errcode_says_what_to_do_in_both_languages() {
        for errcode in ApiErrcode::ALL {
            let (chinese, english) =
                (ErrcodeAdvice::of(*errcode, Locale::Chinese), ErrcodeAdvice::of(*errcode, Locale::English));
            assert!(english.cause.is_ascii() || english.cause.contains('§'), "{errcode:?}");
            assert!(!chinese.cause.is_ascii() && !chinese.cure.is_ascii(), "{errcode:?}");
            assert_eq!(chinese.retry, english.retry);
        }
    }

    #[test]
    fn a_token_of_another_account_is_no_reason_to_fetch_one_and_a_refund_done_none_to_repeat_it() {
        let retry = |code| ErrcodeAdvice::of_code(code, Locale::English).retry;
        for code in [40001, 40014, 42001] {
            assert_eq!(retry(code), Retry::AfterFreshToken);
        }
        assert_eq!(retry(9_291_005), Retry::AfterCorrection);
        assert_eq!((retry(9_202_011), retry(9_202_013)), (Retry::Never, Retry::Never));
        assert_eq!(
            (retry(-1), retry(9_202_004), retry(45_011)),
            (Retry::SameCallLater, Retry::SameCallLater, Retry::SameCallLater)
        );
        assert_eq!(retry(9_299_999), Retry::AfterCorrection);
    }
}
