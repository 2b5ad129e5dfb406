//! Placing an order for a government unit, once for each key of a caller (source §6.1.2, §11.3; docs/decisions/0013).

use jiff::{SignedDuration, Timestamp};

use super::caller_key::MAX_KEY_BYTES;
use super::convert::{fen, item_from_wire};
use super::placed_order_answer::kept;
use super::refund_desk::{CALL_DEADLINE, CALL_TIMEOUT, as_stored};
use super::{Fault, Party};
use crate::domain::{
    BankId, DepartmentCode, Fen, InvalidIdentifier, Item, NoticeType, ORDER_LIFETIME_SECONDS, Objection, OrderDetails,
    OrderId, OrderSource, OrderSubject, PaymentNoticeNo, PlacementStep, RegionCode, Role,
};
use crate::envelope::sha256_hex;
use crate::platform::{PlatformClient, PlatformError, UNIFIED_ORDER};
use crate::store::{OpenedOrder, OrderReservation, PlacedOrder, ReservedOrder, Store, StoreError};
use crate::wire::{CheckedRequest as _, GetOrderListRequest, RequestProblem, UnifiedOrderRequest};

/// An order that somebody wishes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderWish {
    /// The order as the platform is asked for it. Without an appid it is the party's.
    pub order: UnifiedOrderRequest,
    /// The caller's key: the same order under the same key is one order.
    pub idempotency_key: String,
    /// Whether it may be placed beside another open order for the same notice or number.
    pub allow_open_order: bool,
    /// Who wishes it, for the records.
    pub requested_by: String,
}

/// An order that is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Placement {
    /// It was placed now.
    New(PlacedOrder),
    /// The key had it already.
    Repeated(PlacedOrder),
}

