//! Orders placed here whose time is over: the platform is asked what became of each.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;

use super::{Job, JobError, JobRun, Ran};
use crate::app::Party;
use crate::domain::{OrderId, OrderState, PartyName, Schedule};
use crate::platform::{PlatformClient, PlatformError};
use crate::store::{OrderEnd, SharedStore, StoreError};
use crate::wire::{
    NotifyInconsistentOrderRequest, ORDER_STATUS_AWAITING_REFUND, ORDER_STATUS_CANCELED, STATUS_REFUNDED,
    is_paid_status,
};

/// How often it is looked which orders are overdue.
const INTERVAL: Duration = Duration::from_mins(1);

/// How long after its end an order is first looked at: one that was paid at the last moment is notified meanwhile.
const GRACE: Duration = Duration::from_mins(2);

/// How long an order that has no end yet is left alone between two looks.
const PAUSE: Duration = Duration::from_mins(15);

/// How many orders of a party one run looks at: each is a call or two, and the callbacks need the same platform.
const LOOKS_IN_A_RUN: u32 = 20;

/// Ends a party's overdue orders.
pub struct OrderExpiryJob {
    store: SharedStore,
    party: Arc<Party>,
}

/// What one run found.
#[derive(Default)]
struct Found {
    expired: u32,
    paid: u32,
    notified_anew: u32,
    open: u32,
}

impl OrderExpiryJob {
    /// For a party, which has a way to the platform.
    #[must_use]
    pub const fn new(store: SharedStore, party: Arc<Party>) -> Self {
        Self { store, party }
    }

    async fn look(
        &self,
        platform: &PlatformClient,
        order_id: &OrderId,
        at: Timestamp,
        found: &mut Found,
    ) -> Result<(), JobError> {
        let order = platform.get_order(order_id).await?;
        let status = order.as_ref().and_then(|order| order.status);
        let was_paid = status.is_some_and(|status| {
            is_paid_status(status) || matches!(status, STATUS_REFUNDED | ORDER_STATUS_AWAITING_REFUND)
        });
        if was_paid {
            // Its notification was lost. It is not recorded from here: all that is paid comes in by one door.
            self.store.note_look(self.party.name.clone(), order_id.clone(), at).await?;
            found.notified_anew += u32::from(self.notify_anew(platform, order_id).await?);
        } else if order.is_none() || status == Some(ORDER_STATUS_CANCELED) {
            found.expired += u32::from(self.end(order_id, OrderEnd::Expired, at).await?);
        } else {
            self.store.note_look(self.party.name.clone(), order_id.clone(), at).await?;
            found.open += 1;
        }
        Ok(())
    }

    /// Whether the platform notified it. Where it refuses to, reconciliation finds the payment.
    async fn notify_anew(&self, platform: &PlatformClient, order_id: &OrderId) -> Result<bool, PlatformError> {
        let request = NotifyInconsistentOrderRequest {
            appid: platform.appid().to_owned(),
            order_id: order_id.as_str().to_owned(),
        };
        let (party, order_id) = (self.party.name.as_str(), order_id.as_str());
        match platform.notify_inconsistent_order(&request).await {
            Ok(_) => {
                tracing::warn!(party, order_id, "a paid order was not notified; the platform notifies it once more");
                Ok(true)
            }
            Err(error) if error.errcode().is_some() => {
                let error = &error as &dyn std::error::Error;
                tracing::warn!(party, order_id, error, "a paid order was not notified, and is not notified once more");
                Ok(false)
            }
            Err(error) => Err(error),
        }
    }

    async fn end(&self, order_id: &OrderId, end: OrderEnd, at: Timestamp) -> Result<bool, StoreError> {
        self.store.end_placed_order(self.party.name.clone(), order_id.clone(), end, at).await
    }
}

#[async_trait]
impl Job for OrderExpiryJob {
    fn name(&self) -> &'static str {
        "order_expiry"
    }

    fn party(&self) -> Option<&PartyName> {
        Some(&self.party.name)
    }

    fn schedule(&self) -> Schedule {
        Schedule::Every(INTERVAL)
    }

    async fn run(&self, run: JobRun) -> Result<Ran, JobError> {
        let Some(platform) = &self.party.platform else {
            return Ok(Ran::Done("the party has no app_secret".to_owned()));
        };
        let at = run.started_at;
        let overdue =
            self.store.overdue_orders(self.party.name.clone(), at - GRACE, at - PAUSE, LOOKS_IN_A_RUN).await?;
        let mut found = Found::default();
        for order in overdue {
            if order.state == OrderState::Open {
                self.look(platform, &order.order_id, at, &mut found).await?;
            } else {
                found.paid += u32::from(self.end(&order.order_id, OrderEnd::Paid, at).await?);
            }
        }
        let Found { expired, paid, notified_anew, open } = found;
        Ok(Ran::Done(format!("{expired} expired, {paid} paid, {notified_anew} notified anew, {open} still open")))
    }
}
