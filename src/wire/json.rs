//! Reading a JSON document the way every document of the platform is read.

use serde::de::DeserializeOwned;
use serde_json::error::Category;

/// Bytes that are not the JSON document that was expected. Says what and where, never the content: it goes into logs.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidJson {
    /// The bytes are not UTF-8.
    #[error("not UTF-8 after {valid_up_to} bytes")]
    NotUtf8 {
        /// How many bytes are.
        valid_up_to: usize,
    },
    /// The text is not JSON, or a field is missing or of another type.
    #[error("{problem} (line {line}, column {column})")]
    Shape {
        /// What is wrong.
        problem: String,
        /// Where, from 1.
        line: usize,
        /// Where, from 1.
        column: usize,
    },
}

impl From<serde_json::Error> for InvalidJson {
    fn from(error: serde_json::Error) -> Self {
        let (line, column) = (error.line(), error.column());
        let text = error.to_string();
        let position = format!(" at line {line} column {column}");
        let text = text.strip_suffix(&position).unwrap_or(&text);
        // A message about data quotes what it found before it says what it expected.
        let problem = match (error.classify(), text.rsplit_once(", expected ")) {
            (Category::Data, Some((_, expected))) => format!("a value is not what is expected: {expected}"),
            (Category::Data, None) if !text.starts_with("missing field") && !text.starts_with("duplicate field") => {
                "a value is not what is expected".to_owned()
            }
            _ => text.to_owned(),
        };
        Self::Shape { problem, line, column }
    }
}

/// Reads a document. A BOM and white space around it are no error; anything else after it is.
///
/// # Errors
/// [`InvalidJson`] with the field or the line and column.
pub fn from_json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, InvalidJson> {
    let text = std::str::from_utf8(bytes).map_err(|e| InvalidJson::NotUtf8 { valid_up_to: e.valid_up_to() })?;
    Ok(serde_json::from_str(text.trim_matches(['\u{feff}', ' ', '\t', '\r', '\n']))?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{ReceivablesItem, RequestEnvelope};

    fn problem<T: DeserializeOwned + std::fmt::Debug>(text: &str) -> String {
        from_json::<T>(text.as_bytes()).unwrap_err().to_string()
    }

    #[test]
    fn what_was_found_is_never_quoted() {
        for text in [
            r#""SECRET""#,
            r#"{"data":["SECRET"]}"#,
            r#"{"data":{"SECRET":1}}"#,
            r#"{"data":"SECRET, expected SECRET","version":"SECRET"}"#,
            r#"{"version":"SECRET"}"#,
            r#"{"SECRET":1}"#,
        ] {
            let told = problem::<RequestEnvelope>(text);
            assert!(!told.contains("SECRET"), "{told}");
        }
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        assert_eq!(problem::<ReceivablesItem>(r#"{"no":1}"#), "missing field `item_id` (line 1, column 8)");
        let told = problem::<ReceivablesItem>(r#"{"no":true}"#);
        assert!(told.contains("an integer, as a number or as a string of digits"), "{told}");
        assert_eq!(problem::<ReceivablesItem>(""), "EOF while parsing a value (line 1, column 0)");
    }
}
