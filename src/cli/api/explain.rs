//! `--explain`: what would be sent, what was checked, and whether it may be sent again.

use std::fmt::Write as _;

use serde_json::Value;

use super::call::ApiCall;
use super::request::SECRET_FIELDS;
use super::{Console, Exit, Failure};

/// What stands for the token in the URL, in the sources' words.
const TOKEN_WORD: &str = "ACCESS_TOKEN";

/// What stands for a secret in a body.
const MASK: &str = "***";

/// Prints it.
pub(super) fn print(
    call: &ApiCall<'_>,
    body: &Value,
    rules: &[&str],
    console: &mut Console<'_>,
) -> Result<(), Failure> {
    let target = format!("POST {}{}?access_token={TOKEN_WORD}", call.platform.base_url, call.api.path);
    print_text(&text(call, &target, body, rules), console)
}

/// The explanation of a call to `target`.
pub(super) fn text(call: &ApiCall<'_>, target: &str, body: &Value, rules: &[&str]) -> String {
    let body = masked(body);
    let mut text =
        format!("{target}\ncontent-type: application/json\n\n{body:#}\n\nChecked (source {}):\n", call.api.section);
    for rule in rules {
        let _ = writeln!(text, "  - {rule}");
    }
    let _ = writeln!(text, "May be repeated: {}\nNothing was sent.", call.api.repetition.text());
    text
}

pub(super) fn print_text(text: &str, console: &mut Console<'_>) -> Result<(), Failure> {
    let printed = console.out.write_all(text.as_bytes());
    printed.map_err(|error| Failure::new(Exit::Failure, format!("the output cannot be written: {error}")))
}

/// A body without what must not be seen.
fn masked(body: &Value) -> Value {
    let mut body = body.clone();
    for field in SECRET_FIELDS {
        if let Some(secret) = body.get_mut(field).filter(|secret| **secret != "") {
            *secret = MASK.into();
        }
    }
    body
}
