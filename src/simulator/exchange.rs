//! One call to a party: what was sent and what came back.

use serde::{Serialize, Serializer};

use super::callback::{Callback, Variant};
use crate::envelope::{DecryptionFault, SymmetricKey};
use crate::wire::ApiErrcode;
use crate::wire::{DATA_ENCRYPT_TYPE, NotificationReply, ReplyEnvelope, from_json};

/// How much of an unreadable reply is quoted, in characters.
const EXCERPT_CHARACTERS: usize = 200;

/// A call to a party, recorded.
#[derive(Clone, Debug, Serialize)]
pub struct Exchange {
    /// The party's name.
    pub party: String,
    /// Which of its URLs was called.
    pub callback: Callback,
    /// How the request was made.
    pub variant: Variant,
    /// The URL with `wxnontaxstr`.
    pub url: String,
    /// The random text appended to the URL.
    pub wxnontaxstr: String,
    /// When it was sent, Unix seconds.
    pub sent_at: i64,
    /// The plaintext sent.
    pub sent: String,
    /// The HTTP status, when there was a reply.
    pub http_status: Option<u16>,
    /// The body of the reply as it came.
    pub body: Option<String>,
    /// What the reply says.
    pub answer: Answer,
    /// From sending to the last byte, in milliseconds.
    pub elapsed_ms: u64,
}

/// What a reply says, or why it says nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// It was decrypted and has an errcode.
    Reply(Reply),
    /// There is none, or it cannot be read.
    Fault(ReplyFault),
}

/// A decrypted reply.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Reply {
    /// The decrypted JSON text.
    pub plaintext: String,
    /// Its errcode.
    pub errcode: i64,
    /// Its errmsg.
    pub errmsg: String,
    /// Its `order_id`, with 232.
    pub order_id: Option<String>,
}

/// Why a reply says nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReplyFault {
    /// The party could not be reached, or hung up.
    #[error("no reply: {0}")]
    Unreachable(String),
    /// The reply did not come in time.
    #[error("no reply within {0} ms")]
    TimedOut(u128),
    /// The reply is too large.
    #[error("the reply has more than {0} bytes")]
    TooLarge(usize),
    /// The HTTP status is not a success.
    #[error("the HTTP status is {status}, with {excerpt:?}")]
    HttpStatus {
        /// The status.
        status: u16,
        /// The beginning of the body.
        excerpt: String,
    },
    /// The reply has no body.
    #[error("the reply is empty")]
    Empty,
    /// The body is not a reply envelope.
    #[error("the reply is not an object with data and data_encrypt_type ({problem}): {excerpt:?}")]
    NotAnEnvelope {
        /// What is wrong.
        problem: String,
        /// The beginning of the body.
        excerpt: String,
    },
    /// `data_encrypt_type` is not what was requested.
    #[error("the reply's data_encrypt_type is {0:?}, where {DATA_ENCRYPT_TYPE} was requested")]
    EncryptType(String),
    /// `data` cannot be decrypted.
    #[error("the reply's data cannot be decrypted: {0}")]
    Undecipherable(DecryptionFault),
    /// The plaintext is not an object with an errcode.
    #[error("the decrypted reply is not an object with an errcode ({problem}): {excerpt:?}")]
    NoErrcode {
        /// What is wrong.
        problem: String,
        /// The beginning of the plaintext.
        excerpt: String,
    },
}

impl ReplyFault {
    /// The platform's code for it, as `ret` in `notify_history` and as the test calls answer it.
    #[must_use]
    pub const fn code(&self) -> ApiErrcode {
        match self {
            Self::Unreachable(_) | Self::TimedOut(_) => ApiErrcode::MockNotSent,
            Self::TooLarge(_) | Self::HttpStatus { .. } | Self::Empty | Self::NotAnEnvelope { .. } => {
                ApiErrcode::MockReplyUnreadable
            }
            Self::EncryptType(_) | Self::Undecipherable(_) | Self::NoErrcode { .. } => ApiErrcode::MockReplyWrong,
        }
    }
}

/// As its text.
impl Serialize for ReplyFault {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl Exchange {
    /// The errcode of the reply, when it could be read.
    #[must_use]
    pub const fn errcode(&self) -> Option<i64> {
        match &self.answer {
            Answer::Reply(reply) => Some(reply.errcode),
            Answer::Fault(_) => None,
        }
    }

