//! A platform that answers what a test tells it to, well or badly, and counts its calls.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use crate::database::eventually;

/// The access_token that it hands out, which no log, error or metric may show.
pub(crate) const TOKEN: &str = "access-token-of-the-stub-platform";

/// What an order query gets.
#[derive(Clone)]
pub(crate) enum OrderReply {
    /// Status 200 and this JSON.
    Json(Value),
    /// These bytes, and then the end of the connection.
    Raw(Vec<u8>),
    /// This JSON, when [`StubPlatform::release`] is called.
    Gated(Value),
    /// This JSON, after a while.
    After(Duration, Value),
    /// These bytes one by one, each after a while.
    Dripping(Duration, Vec<u8>),
}

/// The platform.
pub(crate) struct StubPlatform {
    /// Its base URL.
    pub(crate) url: String,
    state: Arc<State>,
}

struct State {
    reply: Mutex<OrderReply>,
    replies_at: Mutex<HashMap<String, VecDeque<OrderReply>>>,
    requests: Mutex<Vec<String>>,
    gate: watch::Sender<bool>,
}

/// The platform's order for a notice of 200 yuan.
pub(crate) fn order_for(order_id: &str, number: &str) -> Value {
    json!({
        "errcode": 0, "errmsg": "ok", "order_id": order_id, "status": 3, "fee": 20_000, "bank_id": "ICBC",
        "payment_notice_no": number, "region_code": "440100", "department_code": "001002", "department_name": "局",
        "payment_notice_type": 1,
        "items": [{"no": 1, "item_id": "103050101200", "item_name": "交通违法罚款", "fee": 20_000}],
    })
}

/// The bytes of an HTTP response with a body.
pub(crate) fn http(status: &str, body: &str) -> Vec<u8> {
    format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}", body.len()).into_bytes()
}

impl StubPlatform {
    /// Starts one that answers order queries with `reply`.
    pub(crate) async fn start(reply: OrderReply) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let state = Arc::new(State {
            reply: Mutex::new(reply),
            replies_at: Mutex::default(),
            requests: Mutex::default(),
            gate: watch::Sender::new(false),
        });
        let shared = Arc::clone(&state);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(answer(stream, Arc::clone(&shared)));
            }
        });
        Self { url, state }
    }

    /// From now on answers order queries with `reply`.
    pub(crate) fn answers(&self, reply: OrderReply) {
        *self.state.reply.lock().unwrap() = reply;
    }

    /// From now on answers calls of `path` with `replies` in turn, and with the last of them for ever.
    pub(crate) fn answers_at(&self, path: &str, replies: impl IntoIterator<Item = OrderReply>) {
        self.state.replies_at.lock().unwrap().insert(path.to_owned(), replies.into_iter().collect());
    }

    /// How often `path` was called.
    pub(crate) fn calls(&self, path: &str) -> usize {
        self.state.requests.lock().unwrap().iter().filter(|line| path_of(line) == path).count()
    }

    /// Lets gated replies go.
    pub(crate) fn release(&self) {
        self.state.gate.send_replace(true);
    }

    /// How often the order query was called.
    pub(crate) fn order_queries(&self) -> usize {
        self.requests_for("/nontax/getorder")
    }

    /// How often a token was asked for.
    pub(crate) fn token_requests(&self) -> usize {
        self.requests_for("/cgi-bin/stable_token")
    }

    fn requests_for(&self, path: &str) -> usize {
        self.state.requests.lock().unwrap().iter().filter(|line| line.contains(path)).count()
    }

    /// Waits until the order query was called.
    pub(crate) async fn was_asked(&self) {
        eventually("the platform was asked", || async { (self.order_queries() > 0).then_some(()) }).await;
    }
}

/// The path of a request's first line.
fn path_of(request_line: &str) -> &str {
    request_line.split(' ').nth(1).and_then(|target| target.split('?').next()).unwrap_or_default()
}

async fn answer(mut stream: TcpStream, state: Arc<State>) {
    let Some(request_line) = read_request(&mut stream).await else { return };
    let is_token = request_line.contains("/cgi-bin/");
    let scripted = state
        .replies_at
        .lock()
        .unwrap()
        .get_mut(path_of(&request_line))
        .and_then(|replies| if replies.len() > 1 { replies.pop_front() } else { replies.front().cloned() });
    state.requests.lock().unwrap().push(request_line);
    let reply = if let Some(reply) = scripted {
        reply
    } else if is_token {
        OrderReply::Json(json!({ "access_token": TOKEN, "expires_in": 7200 }))
    } else {
        state.reply.lock().unwrap().clone()
    };
    let bytes = match reply {
        OrderReply::Json(json) => http("200 OK", &json.to_string()),
        OrderReply::Raw(bytes) => bytes,
        OrderReply::Gated(json) => {
            let _ = state.gate.subscribe().wait_for(|open| *open).await;
            http("200 OK", &json.to_string())
        }
        OrderReply::After(pause, json) => {
            tokio::time::sleep(pause).await;
            http("200 OK", &json.to_string())
        }
        OrderReply::Dripping(pause, bytes) => {
            for byte in bytes {
                tokio::time::sleep(pause).await;
                if stream.write_all(&[byte]).await.is_err() {
                    return;
                }
            }
            Vec::new()
        }
    };
    let _ = stream.write_all(&bytes).await;
    let _ = stream.shutdown().await;
}

/// Reads a request with its body; its first line.
async fn read_request(stream: &mut TcpStream) -> Option<String> {
    let mut bytes = Vec::new();
    loop {
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
        let text = String::from_utf8_lossy(&bytes).to_lowercase();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap_or("0");
        if body.len() >= length.trim().parse().unwrap() {
            return head.lines().next().map(str::to_owned);
        }
    }
}
