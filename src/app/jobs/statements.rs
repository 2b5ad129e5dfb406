//! The statement of each day is fetched in the morning after it.

use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;

use super::{Job, JobError, JobRun, Ran};
use crate::app::Party;
use crate::app::statement::{DownloadStatementError, StatementWish, download_statement};
use crate::domain::{BillType, DailySchedule, PartyName, Schedule};
use crate::store::{KeptStatement, SharedStore};

/// Fetches a party's statements.
pub struct StatementsJob {
    store: SharedStore,
    party: Arc<Party>,
    daily: DailySchedule,
}

impl StatementsJob {
    /// For a party, which has a way to the platform.
    #[must_use]
    pub const fn new(store: SharedStore, party: Arc<Party>, daily: DailySchedule) -> Self {
        Self { store, party, daily }
    }
}

#[async_trait]
impl Job for StatementsJob {
    fn name(&self) -> &'static str {
        "statements"
    }

    fn party(&self) -> Option<&PartyName> {
        Some(&self.party.name)
    }

    fn schedule(&self) -> Schedule {
        Schedule::Daily(self.daily)
    }

    async fn run(&self, run: JobRun) -> Result<Ran, JobError> {
        let Some(bill_date) = run.day else { return Err(JobError("it is done by day".to_owned())) };
        let wish = StatementWish { bill_date, mch_id: None, bill_type: BillType::All };
        let downloaded = match download_statement(&*self.store, &self.party, &wish, &Timestamp::now).await {
            Ok(downloaded) => downloaded,
            Err(error @ DownloadStatementError::NotReady { .. }) => return Ok(Ran::NotYet(error.to_string())),
            Err(error) => return Err(error.into()),
        };
        let bytes = downloaded.file.size_bytes;
        Ok(Ran::Done(match downloaded.kept {
            KeptStatement::First => format!("{bytes} bytes"),
            KeptStatement::Same => format!("{bytes} bytes, the same as before"),
            KeptStatement::Changed { before_sha256 } => {
                format!("{bytes} bytes, changed: it was {before_sha256}, which is kept beside it")
            }
        }))
    }
}
