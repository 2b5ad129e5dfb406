//! Reads the keys of one table: types, ranges, choices, and the keys that nobody knows.

use std::fmt::Display;
use std::ops::RangeInclusive;
use std::str::FromStr;
use std::time::Duration;

use super::document::{Node, Table, Value};
use super::problem::Problems;
use super::source::Place;
use super::suggestion::{self, nearest};

/// A value that was read, or its default.
pub(super) struct Setting<T> {
    pub(super) value: T,
    /// Where it was set; a default was set nowhere.
    pub(super) place: Option<Place>,
    /// False when the default stands in for something unreadable, so that no rule between two keys is checked with it.
    pub(super) sound: bool,
}

/// One table being read.
pub(super) struct Section<'p> {
    path: String,
    header: Option<Place>,
    table: Table,
    pub(super) problems: &'p mut Problems,
}

impl<'p> Section<'p> {
    /// Opens a table in which only `keys` may stand.
    pub(super) fn open(path: &str, node: Option<Node>, keys: &[&str], problems: &'p mut Problems) -> Self {
        let header = node.as_ref().map(|node| node.place.clone());
        let table = match node.map(|node| node.value) {
            None => Table::default(),
            Some(Value::Table(table)) => table,
            Some(other) => {
                let cause = format!("expected a table, found {}", other.kind());
                problems.error(
                    path,
                    header.clone(),
                    cause,
                    format!("write [{path}] on a line of its own, its keys below"),
                );
                Table::default()
            }
        };
        let mut section = Self { path: path.to_owned(), header, table, problems };
        section.tell_unknown_keys(keys);
        section
    }

    /// Opens a whole document.
    pub(super) fn open_root(table: Table, keys: &[&str], problems: &'p mut Problems) -> Self {
        let mut section = Self { path: String::new(), header: None, table, problems };
        section.tell_unknown_keys(keys);
        section
    }

