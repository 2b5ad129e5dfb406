//! The room that is left for a SQLite book.

use std::path::Path;
use std::sync::Arc;

use super::finding::Finding;
use super::patient::Patient;
use crate::store;

const WHAT: &str = "disk";

/// Below this the next busy days may fill it: a row of the journal takes a few hundred bytes, a notice with items some thousand.
const WARN_BELOW_BYTES: u64 = 1 << 30;

/// Below this a checkpoint of the write-ahead log may fail, and then every callback is answered 299.
const FAIL_BELOW_BYTES: u64 = 100 << 20;

pub(super) async fn check(patient: Arc<Patient>) -> Vec<Finding> {
    let looked = tokio::task::spawn_blocking(move || {
        let Some(path) = store::sqlite_path(&patient.config.database.url) else {
            return Finding::ok(WHAT, "the database's own server has to watch its disk");
        };
        let parent = Path::new(path).parent().filter(|parent| !parent.as_os_str().is_empty());
        let directory = parent.unwrap_or_else(|| Path::new("."));
        match rustix::fs::statvfs(directory) {
            Ok(room) => judge(&directory.display().to_string(), room.f_bavail.saturating_mul(room.f_frsize)),
            Err(fault) => {
                let detail = format!("{} cannot be looked at: {fault}", directory.display());
                Finding::failure(WHAT, detail, "make the directory of database.url, for the user that runs nontax")
            }
        }
    });
    looked.await.into_iter().collect()
}

fn judge(directory: &str, free_bytes: u64) -> Finding {
    let detail = format!("{} MiB are free in {directory}", free_bytes >> 20);
    if free_bytes < FAIL_BELOW_BYTES {
        Finding::failure(WHAT, detail, "make room at once: a full disk answers 299 to every payment (磁盘空间不足)")
    } else if free_bytes < WARN_BELOW_BYTES {
        Finding::warning(WHAT, detail, "make room, or move the book to a larger disk")
    } else {
        Finding::ok(WHAT, detail)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::doctor::finding::Level;

    #[test]
    fn little_room_is_warned_of_before_it_fails() {
        assert_eq!(judge("/", 100 << 30).level, Level::Ok);
        assert_eq!(judge("/", 1 << 30).level, Level::Ok);
        assert_eq!(judge("/", (1 << 30) - 1).level, Level::Warning);
        assert_eq!(judge("/", (100 << 20) - 1).level, Level::Failure);
    }
}
