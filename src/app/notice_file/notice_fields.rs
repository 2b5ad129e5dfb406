//! From the values of a line, whatever its format, to a checked notice.

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::columns::{self, COLUMNS, ITEM_FIELDS};
use crate::domain::{
    BankId, Fen, InvalidIdentifier, InvalidNotice, Item, LatePayment, Notice, NoticeKey, NoticeState, NoticeType,
};
use crate::store::NoticeDraft;

/// The longest name, in bytes. Names of offices and items have under 200; the limit keeps pasted documents out of the book.
const MAX_TEXT_BYTES: usize = 1024;

/// What is wrong with a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    /// The field, where one is to blame.
    pub(super) field: Option<String>,
    pub(super) cause: String,
}

impl Fault {
    pub(super) fn of(field: &str, cause: impl Into<String>) -> Self {
        // The name comes from the file: what a terminal would obey does not pass.
        let shown = field.chars().filter(|c| !c.is_control()).take(64).collect();
        Self { field: Some(shown), cause: cause.into() }
    }

    pub(super) fn of_line(cause: impl Into<String>) -> Self {
        Self { field: None, cause: cause.into() }
    }
}

impl From<InvalidIdentifier> for Fault {
    fn from(invalid: InvalidIdentifier) -> Self {
        let cause = invalid.to_string();
        Self::of(invalid.field, cause.strip_prefix(invalid.field).unwrap_or(&cause).trim_start())
    }
}

impl From<InvalidNotice> for Fault {
    fn from(invalid: InvalidNotice) -> Self {
        let field = match invalid {
            InvalidNotice::NothingDue | InvalidNotice::DoesNotAddUp { .. } => "fee",
            InvalidNotice::NoItems | InvalidNotice::TooMuch | InvalidNotice::ExtrasExceedItem { .. } => "items",
        };
        Self::of(field, invalid.to_string())
    }
}

/// The values of a line by field.
#[derive(Debug, Default)]
pub(super) struct FieldValues([Option<Value>; COLUMNS.len()]);

impl FieldValues {
    /// Keeps a value; false when the field has one already.
    pub(super) fn set(&mut self, column: &'static str, value: Value) -> bool {
        let place = COLUMNS.iter().position(|name| *name == column);
        place.is_some_and(|place| self.0[place].replace(value).is_none())
    }

    fn get(&self, field: &str) -> Option<&Value> {
        let place = COLUMNS.iter().position(|name| *name == field)?;
        self.0[place].as_ref()
    }

    /// The notice that the values make.
    ///
    /// # Errors
    /// [`Fault`] names the first field that does not fit, and what would.
    pub(super) fn draft(&self) -> Result<NoticeDraft, Fault> {
        let status = self.text("status")?;
        let state_given = status.is_some();
        let notice = Notice {
            key: self.key()?,
            department_name: self.required_text("department_name")?,
            payment_notice_type: self.notice_type()?,
            user_name: self.text("user_name")?,
            payment_notice_create_time: self.create_time()?,
            payment_expire_date: self
                .text("payment_expire_date")?
                .map(|text| text.parse().map_err(|error| Fault::of("payment_expire_date", format!("{error}"))))
                .transpose()?,
            fee: required_amount("fee", self.get("fee"))?,
            items: self.items()?,
            late_payment: self.late_payment()?,
            bank_ids: self.bank_ids()?,
            state: status.map_or(Ok(NoticeState::Unpaid), |status| state_of(&status))?,
        };
        notice.check()?;
        Ok(NoticeDraft { notice, state_given })
    }

    fn key(&self) -> Result<NoticeKey, Fault> {
        let number = self.required_text("payment_notice_no")?;
        if is_rounded_by_a_spreadsheet(&number) {
            return Err(Fault::of(
                "payment_notice_no",
                "a spreadsheet has rounded the number: format its column as text and export again",
            ));
        }
        let (region, department) = (self.required_text("region_code")?, self.required_text("department_code")?);
        Ok(NoticeKey::new(&region, &department, &number)?)
    }

    fn notice_type(&self) -> Result<NoticeType, Fault> {
        let field = "payment_notice_type";
        match integer(field, self.get(field))? {
            None => Ok(NoticeType::General),
            Some(code) => NoticeType::from_code(code).ok_or_else(|| {
                Fault::of(field, format!("{code} is no type: 1 is a general notice, 2 a penalty notice"))
            }),
        }
    }

    fn create_time(&self) -> Result<Option<Timestamp>, Fault> {
        let field = "payment_notice_create_time";
        let Some(seconds) = integer(field, self.get(field))? else { return Ok(None) };
        let time = if seconds < 0 { None } else { Timestamp::from_second(seconds).ok() };
        time.map(Some).ok_or_else(|| {
            Fault::of(field, format!("{seconds} is no time: expected Unix seconds (10 digits, not milliseconds)"))
        })
    }

    fn late_payment(&self) -> Result<LatePayment, Fault> {
        match self.text("late_payment")?.as_deref() {
            None | Some("refused") => Ok(LatePayment::Refused),
            Some("allowed") => Ok(LatePayment::Allowed),
            Some(_) => Err(Fault::of("late_payment", "expected refused or allowed")),
        }
    }

