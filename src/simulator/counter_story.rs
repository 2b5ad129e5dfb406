//! What happens at the counter, chosen by the last two digits of the payer's code (source §6.1.9).

use crate::wire::ApiErrcode;

/// How long after the first call the payer of [`CounterStory::PaidTooLate`] pays: the sources recommend to give up after 30
/// seconds.
pub(super) const PAID_TOO_LATE_SECONDS: i64 = 35;

/// What happens to one payer's code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CounterStory {
    /// The first call pays.
    PaidAtOnce,
    /// So many calls find the payer typing the password; the next one pays.
    PasswordThenPaid {
        /// How many calls reply 9207008.
        calls: u32,
    },
    /// The payer never types the password.
    PasswordNever,
    /// So many calls reply -1 and do nothing but place the order; the next one pays.
    SystemErrorThenPaid {
        /// How many calls reply -1.
        calls: u32,
    },
    /// The first call replies -1 although it paid.
    SystemErrorButPaid,
    /// As [`Self::SystemErrorButPaid`], and the reply does not even name the order.
    SystemErrorUnnamed,
    /// The payer types the password 35 seconds after the first call, when nobody waits any more.
    PaidTooLate,
    /// Refused for good.
    Refused(ApiErrcode),
}

/// A row of the table of stories.
#[derive(Clone, Copy, Debug)]
pub struct CounterCase {
    /// The first ending of the payer's code, 0 to 99.
    pub first: u8,
    /// The last one.
    pub last: u8,
    /// What happens.
    pub story: CounterStory,
    /// What happens, in English.
    pub english: &'static str,
    /// What happens, in Chinese.
    pub chinese: &'static str,
}

/// What one call does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Step {
    pub(super) pays: bool,
    /// What it replies; `None` for 0.
    pub(super) errcode: Option<ApiErrcode>,
}

macro_rules! counter_cases {
    ($($first:literal $(..= $last:literal)?, $story:expr, $english:literal, $chinese:literal;)+) => {
        /// All stories by the last two digits of the payer's code. An ending that is not here pays at once.
        pub const COUNTER_CASES: &[CounterCase] = &[$(CounterCase {
            first: $first,
            last: last($first, &[$($last)?]),
            story: $story,
            english: $english,
            chinese: $chinese,
        },)+];
    };
}

counter_cases! {
    0..=79, CounterStory::PaidAtOnce, "paid at once", "立即支付成功";
    80, CounterStory::PasswordThenPaid { calls: 1 }, "one call says 9207008 (password), the next one pays",
        "首次返回 9207008（输入密码），再次调用支付成功";
    81, CounterStory::PasswordThenPaid { calls: 2 }, "two calls say 9207008 (password), the third one pays",
        "前两次返回 9207008（输入密码），第三次调用支付成功";
    82, CounterStory::PasswordNever, "9207008 (password) until the order expires", "始终返回 9207008（用户未输入密码），直至订单过期";
    83, CounterStory::SystemErrorThenPaid { calls: 1 }, "-1 and not paid; the next call pays", "首次返回 -1 且未支付，再次调用支付成功";
    84, CounterStory::SystemErrorButPaid, "-1 although it was paid", "返回 -1，但实际已支付";
    85, CounterStory::PaidTooLate, "9207008 (password); paid 35 seconds after the first call, when nobody waits any more",
        "返回 9207008（输入密码），首次调用 35 秒后用户才完成支付";
    86, CounterStory::Refused(ApiErrcode::MicropayFailed), "refused: 9207003 (failed)", "拒绝：9207003（支付失败）";
    87, CounterStory::Refused(ApiErrcode::AuthCodeExpired), "refused: 9207004 (the code is too old)", "拒绝：9207004（二维码已过期）";
    88, CounterStory::Refused(ApiErrcode::BalanceInsufficient), "refused: 9207005 (balance)", "拒绝：9207005（余额不足）";
    89, CounterStory::Refused(ApiErrcode::CardNotSupported), "refused: 9207006 (card)", "拒绝：9207006（银行卡不支持）";
    90, CounterStory::Refused(ApiErrcode::OrderCanceled), "refused: 9207007 (the order is canceled)", "拒绝：9207007（订单已关闭）";
    91, CounterStory::Refused(ApiErrcode::AuthCodeUsed), "refused: 9207009 (the code was used), without an order",
        "拒绝：9207009（二维码已使用），不产生订单";
    92, CounterStory::Refused(ApiErrcode::AuthCodeInvalid), "refused: 9207010 (no payment code), without an order",
        "拒绝：9207010（不是付款码），不产生订单";
    93, CounterStory::SystemErrorUnnamed, "-1 although it was paid, and the reply does not name the order",
        "返回 -1 且不带订单号，但实际已支付";
}

