//! Healing: every discrepancy that can be healed safely is, and the rest is queued for a person with the reason and the evidence.
//!
//! What to do is decided by [`crate::domain::next_action`] from facts that are read anew before each action. Where healing stands is
//! kept before each call to the platform, so that a crash anywhere repeats a call that may be repeated, and nothing else.

mod notifications;
mod pace;
mod patient;
mod queued;
mod recording;
mod report;
mod resolve;
mod sight;

pub use report::{HealingReport, NotificationsSeen};
pub use resolve::{DiscrepancyResolution, ResolveError, resolve_discrepancy};

use std::collections::VecDeque;

use jiff::Timestamp;
use patient::{Patient, Treated};

use super::reconcile_day::{ReconcileContext, ReconcileError};
use crate::store::{DiscrepancyFilter, DiscrepancyRecord, DiscrepancySelection};

/// How many discrepancies are worked on at a time: while one waits for its notification, the others go on.
const PAGE: u32 = 200;

/// After how many failed calls in a row the platform is taken to be away. The next run goes on.
const MAX_FAILURES_IN_A_ROW: u32 = 3;

/// Works on everything that is open, of whichever day, and ends what no longer has to wait for a person.
///
/// # Errors
/// [`ReconcileError`] when the store fails. A platform that fails is no error: what it did not answer stays as it is.
pub(super) async fn heal(context: &ReconcileContext<'_>) -> Result<HealingReport, ReconcileError> {
    let mut ward = Ward::of(context);
    let mut after = 0;
    while !ward.platform_is_away() {
        let selection = DiscrepancySelection { day: None, filter: DiscrepancyFilter::ToHeal, after, limit: PAGE };
        let page = context.store.list_discrepancies(context.party.name.clone(), selection).await?;
        let Some(last) = page.last() else { break };
        after = last.discrepancy_id;
        ward.treat_all(page).await?;
    }
    let mut report = ward.report;
    report.healed += queued::settle(context).await?;
    Ok(report)
}

/// Works on one discrepancy.
pub(super) async fn heal_one(
    context: &ReconcileContext<'_>,
    record: DiscrepancyRecord,
) -> Result<HealingReport, ReconcileError> {
    let mut ward = Ward::of(context);
    ward.treat_all(vec![record]).await?;
    Ok(ward.report)
}

/// Discrepancies that are worked on side by side.
struct Ward<'a> {
    patient: Patient<'a>,
    report: HealingReport,
    failures_in_a_row: u32,
}

impl<'a> Ward<'a> {
    fn of(context: &'a ReconcileContext<'a>) -> Self {
        Self { patient: Patient::of(context), report: HealingReport::default(), failures_in_a_row: 0 }
    }

    const fn platform_is_away(&self) -> bool {
        self.failures_in_a_row >= MAX_FAILURES_IN_A_ROW
    }

    /// Works on each until it is done with or has to wait, then on those that waited.
    async fn treat_all(&mut self, page: Vec<DiscrepancyRecord>) -> Result<(), ReconcileError> {
        let mut due: VecDeque<(Timestamp, DiscrepancyRecord)> =
            page.into_iter().map(|record| (Timestamp::MIN, record)).collect();
        while let Some((due_at, record)) = due.pop_front() {
            if self.platform_is_away() {
                return Ok(());
            }
            self.patient.wait_until(due_at).await;
            match self.patient.treat(record, &mut self.report).await? {
                Treated::Done => self.failures_in_a_row = 0,
                // All wait equally long: who began to wait later waits behind.
                Treated::Waits { until, record } => due.push_back((until, *record)),
                Treated::Unreachable { problem } => {
                    self.failures_in_a_row += 1;
                    self.report.unreachable += 1;
                    let party = self.patient.party_name();
                    tracing::warn!(party, problem, "a discrepancy is left as it is: the platform did not answer");
                }
            }
        }
        Ok(())
    }
}
