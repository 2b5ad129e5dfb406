//! Resident memory at rest and at the ceiling.

use std::thread;
use std::time::Duration;

use miette::Result;

use super::books::Store;
use super::cpu::status_kb;
use super::feed::Lane;
use super::figures::Table;
use super::sitting::{Coalescing, Sitting, Way};

/// At rest is what it is when nobody has called for so long.
const REST: Duration = Duration::from_secs(3);

const CONNECTIONS: usize = 1000;

/// With so many in flight some may find the queue full and be answered 299; those whose notice was paid meanwhile, 232.
const ALLOWED: [i64; 3] = [0, 232, 299];

/// Both stores, one gateway each.
pub(crate) fn measure(sitting: &mut Sitting) -> Result<()> {
    let mut rows = Vec::new();
    for store in Store::ALL {
        eprintln!("bench: memory, {}", store.name());
        let url = sitting.fresh_book(store)?;
        let server = [sitting.start_gateway(&url, Coalescing::AsShipped)?];
        thread::sleep(REST);
        let at_rest = status_kb(server[0].pid(), "VmRSS")?;
        let lanes = vec![Lane::queries(&sitting.queries), Lane::notifications(&sitting.notifications)];
        let way = Way { allowed: &ALLOWED, ..sitting.closed(CONNECTIONS) };
        let figures = sitting.load(&server, lanes, way)?.figures;
        let most = status_kb(server[0].pid(), "VmHWM")?;
        for server in server {
            server.stop()?;
        }
        rows.push([store.name().to_owned(), mebibytes(at_rest), mebibytes(most), figures.per_second.to_string()]);
    }
    let columns = ["store", "at rest MiB (VmRSS)", "most at 1,000 connections MiB (VmHWM)", "replies/s"];
    let table = Table::begin("### Memory", &columns, 1);
    for row in &rows {
        table.row(row);
    }
    Ok(())
}

fn mebibytes(kb: u32) -> String {
    format!("{:.1}", f64::from(kb) / 1024.0)
}
