//! The load: one thread, connections that are kept alive, requests that were built beforehand.
//!
//! It shares a processor with Postgres, so it does as little as it can: raw sockets, epoll, one read for most replies.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::num::NonZeroU64;
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use miette::{IntoDiagnostic as _, Result, WrapErr as _, bail, ensure};
use rustix::buffer::spare_capacity;
use rustix::event::{Timespec, epoll};

use super::answers::Checker;
use super::feed::{Chosen, Feed};
use super::figures::Figures;
use super::http;
use super::schedule::Pace;
use super::tally::{Tally, Watched};

/// Whoever has not answered by then does not answer.
const PATIENCE: Duration = Duration::from_secs(15);

/// Larger than any reply that is expected.
const REPLY_BYTES: usize = 16 * 1024;

/// Events that are taken from the kernel at a time.
const EVENTS: usize = 256;

/// What to send where, how fast and for how long.
pub(crate) struct Load<'a> {
    /// Connections are dealt out over them.
    pub(crate) addresses: Vec<SocketAddr>,
    pub(crate) connections: usize,
    pub(crate) pace: Pace,
    pub(crate) warm_up: Duration,
    pub(crate) measured: Duration,
    pub(crate) feed: Feed<'a>,
    pub(crate) checker: Checker<'a>,
    pub(crate) watched: Watched,
}

/// What came of it.
pub(crate) struct Outcome {
    pub(crate) figures: Figures,
    /// Every request that has a reply, those of the warm-up too.
    pub(crate) answered: Vec<Chosen>,
}

struct Connection {
    stream: TcpStream,
    received: Box<[u8]>,
    filled: usize,
    under_way: Option<(Chosen, Instant)>,
}

struct Running<'a> {
    load: Load<'a>,
    epoll: OwnedFd,
    events: Vec<epoll::Event>,
    connections: Vec<Connection>,
    idle: Vec<usize>,
    started: Instant,
    sent: u64,
    used_up: bool,
    heard_at: Instant,
    tally: Tally,
}

impl Load<'_> {
    /// Sends until the time is over or the feed is used up, and waits for the last reply.
    ///
    /// # Errors
    /// When a reply is wrong or does not come.
    pub(crate) fn run(self) -> Result<Outcome> {
        let mut running = Running::connect(self)?;
        running.warm_up_and_measure()?;
        let figures = running.tally.figures(&running.load.watched)?;
        let due = running.load.pace.due_within(running.started.elapsed());
        let unanswered = due.map_or(0, |due| due.saturating_sub(running.tally.answered()));
        while running.is_waiting() {
            running.wait_and_receive(PATIENCE)?;
        }
        let unanswered = u32::try_from(unanswered).into_diagnostic()?;
        Ok(running.tally.outcome(Figures { unanswered, ..figures }))
    }
}

impl<'a> Running<'a> {
    fn connect(load: Load<'a>) -> Result<Self> {
        // The kernel may otherwise wake us 50 µs late, which would count as latency.
        rustix::thread::set_current_timer_slack(NonZeroU64::new(1)).into_diagnostic()?;
        let epoll = epoll::create(epoll::CreateFlags::CLOEXEC).into_diagnostic()?;
        let mut connections = Vec::with_capacity(load.connections);
        for (number, address) in (0..load.connections).zip(load.addresses.iter().cycle()) {
            ensure!(address.ip().is_loopback(), "{address} is not on this machine");
            let stream = TcpStream::connect(address).into_diagnostic().wrap_err("the server does not accept")?;
            stream.set_nodelay(true).into_diagnostic()?;
            stream.set_nonblocking(true).into_diagnostic()?;
            let data = epoll::EventData::new_u64(u64::try_from(number).into_diagnostic()?);
            epoll::add(&epoll, &stream, data, epoll::EventFlags::IN).into_diagnostic()?;
            let received = vec![0; REPLY_BYTES].into_boxed_slice();
            connections.push(Connection { stream, received, filled: 0, under_way: None });
        }
        let now = Instant::now();
        Ok(Self {
            epoll,
            events: Vec::with_capacity(EVENTS),
            idle: (0..load.connections).rev().collect(),
            connections,
            started: now,
            sent: 0,
            used_up: false,
            heard_at: now,
            tally: Tally::new(load.pace),
            load,
        })
    }

