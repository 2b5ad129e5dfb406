//! The one transaction of the notifications that wait together: lock their orders, lock their notices, decide each, write what
//! they change, commit.
//!
//! Locks are always taken in this order, and the payment of a notice is only written under the notice's lock, so that two
//! gateways wait for each other and never in a circle. An order or a notice that is not in the book yet cannot be locked: it is
//! added without regard to others, and whoever comes second fails on its key and reads again.

use sqlx::Connection as _;

use super::record_facts;
use super::record_rows::Rows;
use super::record_writer::Writer;
use super::{Connection, Engine, failed};
use crate::domain::{Decision, NotificationAnswer, decide};
use crate::store::{JournalEntry, Recording, StoreError};

/// Records the notifications that share no order and no notice with one before them. The others are answered `None`: they are
/// not touched, and come afterwards.
pub(super) async fn record(
    connection: &mut Connection,
    recordings: &[&Recording],
) -> Result<Vec<Option<NotificationAnswer>>, StoreError> {
    let mut transaction = connection.begin_with(Engine::BEGIN).await.map_err(failed("begin a transaction"))?;
    let facts = record_facts::read(&mut transaction, recordings).await?;
    let decided: Vec<Option<Decision>> = recordings
        .iter()
        .zip(&facts)
        .map(|(recording, facts)| {
            let facts = &facts.as_ref()?.notification;
            Some(decide(facts, &recording.event, recording.policy, recording.received_at))
        })
        .collect();

    let mut rows = Rows::default();
    for ((recording, facts), decision) in recordings.iter().zip(&facts).zip(&decided) {
        let (Some(facts), Some(decision)) = (facts, decision) else { continue };
        rows.add_order(recording, facts, decision);
        let mut writer = Writer::new(&mut transaction, &mut rows, recording, facts);
        for change in &decision.changes {
            writer.write(change).await?;
        }
        rows.journal.push(journal_entry(recording, decision));
    }
    rows.write(&mut transaction).await?;
    transaction.commit().await.map_err(failed("commit notifications"))?;
    Ok(decided.into_iter().map(|decision| decision.map(|decision| decision.answer)).collect())
}

fn journal_entry(recording: &Recording, decision: &Decision) -> JournalEntry {
    JournalEntry {
        outcome: decision.answer.outcome(),
        errcode: (recording.errcode_of)(&decision.answer),
        duration: recording.started.elapsed(),
        ..recording.journal.clone()
    }
}
