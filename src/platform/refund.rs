//! The Refund Request API (source §6.1.4).

use super::{PlatformClient, PlatformError, Replied};
use crate::wire::{RefundReply, RefundRequest};

/// The path of the API.
pub const REFUND: &str = "/nontax/refund";

impl PlatformClient {
    /// Asks for a refund. To be repeated only with the same `refund_out_id`.
    ///
    /// # Errors
    /// [`PlatformError`] when it was refused, or the question was not answered.
    pub async fn refund(&self, request: &RefundRequest) -> Result<Replied<RefundReply>, PlatformError> {
        self.call(REFUND, request).await
    }
}
