//! The Order Placement API (source §6.1.2).

use super::{PlatformClient, PlatformError, Replied};
use crate::wire::{UnifiedOrderReply, UnifiedOrderRequest};

/// The path of the API.
pub const UNIFIED_ORDER: &str = "/nontax/unifiedorder";

impl PlatformClient {
    /// Places an order. Never repeated blindly: a call whose outcome is not known may have placed one. The official page lists the
    /// reply of the receivables query as this one's; a reply without an `order_id` is no order, whatever its errcode.
    ///
    /// # Errors
    /// [`PlatformError`] when it was refused, or the question was not answered.
    pub async fn unified_order(
        &self,
        request: &UnifiedOrderRequest,
    ) -> Result<Replied<UnifiedOrderReply>, PlatformError> {
        let replied: Replied<UnifiedOrderReply> = self.call(UNIFIED_ORDER, request).await?;
        if replied.order_id.is_none() {
            let problem = "it says that the order is placed and does not name it: there is no order_id".to_owned();
            return Err(PlatformError::Unreadable { api: UNIFIED_ORDER, problem });
        }
        Ok(replied)
    }
}