/// Why there is no order.
#[derive(Debug, thiserror::Error)]
pub enum PlaceOrderError {
    /// Only a government unit places orders.
    #[error("party \"{0}\" is no government unit: only those place orders (§6.1.2)")]
    NotAGovernmentUnit(String),
    /// The party has no way to the platform.
    #[error("party \"{0}\" has no app_secret to call the platform with")]
    NoPlatformAccess(String),
    /// Fields are not what they must be.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Invalid(Vec<RequestProblem>),
    /// The key was used with another order.
    #[error("the key was used before, with another order")]
    KeyTaken,
    /// The platform is being called, for this key or for the same notice.
    #[error("an order with this key or for this notice is being placed right now: ask again in a few seconds")]
    InProgress,
    /// There is an open order for the same subject.
    #[error("there is an open order for {}: use it, or set allow_open_order", .0.subject)]
    OpenOrder(Box<PlacedOrder>),
    /// The notice is held and may not be paid.
    #[error("the notice may not be paid: {}", .0.name())]
    NotPayable(Objection),
    /// All payment to the party is suspended.
    #[error("all payment to the party is suspended for now")]
    EverythingSuspended,
    /// The notice is held and something else is due.
    #[error("fee must be {} fen, which is what is due for the notice", due.get())]
    FeeDiffers {
        /// What is due.
        due: Fen,
    },
    /// An earlier call with this key may have placed an order, and the platform says that one is paid.
    #[error("order {order_id} for the same notice or number is paid already")]
    AlreadyPaid {
        /// The order.
        order_id: String,
    },
    /// The platform refused. The key is free again.
    #[error("the platform refused with errcode {errcode}: {errmsg}")]
    Refused {
        /// Its errcode.
        errcode: i64,
        /// Its words.
        errmsg: String,
    },
    /// The platform was not called. The key is free again.
    #[error("the order was not placed")]
    NotPlaced(#[source] PlatformError),
    /// Nobody knows whether there is an order. The same order under the same key finds out.
    #[error("it is not known whether the order was placed; ask again with the same key: {0}")]
    OutcomeUnknown(String),
    /// What became of an earlier call with this key could not be found out.
    #[error("an earlier call with this key gave no word, and the platform could not be asked for its orders")]
    LookUp(#[source] PlatformError),
    /// The store failed.
    #[error("the store failed")]
    Store(#[from] StoreError),
}

impl From<InvalidIdentifier> for PlaceOrderError {
    fn from(invalid: InvalidIdentifier) -> Self {
        invalid_field(invalid.field, "is missing, too long or holds a control character")
    }
}

fn invalid_field(field: &str, rule: impl Into<String>) -> PlaceOrderError {
    PlaceOrderError::Invalid(vec![RequestProblem { field: field.to_owned(), rule: rule.into() }])
}

/// Places an order, unless the caller's key has one. The platform is called once at most; a call that gave no word is never
/// repeated blindly.
///
/// # Errors
/// [`PlaceOrderError`] says what stands against it, or what the platform said.
pub async fn place_order(
    store: &dyn Store,
    party: &Party,
    wish: OrderWish,
    now: Timestamp,
) -> Result<Placement, PlaceOrderError> {
    if party.role != Role::GovernmentUnit {
        return Err(PlaceOrderError::NotAGovernmentUnit(party.name.to_string()));
    }
    let access = party.platform.as_ref();
    let platform = access.ok_or_else(|| PlaceOrderError::NoPlatformAccess(party.name.to_string()))?;
    let platform = &platform.with_timeout(CALL_TIMEOUT);
    let request = with_appid(party, wish.order)?;
    let problems = request.problems();
    if !problems.is_empty() {
        return Err(PlaceOrderError::Invalid(problems));
    }
    let (subject, details) = (subject(&request)?, details(&request)?);
    check_key(&wish.idempotency_key)?;
    let mut reservation = OrderReservation {
        party: party.name.clone(),
        idempotency_key: wish.idempotency_key,
        request_digest: digest(&request)?,
        details: OrderDetails { notice: subject.notice(), ..details },
        subject,
        requested_by: wish.requested_by,
        allow_open_order: wish.allow_open_order,
        looked_up: false,
    };
    let now = as_stored(now);
    let stale_before = now - CALL_DEADLINE;
    let mut reserved = store.reserve_order(reservation.clone(), now, stale_before).await?;
    if reserved == ReservedOrder::Unknown {
        look_up(platform, &reservation.subject).await?;
        reservation.looked_up = true;
        reserved = store.reserve_order(reservation.clone(), now, stale_before).await?;
    }
    match reserved {
        ReservedOrder::Reserved => call(store, platform, &request, reservation, now).await.map(Placement::New),
        ReservedOrder::Known(placed) => Ok(Placement::Repeated(placed)),
        ReservedOrder::KeyTaken => Err(PlaceOrderError::KeyTaken),
        // The second is what a look-up just ended: somebody else was faster.
        ReservedOrder::InProgress | ReservedOrder::Unknown => Err(PlaceOrderError::InProgress),
        ReservedOrder::OpenOrder(placed) => Err(PlaceOrderError::OpenOrder(Box::new(placed))),
        ReservedOrder::NotPayable(objection) => Err(PlaceOrderError::NotPayable(objection)),
        ReservedOrder::EverythingSuspended => Err(PlaceOrderError::EverythingSuspended),
        ReservedOrder::FeeDiffers { due } => Err(PlaceOrderError::FeeDiffers { due }),
    }
}

/// Calls the platform and keeps what comes of it.
async fn call(
    store: &dyn Store,
    platform: &PlatformClient,
    request: &UnifiedOrderRequest,
    reservation: OrderReservation,
    now: Timestamp,
) -> Result<PlacedOrder, PlaceOrderError> {
    let OrderReservation { party, idempotency_key, details, .. } = reservation;
    let keep = |step, opened| store.keep_placement(party.clone(), idempotency_key.clone(), step, opened, now);
    let error = match platform.unified_order(request).await {
        Ok(replied) => match replied.order_id.as_deref().map(OrderId::new) {
            Some(Ok(order_id)) => {
                let expires_at = now + SignedDuration::from_secs(ORDER_LIFETIME_SECONDS);
                let opened = OpenedOrder {
                    notice: details.notice.clone().map(|key| details.to_notice(key)),
                    reply: kept(request, &replied.reply, replied.document.clone()),
                    details,
                };
                return Ok(keep(PlacementStep::Open { order_id, expires_at }, Some(opened)).await?);
            }
            _ => PlatformError::Unreadable { api: UNIFIED_ORDER, problem: "it names no order_id".to_owned() },
        },
        Err(error) => error,
    };
    let text = error.to_string();
    if error.outcome_is_unknown() {
        keep(PlacementStep::LoseTrack { problem: text.clone() }, None).await?;
        return Err(PlaceOrderError::OutcomeUnknown(text));
    }
    keep(PlacementStep::Fail { errcode: error.errcode(), errmsg: text }, None).await?;
    Err(match error {
        PlatformError::Refused { errcode, errmsg, .. } => PlaceOrderError::Refused { errcode, errmsg },
        error => PlaceOrderError::NotPlaced(error),
    })
}

/// Asks the platform for the orders of a subject. One that a lost reply told of is not taken over: nobody has its link, and it
/// expires. Only that one of them is paid stands against placing another.
async fn look_up(platform: &PlatformClient, subject: &OrderSubject) -> Result<(), PlaceOrderError> {
    let number = subject.payment_notice_no.as_ref().map(ToString::to_string);
    let request = GetOrderListRequest {
        appid: platform.appid().to_owned(),
        region_code: subject.region_code.to_string(),
        department_code: subject.department_code.to_string(),
        order_no: subject.order_no.clone().filter(|_| number.is_none()),
        payment_notice_no: number,
    };
    let replied = platform.get_order_list(&request).await.map_err(PlaceOrderError::LookUp)?;
    match &replied.paid_order_id {
        Some(order_id) => Err(PlaceOrderError::AlreadyPaid { order_id: order_id.clone() }),
        None => Ok(()),
    }
}

fn with_appid(party: &Party, order: UnifiedOrderRequest) -> Result<UnifiedOrderRequest, PlaceOrderError> {
    let appid = order.appid.trim();
    if !appid.is_empty() && appid != party.appid {
        let rule = format!("must be \"{}\", the party's, or be left out", party.appid);
        return Err(invalid_field("appid", rule));
    }
    Ok(UnifiedOrderRequest { appid: party.appid.clone(), ..order })
}

fn check_key(key: &str) -> Result<(), PlaceOrderError> {
    if key.is_empty() || key.len() > MAX_KEY_BYTES || key.chars().any(char::is_control) {
        return Err(invalid_field("key", "must be one line of 1 to 256 bytes"));
    }
    Ok(())
}

fn subject(request: &UnifiedOrderRequest) -> Result<OrderSubject, PlaceOrderError> {
    Ok(OrderSubject {
        region_code: RegionCode::new(&request.region_code)?,
        department_code: DepartmentCode::new(&request.department_code)?,
        payment_notice_no: request.payment_notice_no.as_deref().map(PaymentNoticeNo::new).transpose()?,
        order_no: request.order_no.clone(),
    })
}

fn details(request: &UnifiedOrderRequest) -> Result<OrderDetails, PlaceOrderError> {
    // Checked before: a fee above 0, and items that add up to it.
    let of_items = |fault: Fault| invalid_field("items", fault.to_string());
    let fee = fen("fee", request.fee.unwrap_or_default()).map_err(|fault| invalid_field("fee", fault.to_string()))?;
    let items = request.items.iter().map(item_from_wire).collect::<Result<Vec<Item>, Fault>>().map_err(of_items)?;
    Ok(OrderDetails {
        notice: None,
        fee,
        bank_id: request.bank_id.as_deref().map(BankId::new).transpose()?,
        department_name: Some(request.department_name.trim().to_owned()).filter(|name| !name.is_empty()),
        payment_notice_type: request.payment_notice_type.and_then(NoticeType::from_code),
        items,
        source: OrderSource::Registered,
    })
}

/// SHA-256 of the order as it is sent: the order of its fields is always the same.
fn digest(request: &UnifiedOrderRequest) -> Result<String, PlaceOrderError> {
    let bytes = serde_json::to_vec(request).map_err(|error| invalid_field("order", error.to_string()))?;
    Ok(sha256_hex(&bytes))
}
