//! The calls that move no money and whose reply is printed as it came.

use super::call::ApiCall;
use super::{Console, Failure};
use crate::wire::{
    GetAuthUrlRequest, GetOrderListRequest, GetOrderRequest, MockRequest, NotifyInconsistentOrderRequest,
    QueryFeeRequest,
};

/// Prepares the request, calls the client's method with it, prints the reply's document.
macro_rules! ask {
    ($call:expr, $console:expr, $method:ident, $request:ty) => {{
        if let Some(request) = $call.prepare::<$request>($console)? {
            let replied = $call.client()?.$method(&request).await.map_err(|error| $call.failure(&error))?;
            ApiCall::print(&replied.document, $console)?;
        }
        Ok(())
    }};
}

pub(super) async fn run(call: &ApiCall<'_>, console: &mut Console<'_>) -> Result<(), Failure> {
    match call.api.name {
        "queryfee" => ask!(call, console, query_fee, QueryFeeRequest),
        "getorderlist" => ask!(call, console, get_order_list, GetOrderListRequest),
        "notifyinconsistentorder" => ask!(call, console, notify_inconsistent_order, NotifyInconsistentOrderRequest),
        "mocknotification" => ask!(call, console, mock_notification, MockRequest),
        "mockqueryfee" => ask!(call, console, mock_query_fee, MockRequest),
        "getauthurl" => ask!(call, console, get_auth_url, GetAuthUrlRequest),
        _ => ask!(call, console, query_order, GetOrderRequest),
    }
}