    /// Opens a table of this one.
    pub(super) fn section(&mut self, name: &str, keys: &[&str]) -> Section<'_> {
        let node = self.take(name);
        Section::open(&self.key(name), node, keys, self.problems)
    }

    /// The key as errors name it.
    pub(super) fn key(&self, name: &str) -> String {
        if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) }
    }

    /// Whether a key stands here and was not taken yet.
    pub(super) fn holds(&self, name: &str) -> bool {
        self.table.get(name).is_some()
    }

    pub(super) fn error(&mut self, name: &str, place: Option<&Place>, cause: impl Display, cure: impl Into<String>) {
        let place = place.or(self.header.as_ref()).cloned();
        self.problems.error(self.key(name), place, cause.to_string(), cure);
    }

    pub(super) fn warn(&mut self, name: &str, place: Option<&Place>, cause: impl Display, cure: impl Into<String>) {
        let place = place.or(self.header.as_ref()).cloned();
        self.problems.warn(self.key(name), place, cause.to_string(), cure);
    }

    pub(super) fn take(&mut self, name: &str) -> Option<Node> {
        self.table.take(name)
    }

    /// A string, when there is one.
    pub(super) fn text(&mut self, name: &str) -> Option<Setting<String>> {
        let Node { place, value } = self.take(name)?;
        match value {
            Value::Text(value) | Value::Variable(value) => Some(Setting { value, place: Some(place), sound: true }),
            other => {
                self.wrong_type(name, &place, "a string", &other, format!("{name} = \"…\""));
                Some(Setting { value: String::new(), place: Some(place), sound: false })
            }
        }
    }

    /// A string that must be there.
    pub(super) fn required_text(&mut self, name: &str, example: &str) -> Option<Setting<String>> {
        let Some(setting) = self.text(name) else {
            self.error(name, None, "the key is missing", format!("add {name} = \"{example}\""));
            return None;
        };
        setting.sound.then_some(setting)
    }

    /// A string that means something; `expected` completes "expected …".
    pub(super) fn parsed<T: FromStr>(&mut self, name: &str, default: T, expected: &str) -> Setting<T> {
        let Some(setting) = self.text(name) else { return Setting { value: default, place: None, sound: true } };
        match setting.value.trim().parse() {
            Ok(value) => Setting { value, place: setting.place, sound: setting.sound },
            Err(_) if !setting.sound => Setting { value: default, place: setting.place, sound: false },
            Err(_) => {
                let cause = format!("{:?} is not {expected}", setting.value);
                self.error(name, setting.place.as_ref(), cause, format!("write {expected}"));
                Setting { value: default, place: setting.place, sound: false }
            }
        }
    }

    /// One of a few words, when the key is there.
    pub(super) fn choice<T: Copy>(&mut self, name: &str, words: &[(&str, T)]) -> Option<Setting<T>> {
        let setting = self.text(name)?;
        if let Some((_, value)) = words.iter().find(|(word, _)| *word == setting.value) {
            return Some(Setting { value: *value, place: setting.place, sound: true });
        }
        if setting.sound {
            let all: Vec<_> = words.iter().map(|(word, _)| format!("\"{word}\"")).collect();
            let cause = format!("\"{}\" is not one of {}", setting.value.escape_debug(), all.join(", "));
            let near = nearest(&setting.value, words.iter().map(|(word, _)| *word));
            let cure =
                near.map_or_else(|| format!("write {}", all.join(" or ")), |near| format!("did you mean \"{near}\"?"));
            self.error(name, setting.place.as_ref(), cause, cure);
        }
        None
    }

    /// One of a few words, or the default.
    pub(super) fn choice_or<T: Copy>(&mut self, name: &str, words: &[(&str, T)], default: T) -> T {
        self.choice(name, words).map_or(default, |setting| setting.value)
    }

    pub(super) fn boolean(&mut self, name: &str, default: bool) -> Setting<bool> {
        let Some(Node { place, value }) = self.take(name) else {
            return Setting { value: default, place: None, sound: true };
        };
        let found = match &value {
            Value::Boolean(truth) => Some(*truth),
            Value::Variable(text) => text.trim().parse().ok(),
            _ => None,
        };
        if found.is_none() {
            self.wrong_type(
                name,
                &place,
                "true or false",
                &value,
                format!("{name} = true or {name} = false, without quotes"),
            );
        }
        Setting { value: found.unwrap_or(default), place: Some(place), sound: found.is_some() }
    }

    /// An integer within a range; `unit` stands behind the figures of the error.
    pub(super) fn integer<T>(&mut self, name: &str, range: RangeInclusive<T>, default: T, unit: &str) -> Setting<T>
    where
        T: Copy + Display + PartialOrd + TryFrom<i64>,
    {
        let Some(Node { place, value }) = self.take(name) else {
            return Setting { value: default, place: None, sound: true };
        };
        let (least, most) = (*range.start(), *range.end());
        let found = match &value {
            Value::Integer(number) => Some(*number),
            Value::Variable(text) => text.trim().parse().ok(),
            _ => None,
        };
        let cure = format!("write a number from {least} to {most}, such as {name} = {default}");
        let Some(number) = found else {
            self.wrong_type(name, &place, "an integer", &value, cure);
            return Setting { value: default, place: Some(place), sound: false };
        };
        if let Some(value) = T::try_from(number).ok().filter(|number| range.contains(number)) {
            return Setting { value, place: Some(place), sound: true };
        }
        self.error(name, Some(&place), format!("{number} is out of range: {least} to {most} {unit}"), cure);
        Setting { value: default, place: Some(place), sound: false }
    }

    /// A span of time, written in milliseconds.
    pub(super) fn milliseconds(&mut self, name: &str, range: RangeInclusive<u32>, default: u32) -> Setting<Duration> {
        let setting = self.integer(name, range, default, "milliseconds");
        let value = Duration::from_millis(u64::from(setting.value));
        Setting { value, place: setting.place, sound: setting.sound }
    }

    /// A list of strings, each with its place, and the place of the list. An environment variable separates them by commas.
    pub(super) fn texts(&mut self, name: &str) -> (Vec<Setting<String>>, Option<Place>) {
        let Some(Node { place, value }) = self.take(name) else { return (Vec::new(), None) };
        let cure = format!("{name} = [\"…\", \"…\"]");
        let mut texts = Vec::new();
        match value {
            Value::List(items) => {
                for item in items {
                    match item.value {
                        Value::Text(value) => texts.push(Setting { value, place: Some(item.place), sound: true }),
                        other => self.wrong_type(name, &item.place, "a string", &other, cure.clone()),
                    }
                }
            }
            Value::Variable(all) => {
                for part in all.split(',').map(str::trim).filter(|part| !part.is_empty()) {
                    texts.push(Setting { value: part.to_owned(), place: Some(place.clone()), sound: true });
                }
            }
            other => self.wrong_type(name, &place, "a list of strings", &other, cure),
        }
        (texts, Some(place))
    }

    /// The tables of an array of tables.
    pub(super) fn tables(&mut self, name: &str, header: &str) -> Vec<Node> {
        match self.take(name) {
            None => Vec::new(),
            Some(Node { value: Value::List(items), .. }) => items,
            Some(Node { place, value }) => {
                self.wrong_type(name, &place, "an array of tables", &value, format!("[[{header}]], with two brackets"));
                Vec::new()
            }
        }
    }

    fn wrong_type(&mut self, name: &str, place: &Place, expected: &str, found: &Value, example: String) {
        let example = if example.starts_with("write ") { example } else { format!("write {example}") };
        self.error(name, Some(place), format!("expected {expected}, found {}", found.kind()), example);
    }

    fn tell_unknown_keys(&mut self, keys: &[&str]) {
        let (known, unknown): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.table.0).into_iter().partition(|entry| keys.contains(&entry.name.as_str()));
        self.table.0 = known;
        for entry in unknown {
            let cure = suggestion::for_unknown_key(&entry.name, keys);
            self.error(
                &entry.name,
                Some(&entry.name_place),
                format!("unknown key \"{}\"", entry.name.escape_debug()),
                cure,
            );
        }
    }
}
