//! Values on their way between columns and the types of the lower floor, checked on the way out.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sqlx::Row as _;

use super::{Row, failed};
use crate::domain::{
    BankId, DepartmentCode, Disposition, Fen, Item, LatePayment, Notice, NoticeKey, NoticeState, NoticeType, Objection,
    OrderId, OrderSource, OrderState, PaymentNoticeNo, RegionCode, SuspensionScope,
};
use crate::store::StoreError;

/// A column that holds what no version of this program writes.
#[expect(clippy::needless_pass_by_value, reason = "it stands in map_err, where an error comes by value")]
pub(super) fn impossible(column: &'static str, problem: impl ToString) -> StoreError {
    StoreError::Inconsistent { column, problem: problem.to_string() }
}

pub(super) fn text(row: &Row, column: &'static str) -> Result<String, StoreError> {
    row.try_get(column).map_err(failed("read a text column"))
}

pub(super) fn optional_text(row: &Row, column: &'static str) -> Result<Option<String>, StoreError> {
    row.try_get(column).map_err(failed("read a text column"))
}

pub(super) fn integer(row: &Row, column: &'static str) -> Result<i64, StoreError> {
    row.try_get(column).map_err(failed("read an integer column"))
}

pub(super) fn optional_integer(row: &Row, column: &'static str) -> Result<Option<i64>, StoreError> {
    row.try_get(column).map_err(failed("read an integer column"))
}

pub(super) fn fen(row: &Row, column: &'static str) -> Result<Fen, StoreError> {
    let amount = integer(row, column)?;
    Fen::new(amount).ok_or_else(|| impossible(column, "a negative amount"))
}

pub(super) fn optional_fen(row: &Row, column: &'static str) -> Result<Option<Fen>, StoreError> {
    let amount = optional_integer(row, column)?;
    amount.map(|amount| Fen::new(amount).ok_or_else(|| impossible(column, "a negative amount"))).transpose()
}

/// Unix seconds, as the platform tells them.
pub(super) fn optional_seconds(row: &Row, column: &'static str) -> Result<Option<Timestamp>, StoreError> {
    let seconds = optional_integer(row, column)?;
    seconds.map(|seconds| Timestamp::from_second(seconds).map_err(|e| impossible(column, e))).transpose()
}

/// Epoch milliseconds, as we write instants.
pub(super) fn instant(row: &Row, column: &'static str) -> Result<Timestamp, StoreError> {
    Timestamp::from_millisecond(integer(row, column)?).map_err(|e| impossible(column, e))
}

pub(super) fn optional_instant(row: &Row, column: &'static str) -> Result<Option<Timestamp>, StoreError> {
    let milliseconds = optional_integer(row, column)?;
    milliseconds.map(|at| Timestamp::from_millisecond(at).map_err(|e| impossible(column, e))).transpose()
}

pub(super) fn order_id(text: &str, column: &'static str) -> Result<OrderId, StoreError> {
    OrderId::new(text).map_err(|e| impossible(column, e))
}

/// The column `place`: which of the rows that were asked for this is about, from 0.
pub(super) fn place(row: &Row, count: usize) -> Result<usize, StoreError> {
    let place = usize::try_from(integer(row, "place")?).unwrap_or(usize::MAX);
    if place < count { Ok(place) } else { Err(impossible("place", format!("{place} of {count}"))) }
}

/// The values of a column `place`.
pub(super) fn places(count: usize) -> impl Iterator<Item = i64> {
    (0_i64..).take(count)
}

/// Fails unless a statement wrote each row that it was given.
pub(super) fn all_written(written: u64, given: usize, column: &'static str) -> Result<(), StoreError> {
    if written == given as u64 {
        return Ok(());
    }
    Err(impossible(column, format!("{written} of {given} rows written while they were locked")))
}

/// An item as it is kept: the names of the wire, so that a person who reads the table knows them.
#[derive(Serialize, Deserialize)]
struct StoredItem {
    no: i64,
    item_id: String,
    item_name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    overdue: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    penalty: Option<i64>,
    fee: i64,
}

