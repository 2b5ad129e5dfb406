//! Property tests of the transitions: any order of any events, repeated at will, must leave a book that keeps the rules.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod book;
mod one_order;
mod one_payment;
mod party_duties;
mod two_orders;
