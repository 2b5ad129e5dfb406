//! What a call for a refund that failed tells of it (source §6.1.4, §10).

use crate::domain::RefundStep;
use crate::platform::{PlatformError, REFUND};
use crate::store::RefundNews;
use crate::wire::ApiErrcode;

/// What a call that failed tells of the request. "Refunded" means on a repetition that an earlier call did it, and on a first call
/// that somebody else did. Only a code about the refund itself ends the request and frees its amount: a code that no source lists
/// may mean that the refund is on its way, and one about the caller leaves the refund unjudged.
pub(super) fn news_of(error: PlatformError, first: bool) -> RefundNews {
    let problem = error.to_string();
    if error.outcome_is_unknown() {
        return RefundNews::OutcomeUnknown { problem };
    }
    match error {
        PlatformError::Refused { api, errcode, errmsg } if api == REFUND => match ApiErrcode::from_code(errcode) {
            None => RefundNews::OutcomeUnknown { problem },
            Some(ApiErrcode::Refunded) if !first => RefundNews::Step(RefundStep::Accept { refund_order_id: None }),
            // Who may not refund the order has not done so; on a repetition that is no word on the earlier call.
            Some(ApiErrcode::RefundNotAuthorized) if first => RefundNews::Step(RefundStep::Refuse { errcode, errmsg }),
            Some(known) if is_about_the_refund(known) => RefundNews::Step(RefundStep::Refuse { errcode, errmsg }),
            Some(_) => RefundNews::NotCalled { problem },
        },
        // No access token, whoever refused it, or a request that was not let out: the platform never saw it.
        _ => RefundNews::NotCalled { problem },
    }
}

/// Whether an errcode is the platform's word on the refund, as those of source §10 about orders, fields and refunds are, and not on
/// the caller's token, address, right or pace. An empty balance and a broken account (9202006, 9202005) are: the merchant has to
/// do something before the same refund is wished again, under a new key.
const fn is_about_the_refund(errcode: ApiErrcode) -> bool {
    let of_the_caller = matches!(
        errcode,
        ApiErrcode::RefundNotAuthorized
            | ApiErrcode::IpRestricted
            | ApiErrcode::CalledTooOften
            | ApiErrcode::SignatureNotVerified
    );
    let of_the_order = matches!(errcode, ApiErrcode::InvalidArgument | ApiErrcode::OrderNotOfAppid);
    let code = errcode.code();
    of_the_order || (9_201_000 <= code && code < 9_203_000 && !of_the_caller)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(errcode: i64) -> PlatformError {
        PlatformError::Refused { api: REFUND, errcode, errmsg: "no".into() }
    }

    #[test]
    fn refunded_is_good_news_on_a_repetition_alone() {
        assert!(matches!(news_of(refused(9_202_011), true), RefundNews::Step(RefundStep::Refuse { .. })));
        assert!(matches!(news_of(refused(9_202_011), false), RefundNews::Step(RefundStep::Accept { .. })));
    }

    #[test]
    fn the_platforms_word_on_the_refund_ends_it() {
        for errcode in [40_097, 9_200_002, 9_201_010, 9_202_005, 9_202_006, 9_202_012, 9_202_013] {
            for first in [true, false] {
                let news = news_of(refused(errcode), first);
                assert!(matches!(news, RefundNews::Step(RefundStep::Refuse { .. })), "{errcode} {first}");
            }
        }
    }

    #[test]
    fn what_says_nothing_of_the_refund_leaves_it_open() {
        for errcode in [40_001, 40_014, 42_001, 40_164, 45_009, 45_011, 48_001, 9_202_003, 9_202_004] {
            for first in [true, false] {
                let news = news_of(refused(errcode), first);
                assert!(matches!(news, RefundNews::NotCalled { .. }), "{errcode} {first}");
            }
        }
        let no_token = PlatformError::Unreachable { api: "/cgi-bin/stable_token", problem: String::new() };
        assert!(matches!(news_of(no_token, true), RefundNews::NotCalled { .. }));
        let no_token = PlatformError::Refused { api: "/cgi-bin/stable_token", errcode: 7, errmsg: String::new() };
        assert!(matches!(news_of(no_token, true), RefundNews::NotCalled { .. }));
    }

    #[test]
    fn an_account_that_may_not_refund_has_not_done_so_with_its_first_call() {
        assert!(matches!(news_of(refused(9_202_002), true), RefundNews::Step(RefundStep::Refuse { .. })));
        assert!(matches!(news_of(refused(9_202_002), false), RefundNews::NotCalled { .. }));
    }

    #[test]
    fn a_code_that_no_source_lists_may_be_a_refund_on_its_way() {
        for errcode in [-1, 7, 9_202_007, 9_299_999] {
            for first in [true, false] {
                let news = news_of(refused(errcode), first);
                assert!(matches!(news, RefundNews::OutcomeUnknown { .. }), "{errcode} {first}");
            }
        }
        let broken = PlatformError::Unreachable { api: REFUND, problem: String::new() };
        assert!(matches!(news_of(broken, true), RefundNews::OutcomeUnknown { .. }));
    }
}
