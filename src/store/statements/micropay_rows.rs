//! A payment at the counter on its way between its columns and the state that owns its facts.

use jiff::Timestamp;

use super::{Row, rows};
use crate::domain::{
    AuthCode, Doubt, GaveUp, Micropay, MicropayKey, MicropayRefusal, MicropayState, OrderId, PartyName, RefusalAbout,
};
use crate::store::{MicropayRecord, MicropayStepRecord, MicropaySubject, StoreError};

/// The facts of a state that have columns of their own.
#[derive(Default)]
pub(super) struct StateColumns<'a> {
    pub(super) gave_up: Option<&'static str>,
    pub(super) failed_looks: i64,
    pub(super) reason: Option<&'a str>,
    pub(super) next_at: Option<i64>,
    pub(super) watch_until: Option<i64>,
}

pub(super) fn state_columns(state: &MicropayState) -> StateColumns<'_> {
    let columns = StateColumns { next_at: state.due_at().map(Timestamp::as_millisecond), ..StateColumns::default() };
    match state {
        MicropayState::GivingUp { why, failed_looks, .. } => {
            StateColumns { gave_up: Some(why.name()), failed_looks: i64::from(*failed_looks), ..columns }
        }
        MicropayState::Abandoned { why, watch_until, .. } => {
            StateColumns { gave_up: Some(why.name()), watch_until: Some(watch_until.as_millisecond()), ..columns }
        }
        MicropayState::Closed { why } => StateColumns { gave_up: Some(why.name()), ..columns },
        MicropayState::NeedsPerson { reason } => StateColumns { reason: Some(reason), ..columns },
        _ => columns,
    }
}

/// Whose payment, and what the caller knows it by.
pub(super) fn name(row: &Row) -> Result<(PartyName, MicropayKey), StoreError> {
    let party = PartyName::new(&rows::text(row, "party")?).map_err(|e| rows::impossible("micropay.party", e))?;
    let key = MicropayKey::new(&rows::text(row, "micropay_key")?);
    Ok((party, key.map_err(|e| rows::impossible("micropay.micropay_key", e))?))
}

pub(super) fn record(row: &Row) -> Result<MicropayRecord, StoreError> {
    let (party, key) = name(row)?;
    let auth_code = rows::optional_text(row, "auth_code")?;
    Ok(MicropayRecord {
        party,
        key,
        request_digest: rows::text(row, "request_digest")?,
        request: rows::text(row, "request")?,
        auth_code: auth_code
            .map(|text| AuthCode::new(&text))
            .transpose()
            .map_err(|e| rows::impossible("micropay.auth_code", e))?,
        subject: MicropaySubject {
            region_code: rows::text(row, "region_code")?,
            department_code: rows::text(row, "department_code")?,
            payment_notice_no: rows::text(row, "payment_notice_no")?,
            order_no: rows::text(row, "order_no")?,
        },
        fee: rows::fen(row, "fee")?,
        payment: payment(row)?,
        cancel_requested_at: optional_instant(row, "cancel_requested_at")?,
        version: rows::integer(row, "version")?,
        updated_at: rows::instant(row, "updated_at")?,
    })
}

pub(super) fn step(row: &Row) -> Result<MicropayStepRecord, StoreError> {
    Ok(MicropayStepRecord {
        step: rows::text(row, "step")?,
        from_state: rows::text(row, "from_state")?,
        to_state: rows::text(row, "to_state")?,
        cause: rows::text(row, "cause")?,
        recorded_at: rows::instant(row, "recorded_at")?,
    })
}

fn payment(row: &Row) -> Result<Micropay, StoreError> {
    let doubt = rows::text(row, "doubt")?;
    let order_id = rows::optional_text(row, "order_id")?;
    let order_id = order_id.map(|text| rows::order_id(&text, "micropay.order_id")).transpose()?;
    let attempts = count(row, "attempts")?;
    let refusal = refusal(row)?;
    Ok(Micropay {
        state: state(row, order_id.as_ref(), attempts, refusal.as_ref())?,
        begun_at: rows::instant(row, "created_at")?,
        order_id,
        order_was_named: rows::integer(row, "order_named")? != 0,
        attempts,
        first_call_at: optional_instant(row, "first_call_at")?,
        last_call_at: optional_instant(row, "last_call_at")?,
        doubt: named(Doubt::ALL, Doubt::name, &doubt, "micropay.doubt")?,
        refusal,
    })
}

/// The one state that the columns tell, or what is missing for it.
fn state(
    row: &Row,
    order_id: Option<&OrderId>,
    attempt: u32,
    refusal: Option<&MicropayRefusal>,
) -> Result<MicropayState, StoreError> {
    let missing = |problem: &'static str| rows::impossible("micropay.state", problem);
    let order = || order_id.cloned().ok_or_else(|| missing("a state with an order has no order_id"));
    let why = || -> Result<GaveUp, StoreError> {
        let name = rows::optional_text(row, "gave_up")?.unwrap_or_default();
        named(GaveUp::ALL, GaveUp::name, &name, "micropay.gave_up")
    };
    let next = || rows::instant(row, "next_at");
    Ok(match rows::text(row, "state")?.as_str() {
        "waiting" => MicropayState::Waiting { next_call_at: next()? },
        "submitting" => MicropayState::Submitting { attempt },
        "asking" => MicropayState::Asking { next_look_at: next()? },
        "giving_up" => {
            MicropayState::GivingUp { why: why()?, next_look_at: next()?, failed_looks: count(row, "failed_looks")? }
        }
        "abandoned" => MicropayState::Abandoned {
            why: why()?,
            watch_until: rows::instant(row, "watch_until")?,
            next_look_at: next()?,
        },
        "refunding" => MicropayState::Refunding { order_id: order()?, next_look_at: next()? },
        "paid" => MicropayState::Paid { order_id: order()? },
        "failed" => MicropayState::Failed {
            refusal: refusal.cloned().ok_or_else(|| missing("a failed payment has no refusal"))?,
        },
        "closed" => MicropayState::Closed { why: why()? },
        "refunded" => MicropayState::Refunded { order_id: order()? },
        "needs_person" => {
            MicropayState::NeedsPerson { reason: rows::optional_text(row, "reason")?.unwrap_or_default() }
        }
        _ => return Err(missing("an unknown state")),
    })
}

fn refusal(row: &Row) -> Result<Option<MicropayRefusal>, StoreError> {
    let Some(errcode) = rows::optional_integer(row, "errcode")? else { return Ok(None) };
    let about = rows::optional_text(row, "refusal_about")?.unwrap_or_default();
    Ok(Some(MicropayRefusal {
        errcode,
        errmsg: rows::optional_text(row, "errmsg")?.unwrap_or_default(),
        about: named(RefusalAbout::ALL, RefusalAbout::name, &about, "micropay.refusal_about")?,
    }))
}

fn named<T: Copy, const N: usize>(
    all: [T; N],
    name: fn(T) -> &'static str,
    text: &str,
    column: &'static str,
) -> Result<T, StoreError> {
    let found = all.into_iter().find(|value| name(*value) == text);
    found.ok_or_else(|| rows::impossible(column, format!("\"{text}\" is unknown")))
}

fn count(row: &Row, column: &'static str) -> Result<u32, StoreError> {
    u32::try_from(rows::integer(row, column)?).map_err(|e| rows::impossible(column, e))
}

fn optional_instant(row: &Row, column: &'static str) -> Result<Option<Timestamp>, StoreError> {
    let milliseconds = rows::optional_integer(row, column)?;
    milliseconds.map(|at| Timestamp::from_millisecond(at).map_err(|e| rows::impossible(column, e))).transpose()
}
