//! A body that comes in pieces with pauses between them, or breaks off: for both directions.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use tokio::time::{Instant, Sleep, sleep};

use super::faults::LONGEST_WAIT;

/// The body.
pub(super) struct PacedBody {
    pieces: Box<dyn Iterator<Item = io::Result<Bytes>> + Send + Sync>,
    pause: Duration,
    /// How much is to come, when that is said beforehand; each piece is then one byte.
    left_bytes: Option<u64>,
    /// From then on nothing pauses, so that everything has an end.
    hurries_at: Instant,
    timer: Option<Pin<Box<Sleep>>>,
}

impl PacedBody {
    fn new(pieces: impl Iterator<Item = io::Result<Bytes>> + Send + Sync + 'static, pause: Duration) -> Self {
        let hurries_at = Instant::now() + LONGEST_WAIT;
        Self { pieces: Box::new(pieces), pause, left_bytes: None, hurries_at, timer: None }
    }

    /// One byte after the other.
    pub(super) fn byte_by_byte(bytes: Bytes, pause: Duration) -> Self {
        let left_bytes = u64::try_from(bytes.len()).ok();
        Self { left_bytes, ..Self::new((0..bytes.len()).map(move |at| Ok(bytes.slice(at..=at))), pause) }
    }

    /// One piece, again and again, without pauses.
    pub(super) fn repeating(piece: Bytes, times: usize) -> Self {
        Self::new(std::iter::repeat_n(piece, times).map(Ok), Duration::ZERO)
    }

    /// Breaks off before its first byte.
    pub(super) fn broken() -> Self {
        Self::new(std::iter::once(Err(io::Error::from(io::ErrorKind::ConnectionReset))), Duration::ZERO)
    }
}

impl Body for PacedBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        if let Some(timer) = &mut self.timer {
            ready!(timer.as_mut().poll(context));
            self.timer = None;
        }
        let piece = self.pieces.next();
        self.left_bytes = self.left_bytes.map(|left| left.saturating_sub(u64::from(piece.is_some())));
        if !self.pause.is_zero() && Instant::now() < self.hurries_at {
            self.timer = Some(Box::pin(sleep(self.pause)));
        }
        Poll::Ready(piece.map(|piece| piece.map(Frame::data)))
    }

    fn size_hint(&self) -> SizeHint {
        self.left_bytes.map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt as _;

    use super::*;

    #[tokio::test]
    async fn bytes_come_one_by_one_until_everything_hurries() {
        let started = Instant::now();
        let mut body = PacedBody::byte_by_byte(Bytes::from_static(b"abc"), Duration::from_millis(10));
        assert_eq!(body.size_hint().exact(), Some(3));
        assert_eq!(body.frame().await.unwrap().unwrap().into_data().unwrap(), "a");
        assert_eq!(body.size_hint().exact(), Some(2));
        assert_eq!(body.collect().await.unwrap().to_bytes(), "bc");
        assert!(started.elapsed() >= Duration::from_millis(20));
        let mut body = PacedBody::byte_by_byte(Bytes::from_static(b"abc"), Duration::from_hours(1));
        body.hurries_at = Instant::now();
        assert_eq!(body.collect().await.unwrap().to_bytes(), "abc");
    }

    #[tokio::test]
    async fn a_body_breaks_off_or_has_as_much_as_it_was_told() {
        assert!(PacedBody::broken().collect().await.is_err());
        let body = PacedBody::repeating(Bytes::from_static(b"ab"), 3);
        assert_eq!(body.collect().await.unwrap().to_bytes(), "ababab");
    }
}
