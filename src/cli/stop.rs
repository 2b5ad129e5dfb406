//! When a process that serves is asked to stop.

use tokio::signal::ctrl_c;
use tokio::signal::unix::{SignalKind, signal};

/// Resolves on SIGTERM or SIGINT.
pub(super) async fn asked_to_stop() {
    match signal(SignalKind::terminate()) {
        Ok(mut terminate) => {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = ctrl_c() => {}
            }
        }
        // Without a handler SIGTERM ends the process by itself.
        Err(_) => drop(ctrl_c().await),
    }
}
