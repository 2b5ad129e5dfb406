//! What the kept statements come to.

use nontax_gateway::app::statement::StatementRows;
use nontax_gateway::domain::{BillType, ChinaDate};
use nontax_gateway::store::{SharedStore, StatementKey};

use super::books::Sums;
use crate::book::party;
use crate::stores::TestStore;

/// How many rows are read at a time.
const ROWS: usize = 1000;

/// The sums of the newest statements of some days.
pub(super) async fn sums(test: &TestStore, days: &[ChinaDate]) -> Sums {
    let mut sums = Sums::default();
    for day in days {
        let key = StatementKey { party: party(), bill_date: *day, mch_id: None, bill_type: BillType::All };
        let file = test.store.newest_statement_file(key).await.unwrap().expect("each morning brought a statement");
        let mut rows = StatementRows::open(SharedStore::clone(&test.store), file).await.unwrap();
        loop {
            let batch = rows.next(ROWS).await.unwrap();
            if batch.is_empty() {
                break;
            }
            for row in batch {
                let row = row.unwrap();
                match row.refund {
                    None => {
                        sums.payments += 1;
                        sums.paid += row.total_fee;
                    }
                    Some(refund) => {
                        sums.refunds += 1;
                        sums.refunded += refund.refund_fee;
                    }
                }
            }
        }
        assert!(rows.report().is_clean(), "{day}");
    }
    sums
}
