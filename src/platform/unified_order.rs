//! The Order Placement API (source §6.1.2).

use super::{PlatformClient, PlatformError, Replied};
use crate::wire::{UnifiedOrderReply, UnifiedOrderRequest};

/// The path of the API.
pub const UNIFIED_ORDER: &str = "/nontax/unifiedorder";

impl PlatformClient {
    /// Places an order. Never repeated blindly: a call whose outcome is not known may have placed one.
    ///
    /// # Errors
    /// [`PlatformError`] when it was refused, or the question was not answered.
    pub async fn unified_order(
        &self,
        request: &UnifiedOrderRequest,
    ) -> Result<Replied<UnifiedOrderReply>, PlatformError> {
        self.call(UNIFIED_ORDER, request).await
    }
}
