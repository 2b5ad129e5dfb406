//! The client of the platform's APIs (protocol §6): one file per API, one access token per account.

mod access_token;
mod client;
mod error;
mod get_order;
mod get_order_list;
mod held_token;
mod https;
mod micropay;
mod mock;
mod notify_inconsistent_order;
mod query_fee;
mod real_name;
mod refund;
mod reply;
mod token_request;
mod unified_order;

pub use access_token::{AccessToken, CurrentToken, ForceRefreshError, TokenSource};
pub use client::PlatformClient;
pub use error::PlatformError;
pub use get_order::GET_ORDER;
pub use get_order_list::GET_ORDER_LIST;
pub use held_token::HeldToken;
pub use https::Https;
pub use micropay::MICROPAY;
pub use mock::{MOCK_NOTIFICATION, MOCK_QUERY_FEE};
pub use notify_inconsistent_order::NOTIFY_INCONSISTENT_ORDER;
pub use query_fee::QUERY_FEE;
pub use real_name::{GET_AUTH_URL, GET_REAL_NAME};
pub use refund::REFUND;
pub use reply::Replied;
pub use token_request::{AppSecret, IssuedToken, TokenMode, TokenRequest};
pub use unified_order::UNIFIED_ORDER;
