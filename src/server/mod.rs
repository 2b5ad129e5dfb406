//! The HTTP faces: the callbacks for the platform, and the admin listener for the operator.

mod admin;
mod bearer;
mod body_writer;
mod callback;
mod connection;
mod cursor;
mod desk;
mod event_watch;
mod events;
mod gateway;
mod in_flight;
mod job_metrics;
mod journal_writer;
mod journals;
mod metrics;
mod micropay;
mod notice_upload;
mod notices;
mod openapi;
mod orders;
mod payments;
mod peer;
mod problem;
mod refunds;
mod refusal_audit;
mod reply;
mod router;
mod slow_head;
mod suspensions;
mod token;

pub use connection::{ConnectionLimits, serve};
pub use gateway::{CallbackLimits, Gateway};
pub use metrics::Metrics;
pub use peer::AddressRules;
use problem::Problem;
pub use router::{admin_router, callback_router};
