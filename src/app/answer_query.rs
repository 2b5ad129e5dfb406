//! A receivables query, answered from the book, and from the bureau's back office where a party has one.

use jiff::Timestamp;

use super::live_facts::live_facts;
use super::reply::{Answered, query_reply};
use super::{Fault, Party, fault_reply};
use crate::domain::{self, BankId, ChinaDate, DepartmentCode, PaymentNoticeNo, QueryDuty, RegionCode};
use crate::envelope::Verified;
use crate::store::{Book, ReceivablesLookup};
use crate::wire::{ReceivablesQuery, from_json};

/// Answers the plaintext of a query.
pub async fn answer_query(store: &dyn Book, party: &Party, plaintext: &Verified, now: Timestamp) -> Answered {
    let query = match read(party, plaintext.bytes(), now) {
        Ok(query) => query,
        Err(fault) => return fault_reply(fault, None, party.locale),
    };
    let department = query.lookup.department_code.as_ref().map_or("", DepartmentCode::as_str);
    let subject = Some(format!("{}/{department}/{}", query.lookup.region_code, query.lookup.payment_notice_no));
    // Whoever does not answer queries has nobody to ask.
    let source = party.live_source.as_ref().filter(|_| party.duties.queries == QueryDuty::Answers);
    let facts = match source {
        Some(source) => live_facts(store, party, source, query.lookup).await,
        None => store.look_up_receivables(query.lookup).await.map_err(Fault::from),
    };
    let facts = match facts {
        Ok(facts) => facts,
        Err(fault) => return fault_reply(fault, subject, party.locale),
    };
    let answer = domain::answer_query(facts, party.duties.queries, query.bank_id.as_ref(), ChinaDate::at(now));
    let (reply, errcode) = query_reply(&answer, party.locale);
    let outcome = match party.duties.queries {
        QueryDuty::Answers => "answered",
        QueryDuty::DoesNotAnswer => "not_our_query",
    };
    Answered::new(&reply, errcode, outcome, subject)
}

struct Query {
    lookup: ReceivablesLookup,
    bank_id: Option<BankId>,
}

fn read(party: &Party, plaintext: &[u8], at: Timestamp) -> Result<Query, Fault> {
    let query: ReceivablesQuery = from_json(plaintext)?;
    if query.appid.trim() != party.appid {
        return Err(Fault::Field(format!("appid in the plaintext is not \"{}\", the party's", party.appid)));
    }
    // An empty bank_id is no bank: the platform's samples carry empty strings for what they leave out.
    let bank_id = if query.bank_id.trim().is_empty() { None } else { Some(BankId::new(&query.bank_id)?) };
    Ok(Query {
        lookup: ReceivablesLookup {
            party: party.name.clone(),
            region_code: RegionCode::new(&query.region_code)?,
            department_code: query.department_code.as_deref().map(DepartmentCode::new).transpose()?,
            payment_notice_no: PaymentNoticeNo::new(&query.payment_notice_no)?,
            at,
        },
        bank_id,
    })
}
