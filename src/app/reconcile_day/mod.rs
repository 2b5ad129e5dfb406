//! A day reconciled: the statement against the book, what differs kept, healed where that is safe, and queued where it is not.

mod context;
mod evidence;
mod match_day;
mod neighbours;
mod outcome;
mod sorted_orders;
mod stated_row;
mod statement_rows;

pub use context::{Clock, ReconcileContext, ReconcileError, ReconcileOptions};
pub use match_day::{match_day, plan_day};
pub use outcome::{KindCount, MatchedDay, ReconcileOutcome};

use super::HealingReport;
use super::heal::heal;
use crate::domain::ChinaDate;

/// How often healing and matching take turns: what was unknown may, once it is known, turn out to have been paid twice, and that,
/// once it went back, to be over.
const MAX_ROUNDS: u32 = 3;

/// Reconciles a day: matches its statement with the book, heals what can be healed of this day and of earlier ones, and matches once
/// more when that changed the book, so that what was healed is seen to agree.
///
/// It may be dropped at any point and run again: what it did is kept, and what it finds again is the same discrepancy.
///
/// # Errors
/// [`ReconcileError::NoStatement`] while the day's statement was not downloaded; else what failed.
pub async fn reconcile_day(context: &ReconcileContext<'_>, day: ChinaDate) -> Result<ReconcileOutcome, ReconcileError> {
    let matched = match_day(context, day).await?;
    finish_day(context, matched).await
}

/// What follows [`match_day`]: healing, and another look where that changed the book.
///
/// # Errors
/// As [`reconcile_day`].
pub async fn finish_day(
    context: &ReconcileContext<'_>,
    matched: MatchedDay,
) -> Result<ReconcileOutcome, ReconcileError> {
    let (day, mut matched, mut healing) = (matched.day, matched, HealingReport::default());
    for _ in 0..MAX_ROUNDS {
        let round = heal(context).await?;
        healing.add(&round);
        if !round.changed_the_book {
            break;
        }
        matched = match_day(context, day).await?;
    }
    let party = context.party.name.clone();
    let remaining = context.store.count_remaining(party.clone(), Some(day)).await?;
    let remaining_in_all = context.store.count_remaining(party, None).await?;
    Ok(ReconcileOutcome { matched, healing, remaining, remaining_in_all })
}
