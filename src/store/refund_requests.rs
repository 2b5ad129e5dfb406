//! The promises about refunds that are asked for here: stored before the platform is called, moved on by what it says.

use async_trait::async_trait;
use jiff::Timestamp;

use super::StoreError;
use crate::domain::{
    Fen, OrderDetails, OrderId, PartyName, Refund, RefundAmount, RefundAsk, RefundOutId, RefundPlan, RefundRefusal,
    RefundRequestState, RefundStep,
};

/// A request for a refund as the store keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefundRequestRecord {
    /// Whose.
    pub party: PartyName,
    /// Our number of it.
    pub refund_out_id: RefundOutId,
    /// The order.
    pub order_id: OrderId,
    /// The caller's key: one request for each.
    pub caller_key: String,
    /// What the caller wished.
    pub wish: RefundAmount,
    /// What the platform is asked for.
    pub ask: RefundAsk,
    /// Why, as the platform is told.
    pub reason: String,
    /// Who asked.
    pub requested_by: String,
    /// Where it stands.
    pub state: RefundRequestState,
    /// How often the platform was called, or may have been.
    pub attempts: u32,
    /// Since when a call is under way.
    pub call_began_at: Option<Timestamp>,
    /// Why the last call told nothing.
    pub problem: Option<String>,
    /// When it was stored.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

impl RefundRequestRecord {
    /// What goes back; `None` for the whole order.
    #[must_use]
    pub const fn refund_fee(&self) -> Option<Fen> {
        match self.ask {
            RefundAsk::Whole => None,
            RefundAsk::Part(fee) => Some(fee),
        }
    }
}

/// A refund to ask for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefundDraft {
    /// Whose.
    pub party: PartyName,
    /// Our number of it.
    pub refund_out_id: RefundOutId,
    /// Whether the caller made the number, so that another one is another wish.
    pub number_is_given: bool,
    /// The order.
    pub order_id: OrderId,
    /// The caller's key.
    pub caller_key: String,
    /// How much.
    pub wish: RefundAmount,
    /// Why.
    pub reason: String,
    /// Who asks.
    pub requested_by: String,
    /// What the platform told of the order, when its payment is not in the book.
    pub told: Option<ToldOrder>,
}

/// What the platform told of an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToldOrder {
    /// What it pays.
    pub details: OrderDetails,
    /// What was paid, if it was.
    pub paid: Option<Fen>,
    /// When.
    pub pay_finish_time: Option<Timestamp>,
    /// Its refunds, those on their way included.
    pub refunds: Vec<Refund>,
}

/// What became of a draft.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OpenedRefund {
    /// It is stored and may be asked for.
    New(RefundRequestRecord, RefundPlan),
    /// The caller's key or the number has this request, with the same content.
    Known(RefundRequestRecord),
    /// The caller's key or the number has this request, with another content.
    KeyTaken(RefundRequestRecord),
    /// A rule stands against it; nothing was stored.
    Refused(RefundRefusal),
}

/// Whether the platform may be called for a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BegunCall {
    /// Yes: the attempt is counted.
    Call(RefundRequestRecord),
    /// No: another call is under way.
    UnderWay(RefundRequestRecord),
    /// No: it is known already what became of it.
    Decided(RefundRequestRecord),
}

/// What was learnt of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RefundNews {
    /// It moves on. A request that is further already stays as it is.
    Step(RefundStep),
    /// The call told nothing: the platform may have done it.
    OutcomeUnknown {
        /// Why.
        problem: String,
    },
    /// The call was not made, or the platform turned the caller away before it looked at the refund: the attempt does not count.
    NotCalled {
        /// Why.
        problem: String,
    },
}

/// Which requests to list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RefundSelection {
    /// Those of one order only.
    pub order_id: Option<OrderId>,
    /// Those only of which something is still to be learnt.
    pub open_only: bool,
}

/// The refunds that are asked for here.
#[async_trait]
pub trait RefundRequests: Send + Sync {
    /// Stores a request when the rules allow it, judged under the lock of its order: two at once never exceed what was paid.
    async fn open_refund(&self, draft: RefundDraft, at: Timestamp) -> Result<OpenedRefund, StoreError>;

    /// Counts a call to the platform before it is made. A call that began before `stale_before` is taken to be over.
    async fn begin_refund_call(
        &self,
        party: PartyName,
        refund_out_id: RefundOutId,
        at: Timestamp,
        stale_before: Timestamp,
    ) -> Result<BegunCall, StoreError>;

    /// Keeps what was learnt of a request by the call that began at `of_call`; where another call began since, only what proves that
    /// the money moves counts. Returns the request as it is now.
    async fn keep_refund_news(
        &self,
        party: PartyName,
        refund_out_id: RefundOutId,
        of_call: Option<Timestamp>,
        news: RefundNews,
        at: Timestamp,
    ) -> Result<RefundRequestRecord, StoreError>;

    /// The request of a number.
    async fn find_refund_request(
        &self,
        party: PartyName,
        refund_out_id: RefundOutId,
    ) -> Result<Option<RefundRequestRecord>, StoreError>;

    /// The request of a caller's key.
    async fn find_refund_by_key(
        &self,
        party: PartyName,
        caller_key: String,
    ) -> Result<Option<RefundRequestRecord>, StoreError>;

    /// Requests, newest first, at most `limit`.
    async fn list_refund_requests(
        &self,
        party: PartyName,
        selection: RefundSelection,
        limit: u32,
    ) -> Result<Vec<RefundRequestRecord>, StoreError>;
}
