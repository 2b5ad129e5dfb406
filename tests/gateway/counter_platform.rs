//! A platform behind a counter: it keeps a ledger of what it charged, takes each payer's code once, and lets a test step in at
//! every call, before it acts, after it acted, and after it replied.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::stub_platform::http;

/// What a micropay call does to an order that is not paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Act {
    /// Charges, and says so.
    Pay,
    /// Says -1 and does nothing.
    SystemError,
    /// Says -1 without naming the order, although it charged.
    SystemErrorButPaid,
    /// Says -1 without naming the order, which the payer may pay.
    SystemErrorUnnamed,
    /// Charges, and breaks off without a reply.
    PayAndHangUp,
    /// Asks the payer for the password.
    Password,
    /// Refuses without naming the order, although it charged.
    RefuseButPaid(i64),
    /// Refuses, and cancels the order.
    Refuse(i64),
}

/// When a test steps in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Moment {
    /// The call has arrived.
    Arrived,
    /// The platform has acted.
    Acted,
    /// Its reply is sent.
    Replied,
}

/// What a test says to a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Go on.
    Proceed,
    /// Forget the call.
    Lose,
}

/// Sees every call, by its number from 1 and its moment.
pub(crate) type Watcher = Box<dyn Fn(usize, Moment) -> Verdict + Send + Sync>;

/// An order in the ledger.
#[derive(Clone, Debug)]
pub(crate) struct LedgerOrder {
    pub(crate) status: i64,
    pub(crate) charges: u32,
    fee: i64,
    created: u64,
    code: String,
    notice: Value,
}

#[derive(Default)]
struct Ledger {
    orders: BTreeMap<String, LedgerOrder>,
    acts: usize,
    calls: usize,
    refunds_refused: bool,
}

/// The platform.
pub(crate) struct CounterPlatform {
    /// Its base URL.
    pub(crate) url: String,
    state: Arc<State>,
}

struct State {
    script: Vec<Act>,
    ledger: Mutex<Ledger>,
    watcher: Mutex<Watcher>,
}

/// A payment of 2 yuan for a notice, by a payer's code.
pub(crate) fn payment(number: &str, code: &str) -> Value {
    json!({
        "desc": "办证缴费", "fee": 200, "payment_notice_no": number, "payment_notice_create_time": 1_700_000_000,
        "department_code": "001002", "department_name": "局", "region_code": "440100", "auth_code": code,
        "items": [{"no": 1, "item_id": "1", "item_name": "办证", "fee": 200}],
    })
}

impl CounterPlatform {
    /// Starts one whose micropay calls act as `script` says; its last act repeats.
    pub(crate) async fn start(script: &[Act]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let watcher: Watcher = Box::new(|_, _| Verdict::Proceed);
        let state = Arc::new(State { script: script.to_vec(), ledger: Mutex::default(), watcher: Mutex::new(watcher) });
        let shared = Arc::clone(&state);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(answer(stream, Arc::clone(&shared)));
            }
        });
        Self { url, state }
    }

    /// From now on `watcher` sees every call.
    pub(crate) fn watch(&self, watcher: impl Fn(usize, Moment) -> Verdict + Send + Sync + 'static) {
        *self.state.watcher.lock().unwrap() = Box::new(watcher);
    }

    /// The ledger.
    pub(crate) fn orders(&self) -> BTreeMap<String, LedgerOrder> {
        self.state.ledger.lock().unwrap().orders.clone()
    }

    /// How often money was taken.
    pub(crate) fn charges(&self) -> u32 {
        self.orders().values().map(|order| order.charges).sum()
    }

    /// How many calls came, those for a token aside.
    pub(crate) fn calls(&self) -> usize {
        self.state.ledger.lock().unwrap().calls
    }

    /// The payer types the password of every order that can be paid.
    pub(crate) fn payer_pays(&self) {
        for order in self.state.ledger.lock().unwrap().orders.values_mut() {
            order.charge();
        }
    }

    /// Every order that can be paid runs out of time.
    pub(crate) fn orders_expire(&self) {
        for order in self.state.ledger.lock().unwrap().orders.values_mut().filter(|order| order.status == 1) {
            order.status = 12;
        }
    }

    /// From now on refunds are refused.
    pub(crate) fn refuse_refunds(&self) {
        self.state.ledger.lock().unwrap().refunds_refused = true;
    }
}

impl LedgerOrder {
    fn charge(&mut self) {
        if self.status == 1 {
            self.status = 3;
            self.charges += 1;
        }
    }
}

async fn answer(mut stream: TcpStream, state: Arc<State>) {
    let Some((path, body)) = read_request(&mut stream).await else { return };
    if path.contains("/cgi-bin/") {
        let reply = json!({ "access_token": crate::stub_platform::TOKEN, "expires_in": 7200 });
        return send(&mut stream, &reply).await;
    }
    let call = {
        let mut ledger = state.ledger.lock().unwrap();
        ledger.calls += 1;
        ledger.calls
    };
    let sees = |moment| state.watcher.lock().unwrap()(call, moment);
    if sees(Moment::Arrived) == Verdict::Lose {
        return;
    }
    let reply = act(&state, &path, &body);
    if sees(Moment::Acted) == Verdict::Lose {
        return;
    }
    if let Some(reply) = reply {
        send(&mut stream, &reply).await;
    }
    sees(Moment::Replied);
}

