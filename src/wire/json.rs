//! Reading a JSON document the way every document of the platform is read.

use serde::de::DeserializeOwned;

/// Bytes that are not the JSON document that was expected. Says what and where, never the content.
#[derive(Debug, thiserror::Error)]
pub enum InvalidJson {
    /// The bytes are not UTF-8.
    #[error("not UTF-8 after {valid_up_to} bytes")]
    NotUtf8 {
        /// How many bytes are.
        valid_up_to: usize,
    },
    /// The text is not JSON, or a field is missing or of another type.
    #[error("{0}")]
    Shape(#[from] serde_json::Error),
}

/// Reads a document. A BOM and white space around it are no error; anything else after it is.
///
/// # Errors
/// [`InvalidJson`] with the field or the line and column.
pub fn from_json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, InvalidJson> {
    let text = std::str::from_utf8(bytes).map_err(|e| InvalidJson::NotUtf8 { valid_up_to: e.valid_up_to() })?;
    Ok(serde_json::from_str(text.trim_matches(['\u{feff}', ' ', '\t', '\r', '\n']))?)
}
