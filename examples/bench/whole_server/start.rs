//! From the start of the process to its first reply.

use miette::{IntoDiagnostic as _, Result};

use super::books::Store;
use super::figures::{Table, median, ms};
use super::sitting::{Coalescing, Sitting};

/// Starts, of which the median is told.
const STARTS: u32 = 9;

/// Both stores, with a migrated and filled book. The reply is that to a receivables query.
pub(crate) fn measure(sitting: &mut Sitting) -> Result<()> {
    let mut rows = Vec::new();
    for store in Store::ALL {
        eprintln!("bench: start, {}", store.name());
        let url = sitting.fresh_book(store)?;
        let mut taken_us = Vec::new();
        for _ in 0..STARTS {
            let server = sitting.start_gateway(&url, Coalescing::AsShipped)?;
            taken_us.push(u32::try_from(server.first_reply_after.as_micros()).into_diagnostic()?);
            server.stop()?;
        }
        let longest = taken_us.iter().copied().max().unwrap_or(0);
        rows.push([store.name().to_owned(), ms(median(&taken_us)), ms(longest)]);
    }
    let columns = ["store", "median ms", "longest ms"];
    let table = Table::begin(&format!("### From start to first reply, {STARTS} starts each"), &columns, 1);
    for row in &rows {
        table.row(row);
    }
    Ok(())
}
