//! What gateways do unasked: jobs with a schedule, each run by one of all gateways on a database.

mod job;
mod reconciliation;
mod refund_following;
mod runner;
mod token_refresh;

pub use job::{Job, JobError, JobRun, Ran};
pub use reconciliation::ReconciliationJob;
pub use refund_following::RefundFollowingJob;
pub use runner::{JobClock, JobEnd, JobRunner, RunNowError};
pub use token_refresh::TokenRefreshJob;