    /// The decrypted reply, when there is one.
    #[must_use]
    pub const fn reply(&self) -> Option<&Reply> {
        match &self.answer {
            Answer::Reply(reply) => Some(reply),
            Answer::Fault(_) => None,
        }
    }
}

/// Reads the body of a reply.
pub(super) fn read(http_status: u16, body: &[u8], key: &SymmetricKey) -> Answer {
    match read_reply(http_status, body, key) {
        Ok(reply) => Answer::Reply(reply),
        Err(fault) => Answer::Fault(fault),
    }
}

fn read_reply(http_status: u16, body: &[u8], key: &SymmetricKey) -> Result<Reply, ReplyFault> {
    if !(200..300).contains(&http_status) {
        return Err(ReplyFault::HttpStatus { status: http_status, excerpt: excerpt(body) });
    }
    if body.trim_ascii().is_empty() {
        return Err(ReplyFault::Empty);
    }
    let envelope: ReplyEnvelope =
        from_json(body).map_err(|e| ReplyFault::NotAnEnvelope { problem: e.to_string(), excerpt: excerpt(body) })?;
    if envelope.data_encrypt_type != DATA_ENCRYPT_TYPE {
        return Err(ReplyFault::EncryptType(excerpt(envelope.data_encrypt_type.as_bytes())));
    }
    let plaintext = key.open_unsigned(&envelope.data).map_err(ReplyFault::Undecipherable)?;
    let reply: NotificationReply = from_json(&plaintext)
        .map_err(|e| ReplyFault::NoErrcode { problem: e.to_string(), excerpt: excerpt(&plaintext) })?;
    Ok(Reply {
        plaintext: String::from_utf8_lossy(&plaintext).into_owned(),
        errcode: reply.errcode,
        errmsg: reply.errmsg,
        order_id: reply.order_id.filter(|order_id| !order_id.trim().is_empty()),
    })
}

/// The beginning of what may be anything.
fn excerpt(bytes: &[u8]) -> String {
    let longest_bytes = bytes.len().min(4 * EXCERPT_CHARACTERS);
    String::from_utf8_lossy(&bytes[..longest_bytes]).chars().take(EXCERPT_CHARACTERS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::envelope::KeyEncoding;

    fn key(text: &[u8]) -> SymmetricKey {
        SymmetricKey::read("1", text, KeyEncoding::Raw).unwrap()
    }

    fn body(plaintext: &[u8]) -> String {
        let data = key(b"0123456789abcdef").seal(plaintext, [7; 16]);
        format!(r#"{{"data":"{data}","data_encrypt_type":"AES/CBC/PKCS7Padding"}}"#)
    }

    fn fault(status: u16, body: &[u8]) -> ReplyFault {
        read_reply(status, body, &key(b"0123456789abcdef")).unwrap_err()
    }

    #[test]
    fn a_reply_is_read_leniently() {
        let body = body("{\"errcode\":\"232\",\"errmsg\":\"已缴款\",\"order_id\":\"A\"}".as_bytes());
        let reply = read_reply(200, body.as_bytes(), &key(b"0123456789abcdef")).unwrap();
        assert_eq!((reply.errcode, reply.order_id.as_deref()), (232, Some("A")));
    }

    #[test]
    fn whatever_comes_is_named() {
        assert_eq!(fault(200, b" \n"), ReplyFault::Empty);
        assert!(matches!(fault(502, b"<html>"), ReplyFault::HttpStatus { status: 502, .. }));
        assert!(matches!(fault(200, b"<html>"), ReplyFault::NotAnEnvelope { .. }));
        assert!(matches!(fault(200, b"\xff\xfe"), ReplyFault::NotAnEnvelope { .. }));
        assert!(matches!(fault(200, b"{\"errcode\":0}"), ReplyFault::NotAnEnvelope { .. }));
        let plain = br#"{"data":"{}","data_encrypt_type":"none"}"#;
        assert_eq!(fault(200, plain), ReplyFault::EncryptType("none".into()));
        let not_sealed = br#"{"data":"e30=","data_encrypt_type":"AES/CBC/PKCS7Padding"}"#;
        assert!(matches!(fault(200, not_sealed), ReplyFault::Undecipherable(_)));
        assert!(matches!(fault(200, body(b"[]").as_bytes()), ReplyFault::NoErrcode { .. }));
        assert!(matches!(fault(200, body(b"\xff").as_bytes()), ReplyFault::NoErrcode { .. }));
    }

    #[test]
    fn a_long_page_is_cut() {
        let ReplyFault::NotAnEnvelope { excerpt, .. } = fault(200, "页".repeat(10_000).as_bytes()) else { panic!() };
        assert_eq!(excerpt.chars().count(), EXCERPT_CHARACTERS);
    }
}
