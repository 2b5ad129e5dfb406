//! The platform's test calls `mocknotification` and `mockqueryfee` (protocol §6; source §6.1.7, §6.1.8).

use serde::{Deserialize, Serialize};

use super::lenient;

/// The body of `POST /nontax/mocknotification` and of `POST /nontax/mockqueryfee`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct MockRequest {
    /// The Official Account whose keys are tested.
    pub appid: String,
    /// The URL to call.
    pub url: String,
    /// 1, and 1 when absent: call twice, with a right and with a wrong signature.
    #[serde(deserialize_with = "lenient::optional_integer", skip_serializing_if = "Option::is_none")]
    pub version: Option<i64>,
}

/// The reply to both.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct MockReply {
    /// 0 when both calls were answered as they must be, or what is wrong (§10).
    #[serde(deserialize_with = "lenient::integer")]
    pub errcode: i64,
    /// What the errcode means.
    #[serde(deserialize_with = "lenient::optional_string", skip_serializing_if = "Option::is_none")]
    pub errmsg: Option<String>,
    /// What came back per call. Only the simulator says it; the sources list no such field.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub calls: Vec<MockCall>,
}

/// One of the two calls.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct MockCall {
    /// `right` or `wrong`: how the call was signed.
    pub signature: String,
    /// Whether the answer was the one that it must be.
    pub passed: bool,
    /// The errcode inside the reply, when there was a readable one.
    #[serde(deserialize_with = "lenient::optional_integer", skip_serializing_if = "Option::is_none")]
    pub errcode: Option<i64>,
    /// What was expected and what came.
    pub explanation: String,
    /// The random text appended to the URL.
    pub wxnontaxstr: String,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::from_json;

    #[test]
    fn the_real_platforms_reply_has_no_calls() {
        let reply: MockReply = from_json(br#"{"errcode":0,"errmsg":"ok"}"#).unwrap();
        assert!(reply.calls.is_empty());
        let request: MockRequest = from_json(br#"{"appid":"a","url":"http://x/","version":"1"}"#).unwrap();
        assert_eq!(request.version, Some(1));
    }
}
