//! The envelope around both callbacks (protocol §2; source §7.2).

use serde::{Deserialize, Serialize};

use super::json::{InvalidJson, from_json};
use super::lenient;

/// The only `data_encrypt_type`.
pub const DATA_ENCRYPT_TYPE: &str = "AES/CBC/PKCS7Padding";

/// The only `sign_type`.
pub const SIGN_TYPE: &str = "SHA256withRSA";

/// The only protocol version.
pub const PROTOCOL_VERSION: i64 = 1;

/// What Weixin POSTs to a callback URL. Every field is required.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestEnvelope {
    /// base64( iv ‖ ciphertext ).
    pub data: String,
    /// `AES/CBC/PKCS7Padding`.
    pub data_encrypt_type: String,
    /// base64 of the platform's signature.
    pub sign: String,
    /// `SHA256withRSA`.
    pub sign_type: String,
    /// 1.
    #[serde(deserialize_with = "lenient::integer")]
    pub version: i64,
    /// `AppID` of the Official Account notified.
    pub appid: String,
}

/// What a callback is answered with. It is not signed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplyEnvelope {
    /// base64( iv ‖ ciphertext ).
    pub data: String,
    /// As requested.
    pub data_encrypt_type: String,
}

/// The JSON of a [`ReplyEnvelope`] around `data`, which is base64. Neither field holds what JSON escapes, so nothing is searched for it.
#[must_use]
pub fn reply_envelope_json(data: &str) -> String {
    [r#"{"data":""#, data, r#"","data_encrypt_type":""#, DATA_ENCRYPT_TYPE, r#""}"#].concat()
}

/// Reads the envelope of a request.
///
/// # Errors
/// [`InvalidJson`] when it is not such an object.
pub fn read_request_envelope(body: &[u8]) -> Result<RequestEnvelope, InvalidJson> {
    from_json(body)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &str = r#"{"data":"AA==","data_encrypt_type":"AES/CBC/PKCS7Padding","sign":"AA==",
        "sign_type":"SHA256withRSA","version":"1","appid":"wx5f6e43071809a9dd","more":[1]}"#;

    #[test]
    fn a_number_may_be_text_and_unknown_fields_are_ignored() {
        assert_eq!(read_request_envelope(BODY.as_bytes()).unwrap().version, 1);
        let with_bom = format!("\u{feff}\n{BODY}\n");
        assert!(read_request_envelope(with_bom.as_bytes()).is_ok());
    }

    #[test]
    fn a_reply_is_written_as_its_type_is() {
        let data = "AZaz09+/AA==";
        let envelope = ReplyEnvelope { data: data.to_owned(), data_encrypt_type: DATA_ENCRYPT_TYPE.to_owned() };
        assert_eq!(reply_envelope_json(data), serde_json::to_string(&envelope).unwrap());
    }

    #[test]
    fn what_is_missing_is_named() {
        let error = read_request_envelope(br#"{"data":"AA=="}"#).unwrap_err();
        assert!(error.to_string().contains("data_encrypt_type"), "{error}");
        assert!(read_request_envelope(b"\xff").is_err());
        assert!(read_request_envelope(format!("{BODY} x").as_bytes()).is_err());
        assert!(read_request_envelope(b"").is_err());
    }
}
