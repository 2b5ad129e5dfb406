//! Connections, byte by byte: what is waited for, for how long, and what is served where.

use std::time::Duration;

use nontax_gateway::server::ConnectionLimits;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::book::{import, party, payable};
use crate::database::texts;
use crate::served::{Served, Setup};
use crate::stores::{TestStore, sqlite};
use crate::weixin::{KEY, envelope, open_reply, query};

/// Longer than any test waits for: what ends a connection before it is something else.
const NEVER: Duration = Duration::from_mins(10);

/// How long a test waits for an end that has to come.
const PATIENCE: Duration = Duration::from_secs(30);

async fn served(header_timeout: Duration, idle_timeout: Duration) -> (Served, TestStore) {
    let test = sqlite().await;
    import(&*test.store, payable("1")).await;
    let connections = ConnectionLimits { header_timeout, idle_timeout, shutdown_grace: PATIENCE };
    (Setup { connections, ..Setup::default() }.serve(&test.store).await, test)
}

fn head(length: usize) -> String {
    format!("POST /callback/{}/receivables HTTP/1.1\r\nhost: a\r\ncontent-length: {length}\r\n\r\n", party())
}

fn request() -> String {
    let body = envelope(query("1").to_string().as_bytes()).to_string();
    head(body.len()) + &body
}

/// Everything until the server ends the connection; fails when it does not.
async fn until_the_end(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    let read = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut bytes)).await;
    // A reset is an end too.
    let _ = read.expect("the server does not end the connection");
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Reads one reply, its status and its body, and leaves the connection open.
async fn one_reply(stream: &mut TcpStream) -> (String, Vec<u8>) {
    let mut bytes = Vec::new();
    loop {
        let read = tokio::time::timeout(PATIENCE, stream.read_buf(&mut bytes)).await.unwrap().unwrap();
        assert_ne!(read, 0, "the connection ended: {}", String::from_utf8_lossy(&bytes));
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
        if body.len() >= length.parse().unwrap() {
            return (head.lines().next().unwrap().to_owned(), body.as_bytes().to_vec());
        }
    }
}

#[tokio::test]
async fn a_head_that_stops_is_cut_off() {
    let (served, _test) = served(Duration::from_millis(200), NEVER).await;
    let mut stream = TcpStream::connect(served.callbacks).await.unwrap();
    stream.write_all(b"POST /callback/gz-fin").await.unwrap();
    until_the_end(&mut stream).await;
}

#[tokio::test]
async fn a_head_that_drips_is_cut_off() {
    let (served, _test) = served(Duration::from_millis(300), NEVER).await;
    let mut stream = TcpStream::connect(served.callbacks).await.unwrap();
    let drip = async {
        stream.write_all(b"POST / HTTP/1.1\r\nx: ").await.unwrap();
        while stream.write_all(b"a").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, drip).await.expect("the server reads on and on");
}

#[tokio::test]
async fn an_idle_connection_outlives_the_header_timeout_and_not_its_own() {
    let (served, _test) = served(Duration::from_millis(50), Duration::from_secs(3)).await;
    let mut stream = TcpStream::connect(served.callbacks).await.unwrap();
    for _ in 0..3 {
        tokio::time::sleep(Duration::from_millis(200)).await;
        stream.write_all(request().as_bytes()).await.unwrap();
        let (status, body) = one_reply(&mut stream).await;
        assert_eq!(status, "HTTP/1.1 200 OK");
        assert_eq!(open_reply(KEY, &body)["errcode"], 0);
    }
    assert_eq!(until_the_end(&mut stream).await, "");
}

#[tokio::test]
async fn a_connection_that_says_nothing_ends() {
    let (served, _test) = served(NEVER, Duration::from_millis(200)).await;
    let mut stream = TcpStream::connect(served.callbacks).await.unwrap();
    assert_eq!(until_the_end(&mut stream).await, "");
}

#[tokio::test]
async fn what_is_no_http_1_is_refused() {
    let (served, _test) = served(NEVER, NEVER).await;
    for garbage in ["PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "\u{16}\u{3}\u{1}\u{0}\u{5}hello\r\n\r\n", "GET\r\n\r\n"] {
        let mut stream = TcpStream::connect(served.callbacks).await.unwrap();
        stream.write_all(garbage.as_bytes()).await.unwrap();
        let reply = until_the_end(&mut stream).await;
        assert!(reply.is_empty() || reply.starts_with("HTTP/1.1 400 "), "{garbage:?}: {reply}");
    }
}

#[tokio::test]
async fn a_head_that_is_too_large_is_refused() {
    let (served, _test) = served(NEVER, NEVER).await;
    let one_large = format!("GET / HTTP/1.1\r\nhost: a\r\nx: {}\r\n\r\n", "a".repeat(20_000));
    let many = format!("GET / HTTP/1.1\r\nhost: a\r\n{}\r\n", "x: a\r\n".repeat(65));
    for head in [one_large, many] {
        let mut stream = TcpStream::connect(served.callbacks).await.unwrap();
        // The server may hang up before it has read all of it.
        let _ = stream.write_all(head.as_bytes()).await;
        let reply = until_the_end(&mut stream).await;
        assert!(reply.is_empty() || reply.starts_with("HTTP/1.1 431 "), "{reply}");
    }
}

