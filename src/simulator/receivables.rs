//! The receivables query: asking a party, and the platform's own answer made of it (source §6.1.1, §6.2.1).

use super::Simulator;
use super::api_error::ApiError;
use super::callback::{Callback, Variant};
use super::cases::{self, TEST_BANK_ID};
use super::exchange::{Answer, Exchange, Reply};
use super::settings::SimulatedParty;
use crate::wire::ApiErrcode;
use crate::wire::{
    Errcode, QueryFeeReply, QueryFeeRequest, ReceivablesQuery, ReceivablesReply, SCENE_OFFICIAL_ACCOUNT,
    UnifiedOrderReply, UnifiedOrderRequest, from_json,
};

impl Simulator {
    /// Asks a party for a notice. The appid of the request is the asking account's and is not sent.
    ///
    /// # Errors
    /// 40097 when there is no such party, or it has no receivables URL.
    pub async fn query_receivables(&self, party: &str, request: &QueryFeeRequest) -> Result<Exchange, ApiError> {
        let plaintext = query_plaintext(self.party(party)?, request)?;
        self.send(party, Callback::Receivables, &plaintext, Variant::Genuine).await
    }

    /// `/nontax/queryfee`: asks the account's own receivables URL, or else the first that there is; nobody for a magic number.
    ///
    /// # Errors
    /// 9205000 when nobody answers such queries; the code that the party's errcode is mapped to; 9210000 when the query failed.
    pub async fn query_fee(&self, request: &QueryFeeRequest) -> Result<QueryFeeReply, ApiError> {
        if let Some(answer) = cases::answer_by_number(request, self.now()) {
            return answer;
        }
        let (party, url) = self.answering_party(&request.appid).ok_or(ApiErrcode::FinanceNotConfigured)?;
        if request.payment_notice_no.trim().is_empty() {
            return Err(ApiErrcode::InvalidNoticeNo.into());
        }
        if request.region_code.trim().is_empty() {
            return Err(ApiErrcode::InvalidRegionCode.into());
        }
        let plaintext = query_plaintext(party, request)?;
        self.call(party, Callback::Receivables, url, &plaintext, Variant::Genuine).await.receivable()
    }

    /// Places an order for what a receivables query answered, as a front end does after showing it to the citizen.
    ///
    /// # Errors
    /// As [`Self::place_order`].
    pub fn place_order_for(&self, appid: &str, notice: &QueryFeeReply) -> Result<UnifiedOrderReply, ApiError> {
        self.place_order(UnifiedOrderRequest {
            appid: appid.to_owned(),
            openid: Some("ont-9vjAcIdSU-LgB7ubALAVJO9U".to_owned()),
            desc: "Simulated payment".to_owned(),
            fee: notice.fee,
            return_url: Some("https://example.com/paid".to_owned()),
            ip: "127.0.0.1".to_owned(),
            payment_notice_no: notice.payment_notice_no.clone(),
            department_code: notice.department_code.clone().unwrap_or_default(),
            department_name: notice.department_name.clone().unwrap_or_default(),
            payment_notice_type: notice.payment_notice_type,
            region_code: notice.region_code.clone().unwrap_or_default(),
            user_name: notice.user_name.clone(),
            items: notice.items.clone(),
            payment_notice_create_time: Some(notice.payment_notice_create_time.unwrap_or_default()),
            payment_expire_date: notice.payment_expire_date.clone(),
            scene: SCENE_OFFICIAL_ACCOUNT.to_owned(),
            ..UnifiedOrderRequest::default()
        })
    }

    fn answering_party(&self, appid: &str) -> Option<(&SimulatedParty, &str)> {
        let answering = || self.parties.iter().filter_map(|party| Some((party, party.receivables_url.as_deref()?)));
        answering().find(|(party, _)| party.appid == appid).or_else(|| answering().next())
    }
}

impl Exchange {
    /// What the platform makes of the answer to a receivables query, for the front end that shows it to the citizen.
    ///
    /// # Errors
    /// As [`Simulator::query_fee`].
    pub fn receivable(&self) -> Result<QueryFeeReply, ApiError> {
        query_fee_reply(&self.answer)
    }
}

pub(super) fn query_plaintext(party: &SimulatedParty, request: &QueryFeeRequest) -> Result<Vec<u8>, ApiError> {
    let query = ReceivablesQuery {
        appid: party.appid.clone(),
        region_code: request.region_code.clone(),
        payment_notice_no: request.payment_notice_no.clone(),
        department_code: Some(request.department_code.clone()).filter(|code| !code.trim().is_empty()),
        payment_notice_type: request.payment_notice_type,
        bank_id: request.bank_id.clone().unwrap_or_else(|| TEST_BANK_ID.to_owned()),
    };
    serde_json::to_vec(&query).map_err(|e| ApiError::because(ApiErrcode::QueryFailed, e))
}