pub(super) fn items_to_json(items: &[Item]) -> Result<String, StoreError> {
    let stored: Vec<StoredItem> = items
        .iter()
        .map(|item| StoredItem {
            no: item.no,
            item_id: item.item_id.clone(),
            item_name: item.item_name.clone(),
            overdue: item.overdue.map(Fen::get),
            penalty: item.penalty.map(Fen::get),
            fee: item.fee.get(),
        })
        .collect();
    serde_json::to_string(&stored).map_err(|e| impossible("items", e))
}

pub(super) fn items(row: &Row) -> Result<Vec<Item>, StoreError> {
    let stored: Vec<StoredItem> = serde_json::from_str(&text(row, "items")?).map_err(|e| impossible("items", e))?;
    let fen = |amount: i64| Fen::new(amount).ok_or_else(|| impossible("items", "a negative amount"));
    stored
        .into_iter()
        .map(|item| {
            Ok(Item {
                no: item.no,
                item_id: item.item_id,
                item_name: item.item_name,
                overdue: item.overdue.map(fen).transpose()?,
                penalty: item.penalty.map(fen).transpose()?,
                fee: fen(item.fee)?,
            })
        })
        .collect()
}

pub(super) fn bank_ids_to_json(bank_ids: &[BankId]) -> Result<String, StoreError> {
    let texts: Vec<&str> = bank_ids.iter().map(BankId::as_str).collect();
    serde_json::to_string(&texts).map_err(|e| impossible("bank_ids", e))
}

fn bank_ids(row: &Row) -> Result<Vec<BankId>, StoreError> {
    let texts: Vec<String> = serde_json::from_str(&text(row, "bank_ids")?).map_err(|e| impossible("bank_ids", e))?;
    texts.iter().map(|text| BankId::new(text).map_err(|e| impossible("bank_ids", e))).collect()
}

/// The key of the notice that a row is about; `None` where the columns are empty.
pub(super) fn optional_notice_key(row: &Row) -> Result<Option<NoticeKey>, StoreError> {
    let number = text(row, "payment_notice_no")?;
    if number.is_empty() {
        return Ok(None);
    }
    Ok(Some(NoticeKey {
        region_code: RegionCode::new(&text(row, "region_code")?).map_err(|e| impossible("region_code", e))?,
        department_code: DepartmentCode::new(&text(row, "department_code")?)
            .map_err(|e| impossible("department_code", e))?,
        payment_notice_no: PaymentNoticeNo::new(&number).map_err(|e| impossible("payment_notice_no", e))?,
    }))
}

/// The three columns of an optional key: '' where there is none.
pub(super) fn key_columns(key: Option<&NoticeKey>) -> (&str, &str, &str) {
    key.map_or(("", "", ""), |key| {
        (key.payment_notice_no.as_str(), key.region_code.as_str(), key.department_code.as_str())
    })
}

pub(super) fn notice(row: &Row) -> Result<Notice, StoreError> {
    let expire_date = optional_text(row, "payment_expire_date")?;
    Ok(Notice {
        key: optional_notice_key(row)?.ok_or_else(|| impossible("payment_notice_no", "empty"))?,
        department_name: text(row, "department_name")?,
        payment_notice_type: NoticeType::from_code(integer(row, "payment_notice_type")?)
            .ok_or_else(|| impossible("payment_notice_type", "neither 1 nor 2"))?,
        user_name: optional_text(row, "user_name")?,
        payment_notice_create_time: optional_seconds(row, "payment_notice_create_time")?,
        payment_expire_date: expire_date
            .map(|date| date.parse().map_err(|e| impossible("payment_expire_date", e)))
            .transpose()?,
        fee: fen(row, "fee")?,
        items: items(row)?,
        late_payment: late_payment(&text(row, "late_payment")?)?,
        bank_ids: bank_ids(row)?,
        state: notice_state(&text(row, "state")?, optional_text(row, "paid_by_order")?.as_deref())?,
    })
}

pub(super) const fn late_payment_name(late_payment: LatePayment) -> &'static str {
    match late_payment {
        LatePayment::Refused => "refused",
        LatePayment::Allowed => "allowed",
    }
}

