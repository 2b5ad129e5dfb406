//! The Order Query API (source §6.1.3).

use super::{PlatformClient, PlatformError, Replied};
use crate::domain::OrderId;
use crate::wire::{GetOrderReply, GetOrderRequest};

/// The path of the API.
pub const GET_ORDER: &str = "/nontax/getorder";

/// "The order_id parameter is invalid" (source §10). It is the only code of the sources that a well-formed order_id can get when
/// there is no such order, and is taken to say so (docs/decisions/0011).
const NO_SUCH_ORDER: i64 = 9_201_010;

impl PlatformClient {
    /// Everything that the platform knows of an order; `None` when it says positively that there is no such order.
    ///
    /// # Errors
    /// [`PlatformError`] when the question was not answered.
    pub async fn get_order(&self, order_id: &OrderId) -> Result<Option<GetOrderReply>, PlatformError> {
        let request = GetOrderRequest {
            appid: self.appid().to_owned(),
            service_id: None,
            order_id: order_id.as_str().to_owned(),
        };
        match self.query_order(&request).await {
            Ok(replied) => Ok(Some(replied.reply)),
            Err(error) if error.errcode() == Some(NO_SUCH_ORDER) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// As [`Self::get_order`], with the whole document; an order that does not exist is a refusal.
    ///
    /// # Errors
    /// [`PlatformError`] when it was refused, or the question was not answered.
    pub async fn query_order(&self, request: &GetOrderRequest) -> Result<Replied<GetOrderReply>, PlatformError> {
        self.call(GET_ORDER, request).await
    }
}
