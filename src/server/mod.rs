//! The HTTP faces: the callbacks for the platform, and the admin listener for the operator.

mod admin;
mod bearer;
mod callback;
mod connection;
mod desk;
mod event_watch;
mod events;
mod gateway;
mod in_flight;
mod journal_writer;
mod metrics;
mod micropay;
mod orders;
mod peer;
mod problem;
mod refunds;
mod refusal_audit;
mod reply;
mod router;
mod slow_head;
mod token;

pub use connection::{ConnectionLimits, serve};
pub use gateway::{CallbackLimits, Gateway};
pub use metrics::Metrics;
pub use peer::AddressRules;
use problem::Problem;
pub use router::{admin_router, callback_router};
