//! `mocknotification` and `mockqueryfee`: a URL is called twice, with a right and with a wrong signature (source §6.1.7, §6.1.8).

use super::api_error::ApiError;
use super::callback::{Callback, Variant};
use super::cases::TEST_BANK_ID;
use super::exchange::{Answer, Exchange};
use super::settings::SimulatedParty;
use super::{Simulator, is_callable};
use crate::wire::ApiErrcode;
use crate::wire::{
    Errcode, MockCall, MockReply, MockRequest, PAY_CHANNEL_WX_NONTAX, PROTOCOL_VERSION, PaymentStatusNotification,
    ReceivablesQuery, STATUS_PAID,
};

impl Simulator {
    /// Calls the URL of the request with the keys of its account's party, and says what came back.
    ///
    /// # Errors
    /// 40013 for an account without a party, 40097 for another version, 9203001 for what is no URL. What the called side did
    /// wrong is in the reply.
    pub async fn mock(&self, callback: Callback, request: &MockRequest) -> Result<MockReply, ApiError> {
        let party = self.parties.iter().find(|party| party.appid == request.appid).ok_or(ApiErrcode::InvalidAppid)?;
        if request.version.unwrap_or(PROTOCOL_VERSION) != PROTOCOL_VERSION {
            return Err(ApiError::because(ApiErrcode::InvalidArgument, "version must be 1"));
        }
        if !is_callable(&request.url) {
            return Err(ApiError::because(ApiErrcode::MockNotSent, "url is not an http or https URL"));
        }
        let plaintext =
            self.test_plaintext(callback, party).map_err(|e| ApiError::because(ApiErrcode::QueryFailed, e))?;
        let right = self.call(party, callback, &request.url, &plaintext, Variant::Genuine).await;
        let wrong = self.call(party, callback, &request.url, &plaintext, Variant::WrongSignature).await;
        Ok(judge(&right, &wrong))
    }

    /// Test data that no party knows.
    fn test_plaintext(&self, callback: Callback, party: &SimulatedParty) -> Result<Vec<u8>, serde_json::Error> {
        match callback {
            Callback::Notification => serde_json::to_vec(&PaymentStatusNotification {
                order_id: self.chance_of_call(party).order_id(),
                status: STATUS_PAID,
                pay_channel: PAY_CHANNEL_WX_NONTAX.to_owned(),
                pay_finish_time: Some(self.clock.now()),
                ..PaymentStatusNotification::default()
            }),
            Callback::Receivables => serde_json::to_vec(&ReceivablesQuery {
                appid: party.appid.clone(),
                region_code: "440000".to_owned(),
                payment_notice_no: "08111639088".to_owned(),
                department_code: Some("118610002".to_owned()),
                payment_notice_type: Some(1),
                bank_id: TEST_BANK_ID.to_owned(),
            }),
        }
    }
}

fn judge(right: &Exchange, wrong: &Exchange) -> MockReply {
    let calls = [
        judge_call(right, "right", "any errcode but 210, 298, 299 and 300", |errcode| {
            let fault = Errcode::from_code(errcode).is_none_or(|errcode| {
                matches!(
                    errcode,
                    Errcode::InvalidFormat
                        | Errcode::DecryptionFailed
                        | Errcode::SystemError
                        | Errcode::InvalidSignature
                )
            });
            !fault
        }),
        judge_call(wrong, "wrong", "errcode 300", |errcode| errcode == Errcode::InvalidSignature.code()),
    ];
    let failure = calls.iter().find_map(|(call, code)| code.map(|code| (call, code)));
    let (errcode, errmsg) = match failure {
        None => (0, "ok".to_owned()),
        Some((call, code)) => {
            let cause = format!("the call with the {} signature: {}", call.signature, call.explanation);
            let error = ApiError::because(code, cause);
            (error.errcode, error.errmsg)
        }
    };
    MockReply { errcode, errmsg: Some(errmsg), calls: calls.into_iter().map(|(call, _)| call).collect() }
}

/// What is said about a call, and the platform's code when it failed.
fn judge_call(
    exchange: &Exchange,
    signature: &str,
    expected: &str,
    passes: impl Fn(i64) -> bool,
) -> (MockCall, Option<ApiErrcode>) {
    let (code, came) = match &exchange.answer {
        Answer::Reply(reply) if passes(reply.errcode) => (None, format!("errcode {}", reply.errcode)),
        Answer::Reply(reply) => (Some(ApiErrcode::MockReplyWrong), format!("errcode {}", reply.errcode)),
        Answer::Fault(fault) => (Some(fault.code()), fault.to_string()),
    };
    let call = MockCall {
        signature: signature.to_owned(),
        passed: code.is_none(),
        errcode: exchange.errcode(),
        explanation: format!("expected {expected}; came {came}"),
        wxnontaxstr: exchange.wxnontaxstr.clone(),
    };
    (call, code)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulator::{Reply, ReplyFault};

    fn exchange(answer: Answer) -> Exchange {
        Exchange {
            party: "p".into(),
            callback: Callback::Notification,
            variant: Variant::Genuine,
            url: String::new(),
            wxnontaxstr: "1".into(),
            sent_at: 0,
            sent: String::new(),
            http_status: Some(200),
            body: None,
            answer,
            elapsed_ms: 0,
        }
    }

    fn replied(errcode: i64) -> Exchange {
        let reply = Reply { plaintext: String::new(), errcode, errmsg: String::new(), order_id: None };
        exchange(Answer::Reply(reply))
    }

    #[test]
    fn both_halves_must_pass_and_the_reply_says_which_did_not() {
        let good = judge(&replied(231), &replied(300));
        assert_eq!((good.errcode, good.calls[0].passed, good.calls[1].passed), (0, true, true));
        let unchecked = judge(&replied(0), &replied(0));
        assert_eq!((unchecked.errcode, unchecked.calls[0].passed, unchecked.calls[1].passed), (9_203_004, true, false));
        for code in [210, 298, 299, 300, 12345] {
            assert_eq!(judge(&replied(code), &replied(300)).errcode, 9_203_004, "{code}");
        }
    }

    #[test]
    fn a_silent_or_garbled_side_is_told_apart() {
        let silent = exchange(Answer::Fault(ReplyFault::TimedOut(5000)));
        assert_eq!(judge(&silent, &replied(300)).errcode, 9_203_001);
        let garbled = exchange(Answer::Fault(ReplyFault::Empty));
        assert_eq!(judge(&garbled, &replied(300)).errcode, 9_203_002);
    }
}
