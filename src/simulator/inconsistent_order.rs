//! `/nontax/notifyinconsistentorder`: finance found a paid order in the statement that it was never told of (source §6.1.6).

use std::sync::Arc;

use super::Simulator;
use super::api_error::ApiError;
use super::callback::Variant;
use super::notification::{self, Event, Verdict};
use crate::wire::{ApiErrcode, NotifyInconsistentOrderReply, NotifyInconsistentOrderRequest};

impl Simulator {
    /// Tells the calling account's parties of the latest event of an order once more, and answers when they did: the sources give
    /// a code for a party that did not take it. A party whose last notification was taken is left alone, as the sources say.
    ///
    /// # Errors
    /// 9201010 for an unknown order, 9200002 for one of others, 40097 for one that is not paid, 9203000 when the account has no
    /// notification URL or its reply was not final.
    pub async fn notify_inconsistent_order(
        self: &Arc<Self>,
        request: &NotifyInconsistentOrderRequest,
    ) -> Result<NotifyInconsistentOrderReply, ApiError> {
        let order_id = &request.order_id;
        let (event, taken_by) = {
            let state = self.state();
            let order = state.orders.get(order_id)?;
            self.check_account_of(&request.appid, order)?;
            let event = Event::of(order, None, self.clock.now())?;
            (event, self.parties.iter().map(|party| order.is_told(party, event)).collect::<Vec<_>>())
        };
        let parties = || self.parties.iter().zip(&taken_by).filter(|(party, _)| party.appid == request.appid);
        let failed = |cause: &dyn std::fmt::Display| ApiError::because(ApiErrcode::InconsistentOrderNotNotified, cause);
        if parties().all(|(party, _)| party.notification_url.is_none()) {
            return Err(failed(&"the account has no notification URL"));
        }
        for (party, _) in parties().filter(|(_, taken)| !**taken) {
            let Some(url) = &party.notification_url else { continue };
            let exchange = self.attempt(party, url, order_id, event, Variant::Genuine).await?;
            match notification::verdict(party.role, event, order_id, &exchange.answer) {
                Verdict::Final => {}
                Verdict::Again => return Err(failed(&format_args!("{} did not take it", party.name))),
                Verdict::Refund => {
                    let reason = format!("errcode {} from {}", exchange.errcode().unwrap_or_default(), party.name);
                    let refunder = Arc::clone(self);
                    let order_id = order_id.clone();
                    tokio::spawn(async move { refunder.refund_refused(&order_id, &reason).await });
                }
            }
        }
        Ok(NotifyInconsistentOrderReply { errcode: 0, errmsg: Some("ok".to_owned()) })
    }
}
