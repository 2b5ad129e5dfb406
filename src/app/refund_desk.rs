//! The refund desk: a refund is stored, asked for, and followed until the money went back (source §6.1.4, §11.8).
//!
//! A crash at any point leaves a request that the same call, made again with the same key, takes up where it was.

use std::time::Duration;

use jiff::Timestamp;

use super::caller_key::MAX_KEY_BYTES;
use super::refund_look_up::{Shown, shown, told_order};
use super::refund_verdict::news_of;
use super::{Fault, Party};
use crate::domain::{
    Fen, InvalidIdentifier, OrderId, OrderState, RefundAmount, RefundAsk, RefundOrderId, RefundOutId, RefundPlan,
    RefundRefusal, RefundRequestState, RefundStep,
};
use crate::envelope::sha256_hex;
use crate::platform::{PlatformClient, PlatformError};
use crate::store::{
    BegunCall, OpenedRefund, RefundDraft, RefundNews, RefundRequestRecord, Store, StoreError, ToldOrder,
};
use crate::wire::{ApiErrcode, GetOrderReply, RefundRequest};

/// How long one call of the desk may take: a person or a system waits, and no callback behind it.
pub(super) const CALL_TIMEOUT: Duration = Duration::from_secs(10);

/// When a call to the platform that nobody ended is taken to be over: well above [`CALL_TIMEOUT`], so that a process that still
/// waits for its reply is not overtaken.
pub(super) const CALL_DEADLINE: Duration = Duration::from_secs(40);

/// Longest reason in characters: it is shown to the citizen in a line.
const MAX_REASON_CHARACTERS: usize = 200;

/// Length of a `refund_out_id` that is made here: what merchant numbers at WeChat Pay may have at most.
const REFUND_OUT_ID_CHARACTERS: usize = 32;

/// A refund that somebody wishes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefundWish {
    /// The order.
    pub order_id: OrderId,
    /// How much of it.
    pub amount: RefundAmount,
    /// Why, as the platform is told.
    pub reason: String,
    /// The caller's key: the same wish under the same key is one refund.
    pub caller_key: String,
    /// Who wishes it, for the records.
    pub requested_by: String,
    /// The number of the refund, where the caller makes it; otherwise the desk does.
    pub refund_out_id: Option<RefundOutId>,
}

