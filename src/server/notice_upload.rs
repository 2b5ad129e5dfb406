//! `POST /admin/v1/notices`: any number of notices, one JSON object a line, read and answered line by line in bounded memory.

use std::io::{self, BufRead, Read};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::mpsc as blocking;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::rejection::QueryRejection;
use axum::extract::{Extension, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use hyper::body::Frame;
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};

use super::bearer::authorize_for;
use super::desk::{PartyOfQuery, party_unknown};
use super::peer::PeerAddress;
use super::{Gateway, Problem};
use crate::app::notice_file::NoticeReader;
use crate::app::upsert_notices::{ONE_A_LINE, ResultSink, UpsertError, UpsertTo, upsert_notices};
use crate::domain::Scope;
use crate::store::SharedStore;

/// How many uploads are taken at a time: each has a thread, and all share one writer with the callbacks.
pub(super) const MAX_UPLOADS: usize = 4;

/// How many pieces of a body are read ahead of the book.
const PIECES_AHEAD: usize = 4;

/// How many bytes of results wait for a caller who sends all before reading. Beyond that the upload waits for the reader: this holds
/// the results of some 600,000 lines.
const RESULTS_AHEAD_BYTES: usize = 64 << 20;

/// How many bytes of results leave together.
const RESULTS_TOGETHER_BYTES: usize = 64 << 10;

/// How long an upload waits for the caller's next bytes, or for the caller to read.
const PATIENCE: Duration = Duration::from_mins(1);

/// `POST /admin/v1/notices?party=…`. The connection serves no other request: an answer that ends before the body does leaves the
/// rest of the body on it.
pub(super) async fn upsert(
    State(gateway): State<Arc<Gateway>>,
    Extension(peer): Extension<PeerAddress>,
    query: Result<Query<PartyOfQuery>, QueryRejection>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let answer = admit(&gateway, peer, query, &headers, body).await;
    ([(header::CONNECTION, "close")], answer).into_response()
}

async fn admit(
    gateway: &Gateway,
    peer: PeerAddress,
    query: Result<Query<PartyOfQuery>, QueryRejection>,
    headers: &HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let party = Problem::read_query(query)?.among(gateway);
    let caller = authorize_for(gateway, headers, peer, &[Scope::Notices], party.as_ref()).await?;
    let party = party.ok_or_else(party_unknown)?;
    let max_bytes = gateway.limits.max_import_bytes;
    let length = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    if length.is_some_and(|length| length > max_bytes) {
        return Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", too_large(max_bytes)));
    }
    let permit = Arc::clone(&gateway.uploads).try_acquire_owned().map_err(|_| {
        let message = format!("{MAX_UPLOADS} uploads are under way; send it again when one of them is done");
        Problem::new(StatusCode::TOO_MANY_REQUESTS, "too_many_uploads", message)
    })?;
    let to = UpsertTo { party: party.name.clone(), by: caller.author(), at: Timestamp::now() };
    let (pieces, incoming) = pieces();
    tokio::spawn(feed(body, max_bytes, pieces));
    let (results, told) = results();
    let (say_opened, opened) = oneshot::channel();
    let store = Arc::clone(&gateway.store);
    // Reading lines is work for a thread of its own.
    tokio::task::spawn_blocking(move || {
        Handle::current().block_on(take(incoming, store, to, results, say_opened, permit));
    });
    match opened.await {
        Ok(Ok(())) => {
            Ok(([(header::CONTENT_TYPE, "application/x-ndjson; charset=utf-8")], Body::new(told)).into_response())
        }
        Ok(Err(problem)) => Err(problem),
        Err(_) => Err(Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "panic", "the upload panicked: this is a bug")),
    }
}

fn too_large(max_bytes: usize) -> String {
    format!("the body is larger than {max_bytes} bytes (server.max_import_bytes): send it in parts")
}

async fn take(
    incoming: Incoming,
    store: SharedStore,
    to: UpsertTo,
    mut results: Results,
    say_opened: oneshot::Sender<Result<(), Problem>>,
    permit: OwnedSemaphorePermit,
) {
    let mut reader = match NoticeReader::open(incoming, ONE_A_LINE) {
        Ok(reader) => reader,
        Err(error) => {
            let problem = Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid_notices", error.to_string());
            drop(say_opened.send(Err(problem)));
            return;
        }
    };
    drop(say_opened.send(Ok(())));
    let ended = upsert_notices(&mut reader, &*store, &to, &mut results).await;
    let (error, message) = match ended {
        Ok(summary) => return results.end(&summary.to_json()).await,
        Err(UpsertError::Abandoned) => {
            tracing::warn!(party = %to.party, client = to.by.who, "an upload of notices was given up: nobody read on");
            return;
        }
        Err(UpsertError::Lines(error)) => {
            let cause = std::error::Error::source(&error).map_or_else(|| error.to_string(), ToString::to_string);
            ("invalid_notices", cause)
        }
        Err(UpsertError::Store(error)) => {
            (Problem::store(&error).error(), "send what was not told once more".to_owned())
        }
    };
    results.end(&json!({ "done": false, "error": error, "message": message })).await;
    drop(permit);
}

