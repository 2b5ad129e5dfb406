//! The statement of a day as the store keeps it: which files count, and their rows, read as a stream.

use std::collections::{BTreeMap, BTreeSet};

use super::ReconcileError;
use super::stated_row::StatedRow;
use crate::app::statement::StatementRows;
use crate::domain::{BillType, ChinaDate, OrderId, StatedOrder};
use crate::envelope::sha256_hex;
use crate::store::{SharedStore, StatementFile, StatementKey};

use super::context::ReconcileContext;

/// How many rows are read at once: enough to be worth a trip to another thread, few enough to be no memory.
const BATCH_ROWS: usize = 8192;

/// The files that make the statement of a day.
pub(super) struct DayStatement {
    day: ChinaDate,
    files: Vec<StatementFile>,
}

impl DayStatement {
    /// The file of all merchants, or those of each where only such were downloaded; `None` when there is none yet.
    pub(super) async fn find(context: &ReconcileContext<'_>, day: ChinaDate) -> Result<Option<Self>, ReconcileError> {
        let store = context.store;
        let party = context.party.name.clone();
        let of_all = StatementKey { party: party.clone(), bill_date: day, mch_id: None, bill_type: BillType::All };
        if let Some(file) = store.newest_statement_file(of_all).await? {
            return Ok(Some(Self { day, files: vec![file] }));
        }
        let mut files = Vec::new();
        let mut seen = BTreeSet::new();
        for file in store.list_statement_files(party, day, day).await? {
            // The one that counts comes first.
            if file.key.bill_type == BillType::All && seen.insert(file.key.clone()) {
                files.push(file);
            }
        }
        Ok(if files.is_empty() { None } else { Some(Self { day, files }) })
    }

    /// Whether its bytes are kept no longer.
    pub(super) fn is_pruned(&self) -> bool {
        self.files.iter().any(|file| file.pruned_at.is_some())
    }

    /// What tells this statement from another of the day.
    pub(super) fn sha256(&self) -> String {
        match self.files.as_slice() {
            [file] => file.sha256.clone(),
            files => {
                let all: Vec<_> = files.iter().map(|file| file.sha256.as_str()).collect();
                sha256_hex(all.join("\n").as_bytes())
            }
        }
    }

    /// Its rows from the first on.
    pub(super) fn rows(&self, store: &SharedStore) -> RowStream {
        let store = SharedStore::clone(store);
        RowStream {
            store,
            day: self.day,
            files: self.files.clone().into_iter(),
            open: None,
            bad_rows: 0,
            is_clean: true,
        }
    }

    /// What it lists of some orders.
    pub(super) async fn orders_of(
        &self,
        store: &SharedStore,
        wanted: &BTreeSet<OrderId>,
    ) -> Result<BTreeMap<OrderId, StatedOrder>, ReconcileError> {
        let mut found = BTreeMap::new();
        if wanted.is_empty() {
            return Ok(found);
        }
        let mut rows = self.rows(store);
        while let Some(batch) = rows.next().await? {
            for row in batch.into_iter().filter(|row| wanted.contains(&row.order_id)) {
                gather(&mut found, &row);
            }
        }
        Ok(found)
    }
}

/// Adds a row to its order.
pub(super) fn gather(orders: &mut BTreeMap<OrderId, StatedOrder>, row: &StatedRow) {
    let order = orders.entry(row.order_id.clone());
    row.clone().add_to(order.or_insert_with(|| StatedOrder::of(row.order_id.clone(), row.pays.clone())));
}

/// The rows of a statement, batch by batch.
pub(super) struct RowStream {
    store: SharedStore,
    day: ChinaDate,
    files: std::vec::IntoIter<StatementFile>,
    open: Option<StatementRows>,
    /// Rows that could not be read.
    pub(super) bad_rows: u64,
    /// Whether the files that were read to their ends are as they should be.
    pub(super) is_clean: bool,
}

impl RowStream {
    /// The next rows; `None` at the end. A row that cannot be read is counted and told, and stops nothing.
    pub(super) async fn next(&mut self) -> Result<Option<Vec<StatedRow>>, ReconcileError> {
        let day = self.day;
        let unreadable = |source| ReconcileError::Statement { day, source };
        loop {
            let Some(rows) = &mut self.open else {
                let Some(file) = self.files.next() else { return Ok(None) };
                let store = SharedStore::clone(&self.store);
                self.open = Some(StatementRows::open(store, file).await.map_err(unreadable)?);
                continue;
            };
            let batch = rows.next(BATCH_ROWS).await.map_err(unreadable)?;
            if batch.is_empty() {
                self.is_clean &= rows.report().is_clean();
                self.open = None;
                continue;
            }
            let mut stated = Vec::with_capacity(batch.len());
            for row in batch {
                let problem = match row {
                    Ok(row) => match StatedRow::from_wire(&row) {
                        Ok(row) => {
                            stated.extend(row);
                            continue;
                        }
                        Err(invalid) => format!("order {}: {invalid}", row.order_id),
                    },
                    Err(bad) => bad.to_string(),
                };
                self.bad_rows += 1;
                self.is_clean = false;
                tracing::warn!(day = %self.day, problem, "a row of the statement cannot be read");
            }
            return Ok(Some(stated));
        }
    }
}