/// Why a refund was not asked for, or not followed.
#[derive(Debug, thiserror::Error)]
pub enum RefundDeskError {
    /// A field of the wish is not what it must be.
    #[error("{field} {rule}")]
    Invalid {
        /// The field.
        field: &'static str,
        /// The rule.
        rule: &'static str,
    },
    /// A rule stands against it; nothing was stored.
    #[error(transparent)]
    Refused(#[from] RefundRefusal),
    /// The key or the number was used with another order, amount, reason or number.
    #[error(
        "the key or the number was used before, for refund {refund_out_id} of order {order_id}, with another order, amount, reason \
         or number"
    )]
    KeyTaken {
        /// That request.
        refund_out_id: RefundOutId,
        /// Its order.
        order_id: OrderId,
    },
    /// The platform says that there is no such order.
    #[error("the platform knows no order {0}")]
    NoSuchOrder(OrderId),
    /// There is no such request.
    #[error("there is no request for a refund {0}")]
    NoSuchRequest(RefundOutId),
    /// The party has no way to the platform.
    #[error("party \"{0}\" has no app_secret to call the platform with")]
    NoPlatformAccess(String),
    /// What the order is about could not be found out.
    #[error("the order could not be looked up")]
    LookUp(#[source] Fault),
    /// The store failed.
    #[error("the store failed")]
    Store(#[from] StoreError),
}

impl From<PlatformError> for RefundDeskError {
    fn from(error: PlatformError) -> Self {
        Self::LookUp(Fault::Platform(error))
    }
}

impl From<InvalidIdentifier> for RefundDeskError {
    fn from(invalid: InvalidIdentifier) -> Self {
        Self::Invalid { field: invalid.field, rule: "is empty, too long or holds a control character" }
    }
}

/// Asks for a refund. The request that comes back says in its state what became of it: one that is still `Requested` has a
/// problem and may be done all the same; the same wish under the same key takes it up again, and so does [`follow_refund`].
///
/// # Errors
/// [`RefundDeskError`] when a rule stands against it, the key was used for another wish, or the order cannot be looked up.
pub async fn request_refund(
    store: &dyn Store,
    party: &Party,
    wish: RefundWish,
    now: Timestamp,
) -> Result<RefundRequestRecord, RefundDeskError> {
    check(&wish)?;
    let desk = Desk::of(store, party, now)?;
    let known = store.find_refund_by_key(party.name.clone(), wish.caller_key.clone()).await?;
    let told = if known.is_some() { None } else { desk.told(&wish.order_id).await? };
    let draft = RefundDraft {
        party: party.name.clone(),
        refund_out_id: refund_out_id(party, &wish)?,
        number_is_given: wish.refund_out_id.is_some(),
        order_id: wish.order_id,
        caller_key: wish.caller_key,
        wish: wish.amount,
        reason: wish.reason.trim().to_owned(),
        requested_by: wish.requested_by,
        told,
    };
    match store.open_refund(draft, desk.now).await? {
        OpenedRefund::New(request, plan) => {
            warn_of_the_end(&request, &plan);
            desk.ask(request).await
        }
        OpenedRefund::Known(request) if request.state == RefundRequestState::Requested => desk.ask(request).await,
        OpenedRefund::Known(request) => Ok(request),
        OpenedRefund::KeyTaken(RefundRequestRecord { refund_out_id, order_id, .. }) => {
            Err(RefundDeskError::KeyTaken { refund_out_id, order_id })
        }
        OpenedRefund::Refused(refusal) => Err(refusal.into()),
    }
}

/// Finds out what became of a request: one whose outcome is not known is looked up at the platform and, when it is not there,
/// made again; one that the platform took is looked up. To be called again until the request's state is final.
///
/// # Errors
/// [`RefundDeskError`] when there is no such request, or the platform cannot be asked.
pub async fn follow_refund(
    store: &dyn Store,
    party: &Party,
    refund_out_id: &RefundOutId,
    now: Timestamp,
) -> Result<RefundRequestRecord, RefundDeskError> {
    let desk = Desk::of(store, party, now)?;
    let found = store.find_refund_request(party.name.clone(), refund_out_id.clone()).await?;
    let request = found.ok_or_else(|| RefundDeskError::NoSuchRequest(refund_out_id.clone()))?;
    match request.state {
        RefundRequestState::Requested => desk.ask(request).await,
        RefundRequestState::Accepted { .. } => match shown(&request, &desk.order(&request.order_id).await?) {
            Shown::As(step) => desk.keep(&request, RefundNews::Step(step)).await,
            Shown::Nowhere | Shown::RefundedByOthers => Ok(request),
        },
        RefundRequestState::Refunded { .. } | RefundRequestState::Refused { .. } => Ok(request),
    }
}

fn check(wish: &RefundWish) -> Result<(), RefundDeskError> {
    let invalid = |field, rule| Err(RefundDeskError::Invalid { field, rule });
    let reason = wish.reason.trim();
    if reason.is_empty() || reason.chars().any(char::is_control) || reason.chars().count() > MAX_REASON_CHARACTERS {
        return invalid("reason", "must be one line of 1 to 200 characters (9201011)");
    }
    let key = &wish.caller_key;
    if key.is_empty() || key.len() > MAX_KEY_BYTES || key.chars().any(char::is_control) {
        return invalid("key", "must be one line of 1 to 256 bytes");
    }
    Ok(())
}

/// Our number of the refund. It follows from account, order and key, so that not even a database that was lost and restored makes
/// two refunds of one wish.
fn refund_out_id(party: &Party, wish: &RefundWish) -> Result<RefundOutId, InvalidIdentifier> {
    if let Some(chosen) = &wish.refund_out_id {
        return Ok(chosen.clone());
    }
    let identity = format!("{}\n{}\n{}", party.appid, wish.order_id, wish.caller_key);
    RefundOutId::new(&sha256_hex(identity.as_bytes())[..REFUND_OUT_ID_CHARACTERS])
}

/// The instant as a store keeps it, so that what is told now is what is told later.
pub(super) fn as_stored(now: Timestamp) -> Timestamp {
    Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(now)
}

fn warn_of_the_end(request: &RefundRequestRecord, plan: &RefundPlan) {
    if let Some(days_left) = plan.days_left.filter(|_| plan.ends_soon()) {
        let (order_id, party) = (request.order_id.as_str(), request.party.as_str());
        tracing::warn!(party, order_id, days_left, "the refund period of this order ends soon");
    }
}

/// One use of the desk.
struct Desk<'a> {
    store: &'a dyn Store,
    party: &'a Party,
    platform: PlatformClient,
    now: Timestamp,
}

