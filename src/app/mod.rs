//! The use cases, one file each. They know neither HTTP nor SQL: wire shapes come in, wire shapes go out, and between them
//! stand the rules and the promises of storage.

mod answer_query;
mod bearer;
pub mod book_answer;
mod caller_key;
mod central_token;
mod chain;
mod convert;
mod deliver_webhooks;
mod fault;
mod follow_refunds;
mod heal;
pub mod import_notices;
pub mod jobs;
mod live_facts;
mod live_source;
mod lone_token;
mod micropay;
pub mod move_house;
pub mod notice_file;
mod party;
mod place_order;
mod placed_order_answer;
mod read_feed;
mod reconcile_day;
mod record_notification;
mod refund_answer;
mod refund_desk;
mod refund_look_up;
mod refund_verdict;
mod reply;
mod resolve_order;
mod shared_token;
pub mod statement;
mod token_keeper;
mod token_origin;
pub mod upsert_notices;

pub use answer_query::answer_query;
pub use bearer::{Bearer, SECRET_BYTES, new_api_client};
pub use caller_key::{MAX_GIVEN_KEY_BYTES, key_of_client};
pub use chain::chain;
pub use convert::{item_from_wire, item_to_wire};
pub use deliver_webhooks::{DeliveryCounts, Webhook, deliver_webhooks};
pub use fault::Fault;
pub use follow_refunds::{RefundLooks, follow_refunds};
pub use heal::{DiscrepancyResolution, HealingReport, NotificationsSeen, ResolveError, resolve_discrepancy};
pub use live_source::{LiveFallback, LiveSource, LiveSourceError, NoLiveSource};
pub use micropay::{MicropayError, MicropayNext, MicropayOutcome, MicropayRunner, Telling, resume_micropays};
pub use party::Party;
pub use place_order::{OrderWish, PlaceOrderError, Placement, place_order};
pub use placed_order_answer::{AppLink, PlacedOrderAnswer};
pub use read_feed::{event_to_json, read_feed};
pub use reconcile_day::{
    Clock, KindCount, MatchedDay, ReconcileContext, ReconcileError, ReconcileOptions, ReconcileOutcome, finish_day,
    match_day, plan_day, reconcile_day,
};
pub use record_notification::record_notification;
pub use refund_answer::RefundAnswer;
pub use refund_desk::{RefundDeskError, RefundWish, follow_refund, request_refund};
pub use reply::{Answered, Received, errcode_of, fault_reply};
pub use resolve_order::OrderResolver;
pub use token_keeper::TokenKeeper;
