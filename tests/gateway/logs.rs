//! Everything that the gateway logs in this test program, at its most talkative, to look for what must not be there.

use std::io::{self, Write};
use std::sync::{Mutex, Once, PoisonError};

use tracing_subscriber::EnvFilter;

static LINES: Mutex<Vec<u8>> = Mutex::new(Vec::new());
static STARTED: Once = Once::new();

struct Capture;

impl Write for Capture {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        LINES.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Starts keeping what is logged, once for all tests.
pub(crate) fn capture() {
    STARTED.call_once(|| {
        let filter = EnvFilter::new("nontax_gateway=trace");
        tracing_subscriber::fmt().json().with_env_filter(filter).with_writer(|| Capture).init();
    });
}

/// All lines so far, of all tests.
pub(crate) fn lines() -> String {
    String::from_utf8(LINES.lock().unwrap_or_else(PoisonError::into_inner).clone()).unwrap()
}
