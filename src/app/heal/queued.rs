//! What waits for a person, looked at in the book: somebody refunded it, or it was notified at last, and nothing is left to decide.

use crate::app::reconcile_day::{ReconcileContext, ReconcileError};
use crate::domain::{DiscrepancyStep, agreed_by_book};
use crate::store::{DiscrepancyFilter, DiscrepancySelection, MoveDiscrepancyError};

/// How many are looked at at once.
const PAGE: u32 = 200;

/// Ends those of which the book shows that nothing differs any more. Returns how many.
pub(super) async fn settle(context: &ReconcileContext<'_>) -> Result<u64, ReconcileError> {
    let (store, party) = (context.store, &context.party.name);
    let (mut after, mut settled) = (0, 0);
    loop {
        let selection = DiscrepancySelection { day: None, filter: DiscrepancyFilter::Queued, after, limit: PAGE };
        let page = store.list_discrepancies(party.clone(), selection).await?;
        let Some(last) = page.last() else { return Ok(settled) };
        after = last.discrepancy_id;
        let orders = page.iter().map(|record| record.order_id.clone()).collect();
        let booked = store.booked_orders(party.clone(), orders).await?;
        for (record, booked) in page.iter().zip(&booked) {
            let stage = record.state.progress().stage;
            let Some(reason) = agreed_by_book(record.kind, record.refund_order_id.as_ref(), booked, stage) else {
                continue;
            };
            let which = (record.discrepancy_id, record.version);
            let step = DiscrepancyStep::Settle { reason: reason.to_owned() };
            match store.move_discrepancy(party.clone(), which, step, None, (context.clock)()).await {
                Ok(_) => settled += 1,
                // Somebody else moved it meanwhile.
                Err(MoveDiscrepancyError::Outdated(_) | MoveDiscrepancyError::Refused(_)) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
}