/// The platform's answer for a party's.
fn query_fee_reply(answer: &Answer) -> Result<QueryFeeReply, ApiError> {
    let reply = match answer {
        Answer::Reply(reply) => reply,
        Answer::Fault(fault) => return Err(ApiError::because(ApiErrcode::QueryFailed, fault)),
    };
    let said = || format!("the party answered {} {}", reply.errcode, reply.errmsg);
    let code = match Errcode::from_code(reply.errcode) {
        Some(Errcode::Ok) => return payable(reply),
        Some(Errcode::EntitySuspended) => ApiErrcode::NoticeSuspended,
        Some(Errcode::NoticeNotFound) => ApiErrcode::NoticeNotFound,
        Some(Errcode::AlreadyPaid) => ApiErrcode::PaymentCompleted,
        Some(Errcode::NoticeCanceled) => ApiErrcode::NoticeCanceled,
        Some(Errcode::LatePaymentNotAllowed) => ApiErrcode::LatePaymentNotAllowed,
        Some(Errcode::BankNotSupported) => ApiErrcode::BankNotSupported,
        Some(Errcode::PaymentSuspended) => ApiErrcode::PaymentSuspended,
        // 296 has no code of its own in the platform's table.
        _ => ApiErrcode::QueryFailed,
    };
    Err(ApiError::because(code, said()))
}

/// Checks that a payable notice is whole, as strictly as the table of source §6.2.1.
fn payable(reply: &Reply) -> Result<QueryFeeReply, ApiError> {
    let failed = |what: &dyn std::fmt::Display| ApiError::because(ApiErrcode::QueryFailed, what);
    let notice: ReceivablesReply = from_json(reply.plaintext.as_bytes()).map_err(|e| failed(&e))?;
    let fields = [
        ("region_code", notice.region_code.is_some()),
        ("payment_notice_no", notice.payment_notice_no.is_some()),
        ("department_name", notice.department_name.is_some()),
        ("payment_notice_type", notice.payment_notice_type.is_some()),
        ("fee", notice.fee.is_some()),
        ("items", !notice.items.is_empty()),
    ];
    if let Some((missing, _)) = fields.iter().find(|(_, present)| !present) {
        return Err(failed(&format_args!("the party answered 0 without {missing}")));
    }
    let sum = notice.items.iter().try_fold(0_i64, |sum, item| sum.checked_add(item.fee));
    if sum != notice.fee {
        return Err(failed(&"the party's fee is not the sum of its items"));
    }
    Ok(QueryFeeReply {
        errcode: 0,
        errmsg: Some(notice.errmsg),
        user_name: notice.user_name,
        fee: notice.fee,
        items: notice.items,
        payment_notice_no: notice.payment_notice_no,
        department_code: notice.department_code,
        department_name: notice.department_name,
        payment_notice_type: notice.payment_notice_type,
        region_code: notice.region_code,
        payment_notice_create_time: notice.payment_notice_create_time,
        payment_expire_date: notice.payment_expire_date,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulator::ReplyFault;

    fn answer(errcode: i64, plaintext: &str) -> Answer {
        Answer::Reply(Reply { plaintext: plaintext.into(), errcode, errmsg: String::new(), order_id: None })
    }

    #[test]
    fn every_refusal_has_the_platforms_code() {
        let mapped = |code| query_fee_reply(&answer(code, "{}")).unwrap_err().errcode;
        for code in [211, 231, 232, 233, 235, 236, 297] {
            assert_eq!(mapped(code), 9_200_000 + code);
        }
        for code in [210, 296, 298, 299, 300, 7] {
            assert_eq!(mapped(code), 9_210_000, "{code}");
        }
        assert_eq!(query_fee_reply(&Answer::Fault(ReplyFault::Empty)).unwrap_err().errcode, 9_210_000);
    }

    #[test]
    fn a_payable_notice_must_be_whole() {
        let whole = r#"{"errcode":0,"errmsg":"ok","region_code":"440000","payment_notice_no":"1","department_name":"d",
            "payment_notice_type":1,"fee":3,"items":[{"no":1,"item_id":"1","item_name":"i","fee":3}]}"#;
        assert_eq!(query_fee_reply(&answer(0, whole)).unwrap().fee, Some(3));
        let wrong_sum = whole.replace("\"fee\":3,", "\"fee\":4,");
        assert!(query_fee_reply(&answer(0, &wrong_sum)).unwrap_err().errmsg.contains("sum"));
        let no_type = whole.replace("\"payment_notice_type\":1,", "");
        assert!(query_fee_reply(&answer(0, &no_type)).unwrap_err().errmsg.contains("payment_notice_type"));
    }
}
