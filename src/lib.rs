//! The server that lets a bank, a finance bureau or a government unit take part in Weixin's non-tax revenue payments.

pub mod app;
pub mod cli;
pub mod config;
pub mod domain;
pub mod envelope;
pub mod platform;
pub mod server;
pub mod simulator;
pub mod store;
pub mod webhook;
pub mod wire;
