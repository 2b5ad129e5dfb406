//! Paying orders and telling everybody what happens to them: repeated while the reply is not final, and refunded on a refusal.

use std::sync::Arc;

use tokio::task::JoinSet;

use super::Simulator;
use super::api_error::ApiError;
use super::callback::{Callback, Variant};
use super::delivery::{Addressee, Delivery};
use super::exchange::Exchange;
use super::notification::{self, Event, Verdict};
use super::settings::SimulatedParty;
use crate::wire::ApiErrcode;
use crate::wire::PAY_CHANNEL_WX_NONTAX;

/// How a party is told of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Telling {
    /// Again and again until its reply is final or the pauses are used up.
    UntilFinal,
    /// Once, whatever it replies.
    Once,
    /// Until its reply is final, after so many notifications were lost.
    AfterLosing(usize),
}

impl Simulator {
    /// The citizen pays now: [`Self::pay_at`] with this moment and the platform's own channel.
    ///
    /// # Errors
    /// As [`Self::pay_at`].
    pub async fn pay(self: &Arc<Self>, order_id: &str) -> Result<Vec<Exchange>, ApiError> {
        self.pay_at(order_id, None, None).await
    }

    /// The citizen pays. Unless the fee chooses another story, every party with a notification URL is told, again and again until its reply is final or the
    /// pauses are used up; on a refunding reply of a recorder the order is refunded and everybody is told that too. Returns
    /// when all is said, with all calls: by event, then by party, then by attempt.
    ///
    /// # Errors
    /// 9201010 for an unknown order or one that ran out of time, 9200232 for one that was paid before.
    pub async fn pay_at(
        self: &Arc<Self>,
        order_id: &str,
        pay_finish_time: Option<i64>,
        pay_channel: Option<String>,
    ) -> Result<Vec<Exchange>, ApiError> {
        self.record_payment(order_id, pay_finish_time, pay_channel)?;
        self.tell_story(order_id).await
    }

    /// Marks an order as paid and tells nobody: the notifications are lost, or come later through [`Self::notify`].
    ///
    /// # Errors
    /// As [`Self::pay_at`].
    pub fn record_payment(
        &self,
        order_id: &str,
        pay_finish_time: Option<i64>,
        pay_channel: Option<String>,
    ) -> Result<(), ApiError> {
        let now = self.clock.now();
        let channel = pay_channel.unwrap_or_else(|| PAY_CHANNEL_WX_NONTAX.to_owned());
        self.state().orders.get_mut(order_id)?.pay(pay_finish_time.unwrap_or(now), channel, now)
    }

    /// Notifies again, as [`Self::pay_at`] does: of the latest event, or of the one with `status` (3 or 4 paid, 5 refunded).
    ///
    /// # Errors
    /// 9201010 for an unknown order, 40097 for something that has not happened.
    pub async fn notify(self: &Arc<Self>, order_id: &str, status: Option<i64>) -> Result<Vec<Exchange>, ApiError> {
        let event = Event::of(self.state().orders.get(order_id)?, status, self.clock.now())?;
        self.tell(order_id, event).await
    }

    /// Notifies one party once, right or wrong as `variant` says, whatever it answers.
    ///
    /// # Errors
    /// As [`Self::notify`]; 40097 for an unknown party or one without a notification URL.
    pub async fn notify_once(
        &self,
        order_id: &str,
        status: Option<i64>,
        party: &str,
        variant: Variant,
    ) -> Result<Exchange, ApiError> {
        let event = Event::of(self.state().orders.get(order_id)?, status, self.clock.now())?;
        let party = self.party(party)?;
        match &party.notification_url {
            Some(url) => self.attempt(party, url, order_id, event, variant).await,
            None => Err(ApiError::because(
                ApiErrcode::InvalidArgument,
                format_args!("party {:?} has no notification URL", party.name),
            )),
        }
    }

    /// Tells every party of an event; after a refusal of a payment, refunds and tells every party of that.
    pub(super) async fn tell(self: &Arc<Self>, order_id: &str, event: Event) -> Result<Vec<Exchange>, ApiError> {
        self.tell_as(order_id, event, Telling::UntilFinal).await
    }

