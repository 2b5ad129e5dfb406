//! Cuts off a client that sends the head of a request too slowly. hyper's own timeout runs from the moment a connection is
//! idle; this one runs from the first byte of a head, so that an idle connection may live longer than a slow head.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep};

/// Tells a [`SlowHeadGuard`] that the head which it watched has been read.
#[derive(Clone, Default)]
pub(super) struct HeadWatch(Arc<AtomicBool>);

impl HeadWatch {
    pub(super) fn head_is_read(&self) {
        self.0.store(true, Ordering::Release);
    }

    fn take(&self) -> bool {
        self.0.swap(false, Ordering::AcqRel)
    }
}

/// A stream whose reads fail when a head takes too long.
pub(super) struct SlowHeadGuard<S> {
    stream: S,
    watch: HeadWatch,
    timeout: Duration,
    deadline: Pin<Box<Sleep>>,
    stage: Stage,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// No byte of a head has come.
    Idle,
    /// Some bytes of a head have come.
    Head,
    /// A head has been read: what follows is a body, or the next request behind it.
    Request,
}

impl<S> SlowHeadGuard<S> {
    pub(super) fn new(stream: S, timeout: Duration, watch: HeadWatch) -> Self {
        Self { stream, watch, timeout, deadline: Box::pin(sleep(timeout)), stage: Stage::Idle }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for SlowHeadGuard<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if self.watch.take() {
            self.stage = Stage::Request;
        }
        let before = buffer.filled().len();
        let polled = Pin::new(&mut self.stream).poll_read(cx, buffer);
        if self.stage == Stage::Idle && buffer.filled().len() > before {
            self.stage = Stage::Head;
            let deadline = Instant::now() + self.timeout;
            self.deadline.as_mut().reset(deadline);
        }
        if polled.is_pending() && self.stage == Stage::Head && self.deadline.as_mut().poll(cx).is_ready() {
            return Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the head of the request took too long")));
        }
        polled
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for SlowHeadGuard<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        // A reply goes out: what comes next is a new head.
        if self.stage == Stage::Request || self.watch.take() {
            self.stage = Stage::Idle;
        }
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
        if self.stage == Stage::Request || self.watch.take() {
            self.stage = Stage::Idle;
        }
        Pin::new(&mut self.stream).poll_write_vectored(cx, buffers)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}
