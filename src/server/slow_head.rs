//! Cuts off a client that sends the head of a request too slowly. hyper's own timeout runs from the moment a connection is
//! idle; this one runs from the first byte of a head, so that an idle connection may live longer than a slow head.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep};

/// Tells a [`SlowHeadGuard`] when heads have been read and requests have been answered.
#[derive(Clone, Default)]
pub(super) struct HeadWatch(Arc<Requests>);

#[derive(Default)]
struct Requests {
    begun: AtomicU32,
    under_way: AtomicBool,
}

impl HeadWatch {
    /// A head has been read: what comes now is a body.
    pub(super) fn head_is_read(&self) {
        self.0.under_way.store(true, Ordering::Release);
        self.0.begun.fetch_add(1, Ordering::AcqRel);
    }

    /// The request has been answered: what comes now is a new head.
    pub(super) fn request_is_answered(&self) {
        self.0.under_way.store(false, Ordering::Release);
    }
}

/// A stream whose reads fail when a head takes too long.
pub(super) struct SlowHeadGuard<S> {
    stream: S,
    watch: HeadWatch,
    timeout: Duration,
    deadline: Pin<Box<Sleep>>,
    /// How many requests had begun when this was last looked at.
    seen: u32,
    /// Whether some bytes of a head have come, and not yet all.
    in_head: bool,
}

impl<S> SlowHeadGuard<S> {
    pub(super) fn new(stream: S, timeout: Duration, watch: HeadWatch) -> Self {
        Self { stream, watch, timeout, deadline: Box::pin(sleep(timeout)), seen: 0, in_head: false }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for SlowHeadGuard<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let begun = self.watch.0.begun.load(Ordering::Acquire);
        if begun != self.seen {
            self.seen = begun;
            self.in_head = false;
        }
        let before = buffer.filled().len();
        let polled = Pin::new(&mut self.stream).poll_read(cx, buffer);
        let came = buffer.filled().len() > before;
        if came && !self.in_head && !self.watch.0.under_way.load(Ordering::Acquire) {
            self.in_head = true;
            let deadline = Instant::now() + self.timeout;
            self.deadline.as_mut().reset(deadline);
        }
        if polled.is_pending() && self.in_head && self.deadline.as_mut().poll(cx).is_ready() {
            return Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the head of the request took too long")));
        }
        polled
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for SlowHeadGuard<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffers: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, buffers)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}
