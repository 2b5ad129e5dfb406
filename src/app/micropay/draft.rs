//! From what the caller asks for to what is kept, and from there to what is sent.

use jiff::Timestamp;

use super::MicropayError;
use crate::app::Party;
use crate::domain::{AuthCode, Fen, MicropayKey, NoticeState, PaymentNoticeNo};
use crate::envelope::sha256_hex;
use crate::store::{MicropayRecord, MicropaySubject, NewMicropay, Store};
use crate::wire::MicropayRequest;

/// What is kept of a request, when the platform would look at it at all.
pub(super) fn draft(
    party: &Party,
    key: &MicropayKey,
    request: &MicropayRequest,
    at: Timestamp,
) -> Result<NewMicropay, MicropayError> {
    let auth_code = AuthCode::new(&request.auth_code)?;
    let fee = check(party, request)?;
    let whole =
        MicropayRequest { auth_code: auth_code.expose().to_owned(), appid: party.appid.clone(), ..request.clone() };
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
fn check(party: &Party, request: &MicropayRequest) -> Result<Fen, MicropayError> {
    let invalid = |field: &str, rule: &str| MicropayError::Invalid { field: field.to_owned(), rule: rule.to_owned() };
    if !request.appid.trim().is_empty() && request.appid.trim() != party.appid {
        return Err(invalid("appid", "is not the party's: leave it out"));
    }
    if request.order_id.is_some() {
        return Err(invalid("order_id", "is kept here from the first reply: leave it out"));
    }
    let required = [
        ("desc", &request.desc),
        ("department_code", &request.department_code),
        ("department_name", &request.department_name),
        ("region_code", &request.region_code),
    ];
    if let Some((field, _)) = required.into_iter().find(|(_, text)| text.trim().is_empty()) {
        return Err(invalid(field, "is required"));
    }
    if request.payment_notice_create_time.is_none() {
        return Err(invalid("payment_notice_create_time", "is required, in Unix seconds"));
    }
    if request.payment_notice_no.is_some() == request.order_no.is_some() {
        return Err(invalid("payment_notice_no", "exactly one of payment_notice_no and order_no must be given"));
    }
    let fee = request.fee.filter(|fee| *fee > 0).and_then(Fen::new);
    let fee = fee.ok_or_else(|| invalid("fee", "must be 1 fen or more (9201003)"))?;
    let amounts = request.items.iter().map(|item| Fen::new(item.fee));
    let sum = amounts.collect::<Option<Vec<Fen>>>().and_then(|amounts| amounts.into_iter().sum());
    if request.items.is_empty() || sum != Some(fee) {
        return Err(invalid("items", "their fees must add up to fee (9201001)"));
    }
    Ok(fee)
}
