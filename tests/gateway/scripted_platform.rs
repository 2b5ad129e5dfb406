//! A platform that answers each API by a test's own script, or takes a call and breaks off, and remembers what it was asked.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use nontax_gateway::app::{Party, TokenKeeper};
use nontax_gateway::domain::{Duties, Mode, OnRefusal, Role};
use nontax_gateway::platform::{AppSecret, Https, PlatformClient, TokenMode, TokenRequest};
use nontax_gateway::wire::Locale;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::book::party;
use crate::served::APP_SECRET;
use crate::stub_platform::http;
use crate::weixin::{self, APPID};

/// What an API replies to a body; `None` breaks the connection off, after the call was taken.
type Script = dyn Fn(&str, &Value) -> Option<Value> + Send + Sync;

/// The platform.
pub(crate) struct ScriptedPlatform {
    /// Its base URL.
    pub(crate) url: String,
    calls: Arc<Mutex<Vec<(String, Value)>>>,
}

impl ScriptedPlatform {
    /// Starts one that answers by `script`, which gets the path's last part and the body. It gives tokens by itself.
    pub(crate) async fn start(script: impl Fn(&str, &Value) -> Option<Value> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let calls = Arc::new(Mutex::new(Vec::new()));
        let (shared, script): (_, Arc<Script>) = (Arc::clone(&calls), Arc::new(script));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(answer(stream, Arc::clone(&shared), Arc::clone(&script)));
            }
        });
        Self { url, calls }
    }

    /// The bodies of the calls of an API so far.
    pub(crate) fn calls(&self, api: &str) -> Vec<Value> {
        let calls = self.calls.lock().unwrap();
        calls.iter().filter(|(called, _)| called == api).map(|(_, body)| body.clone()).collect()
    }

    /// The party of most tests in a role, with this platform.
    pub(crate) fn party(&self, role: Role, mode: Mode) -> Party {
        party_at(&self.url, role, mode)
    }
}

/// The party of most tests in a role, with a platform at a URL.
pub(crate) fn party_at(url: &str, role: Role, mode: Mode) -> Party {
    // Patient, so that a slow machine makes no outcome unknown.
    let timeout = Duration::from_secs(20);
    let https = Https::new(url, timeout).unwrap();
    let request = TokenRequest {
        https: https.clone(),
        appid: APPID.to_owned(),
        secret: AppSecret::new(APP_SECRET),
        mode: TokenMode::Stable,
    };
    Party {
        name: party(),
        appid: APPID.to_owned(),
        role,
        duties: Duties::of(role, mode).unwrap(),
        on_refusal: OnRefusal::Refund,
        locale: Locale::Chinese,
        key_ring: weixin::key_ring(),
        platform: Some(PlatformClient::new(https, APPID.to_owned(), Arc::new(TokenKeeper::alone(request)), timeout)),
        live_source: None,
    }
}

async fn answer(mut stream: TcpStream, calls: Arc<Mutex<Vec<(String, Value)>>>, script: Arc<Script>) {
    let Some((api, body)) = read_request(&mut stream).await else { return };
    let reply = if api == "stable_token" {
        Some(json!({ "access_token": "a-token", "expires_in": 7200 }))
    } else {
        calls.lock().unwrap().push((api.clone(), body.clone()));
        script(&api, &body)
    };
    if let Some(reply) = reply {
        let _ = stream.write_all(&http("200 OK", &reply.to_string())).await;
    }
    let _ = stream.shutdown().await;
}

/// The last part of the path, and the body.
async fn read_request(stream: &mut TcpStream) -> Option<(String, Value)> {
    let mut bytes = Vec::new();
    loop {
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
        let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else { continue };
        let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
        let length =
            head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ").map(str::to_owned));
        let body = &bytes[end + 4..];
        if body.len() >= length.map_or(0, |length| length.trim().parse().unwrap()) {
            let path = head.split_whitespace().nth(1)?.split('?').next()?.to_owned();
            let api = path.rsplit('/').next()?.to_owned();
            return Some((api, serde_json::from_slice(body).unwrap_or(Value::Null)));
        }
    }
}
