//! Refunding orders: who may, when the money is back, and who is told (source §6.1.4).

use std::net::IpAddr;
use std::sync::Arc;

use super::Simulator;
use super::api_error::ApiError;
use super::exchange::Exchange;
use super::notification::Event;
use super::notifying::Telling;
use super::settings::SimulatedRole;
use crate::wire::{ApiErrcode, RefundReply, RefundRequest};

/// A refund, and the calls that told of it.
#[derive(Clone, Debug)]
pub struct Refunded {
    /// What the platform answers to the request.
    pub reply: RefundReply,
    /// The notifications; none yet when the money takes its time.
    pub exchanges: Vec<Exchange>,
}

/// A refund that is on its way or done.
#[derive(Clone, Copy, Debug)]
pub(super) struct Recorded {
    pub(super) event: Event,
    pub(super) done_at: i64,
}

impl Simulator {
    /// Refunds an order, whoever asks. Everybody is told when it is done: before this returns, or later when refunds take
    /// their time.
    ///
    /// # Errors
    /// 9201010 for an unknown order, and the codes of a refund that cannot be (source §10, 92020xx).
    pub async fn refund(self: &Arc<Self>, request: &RefundRequest) -> Result<Refunded, ApiError> {
        let (reply, recorded) = self.record_refund(request)?;
        let exchanges = self.tell_refund(&request.order_id, recorded).await?;
        Ok(Refunded { reply, exchanges })
    }

    /// `/nontax/refund`: an account asks, and is answered at once; the notifications follow.
    ///
    /// # Errors
    /// As [`Self::refund`]; 9202003 for a caller that is not in the list, 9200002 for an order of others, 9202002 for an account that is a government unit's only: refunds are
    /// for banks, and for finance that stands in for one.
    pub fn refund_for(self: &Arc<Self>, request: &RefundRequest, from: IpAddr) -> Result<RefundReply, ApiError> {
        self.check_refund_ip(from)?;
        let appid = request.appid.trim();
        self.check_account_of(appid, self.state().orders.get(&request.order_id)?)?;
        let mut roles = self.parties.iter().filter(|party| party.appid == appid).map(|party| party.role);
        if roles.all(|role| role == SimulatedRole::GovernmentUnit) {
            return Err(ApiErrcode::RefundNotAuthorized.into());
        }
        let (reply, recorded) = self.record_refund(request)?;
        let (simulator, order_id) = (Arc::clone(self), request.order_id.clone());
        tokio::spawn(async move { simulator.tell_refund(&order_id, recorded).await });
        Ok(reply)
    }

    /// Refunds what a recorder refused, and tells every party of that. An order in the test bank stays paid.
    pub(super) async fn refund_refused(
        self: &Arc<Self>,
        order_id: &str,
        reason: &str,
    ) -> Result<Vec<Exchange>, ApiError> {
        let (now, refund_seconds) = (self.clock.now(), self.timing.refund_seconds);
        let refunded = {
            let mut state = self.state();
            let order = state.orders.get_mut(order_id)?;
            if order.is_in_test_bank() {
                return Ok(Vec::new());
            }
            order.refund_rest(reason, now, refund_seconds)
        };
        match refunded {
            Ok(place) => {
                let done_at = now.saturating_add(refund_seconds);
                self.tell_refund(order_id, Recorded { event: Event::Refund(place), done_at }).await
            }
            // Another notification of the same order was refused and refunded meanwhile.
            Err(_) => Ok(Vec::new()),
        }
    }

    /// Refunds an order, and tells nobody yet.
    pub(super) fn record_refund(&self, request: &RefundRequest) -> Result<(RefundReply, Recorded), ApiError> {
        let (now, refund_seconds) = (self.clock.now(), self.timing.refund_seconds);
        let mut state = self.state();
        let order = state.orders.get_mut(&request.order_id)?;
        let place = order.refund(request, now, refund_seconds)?;
        let refund_order_id =
            order.payment.as_ref().and_then(|p| p.refunds.get(place)).map(|refund| refund.refund_order_id.clone());
        let reply = RefundReply { errcode: 0, errmsg: Some("ok".to_owned()), refund_order_id };
        Ok((reply, Recorded { event: Event::Refund(place), done_at: now.saturating_add(refund_seconds) }))
    }

    /// Tells of a refund that is done, or lets it be told when it is.
    async fn tell_refund(self: &Arc<Self>, order_id: &str, recorded: Recorded) -> Result<Vec<Exchange>, ApiError> {
        let Recorded { event, done_at } = recorded;
        if done_at <= self.clock.now() {
            return Ok(self.tell_everybody(order_id, event, Telling::UntilFinal).await?.0);
        }
        let (simulator, order_id) = (Arc::clone(self), order_id.to_owned());
        tokio::spawn(async move {
            simulator.clock.reached(done_at).await;
            simulator.tell_everybody(&order_id, event, Telling::UntilFinal).await
        });
        Ok(Vec::new())
    }
}