    /// As [`Self::tell`], but of this event as `telling` says.
    pub(super) async fn tell_as(
        self: &Arc<Self>,
        order_id: &str,
        event: Event,
        telling: Telling,
    ) -> Result<Vec<Exchange>, ApiError> {
        let (mut exchanges, refusal) = self.tell_everybody(order_id, event, telling).await?;
        if let Some(reason) = refusal {
            exchanges.extend(self.refund_refused(order_id, &reason).await?);
        }
        Ok(exchanges)
    }

    /// All calls, and why the platform refunds, when it does.
    pub(super) async fn tell_everybody(
        self: &Arc<Self>,
        order_id: &str,
        event: Event,
        telling: Telling,
    ) -> Result<(Vec<Exchange>, Option<String>), ApiError> {
        let mut calls = JoinSet::new();
        for place in 0..self.parties.len() {
            let simulator = Arc::clone(self);
            let order_id = order_id.to_owned();
            calls.spawn(async move { (place, simulator.tell_one(place, &order_id, event, telling).await) });
        }
        let mut rounds = Vec::new();
        while let Some(joined) = calls.join_next().await {
            let (place, round) = joined.map_err(|e| ApiError::because(ApiErrcode::QueryFailed, e))?;
            rounds.push((place, round?));
        }
        rounds.sort_by_key(|(place, _)| *place);
        let mut exchanges = Vec::new();
        let mut refusal = None;
        for (_, (attempts, reason)) in rounds {
            exchanges.extend(attempts);
            refusal = refusal.or(reason);
        }
        Ok((exchanges, refusal))
    }

    /// The attempts at one party.
    async fn tell_one(
        &self,
        place: usize,
        order_id: &str,
        event: Event,
        telling: Telling,
    ) -> Result<(Vec<Exchange>, Option<String>), ApiError> {
        let party = &self.parties[place];
        let Some(url) = &party.notification_url else { return Ok((Vec::new(), None)) };
        let mut pauses = self.timing.retry_pauses.iter();
        let mut exchanges = Vec::new();
        if let Telling::AfterLosing(lost) = telling {
            for _ in 0..lost {
                exchanges.push(self.lose(party, url, order_id, event).await?);
                // With fewer pauses than there are losses, what comes after them is sent all the same.
                if let Some(pause) = pauses.next() {
                    self.clock.passed(*pause).await;
                }
            }
        }
        loop {
            let exchange = self.attempt(party, url, order_id, event, Variant::Genuine).await?;
            let verdict = notification::verdict(party.role, event, order_id, &exchange.answer);
            let reason = || format!("errcode {} from {}", exchange.errcode().unwrap_or_default(), party.name);
            let refusal = (verdict == Verdict::Refund).then(reason);
            exchanges.push(exchange);
            match (verdict, pauses.next()) {
                (Verdict::Again, Some(pause)) if telling != Telling::Once => self.clock.passed(*pause).await,
                _ => return Ok((exchanges, refusal)),
            }
        }
    }

    /// One notification.
    pub(super) async fn attempt(
        &self,
        party: &SimulatedParty,
        url: &str,
        order_id: &str,
        event: Event,
        variant: Variant,
    ) -> Result<Exchange, ApiError> {
        let plaintext = self.notification(party, order_id, event)?;
        let exchange = self.call(party, Callback::Notification, url, &plaintext, variant).await;
        self.state().orders.get_mut(order_id)?.record_notification(party, event.status(), &exchange);
        Ok(exchange)
    }

    /// One notification that does not arrive.
    async fn lose(
        &self,
        party: &SimulatedParty,
        url: &str,
        order_id: &str,
        event: Event,
    ) -> Result<Exchange, ApiError> {
        let plaintext = self.notification(party, order_id, event)?;
        let to = Addressee { party, callback: Callback::Notification, url };
        let exchange = self.call_once(to, &plaintext, Variant::Genuine, Delivery::Lost).await;
        self.state().orders.get_mut(order_id)?.record_notification(party, event.status(), &exchange);
        Ok(exchange)
    }

    fn notification(&self, party: &SimulatedParty, order_id: &str, event: Event) -> Result<Vec<u8>, ApiError> {
        let state = self.state();
        let order = state.orders.get(order_id)?;
        let payment = order.payment.as_ref().ok_or(ApiErrcode::InvalidOrderId)?;
        serde_json::to_vec(&notification::plaintext(order, payment, event, party))
            .map_err(|e| ApiError::because(ApiErrcode::QueryFailed, e))
    }
}
