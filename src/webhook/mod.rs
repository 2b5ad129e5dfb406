//! Pushing to other systems over HTTP: the signature, where a call may go, and the call itself. Follows Standard Webhooks.

mod post;
mod secret;
mod target;

pub use post::{PostProblem, WebhookClient};
pub use secret::{InvalidSecret, WebhookSecret};
pub use target::{TargetRules, check_target};
