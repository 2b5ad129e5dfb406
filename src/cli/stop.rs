//! When a process that serves is asked to stop: by SIGTERM, SIGINT, or the end of its terminal.

use tokio::signal::ctrl_c;
use tokio::signal::unix::{SignalKind, signal};

/// Resolves on SIGTERM, SIGHUP or SIGINT.
pub(super) async fn asked_to_stop() {
    match (signal(SignalKind::terminate()), signal(SignalKind::hangup())) {
        (Ok(mut terminate), Ok(mut hangup)) => {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = hangup.recv() => {}
                _ = ctrl_c() => {}
            }
        }
        // Without a handler these signals end the process by themselves.
        _ => drop(ctrl_c().await),
    }
}