impl<'a> Desk<'a> {
    fn of(store: &'a dyn Store, party: &'a Party, now: Timestamp) -> Result<Self, RefundDeskError> {
        let access = party.platform.as_ref();
        let platform = access.ok_or_else(|| RefundDeskError::NoPlatformAccess(party.name.to_string()))?;
        Ok(Self { store, party, platform: platform.with_timeout(CALL_TIMEOUT), now: as_stored(now) })
    }

    /// What the platform tells of an order whose payment the book lacks.
    async fn told(&self, order_id: &OrderId) -> Result<Option<ToldOrder>, RefundDeskError> {
        let known = self.store.find_order(self.party.name.clone(), order_id.clone()).await?;
        let in_the_book = |state| !matches!(state, OrderState::Open | OrderState::RefundedAhead);
        if known.is_some_and(|order| order.details.is_some() && in_the_book(order.state)) {
            return Ok(None);
        }
        let reply = self.order(order_id).await?;
        let told = told_order(self.store, self.party, order_id, &reply).await;
        told.map(Some).map_err(RefundDeskError::LookUp)
    }

    async fn order(&self, order_id: &OrderId) -> Result<GetOrderReply, RefundDeskError> {
        let reply = self.platform.get_order(order_id).await?;
        reply.ok_or_else(|| RefundDeskError::NoSuchOrder(order_id.clone()))
    }

    /// Calls the platform for a request, unless somebody else does. What was called before is looked up first.
    async fn ask(&self, request: RefundRequestRecord) -> Result<RefundRequestRecord, RefundDeskError> {
        let (party, id) = (request.party.clone(), request.refund_out_id.clone());
        let stale_before = self.now - CALL_DEADLINE;
        let request = match self.store.begin_refund_call(party, id, self.now, stale_before).await? {
            BegunCall::Call(request) => request,
            BegunCall::UnderWay(request) | BegunCall::Decided(request) => return Ok(request),
        };
        let first = request.attempts == 1;
        if !first {
            match self.order(&request.order_id).await.map(|order| shown(&request, &order)) {
                Ok(Shown::As(step)) => return self.keep(&request, RefundNews::Step(step)).await,
                Ok(Shown::RefundedByOthers) => return self.keep(&request, refunded_by_others()).await,
                Ok(Shown::Nowhere) => {}
                Err(error) => {
                    let problem = format!("not repeated, for the order could not be looked up: {error}");
                    return self.keep(&request, RefundNews::NotCalled { problem }).await;
                }
            }
        }
        let news = match self.platform.refund(&self.wire_request(&request)).await {
            Ok(replied) => {
                let refund_order_id = replied.refund_order_id.as_deref();
                let refund_order_id = refund_order_id.and_then(|text| RefundOrderId::new(text).ok());
                RefundNews::Step(RefundStep::Accept { refund_order_id })
            }
            Err(error) => news_of(error, first),
        };
        self.keep(&request, news).await
    }

    /// A refund of the whole order names neither an amount nor a number.
    fn wire_request(&self, request: &RefundRequestRecord) -> RefundRequest {
        RefundRequest {
            appid: self.platform.appid().to_owned(),
            order_id: request.order_id.to_string(),
            reason: request.reason.clone(),
            refund_fee: request.refund_fee().map(Fen::get),
            refund_out_id: match request.ask {
                RefundAsk::Whole => None,
                RefundAsk::Part(_) => Some(request.refund_out_id.to_string()),
            },
        }
    }

    async fn keep(
        &self,
        request: &RefundRequestRecord,
        news: RefundNews,
    ) -> Result<RefundRequestRecord, RefundDeskError> {
        let (party, id) = (request.party.clone(), request.refund_out_id.clone());
        Ok(self.store.keep_refund_news(party, id, request.call_began_at, news, self.now).await?)
    }
}

fn refunded_by_others() -> RefundNews {
    let errmsg = "the platform's order shows that all of it went back by other refunds".to_owned();
    RefundNews::Step(RefundStep::Refuse { errcode: ApiErrcode::Refunded.code(), errmsg })
}
