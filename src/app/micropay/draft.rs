//! From what the caller asks for to what is kept, and from there to what is sent.

use jiff::Timestamp;

use super::MicropayError;
use crate::app::Party;
use crate::domain::{AuthCode, Fen, MicropayKey, NoticeState, PaymentNoticeNo};
use crate::envelope::sha256_hex;
use crate::store::{MicropayRecord, MicropaySubject, NewMicropay, Store};
use crate::wire::{CheckedRequest as _, MicropayRequest, RequestProblem};

/// What is kept of a request, when the platform would look at it at all.
pub(super) fn draft(
    party: &Party,
    key: &MicropayKey,
    request: &MicropayRequest,
    at: Timestamp,
) -> Result<NewMicropay, MicropayError> {
    let auth_code = request.auth_code.trim().to_owned();
    let whole = MicropayRequest { auth_code, appid: party.appid.clone(), ..request.clone() };
    let fee = check(party, request, &whole)?;
    let auth_code = AuthCode::new(&whole.auth_code)?;
    let digest = sha256_hex(&to_json(&whole)?);
    let mut kept = serde_json::to_value(&whole).map_err(|e| MicropayError::Kept(e.to_string()))?;
    if let Some(members) = kept.as_object_mut() {
        members.remove("auth_code");
    }
    Ok(NewMicropay {
        party: party.name.clone(),
        key: key.clone(),
        request_digest: digest,
        request: kept.to_string(),
        auth_code,
        subject: MicropaySubject {
            region_code: request.region_code.trim().to_owned(),
            department_code: request.department_code.trim().to_owned(),
            payment_notice_no: request.payment_notice_no.clone().unwrap_or_default(),
            order_no: request.order_no.clone().unwrap_or_default(),
        },
        fee,
        at,
    })
}

/// The next call of a payment: what was asked for, with the payer's code and the order, when there is one.
pub(super) fn next_call(record: &MicropayRecord) -> Result<MicropayRequest, MicropayError> {
    let kept: MicropayRequest =
        serde_json::from_str(&record.request).map_err(|e| MicropayError::Kept(e.to_string()))?;
    let code = record.auth_code.as_ref().ok_or_else(|| MicropayError::Kept("the payer's code is gone".to_owned()))?;
    Ok(MicropayRequest {
        auth_code: code.expose().to_owned(),
        order_id: record.payment.order_id.as_ref().map(ToString::to_string),
        ..kept
    })
}

/// Fails when the book says that the notice is paid.
pub(super) async fn check_unpaid(store: &dyn Store, new: &NewMicropay) -> Result<(), MicropayError> {
    let subject = &new.subject;
    if subject.payment_notice_no.is_empty() {
        return Ok(());
    }
    let number = PaymentNoticeNo::new(&subject.payment_notice_no)?;
    for record in store.find_notices(new.party.clone(), number).await? {
        let key = &record.notice.key;
        let same =
            key.region_code.as_str() == subject.region_code && key.department_code.as_str() == subject.department_code;
        if let (true, NoticeState::Paid { order_id }) = (same, &record.notice.state) {
            return Err(MicropayError::AlreadyPaid { order_id: order_id.as_ref().map(ToString::to_string) });
        }
    }
    Ok(())
}

fn to_json(request: &MicropayRequest) -> Result<Vec<u8>, MicropayError> {
    serde_json::to_vec(request).map_err(|e| MicropayError::Kept(e.to_string()))
}

/// What the platform requires (source §6.1.9). Returns the total.
fn check(party: &Party, request: &MicropayRequest, whole: &MicropayRequest) -> Result<Fen, MicropayError> {
    let mut problems = whole.problems();
    let mut report = |field: &str, rule: &str| {
        problems.push(RequestProblem { field: field.to_owned(), rule: rule.to_owned() });
    };
    if !request.appid.trim().is_empty() && request.appid.trim() != party.appid {
        report("appid", "must be the party's, or left out");
    }
    if request.order_id.is_some() {
        report("order_id", "must be left out: it is kept here from the first reply");
    }
    match request.fee.and_then(Fen::new) {
        Some(fee) if problems.is_empty() => Ok(fee),
        _ => Err(MicropayError::Invalid(problems)),
    }
}
