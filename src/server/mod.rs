//! The HTTP faces: the callbacks for the platform, and the admin listener for the operator.

mod admin;
mod callback;
mod connection;
mod gateway;
mod journal_writer;
mod metrics;
mod peer;
mod reply;
mod router;
mod slow_head;

pub use connection::{ConnectionLimits, serve};
pub use gateway::{CallbackLimits, Gateway};
pub use metrics::Metrics;
pub use peer::AddressRules;
pub use router::{admin_router, callback_router};
