//! Who may write the configuration and read the book. Readable secrets are warned of by the configuration's own check.

use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;

use super::finding::Finding;
use super::patient::Patient;
use crate::store;

const WHAT: &str = "permissions";

/// The permission bits that let others than the owner write a file.
const OTHERS_WRITE_BITS: u32 = 0o022;

/// The permission bits that let everybody at a file.
const WORLD_BITS: u32 = 0o007;

/// Looks at every file of the configuration, and at the file of a SQLite book, which holds payers' names.
pub(super) async fn check(patient: Arc<Patient>) -> Vec<Finding> {
    let looked = tokio::task::spawn_blocking(move || {
        let mut findings: Vec<Finding> = patient.sources.iter().filter_map(|path| writable_config(path)).collect();
        let database = store::sqlite_path(&patient.config.database.url).map(Path::new);
        findings.extend(database.and_then(readable_book));
        findings
    });
    let findings = looked.await.unwrap_or_default();
    if findings.is_empty() { vec![Finding::ok(WHAT, "files are closed to others as they should be")] } else { findings }
}

fn writable_config(path: &Path) -> Option<Finding> {
    let mode = mode(path).ok()?;
    (mode & OTHERS_WRITE_BITS != 0).then(|| {
        let detail = format!("{} can be changed by others than its owner (mode {mode:04o})", path.display());
        Finding::failure(WHAT, detail, format!("run: chmod go-w {}", path.display()))
    })
}

fn readable_book(path: &Path) -> Option<Finding> {
    let mode = mode(path).ok()?;
    (mode & WORLD_BITS != 0).then(|| {
        let detail = format!(
            "{} holds payers' names and is open to everybody on this machine (mode {mode:04o})",
            path.display()
        );
        Finding::warning(WHAT, detail, format!("run: chmod o= {}", path.display()))
    })
}

fn mode(path: &Path) -> io::Result<u32> {
    Ok(path.metadata()?.permissions().mode() & 0o7777)
}
