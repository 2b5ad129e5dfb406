//! Connections: HTTP/1.1 over plain TCP, every wait bounded, stopped without cutting off what is under way.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::response::Response;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tower::ServiceExt as _;

use super::peer::PeerAddress;
use super::slow_head::{HeadWatch, SlowHeadGuard};

/// The largest head of a request. The platform's are under 1 KiB.
const MAX_HEAD_BYTES: usize = 16 * 1024;

/// The most headers of a request.
const MAX_HEADERS: usize = 64;

/// How long accepting rests when the machine has no more file descriptors, so that it does not spin.
const REST_WHEN_EXHAUSTED: Duration = Duration::from_millis(100);

/// How long a connection may wait.
#[derive(Clone, Copy, Debug)]
pub struct ConnectionLimits {
    /// How long the head of a request may take from its first byte.
    pub header_timeout: Duration,
    /// How long a connection may lie idle between requests.
    pub idle_timeout: Duration,
    /// How long what is under way may take to finish after a stop was asked for.
    pub shutdown_grace: Duration,
}

/// Serves `router` on `listener` until `stop` resolves; then accepts nothing more and lets what is under way finish.
pub async fn serve(listener: TcpListener, router: Router, limits: ConnectionLimits, stop: impl Future<Output = ()>) {
    let graceful = GracefulShutdown::new();
    let mut stop = std::pin::pin!(stop);
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = &mut stop => break,
        };
        match accepted {
            Ok((stream, peer)) => spawn_connection(stream, peer, &router, limits, &graceful),
            Err(error) => rest_after(&error).await,
        }
    }
    drop(listener);
    if tokio::time::timeout(limits.shutdown_grace, graceful.shutdown()).await.is_err() {
        tracing::warn!("some requests did not finish within server.shutdown_grace_ms and are cut off");
    }
}

async fn rest_after(error: &io::Error) {
    // A connection that was gone before it was accepted is no reason to rest.
    if !matches!(error.kind(), io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset) {
        tracing::error!(%error, "cannot accept connections; is the limit of open files too low?");
        tokio::time::sleep(REST_WHEN_EXHAUSTED).await;
    }
}

fn spawn_connection(
    stream: TcpStream,
    peer: SocketAddr,
    router: &Router,
    limits: ConnectionLimits,
    graceful: &GracefulShutdown,
) {
    // Replies are small and complete: waiting to fill a packet only adds delay.
    let _ = stream.set_nodelay(true);
    let watch = HeadWatch::default();
    let guard = SlowHeadGuard::new(stream, limits.header_timeout, watch.clone());
    let answered = watch.clone();
    let service = router
        .clone()
        .map_request(move |mut request: Request<Incoming>| {
            watch.head_is_read();
            request.extensions_mut().insert(PeerAddress(peer));
            request
        })
        .map_response(move |response: Response| {
            answered.request_is_answered();
            response
        });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.idle_timeout)
        .max_buf_size(MAX_HEAD_BYTES)
        .max_headers(MAX_HEADERS)
        .serve_connection(TokioIo::new(guard), TowerToHyperService::new(service));
    let connection = graceful.watch(connection);
    tokio::spawn(async move {
        if let Err(error) = connection.await {
            tracing::debug!(%peer, %error, "connection ended early");
        }
    });
}
