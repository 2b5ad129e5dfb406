//! What can go wrong with a call to the platform, by whose fault it is.

use crate::wire::{ApiErrcode, RequestProblem};

/// A call that gave no usable reply.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlatformError {
    /// The request breaks rules of the platform, which would refuse it. Nothing was sent.
    #[error("{api}: the request was not sent: {}", joined(.problems))]
    InvalidRequest {
        /// The path of the API.
        api: &'static str,
        /// All of them.
        problems: Vec<RequestProblem>,
    },
    /// The platform was not reached, or broke off, or took too long.
    #[error("{api}: the platform could not be reached: {problem}")]
    Unreachable {
        /// The path of the API.
        api: &'static str,
        /// What happened, without the URL: it holds the token.
        problem: String,
    },
    /// What came back is not the reply of this API.
    #[error("{api}: the platform's reply cannot be read: {problem}")]
    Unreadable {
        /// The path of the API.
        api: &'static str,
        /// What is wrong, without the content.
        problem: String,
    },
    /// The platform refused.
    #[error("{api}: the platform refused with errcode {errcode}: {errmsg}")]
    Refused {
        /// The path of the API.
        api: &'static str,
        /// Its errcode.
        errcode: i64,
        /// Its words.
        errmsg: String,
    },
    /// The call was not made: there is no access_token to make it with.
    #[error("there is no access_token: {problem}")]
    NoToken {
        /// Why.
        problem: String,
    },
}

impl PlatformError {
    /// The platform's errcode, when it refused.
    #[must_use]
    pub const fn errcode(&self) -> Option<i64> {
        match self {
            Self::Refused { errcode, .. } => Some(*errcode),
            Self::InvalidRequest { .. } | Self::Unreachable { .. } | Self::Unreadable { .. } | Self::NoToken { .. } => {
                None
            }
        }
    }

    /// Whether the platform may have done what was asked although it gave no word of it: the call broke off, its reply cannot be
    /// read, or it says -1. A call for an access token that failed leaves no doubt: the call that needed it was not made.
    #[must_use]
    pub fn outcome_is_unknown(&self) -> bool {
        match self {
            Self::InvalidRequest { .. } | Self::NoToken { .. } => false,
            Self::Unreachable { api, .. } | Self::Unreadable { api, .. } => !api.starts_with("/cgi-bin/"),
            Self::Refused { errcode, .. } => ApiErrcode::from_code(*errcode) == Some(ApiErrcode::SystemError),
        }
    }
}

fn joined(problems: &[RequestProblem]) -> String {
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}
