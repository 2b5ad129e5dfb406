//! Looking at the platform's orders: which are this payment's, and how they stand.

use std::time::Duration;

use jiff::Timestamp;

use super::MicropayError;
use crate::domain::{OrderId, OrderSource, Sight};
use crate::platform::PlatformClient;
use crate::store::{MicropayRecord, Store};
use crate::wire::{GetOrderListRequest, GetOrderReply, ORDER_STATUS_AWAITING_REFUND, ORDER_STATUS_CANCELED};

/// How far the platform's clock and ours may be apart.
const CLOCK_SLACK: Duration = Duration::from_mins(1);

/// A notice with more orders than this is not looked through: each is a call.
const MAX_ORDERS: usize = 50;

/// The scenes of orders that a payer places, as the sources spell them (§6.1.2). An order of one of them is not from a counter.
/// "offline" and "others" may be.
const SCENES_OF_PAYERS: [&str; 5] = ["biz", "ctiyservice", "miniprogram", "pc", "app"];

/// A look that showed nothing, with what was in the way.
pub(super) enum LookError {
    /// The platform could not be asked, or its answer says nothing.
    Platform(String),
    /// Something of ours failed.
    Own(MicropayError),
}

impl From<crate::store::StoreError> for LookError {
    fn from(error: crate::store::StoreError) -> Self {
        Self::Own(error.into())
    }
}

/// What the platform shows of a payment's orders.
pub(super) async fn look(
    store: &dyn Store,
    platform: &PlatformClient,
    record: &MicropayRecord,
) -> Result<Sight, LookError> {
    let found = record.payment.order_id.as_ref();
    // The platform takes each code once, so the order that a reply named is all there is to look at. Where the platform does
    // not know it, it may be slow, and the order may be paid.
    if let Some(id) = found.filter(|_| record.payment.order_was_named) {
        let order = order(platform, id).await?;
        return Ok(order.map_or_else(|| Sight::Open(id.clone()), |order| standing(id.clone(), order.status)));
    }
    let mut ids: Vec<OrderId> = found.cloned().into_iter().collect();
    ids.extend(list(platform, record).await?.into_iter().filter(|id| Some(id) != found));
    let (mut sight, mut another) = (Sight::Nothing, None);
    for id in ids {
        let Some(order) = order(platform, &id).await? else {
            if Some(&id) == found {
                sight = better(sight, Sight::Open(id));
            }
            continue;
        };
        if fits(record, &order) && !is_anothers(store, record, &id).await? {
            sight = better(sight, standing(id, order.status));
        } else if matches!(order.status, Some(3 | 4)) {
            another = Some(id);
        }
    }
    Ok(match (sight, another) {
        (Sight::Nothing, Some(another)) => Sight::PaidByAnother(another),
        (sight, _) => sight,
    })
}

/// How an order stands.
pub(super) fn standing(id: OrderId, status: Option<i64>) -> Sight {
    match status {
        Some(3 | 4) => Sight::Paid(id),
        Some(5) => Sight::Returned(id),
        Some(ORDER_STATUS_AWAITING_REFUND) => Sight::Returning(id),
        Some(ORDER_STATUS_CANCELED) => Sight::Canceled(id),
        // A status that no source lists may become a payment.
        _ => Sight::Open(id),
    }
}

/// An order, when the platform knows it.
pub(super) async fn order(platform: &PlatformClient, id: &OrderId) -> Result<Option<GetOrderReply>, LookError> {
    platform.get_order(id).await.map_err(|error| LookError::Platform(error.to_string()))
}

async fn list(platform: &PlatformClient, record: &MicropayRecord) -> Result<Vec<OrderId>, LookError> {
    let present = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
    let subject = &record.subject;
    let request = GetOrderListRequest {
        appid: platform.appid().to_owned(),
        region_code: subject.region_code.clone(),
        department_code: subject.department_code.clone(),
        payment_notice_no: present(&subject.payment_notice_no),
        order_no: present(&subject.order_no),
    };
    let replied = platform.get_order_list(&request).await.map_err(|error| LookError::Platform(error.to_string()))?;
    let mut texts = replied.reply.order_id_list;
    texts.extend(replied.reply.paid_order_id);
    let mut ids = Vec::new();
    for text in texts {
        let id = OrderId::new(&text).map_err(|error| LookError::Platform(format!("the list of orders: {error}")))?;
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
    if ids.len() > MAX_ORDERS {
        return Err(LookError::Platform(format!("the notice has {} orders, more than {MAX_ORDERS}", ids.len())));
    }
    Ok(ids)
}

/// Whether an order that nobody named may be this payment's: for its amount, no older than its first call, and not placed by a
/// payer. What the platform leaves out does not speak against it.
fn fits(record: &MicropayRecord, order: &GetOrderReply) -> bool {
    let payment = &record.payment;
    let earliest = payment.first_call_at.unwrap_or(payment.begun_at).checked_sub(CLOCK_SLACK);
    let earliest = earliest.unwrap_or(Timestamp::MIN).as_second();
    order.fee.is_none_or(|fee| fee == record.fee.get())
        && order.create_time.is_none_or(|created| created == 0 || created >= earliest)
        && !order.scene.as_deref().is_some_and(|scene| SCENES_OF_PAYERS.contains(&scene))
}

/// Whether an order is known as somebody else's: another payment's at the counter, or one that was placed through this gateway.
async fn is_anothers(store: &dyn Store, record: &MicropayRecord, id: &OrderId) -> Result<bool, LookError> {
    let (party, key) = (record.party.clone(), record.key.clone());
    if store.order_is_of_another_micropay(party.clone(), key, id.clone()).await? {
        return Ok(true);
    }
    let known = store.find_order(party, id.clone()).await?;
    Ok(known.and_then(|order| order.details).is_some_and(|details| details.source == OrderSource::Registered))
}

/// What matters more of two orders of one payment: money taken, then money that may be taken.
fn better(one: Sight, other: Sight) -> Sight {
    let rank = |sight: &Sight| match sight {
        Sight::Paid(_) => 5,
        Sight::Returning(_) => 4,
        Sight::Open(_) => 3,
        Sight::Returned(_) => 2,
        Sight::Canceled(_) => 1,
        Sight::PaidByAnother(_) | Sight::Nothing => 0,
    };
    if rank(&other) > rank(&one) { other } else { one }
}
