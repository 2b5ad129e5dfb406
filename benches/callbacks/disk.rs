//! How long the disk takes to keep a write: what no commit can be faster than.

use std::fs::File;
use std::io::Write as _;
use std::time::{Duration, Instant};

use super::load::median;

const WRITES: usize = 50;
const WRITE_BYTES: usize = 4096;

/// The median of some appended writes, each with an fsync, in the directory where the SQLite book of the benchmark lies.
pub(crate) fn write_with_fsync() -> Duration {
    let mut file = tempfile::tempfile_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let mut taken: Vec<Duration> = (0..WRITES).map(|_| write_once(&mut file)).collect();
    median(&mut taken)
}

fn write_once(file: &mut File) -> Duration {
    let started = Instant::now();
    file.write_all(&[0x5A; WRITE_BYTES]).unwrap();
    file.sync_all().unwrap();
    started.elapsed()
}
