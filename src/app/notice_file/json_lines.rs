//! A notice as one line of JSON, both ways.

use std::fmt;

use jiff::Timestamp;
use serde::Deserialize;
use serde::de::{MapAccess, Visitor};
use serde_json::{Map, Value, json};

use super::columns::{self, COLUMNS};
use super::notice_fields::{Fault, FieldValues};
use crate::domain::{LatePayment, Notice, NoticeState};

/// The fields of a line.
///
/// # Errors
/// [`Fault`] with the column where the JSON breaks, or the field that is unknown or stands twice.
pub(super) fn read(line: &str) -> Result<FieldValues, Fault> {
    let members: Members = serde_json::from_str(line).map_err(|error| {
        // The parser's own place is within the one line.
        let text = error.to_string();
        let problem = text.rsplit_once(" at line ").map_or(text.as_str(), |(problem, _)| problem);
        Fault::of_line(format!("not a JSON object: {problem} at column {}", error.column()))
    })?;
    let mut fields = FieldValues::default();
    for (name, value) in members.0 {
        let column = columns::find(&COLUMNS, &name).map_err(|unknown| Fault::of(&name, unknown.to_string()))?;
        if !fields.set(column, value) {
            return Err(Fault::of(column, "stands twice in the line".to_owned()));
        }
    }
    Ok(fields)
}

/// The members of an object as they stand, twice-written ones included.
struct Members(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct MembersVisitor;

        impl<'de> Visitor<'de> for MembersVisitor {
            type Value = Members;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                let mut members = Vec::with_capacity(COLUMNS.len());
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }

        deserializer.deserialize_map(MembersVisitor)
    }
}

/// A notice as the import takes it and as commands show it. Fields that are absent or say nothing are left out.
#[must_use]
pub fn notice_to_json(notice: &Notice) -> Map<String, Value> {
    let items = notice.items.iter().map(|item| {
        let mut members = Map::new();
        members.insert("no".into(), item.no.into());
        members.insert("item_id".into(), item.item_id.as_str().into());
        members.insert("item_name".into(), item.item_name.as_str().into());
        for (name, amount) in [("overdue", item.overdue), ("penalty", item.penalty)] {
            members.extend(amount.map(|amount| (name.to_owned(), amount.get().into())));
        }
        members.insert("fee".into(), item.fee.get().into());
        Value::Object(members)
    });
    let late_payment = match notice.late_payment {
        LatePayment::Refused => "refused",
        LatePayment::Allowed => "allowed",
    };
    let bank_ids: Vec<_> = notice.bank_ids.iter().map(|bank_id| json!(bank_id.as_str())).collect();
    let values = [
        ("region_code", json!(notice.key.region_code.as_str())),
        ("department_code", json!(notice.key.department_code.as_str())),
        ("department_name", json!(notice.department_name)),
        ("payment_notice_no", json!(notice.key.payment_notice_no.as_str())),
        ("payment_notice_type", json!(notice.payment_notice_type.code())),
        ("user_name", json!(notice.user_name)),
        ("payment_notice_create_time", json!(notice.payment_notice_create_time.map(Timestamp::as_second))),
        ("payment_expire_date", json!(notice.payment_expire_date.map(|date| date.to_string()))),
        ("fee", json!(notice.fee.get())),
        ("items", items.collect()),
        ("status", json!(NoticeState::name(&notice.state))),
        ("late_payment", json!(late_payment)),
        ("bank_ids", if bank_ids.is_empty() { Value::Null } else { Value::Array(bank_ids) }),
    ];
    values.into_iter().filter(|(_, value)| !value.is_null()).map(|(name, value)| (name.to_owned(), value)).collect()
}
