//! The calling side: connections that are kept alive, each with one request under way at a time.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

/// A round ends then, however many requests are left: a slow disk makes the figures worse and not the benchmark endless.
const LONGEST_ROUND: Duration = Duration::from_secs(15);

/// Head and body of a request, ready to be sent.
pub(crate) type Message = Arc<[u8]>;

/// What to send where.
pub(crate) struct Round {
    pub(crate) address: SocketAddr,
    pub(crate) connections: usize,
    pub(crate) messages: Vec<Message>,
}

/// What came back, and when.
pub(crate) struct Measured {
    pub(crate) bodies: Vec<Vec<u8>>,
    /// From the first request to the last reply.
    pub(crate) duration: Duration,
    /// Of each reply, in no order.
    pub(crate) latencies: Vec<Duration>,
}

/// Sends all messages of a round, dealt out over its connections, which are open before the clock starts.
pub(crate) async fn run_round(round: Round) -> Measured {
    let mut hands = vec![Vec::new(); round.connections];
    for (message, turn) in round.messages.into_iter().zip((0..round.connections).cycle()) {
        hands[turn].push(message);
    }
    let mut ready = Vec::new();
    for messages in hands {
        let stream = TcpStream::connect(round.address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        ready.push((stream, messages));
    }
    let started = Instant::now();
    let mut calling = JoinSet::new();
    for (stream, messages) in ready {
        calling.spawn(call_in_turn(stream, messages, started + LONGEST_ROUND));
    }
    let replies = calling.join_all().await.concat();
    let duration = started.elapsed();
    let (latencies, bodies) = replies.into_iter().unzip();
    Measured { bodies, duration, latencies }
}

async fn call_in_turn(mut stream: TcpStream, messages: Vec<Message>, end: Instant) -> Vec<(Duration, Vec<u8>)> {
    let mut replies = Vec::with_capacity(messages.len());
    for message in messages {
        let started = Instant::now();
        if started >= end {
            break;
        }
        stream.write_all(&message).await.unwrap();
        let body = read_reply(&mut stream).await;
        replies.push((started.elapsed(), body));
    }
    replies
}

/// Reads one reply of HTTP/1.1 with a Content-Length, which every reply of the gateway has, and returns its body.
async fn read_reply(stream: &mut TcpStream) -> Vec<u8> {
    let mut received = Vec::with_capacity(2048);
    let body_at = loop {
        let read = stream.read_buf(&mut received).await.unwrap();
        assert!(read > 0, "the gateway closed the connection");
        if let Some(end) = received.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
            break end + 4;
        }
    };
    let head = str::from_utf8(&received[..body_at]).unwrap();
    assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
    let length =
        head.lines().find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length:")?.trim().parse().ok());
    let length: usize = length.expect("a reply has a Content-Length");
    while received.len() < body_at + length {
        assert!(stream.read_buf(&mut received).await.unwrap() > 0, "the gateway closed the connection");
    }
    received.split_off(body_at)
}

/// The middle one.
pub(crate) fn median(durations: &mut [Duration]) -> Duration {
    quantile(durations, 50)
}

/// The duration under which `percent` of all lie.
pub(crate) fn quantile(durations: &mut [Duration], percent: usize) -> Duration {
    durations.sort_unstable();
    durations[(durations.len() * percent / 100).min(durations.len() - 1)]
}
