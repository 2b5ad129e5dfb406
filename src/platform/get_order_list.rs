//! The Order List Query API (source §6.1.10).

use super::{PlatformClient, PlatformError, Replied};
use crate::wire::{GetOrderListReply, GetOrderListRequest};

/// The path of the API.
pub const GET_ORDER_LIST: &str = "/nontax/getorderlist";

impl PlatformClient {
    /// The orders placed for a notice or an order number, and the one that is paid.
    ///
    /// # Errors
    /// [`PlatformError`] when it was refused, or the question was not answered.
    pub async fn get_order_list(
        &self,
        request: &GetOrderListRequest,
    ) -> Result<Replied<GetOrderListReply>, PlatformError> {
        self.call(GET_ORDER_LIST, request).await
    }
}