    fn warm_up_and_measure(&mut self) -> Result<()> {
        let measuring_at = self.started + self.load.warm_up;
        let end = measuring_at + self.load.measured;
        loop {
            let now = Instant::now();
            if now >= measuring_at && !self.tally.is_measuring() {
                self.tally.begin(&self.load.watched)?;
            }
            if now >= end || (self.used_up && !self.is_waiting()) {
                ensure!(self.tally.is_measuring(), "the bodies were used up in the warm-up; make more with --notices");
                return Ok(());
            }
            let next_due = self.send_what_is_due()?;
            let until = if self.tally.is_measuring() { end } else { measuring_at };
            let until = next_due.map_or(until, |due| due.min(until));
            self.wait_and_receive(until.saturating_duration_since(Instant::now()))?;
        }
    }

    fn is_waiting(&self) -> bool {
        self.idle.len() < self.connections.len()
    }

    /// Returns when the next request is due, if a connection is free for it.
    fn send_what_is_due(&mut self) -> Result<Option<Instant>> {
        while let (Some(&number), false) = (self.idle.last(), self.used_up) {
            let now = Instant::now();
            let due = self.load.pace.due(self.sent).map_or(now, |after_start| self.started + after_start);
            if due > now {
                return Ok(Some(due));
            }
            let Some((chosen, request)) = self.load.feed.next() else {
                self.used_up = true;
                break;
            };
            self.idle.pop();
            let connection = &mut self.connections[number];
            connection.under_way = Some((chosen, due));
            let written = connection.stream.write(request).into_diagnostic().wrap_err("a request cannot be sent")?;
            // The connection is idle, so its buffer is empty and holds any request.
            ensure!(written == request.len(), "only {written} of {} bytes could be sent", request.len());
            self.sent += 1;
        }
        Ok(None)
    }

    fn wait_and_receive(&mut self, longest: Duration) -> Result<()> {
        let timeout = Timespec::try_from(longest).into_diagnostic()?;
        self.events.clear();
        match epoll::wait(&self.epoll, spare_capacity(&mut self.events), Some(&timeout)) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error).into_diagnostic(),
        }
        for at in 0..self.events.len() {
            let number = usize::try_from(self.events[at].data.u64()).into_diagnostic()?;
            self.receive(number)?;
        }
        if !self.events.is_empty() || !self.is_waiting() {
            self.heard_at = Instant::now();
        }
        ensure!(self.heard_at.elapsed() < PATIENCE, "no reply within {} s", PATIENCE.as_secs());
        Ok(())
    }

    fn receive(&mut self, number: usize) -> Result<()> {
        let connection = &mut self.connections[number];
        match connection.stream.read(&mut connection.received[connection.filled..]) {
            Ok(0) => bail!("the server closed a connection, or its reply is longer than {REPLY_BYTES} bytes"),
            Ok(read) => connection.filled += read,
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
            Err(error) => return Err(error).into_diagnostic().wrap_err("a reply cannot be read"),
        }
        let received = &connection.received[..connection.filled];
        let reply = http::read(received).map_err(|problem| miette::miette!("a reply is not HTTP: {problem}"))?;
        let Some(reply) = reply else { return Ok(()) };
        let Some((chosen, due)) = connection.under_way.take() else { bail!("a reply that nobody asked for") };
        ensure!(reply.body.end == connection.filled, "something follows a reply");
        self.tally.count(chosen, due);
        self.load.checker.check(reply.status, &received[reply.body])?;
        connection.filled = 0;
        self.idle.push(number);
        Ok(())
    }
}
