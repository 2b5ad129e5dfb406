//! The promises about payments at the counter. A step is kept before what it leads to is done.

use async_trait::async_trait;
use jiff::Timestamp;

use super::StoreError;
use crate::domain::{AuthCode, Fen, Micropay, MicropayEvent, MicropayKey, OrderId, PartyName};

/// What is paid: a notice or an order number of a collection entity. An absent one of the two is ''.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MicropaySubject {
    /// Code of the region.
    pub region_code: String,
    /// Code of the collection entity.
    pub department_code: String,
    /// Number of the notice.
    pub payment_notice_no: String,
    /// The business system's number.
    pub order_no: String,
}

/// A payment that is asked for.
#[derive(Clone, Debug)]
pub struct NewMicropay {
    /// Who collects.
    pub party: PartyName,
    /// What the caller knows it by.
    pub key: MicropayKey,
    /// SHA-256 of all that was asked for, hex: a repeat has the same.
    pub request_digest: String,
    /// The request, JSON, without the payer's code.
    pub request: String,
    /// The payer's code.
    pub auth_code: AuthCode,
    /// What is paid.
    pub subject: MicropaySubject,
    /// How much.
    pub fee: Fen,
    /// When.
    pub at: Timestamp,
}

/// Who runs a payment, and until when nobody else may.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MicropayLease {
    /// A name that nobody else has.
    pub owner: String,
    /// After this instant the owner is taken for dead.
    pub until: Timestamp,
}

/// A payment as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MicropayRecord {
    /// Who collects.
    pub party: PartyName,
    /// What the caller knows it by.
    pub key: MicropayKey,
    /// SHA-256 of all that was asked for, hex.
    pub request_digest: String,
    /// The request, JSON, without the payer's code.
    pub request: String,
    /// The payer's code; gone at the end.
    pub auth_code: Option<AuthCode>,
    /// What is paid.
    pub subject: MicropaySubject,
    /// How much.
    pub fee: Fen,
    /// Where it stands.
    pub payment: Micropay,
    /// When the cashier gave up.
    pub cancel_requested_at: Option<Timestamp>,
    /// Grows by 1 with each step.
    pub version: i64,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// What became of a payment that was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BegunMicropay {
    /// It is kept, and nothing was sent yet.
    Begun,
    /// It is a repeat.
    Known(Box<MicropayRecord>),
    /// The key is another payment's.
    OtherContent,
    /// Another payment for the same notice or order number is under way, or waits for a person.
    UnderWay(MicropayKey),
    /// Another payment for the same notice or order number was paid, by this order, which the book does not know as refunded.
    AlreadyPaid(OrderId),
}

/// A step of a payment.
#[derive(Clone, Debug)]
pub struct MicropayMove {
    /// Who collects.
    pub party: PartyName,
    /// What the caller knows it by.
    pub key: MicropayKey,
    /// The version that was read.
    pub version: i64,
    /// Who makes the step, and until when nobody else may make one.
    pub lease: MicropayLease,
    /// The state before, by name.
    pub from: &'static str,
    /// What happened.
    pub event: MicropayEvent,
    /// The payment after it.
    pub to: Micropay,
    /// When.
    pub at: Timestamp,
}

/// One thing that happened to a payment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MicropayStepRecord {
    /// What happened.
    pub step: String,
    /// The state before.
    pub from_state: String,
    /// The state after.
    pub to_state: String,
    /// What there is to say of it.
    pub cause: String,
    /// When.
    pub recorded_at: Timestamp,
}

/// The payments at the counter of every party.
#[async_trait]
pub trait Micropays: Send + Sync {
    /// Takes in a payment, once for each key, and for a notice or an order number only when none took money for it before.
    async fn begin_micropay(&self, new: NewMicropay) -> Result<BegunMicropay, StoreError>;

    /// A payment, if there is one.
    async fn find_micropay(&self, party: PartyName, key: MicropayKey) -> Result<Option<MicropayRecord>, StoreError>;

    /// The latest payments of a party, newest first; those that have not ended alone when asked so.
    async fn list_micropays(
        &self,
        party: PartyName,
        under_way_only: bool,
        limit: u32,
    ) -> Result<Vec<MicropayRecord>, StoreError>;

    /// All that happened to a payment, oldest first.
    async fn micropay_steps(&self, party: PartyName, key: MicropayKey) -> Result<Vec<MicropayStepRecord>, StoreError>;

    /// Takes a payment that nobody runs and that has not ended. Returns whether it was taken.
    async fn take_micropay(
        &self,
        party: PartyName,
        key: MicropayKey,
        lease: MicropayLease,
        now: Timestamp,
    ) -> Result<bool, StoreError>;

    /// Lets a payment go, for whoever comes next.
    async fn leave_micropay(&self, party: PartyName, key: MicropayKey, owner: String) -> Result<(), StoreError>;

    /// Keeps a step, with what is written beside it, when the mover still runs the payment and nobody moved it since. Returns
    /// whether it was kept.
    async fn move_micropay(&self, moved: MicropayMove) -> Result<bool, StoreError>;

    /// Notes that the cashier gave up. Whoever runs the payment sees it. Returns whether there is such a payment that has not ended.
    async fn cancel_micropay(&self, party: PartyName, key: MicropayKey, at: Timestamp) -> Result<bool, StoreError>;

    /// Notes that a person has seen to a payment that needs one, and how: what it was for may be paid again. Returns whether it
    /// needs one.
    async fn release_micropay(
        &self,
        party: PartyName,
        key: MicropayKey,
        reason: String,
        at: Timestamp,
    ) -> Result<bool, StoreError>;

    /// Payments of a party that nobody runs and for which something is due, the longest due first.
    async fn due_micropays(&self, party: PartyName, now: Timestamp, limit: u32)
    -> Result<Vec<MicropayKey>, StoreError>;

    /// Whether an order is that of another payment at the counter.
    async fn order_is_of_another_micropay(
        &self,
        party: PartyName,
        key: MicropayKey,
        order_id: OrderId,
    ) -> Result<bool, StoreError>;
}
