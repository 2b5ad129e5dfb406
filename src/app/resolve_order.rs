//! Which notice an order pays: known already, told by the notification, or asked of the platform (protocol §2.2).

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::OnceCell;

use super::convert::{details_from_notification, details_from_platform};
use super::{Fault, Party};
use crate::domain::{NoticeKey, OrderDetails, OrderId, PartyName, PaymentNoticeNo, Resolution};
use crate::platform::{GET_ORDER, PlatformError};
use crate::store::Book;
use crate::wire::{GetOrderReply, PaymentStatusNotification};

type Flight = Arc<OnceCell<Result<Option<Arc<GetOrderReply>>, PlatformError>>>;

/// Finds out what orders pay. Callbacks that ask for one order at the same time share one call to the platform.
#[derive(Default)]
pub struct OrderResolver {
    flights: Mutex<HashMap<(PartyName, OrderId), Flight>>,
}

impl OrderResolver {
    /// What `order_id` pays, in three steps; the first that tells is believed. The caller stores the result with the payment.
    ///
    /// # Errors
    /// [`Fault`] when none tells because of a failure: that is no reason to refuse a payment.
    pub async fn resolve(
        &self,
        store: &dyn Book,
        party: &Party,
        order_id: &OrderId,
        notification: &PaymentStatusNotification,
    ) -> Result<Resolution, Fault> {
        let told = details_from_notification(notification);
        if let Ok(Some(details)) = told {
            // The book need not be asked first: what it holds of the order wins over this, under the order's lock.
            return Ok(Resolution::Details(details));
        }
        let known = store.find_order(party.name.clone(), order_id.clone()).await?;
        if let Some(details) = known.and_then(|order| order.details) {
            return Ok(Resolution::Details(details));
        }
        told?;
        match self.ask_platform(party, order_id).await? {
            None => Ok(Resolution::NoSuchOrder),
            Some(reply) => read_order(store, party, order_id, &reply).await.map(Resolution::Details),
        }
    }

    /// Asks the Order Query API; one call for all who ask for this order now.
    ///
    /// # Errors
    /// [`Fault`] when the party cannot ask, or the platform did not answer.
    pub async fn ask_platform(&self, party: &Party, order_id: &OrderId) -> Result<Option<Arc<GetOrderReply>>, Fault> {
        let Some(platform) = &party.platform else {
            return Err(Fault::NoPlatformAccess { party: party.name.to_string(), order_id: order_id.to_string() });
        };
        let key = (party.name.clone(), order_id.clone());
        let flight = {
            let mut flights = self.flights.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(flights.entry(key.clone()).or_default())
        };
        let ask = || async { platform.get_order(order_id).await.map(|reply| reply.map(Arc::new)) };
        let answer = flight.get_or_init(ask).await.clone();
        let mut flights = self.flights.lock().unwrap_or_else(PoisonError::into_inner);
        // Only this flight: a later one for the same order may be under way already.
        if let Entry::Occupied(entry) = flights.entry(key)
            && Arc::ptr_eq(entry.get(), &flight)
        {
            entry.remove();
        }
        Ok(answer?)
    }
}

/// The order's details. The platform may leave out the collection entity: then it is that of the one notice of this number in the
/// region, if there is one.
pub(super) async fn read_order(
    store: &dyn Book,
    party: &Party,
    order_id: &OrderId,
    reply: &GetOrderReply,
) -> Result<OrderDetails, Fault> {
    let unreadable = |problem: String| Fault::Platform(PlatformError::Unreadable { api: GET_ORDER, problem });
    let department_code = match (&reply.department_code, &reply.payment_notice_no) {
        (None, Some(number)) => {
            let number = PaymentNoticeNo::new(number).map_err(|e| unreadable(e.to_string()))?;
            let held = store.find_notices(party.name.clone(), number).await?;
            let in_region = |key: &NoticeKey| Some(key.region_code.as_str()) == reply.region_code.as_deref();
            let mut keys = held.into_iter().map(|record| record.notice.key).filter(in_region);
            match (keys.next(), keys.next()) {
                (Some(key), None) => Some(key.department_code.to_string()),
                (Some(_), Some(_)) => return Err(Fault::AmbiguousNotice { order_id: order_id.to_string() }),
                (None, _) => None,
            }
        }
        (told, _) => told.clone(),
    };
    details_from_platform(order_id, reply, department_code.as_deref()).map_err(unreadable)
}
