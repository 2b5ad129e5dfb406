//! Which notice an order pays: known already, told by the notification, or asked of the platform (protocol §2.2).

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::OnceCell;

use super::convert::{details_from_notification, details_from_platform};
use super::{Fault, Party};
use crate::domain::{OrderId, PartyName, Resolution};
use crate::platform::PlatformError;
use crate::store::Store;
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
        store: &dyn Store,
        party: &Party,
        order_id: &OrderId,
        notification: &PaymentStatusNotification,
    ) -> Result<Resolution, Fault> {
        if let Some(details) = store.find_order(party.name.clone(), order_id.clone()).await? {
            return Ok(Resolution::Details(details));
        }
        if let Some(details) = details_from_notification(notification)? {
            return Ok(Resolution::Details(details));
        }
        match self.ask_platform(party, order_id).await? {
            None => Ok(Resolution::NoSuchOrder),
            Some(reply) => details_from_platform(&reply)
                .map(Resolution::Details)
                .map_err(|problem| Fault::Platform(PlatformError::Unreadable { api: "/nontax/getorder", problem })),
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
