//! What follows a payment, as its amount chooses: who is told of what, how often, and in which order.

use std::sync::Arc;

use super::Simulator;
use super::api_error::ApiError;
use super::cases;
use super::exchange::Exchange;
use super::notification::Event;
use super::notifying::Telling;
use crate::wire::RefundRequest;

/// How many notifications [`Story::FirstLost`] loses.
const LOST_NOTIFICATIONS: usize = 2;

/// What follows a payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Story {
    /// Every party is notified until its reply is final.
    Ordinary,
    /// Every party is notified once, whatever it replies.
    NotifiedOnce,
    /// The order is refunded at once, and every party is told of the refund, of the payment, and of the refund again.
    OutOfOrder,
    /// The first two notifications are lost on their way.
    FirstLost,
    /// Notified, then refunded in full.
    FullRefund,
    /// Notified, then a third is refunded, then another third.
    TwoPartialRefunds,
    /// Nobody is notified.
    NeverNotified,
    /// Notified, and missing in the statement.
    NotInStatement,
}

impl Story {
    /// The story of an order's fee, in fen.
    #[must_use]
    pub fn of(fee: i64) -> Self {
        cases::story(fee).unwrap_or(Self::Ordinary)
    }

    /// Whether the statement of the day holds the payment.
    #[must_use]
    pub const fn in_statement(self) -> bool {
        !matches!(self, Self::NotInStatement)
    }
}

impl Simulator {
    /// Plays the story of an order that was just paid, to its end. All calls, in their order.
    pub(super) async fn tell_story(self: &Arc<Self>, order_id: &str) -> Result<Vec<Exchange>, ApiError> {
        let fee = self.state().orders.get(order_id)?.fee;
        match Story::of(fee) {
            Story::Ordinary | Story::NotInStatement => self.tell(order_id, Event::Paid).await,
            Story::NotifiedOnce => self.tell_as(order_id, Event::Paid, Telling::Once).await,
            Story::FirstLost => self.tell_as(order_id, Event::Paid, Telling::AfterLosing(LOST_NOTIFICATIONS)).await,
            Story::NeverNotified => Ok(Vec::new()),
            Story::OutOfOrder => {
                let (_, refund) = self.record_refund(&story_refund(order_id, None))?;
                self.clock.reached(refund.done_at).await;
                let mut exchanges = Vec::new();
                for event in [refund.event, Event::Paid, refund.event] {
                    exchanges.extend(self.tell_as(order_id, event, Telling::Once).await?);
                }
                Ok(exchanges)
            }
            Story::FullRefund => self.tell_and_refund(order_id, &[story_refund(order_id, None)]).await,
            Story::TwoPartialRefunds => {
                let part = |number| story_refund(order_id, Some((fee / 3, number)));
                self.tell_and_refund(order_id, &[part(1), part(2)]).await
            }
        }
    }

    /// Tells of the payment, then refunds, and tells of that. A party that refused has had everything refunded already.
    async fn tell_and_refund(
        self: &Arc<Self>,
        order_id: &str,
        refunds: &[RefundRequest],
    ) -> Result<Vec<Exchange>, ApiError> {
        let mut exchanges = self.tell(order_id, Event::Paid).await?;
        for request in refunds {
            let Ok(refunded) = self.refund(request).await else { break };
            exchanges.extend(refunded.exchanges);
        }
        Ok(exchanges)
    }
}

/// A refund as a story asks for it: whole, or a part with its number.
fn story_refund(order_id: &str, part: Option<(i64, u8)>) -> RefundRequest {
    RefundRequest {
        order_id: order_id.to_owned(),
        reason: "the order's fee asks for it".to_owned(),
        refund_fee: part.map(|(fee, _)| fee),
        refund_out_id: part.map(|(_, number)| format!("{order_id}-{number}")),
        ..RefundRequest::default()
    }
}
