//! Why a payment at the counter was not begun, or not followed.

use crate::domain::{InvalidAuthCode, InvalidIdentifier, MicropayKey, MicropayStepError};
use crate::store::StoreError;
use crate::wire::RequestProblem;

/// Why a payment at the counter was not begun, or not followed. Nothing in it is an outcome: that is in the store.
#[derive(Debug, thiserror::Error)]
pub enum MicropayError {
    /// The request breaks rules of the platform. Nothing was kept.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Invalid(Vec<RequestProblem>),
    /// The key is another payment's.
    #[error("the key \"{0}\" was used for another payment: use a new key for a new payment")]
    OtherContent(MicropayKey),
    /// Another payment for the same notice or order number is under way, or waits for a person.
    #[error(
        "another payment for this notice or order number is under way or waits for a person, under the key \"{0}\": see it through first"
    )]
    UnderWay(MicropayKey),
    /// The notice or the order number is paid, as the book says or an earlier payment at the counter.
    #[error("the notice or order number is paid already{}", order_id.as_ref().map_or_else(String::new, |id| format!(", by order {id}")))]
    AlreadyPaid {
        /// By which order, unless it was paid another way.
        order_id: Option<String>,
    },
    /// There is no such payment.
    #[error("there is no payment under the key \"{0}\"")]
    NotFound(MicropayKey),
    /// The party has no way to the platform.
    #[error("party \"{0}\" has no app_secret to call the platform with")]
    NoPlatformAccess(String),
    /// The store failed. What was under way goes on where the store says that it stands.
    #[error("the store failed")]
    Store(#[from] StoreError),
    /// A bug.
    #[error(transparent)]
    Step(#[from] MicropayStepError),
    /// The request that was kept cannot be read.
    #[error("the request that was kept cannot be read: {0}")]
    Kept(String),
    /// The system gives no random numbers.
    #[error("the system gives no random numbers: {0}")]
    Random(String),
}

impl From<InvalidIdentifier> for MicropayError {
    fn from(invalid: InvalidIdentifier) -> Self {
        let text = invalid.to_string();
        let rule = text.strip_prefix(invalid.field).unwrap_or(&text).trim().to_owned();
        Self::Invalid(vec![RequestProblem { field: invalid.field.to_owned(), rule }])
    }
}

impl From<InvalidAuthCode> for MicropayError {
    fn from(_: InvalidAuthCode) -> Self {
        let rule = "must be 18 digits that begin with 10, 11, 12, 13, 14 or 15: scan the payer's code again";
        Self::Invalid(vec![RequestProblem { field: "auth_code".to_owned(), rule: rule.to_owned() }])
    }
}
