//! The request of a call: read from where the command line says, without blanks, with what goes without saying, and with no field that
//! the API does not know.

use std::fs::File;
use std::io::Read;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::{Console, Exit, Failure};
use crate::wire::from_json;

/// The largest request that is read, in bytes. An order with hundreds of items fits.
const MAX_REQUEST_BYTES: u64 = 1 << 20;

/// Fields that let whoever reads them take money or a name: the list of processes, with every argument, is open to all users.
pub(super) const SECRET_FIELDS: [&str; 2] = ["auth_code", "wx_realname_token"];

/// Reads the JSON object that `argument` is or names.
pub(super) fn read(argument: &str, console: &mut Console<'_>) -> Result<Map<String, Value>, Failure> {
    let (text, origin) = match argument.strip_prefix('@') {
        None if argument == "-" => (read_all("standard input", &mut *console.input)?, "standard input"),
        None => (argument.as_bytes().to_vec(), "the argument"),
        Some(path) => {
            let file = File::open(path).map_err(|error| unreadable(path, &error))?;
            (read_all(path, file)?, path)
        }
    };
    let document: Value = from_json(&text).map_err(|error| {
        Failure::new(Exit::Usage, format!("{origin} is no JSON: {error}"))
            .with_help("write an object, as in '{\"order_id\":\"…\"}'")
    })?;
    let Value::Object(mut object) = document else {
        return Err(Failure::new(Exit::Usage, format!("{origin} is JSON, but no object")));
    };
    let secret = SECRET_FIELDS.iter().find(|field| object.contains_key(**field));
    if let Some(field) = secret.filter(|_| origin == "the argument") {
        return Err(Failure::new(
            Exit::Usage,
            format!("{field} stands on the command line, which other users can read"),
        )
        .with_help("put the request into a file and give @FILE, or give it on standard input with -"));
    }
    object.values_mut().for_each(trim);
    Ok(object)
}

fn read_all(name: &str, from: impl Read) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    from.take(MAX_REQUEST_BYTES + 1).read_to_end(&mut bytes).map_err(|error| unreadable(name, &error))?;
    if bytes.len() as u64 > MAX_REQUEST_BYTES {
        return Err(Failure::new(Exit::Usage, format!("{name} is larger than {MAX_REQUEST_BYTES} bytes")));
    }
    Ok(bytes)
}

fn unreadable(name: &str, error: &std::io::Error) -> Failure {
    Failure::new(Exit::Usage, format!("{name} cannot be read: {error}"))
}

/// Drops the blanks around every text, which scanners and spreadsheets leave there.
fn trim(value: &mut Value) {
    match value {
        Value::String(text) => *text = text.trim().to_owned(),
        Value::Array(values) => values.iter_mut().for_each(trim),
        Value::Object(members) => members.values_mut().for_each(trim),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// The typed request, with `defaults` where a field was left out, and the body as it goes out.
pub(super) fn complete<Q: DeserializeOwned + Serialize>(
    mut document: Map<String, Value>,
    defaults: &[(&str, Value)],
) -> Result<(Q, Value), Failure> {
    let invalid = |error: &dyn std::fmt::Display| {
        Failure::new(Exit::Usage, format!("the request does not have the API's shape: {error}"))
    };
    for (field, value) in defaults {
        if document.get(*field).is_none_or(says_nothing) {
            document.insert((*field).to_owned(), value.clone());
        }
    }
    // Through text, so that a wrong type is told with the lenient readers' words.
    let text = Value::Object(document.clone()).to_string();
    let request: Q = from_json(text.as_bytes()).map_err(|error| invalid(&error))?;
    let body = serde_json::to_value(&request).map_err(|error| invalid(&error))?;
    let unknown = unknown_fields("", &Value::Object(document), &body);
    if unknown.is_empty() {
        return Ok((request, body));
    }
    Err(Failure::new(Exit::Usage, format!("the API has no such field: {}", unknown.join(", ")))
        .with_help("correct its name, or leave it out: nothing that is not understood is sent"))
}

/// The fields of `given` that say something and are not in `body`.
fn unknown_fields(path: &str, given: &Value, body: &Value) -> Vec<String> {
    match (given, body) {
        (Value::Object(given), Value::Object(body)) => given
            .iter()
            .filter(|(_, value)| !says_nothing(value))
            .flat_map(|(field, value)| {
                let path = if path.is_empty() { field.clone() } else { format!("{path}.{field}") };
                match body.get(field) {
                    None => vec![path],
                    Some(known) => unknown_fields(&path, value, known),
                }
            })
            .collect(),
        (Value::Array(given), Value::Array(body)) => given
            .iter()
            .zip(body)
            .enumerate()
            .flat_map(|(index, (given, body))| unknown_fields(&format!("{path}[{index}]"), given, body))
            .collect(),
        _ => Vec::new(),
    }
}

/// Whether a value means that its field is absent.
fn says_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(values) => values.is_empty(),
        Value::Bool(_) | Value::Number(_) | Value::Object(_) => false,
    }
}
