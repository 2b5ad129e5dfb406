//! Payments at the counter that nobody runs, because a process died or because they are only watched any more.

use std::sync::Arc;

use jiff::Timestamp;
use tokio::task::JoinSet;

use super::{MicropayError, MicropayOutcome, MicropayRunner};
use crate::app::Party;

/// How many payments of a party are taken up at once: each is a few small calls.
const AT_ONCE: u32 = 32;

/// Takes up every payment that nobody runs and for which something is due, each as far as it goes now. Returns what became of
/// them. One that fails is tried again at the next call, for the store says where it stands.
///
/// # Errors
/// [`MicropayError`] when the store cannot say which they are.
pub async fn resume_micropays(
    runner: &MicropayRunner,
    parties: &[Arc<Party>],
) -> Result<Vec<MicropayOutcome>, MicropayError> {
    let mut due = Vec::new();
    // Asked for each party, so that those of a party that is not configured any more keep nobody waiting.
    for party in parties.iter().filter(|party| party.platform.is_some()) {
        let keys = runner.store().due_micropays(party.name.clone(), Timestamp::now(), AT_ONCE).await?;
        due.extend(keys.into_iter().map(|key| (Arc::clone(party), key)));
    }
    let mut runs = JoinSet::new();
    for (party, key) in due {
        let runner = runner.clone();
        runs.spawn(async move {
            let followed = runner.follow(&party, &key, &|_| {}).await;
            followed.inspect_err(|error| {
                let error = error as &dyn std::error::Error;
                tracing::warn!(
                    party = party.name.as_str(),
                    key = key.as_str(),
                    error,
                    "a micropay could not be resumed"
                );
            })
        });
    }
    let mut outcomes = Vec::new();
    while let Some(joined) = runs.join_next().await {
        if let Ok(Ok(outcome)) = joined {
            tracing::info!(key = outcome.key, state = outcome.state, "a micropay was resumed");
            outcomes.push(outcome);
        }
    }
    Ok(outcomes)
}