fn late_payment(name: &str) -> Result<LatePayment, StoreError> {
    match name {
        "refused" => Ok(LatePayment::Refused),
        "allowed" => Ok(LatePayment::Allowed),
        other => Err(impossible("late_payment", other)),
    }
}

pub(super) fn notice_state(name: &str, paid_by_order: Option<&str>) -> Result<NoticeState, StoreError> {
    match name {
        "unpaid" => Ok(NoticeState::Unpaid),
        "paid" => {
            let order_id = paid_by_order.map(|text| order_id(text, "paid_by_order")).transpose()?;
            Ok(NoticeState::Paid { order_id })
        }
        "canceled" => Ok(NoticeState::Canceled),
        "suspended" => Ok(NoticeState::Suspended),
        other => Err(impossible("notice.state", other)),
    }
}

/// The order that a state names, for `paid_by_order`.
pub(super) fn paid_by_order(state: &NoticeState) -> Option<&str> {
    match state {
        NoticeState::Paid { order_id } => order_id.as_ref().map(OrderId::as_str),
        NoticeState::Unpaid | NoticeState::Canceled | NoticeState::Suspended => None,
    }
}

pub(super) fn order_state(name: &str) -> Result<OrderState, StoreError> {
    let state = OrderState::ALL.into_iter().find(|state| state.name() == name);
    state.ok_or_else(|| impossible("platform_order.state", name))
}

pub(super) const fn source_name(source: OrderSource) -> &'static str {
    match source {
        OrderSource::Registered => "registered",
        OrderSource::Notification => "notification",
        OrderSource::Platform => "platform",
    }
}

pub(super) fn source(name: &str) -> Result<OrderSource, StoreError> {
    match name {
        "registered" => Ok(OrderSource::Registered),
        "notification" => Ok(OrderSource::Notification),
        "platform" => Ok(OrderSource::Platform),
        other => Err(impossible("platform_order.source", other)),
    }
}

/// The columns `objection` and `objection_order_id`.
pub(super) fn objection_columns(objection: Option<&Objection>) -> (Option<&'static str>, Option<&str>) {
    let Some(objection) = objection else { return (None, None) };
    let order_id = match objection {
        Objection::AlreadyPaid { order_id } => order_id.as_ref().map(OrderId::as_str),
        _ => None,
    };
    (Some(objection.name()), order_id)
}

fn objection(name: &str, paid_by: Option<&str>) -> Result<Objection, StoreError> {
    let paid_by = paid_by.map(|text| order_id(text, "payment.objection_order_id")).transpose()?;
    Objection::from_name(name, paid_by).ok_or_else(|| impossible("payment.objection", name))
}

pub(super) fn disposition(row: &Row) -> Result<Disposition, StoreError> {
    let objection_name = optional_text(row, "objection")?;
    let paid_by = optional_text(row, "objection_order_id")?;
    let because = objection_name.map(|name| objection(&name, paid_by.as_deref())).transpose()?;
    let name = text(row, "disposition")?;
    match (name.as_str(), because) {
        ("settles", None) => Ok(Disposition::Settles),
        ("recorded", because) => Ok(Disposition::Recorded { because }),
        ("refused", Some(because)) => Ok(Disposition::Refused { because }),
        ("held", Some(because)) => Ok(Disposition::Held { because }),
        _ => Err(impossible("payment.disposition", format!("{name} does not fit its objection"))),
    }
}

/// The columns `scope` and `subject`.
pub(super) fn scope_columns(scope: &SuspensionScope) -> (&'static str, &str) {
    (scope.name(), scope.subject())
}

pub(super) fn scope(name: &str, subject: &str) -> Result<SuspensionScope, StoreError> {
    match name {
        "everything" => Ok(SuspensionScope::Everything),
        "department" => DepartmentCode::new(subject)
            .map(SuspensionScope::Department)
            .map_err(|e| impossible("suspension.subject", e)),
        "item" => Ok(SuspensionScope::Item(subject.to_owned())),
        other => Err(impossible("suspension.scope", other)),
    }
}
