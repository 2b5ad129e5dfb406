//! The Inconsistent Order Notification API (source §6.1.6).

use super::{PlatformClient, PlatformError, Replied};
use crate::wire::{NotifyInconsistentOrderReply, NotifyInconsistentOrderRequest};

/// The path of the API.
pub const NOTIFY_INCONSISTENT_ORDER: &str = "/nontax/notifyinconsistentorder";

impl PlatformClient {
    /// Makes the platform send the notifications of an order once more.
    ///
    /// # Errors
    /// [`PlatformError`] when it was refused, or the question was not answered.
    pub async fn notify_inconsistent_order(
        &self,
        request: &NotifyInconsistentOrderRequest,
    ) -> Result<Replied<NotifyInconsistentOrderReply>, PlatformError> {
        self.call(NOTIFY_INCONSISTENT_ORDER, request).await
    }
}
