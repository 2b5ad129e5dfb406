//! What an answer of the platform means for a payment at the counter.

use crate::domain::{MicropayAnswer, MicropayEvent, MicropayRefusal, OrderId, RefusalAbout};
use crate::platform::{PlatformError, Replied};
use crate::wire::{ApiErrcode, MicropayReply};

/// The event that a call ends with. `known` is the order of an earlier reply.
pub(super) fn event_of(
    called: Result<Replied<MicropayReply>, PlatformError>,
    known: Option<&OrderId>,
) -> MicropayEvent {
    let reply = match called {
        Ok(replied) => replied.reply,
        Err(error) if error.outcome_is_unknown() => return MicropayEvent::Unanswered(error.to_string()),
        Err(error) => return MicropayEvent::NotSent(error.to_string()),
    };
    let order_id = reply.order_id.as_deref().and_then(|text| OrderId::new(text).ok());
    if reply.errcode == 0 {
        return match order_id.or_else(|| known.cloned()) {
            Some(order_id) => MicropayEvent::Answered(MicropayAnswer::Paid(order_id)),
            // A payment that names no order is no receipt: the order is looked for.
            None => MicropayEvent::Unanswered("errcode 0 without an order_id".to_owned()),
        };
    }
    let errcode = ApiErrcode::from_code(reply.errcode);
    MicropayEvent::Answered(match errcode {
        Some(ApiErrcode::SystemError) => MicropayAnswer::SystemError(order_id),
        Some(ApiErrcode::PasswordRequired) => MicropayAnswer::PasswordRequired(order_id),
        _ => {
            let errmsg = reply.errmsg.unwrap_or_default();
            let refusal = MicropayRefusal { errcode: reply.errcode, errmsg, about: about(errcode) };
            MicropayAnswer::Refused(refusal, order_id)
        }
    })
}

fn about(errcode: Option<ApiErrcode>) -> RefusalAbout {
    match errcode {
        Some(ApiErrcode::EmptyAuthCode | ApiErrcode::AuthCodeExpired | ApiErrcode::AuthCodeInvalid) => {
            RefusalAbout::Code
        }
        Some(
            ApiErrcode::MicropayFailed
            | ApiErrcode::BalanceInsufficient
            | ApiErrcode::CardNotSupported
            | ApiErrcode::OrderCanceled,
        ) => RefusalAbout::Payment,
        Some(ApiErrcode::AuthCodeUsed) => RefusalAbout::CodeUsed,
        Some(_) => RefusalAbout::Request,
        None => RefusalAbout::Unlisted,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(errcode: i64, known: Option<&OrderId>) -> MicropayEvent {
        let reply = MicropayReply { errcode, ..MicropayReply::default() };
        event_of(Ok(Replied { reply, document: serde_json::Value::Null }), known)
    }

    #[test]
    fn every_errcode_of_the_counter_has_its_meaning() {
        let rows = [
            (9_201_033, RefusalAbout::Code),
            (9_207_003, RefusalAbout::Payment),
            (9_207_004, RefusalAbout::Code),
            (9_207_005, RefusalAbout::Payment),
            (9_207_006, RefusalAbout::Payment),
            (9_207_007, RefusalAbout::Payment),
            (9_207_009, RefusalAbout::CodeUsed),
            (9_207_010, RefusalAbout::Code),
            (9_207_999, RefusalAbout::Unlisted),
            (1_234_567, RefusalAbout::Unlisted),
            (9_200_232, RefusalAbout::Request),
            (45_011, RefusalAbout::Request),
        ];
        for (errcode, about) in rows {
            let MicropayEvent::Answered(MicropayAnswer::Refused(refusal, _)) = event(errcode, None) else {
                panic!("{errcode}");
            };
            assert_eq!(refusal.about, about, "{errcode}");
        }
        assert_eq!(event(-1, None).name(), "system_error");
        assert_eq!(event(9_207_008, None).name(), "password_required");
    }

    #[test]
    fn a_payment_without_an_order_is_looked_for() {
        let known = OrderId::new("A").unwrap();
        assert_eq!(event(0, Some(&known)).name(), "paid");
        assert_eq!(event(0, None).name(), "unanswered");
    }

    #[test]
    fn a_call_that_got_no_token_was_not_sent() {
        let error = |api| PlatformError::Unreachable { api, problem: String::new() };
        assert_eq!(event_of(Err(error("/cgi-bin/stable_token")), None).name(), "not_sent");
        assert_eq!(event_of(Err(error("/nontax/micropay")), None).name(), "unanswered");
    }
}
