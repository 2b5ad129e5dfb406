//! A person's word on a discrepancy that waits for one: yes to a refund, or closed with a reason.

use super::heal_one;
use crate::app::reconcile_day::{ReconcileContext, ReconcileError};
use crate::domain::DiscrepancyStep;
use crate::store::{DiscrepancyRecord, MoveDiscrepancyError};

/// What a person decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DiscrepancyResolution {
    /// The money goes back, through the refund desk.
    Refund,
    /// Nothing is left to do about it.
    Close,
}

/// A word that could not be taken.
#[derive(Debug, thiserror::Error)]
pub enum ResolveError {
    /// Nothing says why.
    #[error("the reason is empty: say why, for whoever reads it later")]
    NoReason,
    /// A refund would not heal it.
    #[error("a discrepancy of kind {0} is not healed by a refund: only money that nothing is owed for goes back")]
    NotRefundable(&'static str),
    /// It could not be moved.
    #[error(transparent)]
    Move(#[from] MoveDiscrepancyError),
    /// Healing failed.
    #[error("the word was kept, and following it failed")]
    Healing(#[from] ReconcileError),
}

/// Takes a person's word, with who gave it and why, and follows it. Returns the discrepancy as it is then.
///
/// # Errors
/// [`ResolveError`] when it is not there, does not wait for such a word, or what follows fails; in the last case the next run goes on.
pub async fn resolve_discrepancy(
    context: &ReconcileContext<'_>,
    discrepancy_id: i64,
    resolution: DiscrepancyResolution,
    (by, reason): (&str, &str),
) -> Result<DiscrepancyRecord, ResolveError> {
    let (store, party) = (context.store, &context.party.name);
    let reason = reason.trim();
    if reason.is_empty() {
        return Err(ResolveError::NoReason);
    }
    let found = store.find_discrepancy(party.clone(), discrepancy_id).await.map_err(MoveDiscrepancyError::Store)?;
    let found = found.ok_or(MoveDiscrepancyError::NotFound(discrepancy_id))?;
    let step = match resolution {
        DiscrepancyResolution::Close => DiscrepancyStep::Close { by: by.to_owned(), reason: reason.to_owned() },
        DiscrepancyResolution::Refund if !found.kind.is_a_claim() => {
            return Err(ResolveError::NotRefundable(found.kind.name()));
        }
        DiscrepancyResolution::Refund => DiscrepancyStep::Approve { by: format!("{by}: {reason}") },
    };
    let which = (discrepancy_id, found.version);
    let moved = store.move_discrepancy(party.clone(), which, step, None, (context.clock)()).await?;
    if resolution == DiscrepancyResolution::Close {
        return Ok(moved);
    }
    heal_one(context, moved).await?;
    let healed = store.find_discrepancy(party.clone(), discrepancy_id).await.map_err(MoveDiscrepancyError::Store)?;
    Ok(healed.ok_or(MoveDiscrepancyError::NotFound(discrepancy_id))?)
}