fn act(state: &State, path: &str, body: &Value) -> Option<Value> {
    let mut ledger = state.ledger.lock().unwrap();
    let ledger = &mut *ledger;
    let text = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
    if path.contains("/nontax/micropay") {
        return micropay(ledger, &state.script, body);
    }
    if path.contains("/nontax/getorderlist") {
        let number = text("payment_notice_no");
        let of_notice = ledger.orders.iter().filter(|(_, order)| order.notice["payment_notice_no"] == number.as_str());
        let ids: Vec<_> = of_notice.map(|(id, _)| id.clone()).collect();
        return Some(json!({ "errcode": 0, "errmsg": "ok", "order_id_list": ids }));
    }
    let id = text("order_id");
    let Some(order) = ledger.orders.get_mut(&id) else {
        return Some(json!({ "errcode": 9_201_010, "errmsg": "the order_id parameter is invalid" }));
    };
    if path.contains("/nontax/refund") {
        if ledger.refunds_refused {
            return Some(json!({ "errcode": 9_202_002, "errmsg": "the appid is not authorized to refund the order" }));
        }
        order.status = 5;
        return Some(json!({ "errcode": 0, "errmsg": "ok", "refund_order_id": format!("R{id}") }));
    }
    let mut shown = order.notice.clone();
    for (name, value) in [
        ("errcode", json!(0)),
        ("order_id", json!(id)),
        ("status", json!(order.status)),
        ("fee", json!(order.fee)),
        ("create_time", json!(order.created)),
        ("pay_finish_time", json!(if order.charges > 0 { order.created } else { 0 })),
        ("refund_finish_time", json!(if order.status == 5 { order.created } else { 0 })),
    ] {
        shown[name] = value;
    }
    Some(shown)
}

fn micropay(ledger: &mut Ledger, script: &[Act], body: &Value) -> Option<Value> {
    let code = body["auth_code"].as_str().unwrap_or_default();
    let named = body["order_id"].as_str();
    let refused = |errcode: i64| Some(json!({ "errcode": errcode, "errmsg": "refused" }));
    let known = ledger.orders.iter().find(|(_, order)| order.code == code).map(|(id, _)| id.clone());
    let id = match (known, named) {
        (Some(id), Some(named)) if id == named => id,
        (None, None) => {
            let id = format!("ORDER{}", ledger.orders.len() + 1);
            let created = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or(Duration::ZERO).as_secs();
            let mut notice = body.clone();
            for private in ["auth_code", "desc"] {
                notice.as_object_mut()?.remove(private);
            }
            let fee = body["fee"].as_i64().unwrap_or_default();
            let order = LedgerOrder { status: 1, charges: 0, fee, created, code: code.to_owned(), notice };
            ledger.orders.insert(id.clone(), order);
            id
        }
        _ => return refused(9_207_009),
    };
    let order = ledger.orders.get_mut(&id)?;
    match order.status {
        1 => {}
        12 => return refused(9_207_007),
        _ => return Some(json!({ "errcode": 0, "errmsg": "ok", "order_id": id })),
    }
    let act = script.get(ledger.acts).or(script.last()).copied();
    ledger.acts += 1;
    let says = |errcode: i64| Some(json!({ "errcode": errcode, "errmsg": "told", "order_id": id.clone() }));
    match act? {
        Act::Pay => {
            order.charge();
            says(0)
        }
        Act::PayAndHangUp => {
            order.charge();
            None
        }
        Act::SystemErrorButPaid => {
            order.charge();
            refused(-1)
        }
        Act::RefuseButPaid(errcode) => {
            order.charge();
            refused(errcode)
        }
        Act::SystemErrorUnnamed => refused(-1),
        Act::SystemError => says(-1),
        Act::Password => says(9_207_008),
        Act::Refuse(errcode) => {
            order.status = 12;
            says(errcode)
        }
    }
}

async fn send(stream: &mut TcpStream, reply: &Value) {
    let _ = stream.write_all(&http("200 OK", &reply.to_string())).await;
    let _ = stream.shutdown().await;
}

/// Reads a request: its first line and its body.
async fn read_request(stream: &mut TcpStream) -> Option<(String, Value)> {
    let mut bytes = Vec::new();
    loop {
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
        let text = String::from_utf8_lossy(&bytes);
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length =
            head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ").map(str::to_owned));
        if body.len() >= length.map_or(0, |length| length.trim().parse().unwrap()) {
            return Some((head.lines().next()?.to_owned(), serde_json::from_str(body).unwrap_or(Value::Null)));
        }
    }
}
