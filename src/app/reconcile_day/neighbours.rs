//! What is near midnight, looked for in the statements of the days beside.

use std::collections::{BTreeMap, BTreeSet};

use super::ReconcileError;
use super::context::ReconcileContext;
use super::statement_rows::DayStatement;
use crate::domain::{
    ChinaDate, Difference, DifferenceKind, DiscrepancyStep, InFlightVerdict, Neighbour, OrderId, RefundOrderId,
    StatedOrder, verdict_on_in_flight,
};
use crate::store::{DiscrepancyFilter, DiscrepancyRecord, DiscrepancySelection, FoundDifference, MoveDiscrepancyError};

/// How many discrepancies are read at once.
const PAGE: u32 = 500;

/// Decides what is in flight by the statements beside the day: what they list is dropped, what they should list and do not is no
/// longer in flight.
pub(super) async fn decide(
    context: &ReconcileContext<'_>,
    day: ChinaDate,
    found: Vec<FoundDifference>,
) -> Result<Vec<FoundDifference>, ReconcileError> {
    if found.is_empty() {
        return Ok(found);
    }
    let wanted: BTreeSet<_> = found.iter().map(|found| found.difference.order_id.clone()).collect();
    let before = listed(context, day.plus_days(-1), &wanted).await?;
    let after = listed(context, day.plus_days(1), &wanted).await?;
    let decided = found.into_iter().filter_map(|found| {
        let Difference { kind, order_id, refund_order_id, place, .. } = &found.difference;
        let says = |listed: &Option<BTreeMap<_, _>>| says(listed.as_ref(), *kind, order_id, refund_order_id.as_ref());
        match verdict_on_in_flight(*place, says(&before), says(&after)) {
            InFlightVerdict::Listed => None,
            InFlightVerdict::InFlight => Some(FoundDifference { in_flight: true, ..found }),
            InFlightVerdict::Missing => Some(FoundDifference { in_flight: false, ..found }),
        }
    });
    Ok(decided.collect())
}

/// What the statement of another day lists of some orders; `None` when there is none.
async fn listed(
    context: &ReconcileContext<'_>,
    day: ChinaDate,
    wanted: &BTreeSet<OrderId>,
) -> Result<Option<BTreeMap<OrderId, StatedOrder>>, ReconcileError> {
    match DayStatement::find(context, day).await?.filter(|statement| !statement.is_pruned()) {
        Some(statement) => statement.orders_of(context.store, wanted).await.map(Some),
        None => Ok(None),
    }
}

fn says(
    listed: Option<&BTreeMap<OrderId, StatedOrder>>,
    kind: DifferenceKind,
    order_id: &OrderId,
    refund_order_id: Option<&RefundOrderId>,
) -> Neighbour {
    let Some(listed) = listed else { return Neighbour::NotThere };
    let lists = listed.get(order_id).is_some_and(|order| match (kind, refund_order_id) {
        (DifferenceKind::RefundedHereOnly, Some(number)) => order.refunds.iter().any(|refund| refund.is(number)),
        (DifferenceKind::RefundedHereOnly, None) => !order.refunds.is_empty(),
        _ => !order.payments.is_empty(),
    });
    if lists { Neighbour::Lists } else { Neighbour::DoesNotList }
}

/// What the day before left in flight.
pub(super) struct Carried {
    records: Vec<DiscrepancyRecord>,
    wanted: BTreeSet<OrderId>,
    listed: BTreeMap<OrderId, StatedOrder>,
}

impl Carried {
    /// Reads it.
    pub(super) async fn of(context: &ReconcileContext<'_>, day: ChinaDate) -> Result<Self, ReconcileError> {
        let mut records = Vec::new();
        loop {
            let after = records.last().map_or(0, |record: &DiscrepancyRecord| record.discrepancy_id);
            let filter = DiscrepancyFilter::InFlight;
            let selection = DiscrepancySelection { day: Some(day.plus_days(-1)), filter, after, limit: PAGE };
            let page = context.store.list_discrepancies(context.party.name.clone(), selection).await?;
            if page.is_empty() {
                break;
            }
            records.extend(page);
        }
        let wanted = records.iter().map(|record| record.order_id.clone()).collect();
        Ok(Self { records, wanted, listed: BTreeMap::new() })
    }

    /// Whether it asks for an order.
    pub(super) fn wants(&self, order_id: &OrderId) -> bool {
        self.wanted.contains(order_id)
    }

    /// Takes what the day's statement lists of the orders that it asks for.
    pub(super) const fn listed(&mut self) -> &mut BTreeMap<OrderId, StatedOrder> {
        &mut self.listed
    }

    /// Ends what the day's statement lists, and opens what it does not: it was the last that could.
    pub(super) async fn settle(self, context: &ReconcileContext<'_>, day: ChinaDate) -> Result<(), ReconcileError> {
        for record in &self.records {
            let refund = record.refund_order_id.as_ref();
            let step = match says(Some(&self.listed), record.kind, &record.order_id, refund) {
                Neighbour::Lists => DiscrepancyStep::Vanish { reason: format!("the statement of {day} lists it") },
                Neighbour::DoesNotList | Neighbour::NotThere => DiscrepancyStep::Find { in_flight: false },
            };
            let which = (record.discrepancy_id, record.version);
            let at = (context.clock)();
            match context.store.move_discrepancy(context.party.name.clone(), which, step, None, at).await {
                // Another run was faster.
                Ok(_) | Err(MoveDiscrepancyError::Outdated(_) | MoveDiscrepancyError::Refused(_)) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }
}
