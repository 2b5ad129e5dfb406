//! What gateways do unasked: jobs with a schedule, each run by one of all gateways on a database.

mod job;
mod order_expiry;
mod reconciliation;
mod refund_following;
mod retention;
mod runner;
mod statements;
mod token_refresh;

pub use job::{Job, JobError, JobRun, Ran};
pub use order_expiry::OrderExpiryJob;
pub use reconciliation::ReconciliationJob;
pub use refund_following::RefundFollowingJob;
pub use retention::{RetentionAges, RetentionJob};
pub use runner::{JobClock, JobEnd, JobRunner, RunNowError};
pub use statements::StatementsJob;
pub use token_refresh::TokenRefreshJob;
