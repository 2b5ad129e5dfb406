//! The promises about orders that are placed here: a caller's key is reserved before the platform is called, and kept with the
//! order that came of it.

use async_trait::async_trait;
use jiff::Timestamp;
use serde_json::Value;

use super::StoreError;
use crate::domain::{
    Fen, Notice, Objection, OrderDetails, OrderId, OrderState, OrderSubject, PartyName, PlacementState, PlacementStep,
};

/// The placement of an order as the store keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlacedOrder {
    /// Whose.
    pub party: PartyName,
    /// The caller's key.
    pub idempotency_key: String,
    /// SHA-256 of the order as it is sent, in hex.
    pub request_digest: String,
    /// What it is for.
    pub subject: OrderSubject,
    /// Who placed it.
    pub requested_by: String,
    /// Where it stands.
    pub state: PlacementState,
    /// The platform's reply, of an open order.
    pub reply: Option<Value>,
    /// When the platform was last called.
    pub placing_since: Timestamp,
    /// When the key was first used.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// A key to reserve for an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderReservation {
    /// Whose.
    pub party: PartyName,
    /// The caller's key.
    pub idempotency_key: String,
    /// SHA-256 of the order as it is sent, in hex.
    pub request_digest: String,
    /// What it pays, the notice with it.
    pub details: OrderDetails,
    /// What it is for.
    pub subject: OrderSubject,
    /// Who places it.
    pub requested_by: String,
    /// Whether it may be placed beside another open order for the same subject.
    pub allow_open_order: bool,
    /// Whether the platform was asked what became of an earlier call whose outcome is not known.
    pub looked_up: bool,
}

/// What became of a reservation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReservedOrder {
    /// The key is reserved: the platform may be called, once.
    Reserved,
    /// The key has this order, of the same content.
    Known(PlacedOrder),
    /// The key has another content.
    KeyTaken,
    /// The platform is being called, for this key or for the same subject.
    InProgress,
    /// An earlier call with this key gave no word: the platform has to be asked for its orders first.
    Unknown,
    /// There is an open order for the same subject.
    OpenOrder(PlacedOrder),
    /// The notice is held here and may not be paid.
    NotPayable(Objection),
    /// All payment to the party is suspended.
    EverythingSuspended,
    /// The notice is held here and something else is due.
    FeeDiffers {
        /// What is due.
        due: Fen,
    },
}

/// An order of the platform, and what is kept with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenedOrder {
    /// The platform's reply.
    pub reply: Value,
    /// What the order pays.
    pub details: OrderDetails,
    /// The notice to add when it is not held.
    pub notice: Option<Notice>,
}

/// The orders that are placed here.
#[async_trait]
pub trait PlacedOrders: Send + Sync {
    /// Reserves a key in one transaction that looks for what stands against it. A call that began before `stale_before` and was never
    /// ended counts as one whose outcome is not known.
    async fn reserve_order(
        &self,
        reservation: OrderReservation,
        at: Timestamp,
        stale_before: Timestamp,
    ) -> Result<ReservedOrder, StoreError>;

    /// Keeps what came of a call. An opened order becomes known with its notice, so that its notification needs no look-up.
    async fn keep_placement(
        &self,
        party: PartyName,
        idempotency_key: String,
        step: PlacementStep,
        opened: Option<OpenedOrder>,
        at: Timestamp,
    ) -> Result<PlacedOrder, StoreError>;

    /// The placement of an order, and where the order stands by its notifications.
    async fn find_placed_order(
        &self,
        party: PartyName,
        order_id: OrderId,
    ) -> Result<Option<(PlacedOrder, OrderState)>, StoreError>;
}