const fn last(first: u8, last: &[u8]) -> u8 {
    match last {
        [last, ..] => *last,
        [] => first,
    }
}

impl CounterStory {
    /// The story of a payer's code.
    #[must_use]
    pub fn of(auth_code: &str) -> Self {
        let ending = auth_code.len().checked_sub(2).and_then(|from| auth_code.get(from..)?.parse::<u8>().ok());
        let case = COUNTER_CASES.iter().find(|case| ending.is_some_and(|e| (case.first..=case.last).contains(&e)));
        case.map_or(Self::PaidAtOnce, |case| case.story)
    }

    /// Why there is not even an order.
    pub(super) const fn refusal_without_order(self) -> Option<ApiErrcode> {
        match self {
            Self::Refused(code @ (ApiErrcode::AuthCodeUsed | ApiErrcode::AuthCodeInvalid)) => Some(code),
            _ => None,
        }
    }

    /// What a call does while the order is unpaid; the first call is 1.
    pub(super) fn step(self, call: u32) -> Step {
        let replies = |errcode| Step { pays: false, errcode: Some(errcode) };
        let paid = Step { pays: true, errcode: None };
        match self {
            Self::PasswordThenPaid { calls } if call <= calls => replies(ApiErrcode::PasswordRequired),
            Self::SystemErrorThenPaid { calls } if call <= calls => replies(ApiErrcode::SystemError),
            Self::PaidAtOnce | Self::PasswordThenPaid { .. } | Self::SystemErrorThenPaid { .. } => paid,
            Self::PasswordNever | Self::PaidTooLate => replies(ApiErrcode::PasswordRequired),
            Self::SystemErrorButPaid | Self::SystemErrorUnnamed => {
                Step { pays: true, errcode: Some(ApiErrcode::SystemError) }
            }
            Self::Refused(code) => replies(code),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_covers_each_ending_once() {
        assert!(COUNTER_CASES.iter().all(|case| case.first <= case.last && case.last < 100));
        assert!(COUNTER_CASES.windows(2).all(|pair| pair[0].last + 1 == pair[1].first));
        assert_eq!(CounterStory::of("134971951305811268"), CounterStory::PaidAtOnce);
        assert_eq!(CounterStory::of("134971951305811281"), CounterStory::PasswordThenPaid { calls: 2 });
        assert_eq!(CounterStory::of("134971951305811299"), CounterStory::PaidAtOnce);
        assert_eq!(CounterStory::of("码"), CounterStory::PaidAtOnce);
    }

    #[test]
    fn a_story_goes_on_call_by_call() {
        let codes = |story: CounterStory| [1, 2, 3].map(|call| story.step(call).errcode.map_or(0, ApiErrcode::code));
        assert_eq!(codes(CounterStory::PasswordThenPaid { calls: 2 }), [9_207_008, 9_207_008, 0]);
        assert_eq!(codes(CounterStory::SystemErrorThenPaid { calls: 1 }), [-1, 0, 0]);
        assert_eq!(codes(CounterStory::PaidTooLate), [9_207_008; 3]);
        assert!(CounterStory::SystemErrorButPaid.step(1).pays && !CounterStory::PasswordNever.step(9).pays);
    }
}
