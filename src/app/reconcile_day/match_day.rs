//! One look at a day: the statement sorted, walked beside the book, and what differs kept.

use std::collections::BTreeMap;
use std::io;

use tokio::task::spawn_blocking;

use super::ReconcileError;
use super::context::ReconcileContext;
use super::evidence::evidence;
use super::neighbours::{self, Carried};
use super::outcome::MatchedDay;
use super::sorted_orders::{SortedOrders, Sorter};
use super::stated_row::{StatedEvent, StatedRow};
use super::statement_rows::{DayStatement, gather};
use crate::domain::{
    BookedOrder, ChinaDate, Fen, OrderId, Pair, Pairing, Place, StatedOrder, StatementDay, differences,
};
use crate::store::{FoundDifference, ReconciliationSums, RunKey, SideSums};

/// How many orders of the book are read at once.
const PAGE_ORDERS: u32 = 4096;

/// How many orders that may differ are looked at in full at once, and kept in one transaction.
const BATCH_ORDERS: usize = 200;

/// How many things in flight are held until the statements beside the day are read for them.
const MAX_IN_FLIGHT: usize = 100_000;

/// How many discrepancies that are over are ended in one transaction.
const END_BATCH: u32 = 200;

/// Why a discrepancy that a later look does not find is over.
const AGREES_NOW: &str = "the statement and the book agree in it at a later look";

/// Matches the statement of a day with the book and keeps what differs.
///
/// # Errors
/// [`ReconcileError::NoStatement`] while the statement was not downloaded; else what failed.
pub async fn match_day(context: &ReconcileContext<'_>, day: ChinaDate) -> Result<MatchedDay, ReconcileError> {
    let statement = DayStatement::find(context, day).await?.ok_or(ReconcileError::NoStatement(day))?;
    let (store, party) = (context.store, context.party.name.clone());
    let run = store.begin_reconciliation(party, day, statement.sha256(), (context.clock)()).await?;
    let carried = Carried::of(context, day).await?;
    let mut look = Look::new(context, day, Some(run.clone()));
    let carried = look.take(&statement, carried).await?;
    carried.settle(context, day).await?;
    loop {
        let at = (context.clock)();
        if store.end_unfound(run.clone(), AGREES_NOW.to_owned(), END_BATCH, at).await? < u64::from(END_BATCH) {
            break;
        }
    }
    store.end_reconciliation(run, look.matched.sums, (context.clock)()).await?;
    Ok(look.matched)
}

/// As [`match_day`], and changes nothing: what a run would find.
///
/// # Errors
/// As [`match_day`].
pub async fn plan_day(context: &ReconcileContext<'_>, day: ChinaDate) -> Result<MatchedDay, ReconcileError> {
    let statement = DayStatement::find(context, day).await?.ok_or(ReconcileError::NoStatement(day))?;
    let carried = Carried::of(context, day).await?;
    let mut look = Look::new(context, day, None);
    look.take(&statement, carried).await?;
    Ok(look.matched)
}

/// One look.
struct Look<'a> {
    context: &'a ReconcileContext<'a>,
    day: StatementDay,
    /// `None` when nothing is to be kept.
    run: Option<RunKey>,
    matched: MatchedDay,
    in_flight: Vec<FoundDifference>,
}

/// An order that is to be looked at in full.
struct Candidate {
    order_id: OrderId,
    stated: Option<StatedOrder>,
}

type Walk = Pairing<SortedOrders, io::Error>;

impl<'a> Look<'a> {
    fn new(context: &'a ReconcileContext<'a>, day: ChinaDate, run: Option<RunKey>) -> Self {
        let matched = MatchedDay {
            day,
            sums: ReconciliationSums::default(),
            found: BTreeMap::new(),
            in_flight: 0,
            statement_is_clean: true,
        };
        let day = StatementDay { day, margin: context.options.midnight_margin };
        Self { context, day, run, matched, in_flight: Vec::new() }
    }

    async fn take(&mut self, statement: &DayStatement, carried: Carried) -> Result<Carried, ReconcileError> {
        let (orders, carried) = self.sort(statement, carried).await?;
        self.walk(Pairing::new(orders)).await?;
        let in_flight = std::mem::take(&mut self.in_flight);
        let decided = neighbours::decide(self.context, self.day.day, in_flight).await?;
        self.keep(decided).await?;
        Ok(carried)
    }

    /// Sorts the statement's rows by order, and adds them up.
    async fn sort(
        &mut self,
        statement: &DayStatement,
        mut carried: Carried,
    ) -> Result<(SortedOrders, Carried), ReconcileError> {
        let mut sorter = Sorter::default();
        let mut rows = statement.rows(self.context.store);
        while let Some(batch) = rows.next().await? {
            for row in &batch {
                count(&mut self.matched.sums.stated, row);
                if carried.wants(&row.order_id) {
                    gather(carried.listed(), row);
                }
            }
            sorter = on_blocking_thread(move || {
                batch.iter().try_for_each(|row| sorter.push(row))?;
                Ok(sorter)
            })
            .await?;
        }
        self.matched.sums.bad_rows = rows.bad_rows;
        self.matched.statement_is_clean = rows.is_clean;
        Ok((on_blocking_thread(move || sorter.finish()).await?, carried))
    }

