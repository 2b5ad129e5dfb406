//! Why a callback could not be answered from the book. A fault never becomes a refunding errcode.

use super::LiveSourceError;
use crate::domain::InvalidIdentifier;
use crate::platform::PlatformError;
use crate::store::StoreError;
use crate::wire::{Errcode, InvalidJson};

/// A fault, by whose it is.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// The peer: the plaintext is not what the protocol says (210).
    #[error("the plaintext is not a document of the protocol")]
    Unreadable(#[from] InvalidJson),
    /// The peer: a field's value is not what the protocol says (210).
    #[error("{0}")]
    Field(String),
    /// Ours, or the database's (299).
    #[error("the store failed")]
    Store(#[from] StoreError),
    /// The platform's, or the network's between (299).
    #[error("the order could not be looked up")]
    Platform(#[from] PlatformError),
    /// Ours: the order's details are needed, and the party has no access to the platform (299).
    #[error("the order {order_id} is unknown here, and party \"{party}\" has no app_secret to ask the platform with")]
    NoPlatformAccess {
        /// The party.
        party: String,
        /// The order.
        order_id: String,
    },
    /// The platform's: a refund was notified, and its order shows none (299).
    #[error("order {order_id} was notified as refunded, but the platform's order query shows no refund that is done")]
    RefundNotVisible {
        /// The order.
        order_id: String,
    },
    /// The order's notice cannot be told (299): the platform leaves out the collection entity, and several hold the number.
    #[error(
        "order {order_id}: the platform tells no department_code, and several notices in the region have its number"
    )]
    AmbiguousNotice {
        /// The order.
        order_id: String,
    },
    /// The back office's (299).
    #[error("the bureau's back office did not tell of the notice")]
    LiveSource(#[from] LiveSourceError),
    /// Somebody's: as many callbacks as may be were under way when it came (299).
    #[error("{max_in_flight} callbacks were under way, as many as server.max_in_flight allows")]
    Overloaded {
        /// How many may be under way.
        max_in_flight: usize,
    },
    /// Ours: the work panicked (299).
    #[error("the work on it panicked: this is a bug, please report it")]
    Panic,
    /// Somebody's: it took longer than the reply may take (299).
    #[error("not done before the deadline of {deadline_ms} ms")]
    Deadline {
        /// The deadline.
        deadline_ms: u128,
    },
}

impl Fault {
    /// What the peer is told.
    #[must_use]
    pub const fn errcode(&self) -> Errcode {
        match self {
            Self::Unreadable(_) | Self::Field(_) => Errcode::InvalidFormat,
            Self::Store(_)
            | Self::Platform(_)
            | Self::NoPlatformAccess { .. }
            | Self::RefundNotVisible { .. }
            | Self::AmbiguousNotice { .. }
            | Self::LiveSource(_)
            | Self::Overloaded { .. }
            | Self::Panic
            | Self::Deadline { .. } => Errcode::SystemError,
        }
    }

    /// What became of the callback, in one word, for the journal and the metrics.
    #[must_use]
    pub const fn outcome(&self) -> &'static str {
        match self {
            Self::Unreadable(_) | Self::Field(_) => "invalid_format",
            Self::Store(_) => "store_failed",
            Self::Platform(_) => "platform_failed",
            Self::NoPlatformAccess { .. } => "no_platform_access",
            Self::RefundNotVisible { .. } => "refund_not_visible",
            Self::AmbiguousNotice { .. } => "ambiguous_notice",
            Self::LiveSource(_) => "live_source_failed",
            Self::Overloaded { .. } => "overloaded",
            Self::Panic => "panic",
            Self::Deadline { .. } => "deadline",
        }
    }
}

impl From<InvalidIdentifier> for Fault {
    fn from(invalid: InvalidIdentifier) -> Self {
        Self::Field(invalid.to_string())
    }
}