/// Hands the body over, piece by piece, as fast as it is taken.
async fn feed(body: Body, max_bytes: usize, pieces: Pieces) {
    let mut body = Limited::new(body, max_bytes);
    loop {
        let piece = match tokio::time::timeout(PATIENCE, body.frame()).await {
            Ok(None) => return,
            Ok(Some(Ok(frame))) => match frame.into_data() {
                Ok(data) => Ok(data),
                Err(_) => continue,
            },
            Ok(Some(Err(error))) if error.is::<LengthLimitError>() => Err(io::Error::other(too_large(max_bytes))),
            Ok(Some(Err(error))) => Err(io::Error::other(format!("the body broke off: {error}"))),
            Err(_) => Err(io::Error::other("nothing more came for a minute")),
        };
        let broken = piece.is_err();
        let Ok(room) = pieces.room.acquire().await else { return };
        room.forget();
        if pieces.to_reader.send(piece).is_err() || broken {
            return;
        }
    }
}

/// Where the body's pieces go in.
struct Pieces {
    to_reader: blocking::Sender<io::Result<Bytes>>,
    room: Arc<Semaphore>,
}

/// Where they come out, on a thread that may wait.
struct Incoming {
    from_feeder: blocking::Receiver<io::Result<Bytes>>,
    room: Arc<Semaphore>,
    piece: Bytes,
}

fn pieces() -> (Pieces, Incoming) {
    let (to_reader, from_feeder) = blocking::channel();
    let room = Arc::new(Semaphore::new(PIECES_AHEAD));
    (Pieces { to_reader, room: Arc::clone(&room) }, Incoming { from_feeder, room, piece: Bytes::new() })
}

impl Drop for Incoming {
    fn drop(&mut self) {
        // Whoever waits to hand over a piece learns that nobody takes it.
        self.room.close();
    }
}

impl BufRead for Incoming {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        while self.piece.is_empty() {
            let Ok(piece) = self.from_feeder.recv() else { break };
            self.room.add_permits(1);
            self.piece = piece?;
        }
        Ok(&self.piece)
    }

    fn consume(&mut self, count: usize) {
        drop(self.piece.split_to(count));
    }
}

impl Read for Incoming {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let count = self.fill_buf()?.read(into)?;
        self.consume(count);
        Ok(count)
    }
}

/// Where the results go in.
struct Results {
    lines: mpsc::UnboundedSender<Bytes>,
    room: Arc<Semaphore>,
    together: Vec<u8>,
}

/// The body that they leave in.
struct Told {
    lines: mpsc::UnboundedReceiver<Bytes>,
    room: Arc<Semaphore>,
}

fn results() -> (Results, Told) {
    let (to_body, lines) = mpsc::unbounded_channel();
    let room = Arc::new(Semaphore::new(RESULTS_AHEAD_BYTES));
    (Results { lines: to_body, room: Arc::clone(&room), together: Vec::new() }, Told { lines, room })
}

impl ResultSink for Results {
    async fn tell(&mut self, result: &Value) -> bool {
        self.together.extend_from_slice(result.to_string().as_bytes());
        self.together.push(b'\n');
        self.together.len() < RESULTS_TOGETHER_BYTES || self.send().await
    }
}

impl Results {
    async fn send(&mut self) -> bool {
        let bytes = Bytes::from(std::mem::take(&mut self.together));
        let Ok(size) = u32::try_from(bytes.len()) else { return false };
        match tokio::time::timeout(PATIENCE, self.room.acquire_many(size)).await {
            Ok(Ok(room)) => room.forget(),
            Ok(Err(_)) | Err(_) => return false,
        }
        self.lines.send(bytes).is_ok()
    }

    async fn end(mut self, last: &Value) {
        self.tell(last).await;
        self.send().await;
    }
}

impl hyper::body::Body for Told {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        self.lines.poll_recv(context).map(|bytes| {
            let bytes = bytes?;
            self.room.add_permits(bytes.len());
            Some(Ok(Frame::data(bytes)))
        })
    }
}
