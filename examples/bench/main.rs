//! The whole server under load: real `nontax serve` processes on both stores, with everything that it says checked.
//!
//! Started by `scripts/bench`, which builds for release, brings a Postgres and pins the processors.

#[cfg(target_os = "linux")]
mod whole_server;

#[cfg(target_os = "linux")]
fn main() -> miette::Result<()> {
    whole_server::run()
}

/// Processor time and memory are read from /proc, and the load waits on epoll.
#[cfg(not(target_os = "linux"))]
fn main() {
    eprintln!("bench: this works on Linux only");
    std::process::exit(2);
}
