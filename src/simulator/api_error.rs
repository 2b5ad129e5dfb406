//! What the simulated platform refuses with (source §10, and the common codes of Weixin's APIs).

use serde::Serialize;

use crate::wire::ApiErrcode;

/// An errcode with its text, as the platform's replies carry them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
#[error("{errcode}: {errmsg}")]
pub struct ApiError {
    /// The errcode; never 0.
    pub errcode: i64,
    /// What it means, and here what exactly was wrong.
    pub errmsg: String,
}

impl ApiError {
    /// An error with the text of its code.
    #[must_use]
    pub fn new(code: ApiErrcode) -> Self {
        Self { errcode: code.code(), errmsg: code.text().to_owned() }
    }

    /// With what was wrong this time.
    #[must_use]
    pub fn because(code: ApiErrcode, cause: impl std::fmt::Display) -> Self {
        Self { errcode: code.code(), errmsg: format!("{}: {cause}", code.text()) }
    }
}

impl From<ApiErrcode> for ApiError {
    fn from(code: ApiErrcode) -> Self {
        Self::new(code)
    }
}
