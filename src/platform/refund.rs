//! The Refund Request API (source §6.1.4).

use super::{PlatformClient, PlatformError, Replied};
use crate::wire::{RefundReply, RefundRequest};

/// The path of the API.
pub const REFUND: &str = "/nontax/refund";

impl PlatformClient {
    /// Asks for a refund. With a `refund_out_id`, by which the platform knows it again, the call is repeated while it fails for a
    /// moment; without one the caller finds out first, with getorder, what became of it.
    ///
    /// # Errors
    /// [`PlatformError`] when it was refused, or the question was not answered.
    pub async fn refund(&self, request: &RefundRequest) -> Result<Replied<RefundReply>, PlatformError> {
        self.call_with(REFUND, request, request.refund_out_id.is_some()).await
    }
}
