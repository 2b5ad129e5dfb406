//! The client of the platform's APIs (protocol §6): one file per API, one access token per party.

mod access_token;
mod client;
mod error;
mod get_order;
mod https;

pub use access_token::TokenMode;
pub use client::{AppSecret, PlatformClient};
pub use error::PlatformError;
pub use get_order::GET_ORDER;
pub use https::Https;