    fn bank_ids(&self) -> Result<Vec<BankId>, Fault> {
        let field = "bank_ids";
        match self.get(field) {
            None | Some(Value::Null) => Ok(Vec::new()),
            Some(Value::String(text)) if text.trim().is_empty() => Ok(Vec::new()),
            Some(Value::Array(values)) => values
                .iter()
                .map(|value| {
                    let text = text(field, Some(value))?.ok_or_else(|| Fault::of(field, "holds an empty bank_id"))?;
                    BankId::new(&text).map_err(|invalid| Fault::of(field, invalid.to_string()))
                })
                .collect(),
            Some(_) => Err(Fault::of(field, "expected a list of bank_id, as in [\"1001\"]")),
        }
    }

    fn items(&self) -> Result<Vec<Item>, Fault> {
        match self.get("items") {
            Some(Value::Array(values)) => values.iter().enumerate().map(|(index, value)| item(index, value)).collect(),
            None | Some(Value::Null) => Err(Fault::of("items", "is missing")),
            Some(_) => Err(Fault::of("items", "expected a list of objects with no, item_id, item_name and fee")),
        }
    }

    fn text(&self, field: &str) -> Result<Option<String>, Fault> {
        text(field, self.get(field))
    }

    fn required_text(&self, field: &str) -> Result<String, Fault> {
        self.text(field)?.ok_or_else(|| Fault::of(field, "is missing"))
    }
}

fn item(index: usize, value: &Value) -> Result<Item, Fault> {
    let place = |name: &str| format!("items[{index}].{name}");
    let Value::Object(members) = value else {
        return Err(Fault::of(&format!("items[{index}]"), "expected an object"));
    };
    if let Some((name, unknown)) = unknown_member(members) {
        return Err(Fault::of(&place(name), unknown.to_string()));
    }
    let required =
        |name: &str| text(&place(name), members.get(name))?.ok_or_else(|| Fault::of(&place(name), "is missing"));
    Ok(Item {
        no: integer(&place("no"), members.get("no"))?.ok_or_else(|| Fault::of(&place("no"), "is missing"))?,
        item_id: required("item_id")?,
        item_name: required("item_name")?,
        overdue: amount(&place("overdue"), members.get("overdue"))?,
        penalty: amount(&place("penalty"), members.get("penalty"))?,
        fee: required_amount(&place("fee"), members.get("fee"))?,
    })
}

fn unknown_member(members: &Map<String, Value>) -> Option<(&String, columns::UnknownColumn)> {
    let unknown = members.keys().find(|name| !ITEM_FIELDS.contains(&name.as_str()))?;
    Some((unknown, columns::UnknownColumn { suggestion: columns::most_like(&ITEM_FIELDS, unknown) }))
}

fn state_of(status: &str) -> Result<NoticeState, Fault> {
    match status {
        "unpaid" => Ok(NoticeState::Unpaid),
        // By another way: an order of the platform is recorded by its notification, never by a file.
        "paid" => Ok(NoticeState::Paid { order_id: None }),
        "canceled" => Ok(NoticeState::Canceled),
        "suspended" => Ok(NoticeState::Suspended),
        _ => Err(Fault::of("status", "expected unpaid, paid, canceled or suspended")),
    }
}

/// A text without blanks around it; null and an empty one mean absent. A whole number stands for its digits.
fn text(field: &str, value: Option<&Value>) -> Result<Option<String>, Fault> {
    let text = match value {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::String(text)) => text.trim().to_owned(),
        Some(Value::Number(number)) if !number.is_f64() => number.to_string(),
        Some(Value::Number(_)) => return Err(Fault::of(field, "too long for a number: write it as text, in quotes")),
        Some(_) => return Err(Fault::of(field, "expected text")),
    };
    if text.len() > MAX_TEXT_BYTES {
        return Err(Fault::of(field, format!("longer than {MAX_TEXT_BYTES} bytes")));
    }
    if text.chars().any(char::is_control) {
        return Err(Fault::of(field, "holds a control character (a tab, a line end or NUL)"));
    }
    Ok(if text.is_empty() { None } else { Some(text) })
}

fn integer(field: &str, value: Option<&Value>) -> Result<Option<i64>, Fault> {
    let wrong = || Fault::of(field, "expected a whole number");
    match value {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Number(number)) => number.as_i64().map(Some).ok_or_else(wrong),
        Some(Value::String(text)) if text.trim().is_empty() => Ok(None),
        Some(Value::String(text)) => text.trim().parse().map(Some).map_err(|_| wrong()),
        Some(_) => Err(wrong()),
    }
}

fn amount(field: &str, value: Option<&Value>) -> Result<Option<Fen>, Fault> {
    let wrong = || Fault::of(field, "expected an amount in fen: a whole number, 20000 for 200.00 yuan");
    let Some(fen) = integer(field, value).map_err(|_| wrong())? else { return Ok(None) };
    Fen::new(fen).map(Some).ok_or_else(wrong)
}

fn required_amount(field: &str, value: Option<&Value>) -> Result<Fen, Fault> {
    amount(field, value)?.ok_or_else(|| Fault::of(field, "is missing"))
}

/// Whether text looks like `4.40204E+14`.
fn is_rounded_by_a_spreadsheet(text: &str) -> bool {
    let Some((mantissa, exponent)) = text.split_once(['E', 'e']) else { return false };
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let has_point = mantissa.split_once('.').is_some_and(|(whole, rest)| digits(whole) && digits(rest));
    let has_sign = exponent.strip_prefix('+').is_some_and(digits);
    (has_point || digits(mantissa)) && has_sign
}