    /// Walks both sides. What agrees at a glance is done with: one payment on each side over the same amount, which has its notice,
    /// and no refund. The rest is looked at in full.
    async fn walk(&mut self, mut walk: Walk) -> Result<(), ReconcileError> {
        let (party, day) = (self.context.party.name.clone(), self.day);
        let mut after = None;
        loop {
            let taken = on_blocking_thread(move || glance(walk, day, BATCH_ORDERS)).await?;
            walk = taken.walk;
            add(&mut self.matched.sums.booked, taken.booked);
            let is_dry = taken.candidates.len() < BATCH_ORDERS;
            self.look_closer(taken.candidates).await?;
            if is_dry && !walk.wants_a_page() {
                return Ok(());
            }
            if is_dry {
                let page = self.context.store.book_of_day(party.clone(), day.day, after.clone(), PAGE_ORDERS).await?;
                after.clone_from(&page.next_after);
                walk.add_page(page.orders, page.next_after);
            }
        }
    }

    /// Compares orders with all that the book holds of them, whatever the day.
    async fn look_closer(&mut self, candidates: Vec<Candidate>) -> Result<(), ReconcileError> {
        if candidates.is_empty() {
            return Ok(());
        }
        let ids = candidates.iter().map(|candidate| candidate.order_id.clone()).collect();
        let booked = self.context.store.booked_orders(self.context.party.name.clone(), ids).await?;
        let mut found = Vec::new();
        for (Candidate { stated, .. }, booked) in candidates.iter().zip(&booked) {
            self.count_refunds(booked);
            for difference in differences(self.day, stated.as_ref(), Some(booked)) {
                let in_flight = difference.place.is_in_flight();
                let evidence = evidence(stated.as_ref(), booked);
                let one = FoundDifference { difference, evidence, in_flight };
                if in_flight && self.in_flight.len() < MAX_IN_FLIGHT {
                    self.in_flight.push(one);
                } else {
                    found.push(one);
                }
            }
        }
        self.keep(found).await
    }

    fn count_refunds(&mut self, booked: &BookedOrder) {
        let sums = &mut self.matched.sums.booked;
        for refund in booked.refunds.iter().filter(|refund| self.day.place_of(refund.at) != Place::Outside) {
            sums.refunds += 1;
            sums.refunded_fee = plus(sums.refunded_fee, booked.amount_of(refund).unwrap_or_default());
        }
    }

    async fn keep(&mut self, found: Vec<FoundDifference>) -> Result<(), ReconcileError> {
        for one in &found {
            if one.in_flight {
                self.matched.in_flight += 1;
            } else {
                self.matched.found.entry(one.difference.kind).or_default().add(&one.difference);
            }
        }
        let Some(run) = &self.run else { return Ok(()) };
        let mut rest = found;
        while !rest.is_empty() {
            let later = rest.split_off(rest.len().min(BATCH_ORDERS));
            self.context.store.keep_differences(run.clone(), rest, (self.context.clock)()).await?;
            rest = later;
        }
        Ok(())
    }
}

/// What a stretch of the walk gave.
struct Taken {
    walk: Walk,
    candidates: Vec<Candidate>,
    booked: SideSums,
}

/// Walks until so many orders are to be looked at in full, or the page ends.
fn glance(mut walk: Walk, day: StatementDay, at_most: usize) -> io::Result<Taken> {
    let (mut candidates, mut booked) = (Vec::new(), SideSums::default());
    while candidates.len() < at_most {
        let Some(pair) = walk.next_pair()? else { break };
        if let Some(payment) = pair.booked().and_then(|order| order.payment.as_ref()) {
            booked.payments += 1;
            booked.paid_fee = plus(booked.paid_fee, payment.fee.unwrap_or_default());
        }
        if !agrees_at_a_glance(day, &pair) {
            let order_id = pair.order_id().clone();
            let stated = match pair {
                Pair::Stated(stated) | Pair::Both(stated, _) => Some(stated),
                Pair::Booked(_) => None,
            };
            candidates.push(Candidate { order_id, stated });
        }
    }
    Ok(Taken { walk, candidates, booked })
}

fn agrees_at_a_glance(day: StatementDay, pair: &Pair) -> bool {
    match pair {
        Pair::Both(stated, booked) => {
            stated.refunds.is_empty()
                && booked.refunds.is_empty()
                && differences(day, Some(stated), Some(booked)).is_empty()
        }
        Pair::Stated(_) | Pair::Booked(_) => false,
    }
}

fn count(sums: &mut SideSums, row: &StatedRow) {
    match &row.event {
        StatedEvent::Payment(payment) => {
            sums.payments += 1;
            sums.paid_fee = plus(sums.paid_fee, payment.fee);
        }
        StatedEvent::Refund(refund) if refund.is_done => {
            sums.refunds += 1;
            sums.refunded_fee = plus(sums.refunded_fee, refund.fee);
        }
        StatedEvent::Refund(_) => {}
    }
}

fn add(sums: &mut SideSums, more: SideSums) {
    sums.payments += more.payments;
    sums.paid_fee = plus(sums.paid_fee, more.paid_fee);
}

/// The sum; where it does not fit, which no day's money comes near, the greater one.
fn plus(one: Fen, other: Fen) -> Fen {
    one.checked_add(other).unwrap_or_else(|| one.max(other))
}

async fn on_blocking_thread<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> Result<T, ReconcileError> {
    Ok(spawn_blocking(work).await.map_err(|_| ReconcileError::Interrupted)??)
}
