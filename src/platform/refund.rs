//! The Refund Request API (source §6.1.4).

use super::{PlatformClient, PlatformError, Replied};
use crate::wire::{RefundReply, RefundRequest};

/// The path of the API.
pub const REFUND: &str = "/nontax/refund";

impl PlatformClient {
    /// Asks for a refund, once. Whoever repeats it has to know that it is a repetition: "refunded" (9202011) means there that the
    /// earlier call did it, and on a first call that somebody else did.
    ///
    /// # Errors
    /// [`PlatformError`] when it was refused, or the question was not answered.
    pub async fn refund(&self, request: &RefundRequest) -> Result<Replied<RefundReply>, PlatformError> {
        self.call(REFUND, request).await
    }
}