#[tokio::test]
async fn a_body_that_does_not_come_is_answered_at_the_deadline() {
    let test = sqlite().await;
    let served = Setup::default().reply_deadline(Duration::from_millis(300)).serve(&test.store).await;
    let mut stream = TcpStream::connect(served.callbacks).await.unwrap();
    stream.write_all((head(1000) + "{\"data\":").as_bytes()).await.unwrap();
    let (status, body) = one_reply(&mut stream).await;
    assert_eq!(status, "HTTP/1.1 200 OK");
    assert_eq!(open_reply(KEY, &body)["errcode"], 299);
    assert_eq!(until_the_end(&mut stream).await, "");
    served.stopped().await;
    // No key has opened what did not come.
    let rows = texts(&test, "SELECT outcome || ' ' || COALESCE(key_id, '-') FROM callback_journal").await;
    assert_eq!(rows, ["deadline -"]);
}

#[tokio::test]
async fn a_body_that_breaks_off_harms_nobody() {
    let (served, _test) = served(NEVER, NEVER).await;
    for _ in 0..10 {
        let mut stream = TcpStream::connect(served.callbacks).await.unwrap();
        stream.write_all((head(1000) + "{\"data\":").as_bytes()).await.unwrap();
    }
    assert_eq!(served.queried("1").await, 0);
}

#[tokio::test]
async fn a_body_in_chunks_is_read() {
    let (served, _test) = served(NEVER, NEVER).await;
    let body = envelope(query("1").to_string().as_bytes()).to_string();
    let mut stream = TcpStream::connect(served.callbacks).await.unwrap();
    let head =
        format!("POST /callback/{}/receivables HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n", party());
    stream.write_all(head.as_bytes()).await.unwrap();
    let (first, second) = body.split_at(100);
    for chunk in [first, second, ""] {
        stream.write_all(format!("{:x}\r\n{chunk}\r\n", chunk.len()).as_bytes()).await.unwrap();
    }
    let (_, body) = one_reply(&mut stream).await;
    assert_eq!(open_reply(KEY, &body)["errcode"], 0);
}

#[tokio::test]
async fn each_listener_serves_its_own_and_nothing_else() {
    let (served, _test) = served(NEVER, NEVER).await;
    let status = async |method: &str, address: std::net::SocketAddr, path: &str| {
        let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
        let url = format!("http://{address}{path}");
        served.client.request(method, url).send().await.unwrap().status().as_u16()
    };
    let cases = [
        ("POST", served.callbacks, "/callback/nobody/receivables", 404),
        ("POST", served.callbacks, "/callback/nobody/notification", 404),
        ("POST", served.callbacks, "/callback/gz-finance%00/notification", 404),
        ("POST", served.callbacks, "/callback/gz-finance", 404),
        ("POST", served.callbacks, "/callback/gz-finance/receivables/", 404),
        ("GET", served.callbacks, "/callback/gz-finance/receivables", 405),
        ("PUT", served.callbacks, "/callback/gz-finance/notification", 405),
        ("GET", served.callbacks, "/", 404),
        ("GET", served.callbacks, "/metrics", 404),
        ("GET", served.callbacks, "/livez", 404),
        ("GET", served.callbacks, "/readyz", 404),
        ("POST", served.admin, "/callback/gz-finance/receivables", 404),
        ("POST", served.admin, "/callback/gz-finance/notification", 404),
        ("POST", served.admin, "/metrics", 405),
        ("GET", served.admin, "/metrics", 200),
        ("GET", served.admin, "/livez", 200),
    ];
    for (method, address, path, expected) in cases {
        assert_eq!(status(method, address, path).await, expected, "{method} {path}");
    }
}

#[tokio::test]
async fn a_last_byte_held_back_buys_no_early_reply() {
    let test = sqlite().await;
    let mut setup = Setup::default();
    let delay = Duration::from_millis(200);
    setup.limits.envelope_fault_delay = delay;
    let served = setup.serve(&test.store).await;
    let mut stream = TcpStream::connect(served.callbacks).await.unwrap();
    let head = "POST /callback/gz-finance/notification HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(b"{").await.unwrap();
    // Longer than the delay: counted from the first byte it would be over by now.
    tokio::time::sleep(delay * 2).await;
    let last_byte = std::time::Instant::now();
    stream.write_all(b"}").await.unwrap();
    let (status, _) = one_reply(&mut stream).await;
    assert!(status.contains("200"), "{status}");
    assert!(last_byte.elapsed() >= delay, "the reply came {:?} after the last byte", last_byte.elapsed());
}
