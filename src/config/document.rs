//! A parsed TOML document in which every key and value knows its place.

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::problem::Problems;
use super::redact;
use super::source::{Place, Source};

/// A value and its place.
pub(super) struct Node {
    pub(super) place: Place,
    pub(super) value: Value,
}

/// What a key can hold. No `Debug`: some of it is secret.
pub(super) enum Value {
    Text(String),
    /// The text of an environment variable, which may stand for any scalar.
    Variable(String),
    Integer(i64),
    Boolean(bool),
    List(Vec<Node>),
    Table(Table),
    /// A number too large, a fraction or a date, none of which any key takes.
    Other(&'static str),
}

impl Value {
    /// What it is, as an error says it.
    pub(super) const fn kind(&self) -> &'static str {
        match self {
            Self::Text(_) | Self::Variable(_) => "a string",
            Self::Integer(_) => "an integer",
            Self::Boolean(_) => "true or false",
            Self::List(_) => "a list",
            Self::Table(_) => "a table",
            Self::Other(kind) => kind,
        }
    }
}

/// Keys in the order of the file.
#[derive(Default)]
pub(super) struct Table(pub(super) Vec<Entry>);

/// A key with its value.
pub(super) struct Entry {
    pub(super) name: String,
    pub(super) name_place: Place,
    pub(super) node: Node,
}

impl Table {
    pub(super) fn get(&self, name: &str) -> Option<&Node> {
        self.0.iter().find(|entry| entry.name == name).map(|entry| &entry.node)
    }

    /// Takes a key out.
    pub(super) fn take(&mut self, name: &str) -> Option<Node> {
        let index = self.0.iter().position(|entry| entry.name == name)?;
        Some(self.0.remove(index).node)
    }
}

/// Parses a file. With a fault of syntax in it every one is told, and there is no document, since what stands after it would
/// be guesswork.
pub(super) fn parse(path: &Path, bytes: &[u8], problems: &mut Problems) -> Option<Table> {
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(fault) => {
            let source = Arc::new(Source::file(path, &String::from_utf8_lossy(bytes), &[]));
            let start = fault.valid_up_to();
            let place = Place::new(&source, start..start + char::REPLACEMENT_CHARACTER.len_utf8());
            let cause = format!("the file is not UTF-8 from byte {} on", start + 1);
            problems.error("file", Some(place), cause, "save it as UTF-8 (an editor may have saved it as GBK)");
            return None;
        }
    };
    let (document, faults) = DeTable::parse_recoverable(text);
    let mut hidden = Vec::new();
    hide_in_table(document.get_ref(), &mut hidden);
    let source = Arc::new(Source::file(path, text, &hidden));
    for fault in &faults {
        let span = fault.span().unwrap_or(0..0);
        let cause = format!("not valid TOML: {}", fault.message().replace('\n', ", "));
        let cure = "write key = value, strings in straight double quotes (\"…\"), one key once";
        problems.error("syntax", Some(Place::new(&source, span)), cause, cure);
    }
    faults.is_empty().then(|| table(document.into_inner(), &source))
}

/// Collects what [`redact::redact`] cannot see in the text alone, such as a secret in a list over several lines.
fn hide_in_table(table: &DeTable<'_>, hidden: &mut Vec<Range<usize>>) {
    for (name, value) in table {
        hide_in_value(name.get_ref(), value, hidden);
    }
}

fn hide_in_value(name: &str, value: &Spanned<DeValue<'_>>, hidden: &mut Vec<Range<usize>>) {
    match value.get_ref() {
        DeValue::Table(table) => hide_in_table(table, hidden),
        DeValue::Array(list) => list.iter().for_each(|item| hide_in_value(name, item, hidden)),
        DeValue::String(text) if redact::hides(name, text) => {
            let span = value.span();
            hidden.push(span.start + 1..span.end.saturating_sub(1));
        }
        _ => {}
    }
}

fn table(table: DeTable<'_>, source: &Arc<Source>) -> Table {
    let mut entries: Vec<_> = table
        .into_iter()
        .map(|(name, value)| Entry {
            name_place: Place::new(source, name.span()),
            name: name.into_inner().into_owned(),
            node: node(value, source),
        })
        .collect();
    entries.sort_by_key(|entry| entry.name_place.excerpt().1.start);
    Table(entries)
}

fn node(value: Spanned<DeValue<'_>>, source: &Arc<Source>) -> Node {
    let place = Place::new(source, value.span());
    let value = match value.into_inner() {
        DeValue::String(text) => Value::Text(text.into_owned()),
        DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix())
            .map_or(Value::Other("an integer of more than 63 bits"), Value::Integer),
        DeValue::Boolean(truth) => Value::Boolean(truth),
        DeValue::Array(list) => Value::List(list.into_iter().map(|item| node(item, source)).collect()),
        DeValue::Table(inner) => Value::Table(table(inner, source)),
        DeValue::Float(_) => Value::Other("a fraction"),
        DeValue::Datetime(_) => Value::Other("a date"),
    };
    Node { place, value }
}
