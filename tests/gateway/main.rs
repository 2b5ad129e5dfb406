//! The gateway through its public interfaces: the stores' contract, races, and the HTTP server on a real port, on SQLite and
//! on Postgres. One program, so that it is linked once.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod addresses;
mod admin;
mod admin_document;
mod api_clients;
mod bearers;
mod book;
mod coalescing;
mod command;
mod connections;
mod counter_platform;
mod database;
mod deadlines;
mod desk_routes;
mod doctor;
mod envelope_faults;
mod followed_refunds;
mod journal;
mod journal_reading;
mod keys;
mod logs;
mod micropay_kill;
mod micropay_routes;
mod micropays;
mod migrations;
mod notifications;
mod placed_orders;
mod plaintext_faults;
mod platform_client;
mod platform_document;
mod platform_replies;
mod platform_retries;
mod queries;
mod races;
mod refund_command;
mod refund_story;
mod refunds;
mod resolution;
mod roles;
mod scripted_platform;
mod selftest;
mod served;
mod simulated_world;
mod statement_download;
mod stop;
mod store_contract;
mod stores;
mod stub_platform;
mod token_command;
mod token_crowd;
mod token_keeper;
mod token_server;
mod token_world;
mod weixin;
