//! A server under test: a program of its own, started with a reply awaited, and stopped by a signal.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use miette::{IntoDiagnostic as _, Result, WrapErr as _, bail, miette};
use nontax_gateway::envelope::SymmetricKey;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use super::{answers, http};

/// A virtual machine with a large program needs some seconds.
const PATIENCE: Duration = Duration::from_secs(30);

/// Short, since the time to the first reply is measured.
const BETWEEN_TRIES: Duration = Duration::from_millis(1);

/// A running server. It is killed when it is dropped.
pub(crate) struct Server {
    child: Child,
    log: PathBuf,
    pub(crate) address: SocketAddr,
    /// From the start of the process to its first reply.
    pub(crate) first_reply_after: Duration,
}

impl Server {
    /// Starts a program and waits until it answers a request with 0.
    pub(crate) fn start(
        mut command: Command,
        address: SocketAddr,
        log: &Path,
        request: &[u8],
        key: &SymmetricKey,
    ) -> Result<Self> {
        let output = File::create(log).into_diagnostic()?;
        let errors = output.try_clone().into_diagnostic()?;
        command.stdin(Stdio::null()).stdout(output).stderr(errors);
        let started = Instant::now();
        let child = command.spawn().into_diagnostic().wrap_err_with(|| format!("{command:?} cannot be started"))?;
        let mut server = Self { child, log: log.to_owned(), address, first_reply_after: Duration::ZERO };
        loop {
            let answered = ask(address, request, key);
            if matches!(&answered, Ok(answer) if answer["errcode"] == 0) {
                server.first_reply_after = started.elapsed();
                return Ok(server);
            }
            if let Some(status) = server.child.try_wait().into_diagnostic()? {
                bail!("{command:?} ended ({status}); its log is {}", log.display());
            }
            if started.elapsed() > PATIENCE {
                bail!("{command:?} gives no good reply ({answered:?}); its log is {}", log.display());
            }
            thread::sleep(BETWEEN_TRIES);
        }
    }

    /// Its process.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Asks it to stop, and waits until it has.
    pub(crate) fn stop(mut self) -> Result<()> {
        let pid = i32::try_from(self.pid()).ok().and_then(Pid::from_raw);
        let pid = pid.ok_or_else(|| miette!("{} is no process", self.pid()))?;
        kill_process(pid, Signal::TERM).into_diagnostic()?;
        let asked = Instant::now();
        while asked.elapsed() < PATIENCE {
            if self.child.try_wait().into_diagnostic()?.is_some() {
                return Ok(());
            }
            thread::sleep(BETWEEN_TRIES);
        }
        bail!("a server does not stop within {} s; its log is {}", PATIENCE.as_secs(), self.log.display());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Sends one request on a connection of its own, and reads what the reply says.
pub(crate) fn ask(address: SocketAddr, request: &[u8], key: &SymmetricKey) -> Result<Value> {
    let mut stream = TcpStream::connect(address).into_diagnostic()?;
    stream.set_read_timeout(Some(PATIENCE)).into_diagnostic()?;
    stream.write_all(request).into_diagnostic()?;
    let mut received = Vec::new();
    let mut some = [0; 4096];
    loop {
        let read = stream.read(&mut some).into_diagnostic()?;
        if read == 0 {
            bail!("the server closed the connection");
        }
        received.extend_from_slice(&some[..read]);
        if let Some(reply) = http::read(&received).map_err(|problem| miette!("{problem}"))? {
            return answers::open(key, reply.status, &received[reply.body]);
        }
    }
}

/// A free port of loopback. Below the range that Linux hands out for outgoing connections, so that it stays free.
pub(crate) fn free_address() -> Result<SocketAddr> {
    static NEXT: AtomicU16 = AtomicU16::new(12_000);
    for _ in 0..4000 {
        let port = NEXT.fetch_add(1, Ordering::Relaxed);
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        if TcpListener::bind(address).is_ok() {
            return Ok(address);
        }
    }
    bail!("no port of loopback is free between 12000 and 16000")
}
