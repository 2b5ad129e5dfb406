//! The platform's side of `scripts/instructions`: the notices of a book, and signed callbacks about them, one after the other.
//!
//! ```text
//! callbacks notices COUNT                                       notices as NDJSON, for "nontax notice import"
//! callbacks send ADDRESS receivables|notification FIRST COUNT   callbacks about the notices from FIRST on, replies checked
//! ```
//!
//! The keys and the party are those of `config/demo.toml`. Equal arguments make equal bytes.

use std::error::Error;
use std::fmt::Write as _;
use std::io::{Read, Write};
use std::net::TcpStream;

use nontax_gateway::envelope::{IV_BYTES, KeyEncoding, SigningKey, SymmetricKey};
use nontax_gateway::wire::{
    DATA_ENCRYPT_TYPE, PAY_CHANNEL_WX_NONTAX, PROTOCOL_VERSION, PaymentStatusNotification, ReceivablesQuery,
    ReplyEnvelope, RequestEnvelope, SIGN_TYPE, STATUS_PAID,
};
use serde_json::{Value, json};

const PARTY: &str = "demo";
const APPID: &str = "wxdemo000000000000";
const PLATFORM_PRIVATE: &str = include_str!("../config/demo/test-weixin-private.pem");
const SYMMETRIC: &[u8] = include_bytes!("../config/demo/test-aes.key");
const REGION_CODE: &str = "440100";
const DEPARTMENT_CODE: &str = "001002";
const FEE: i64 = 20_000;

/// 2026-01-01 12:00 in China, before every notice's last day.
const PAID_AT: i64 = 1_767_240_000;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match *arguments {
        ["notices", count] => print!("{}", notices(count.parse()?)?),
        ["send", address, kind, first, count] => send(address, kind, first.parse()?, count.parse()?)?,
        _ => return Err("say: notices COUNT, or: send ADDRESS receivables|notification FIRST COUNT".into()),
    }
    Ok(())
}

fn notice_no(number: usize) -> String {
    format!("44010026{number:012}")
}

fn notices(count: usize) -> Result<String, std::fmt::Error> {
    let mut lines = String::new();
    for number in 0..count {
        let notice = json!({
            "region_code": REGION_CODE, "department_code": DEPARTMENT_CODE, "payment_notice_no": notice_no(number),
            "department_name": "广州市某某管理局", "payment_notice_type": 1, "user_name": "叶*梅",
            "payment_notice_create_time": PAID_AT - 86_400, "payment_expire_date": "20991231", "fee": FEE,
            "items": [{ "no": 1, "item_id": "103050101200", "item_name": "交通违法罚款", "overdue": 0, "fee": FEE }],
        });
        writeln!(lines, "{notice}")?;
    }
    Ok(lines)
}

fn send(address: &str, kind: &str, first: usize, count: usize) -> Result<(), Box<dyn Error>> {
    let signing_key = SigningKey::read(PLATFORM_PRIVATE)?;
    let symmetric_key = SymmetricKey::read("demo", SYMMETRIC, KeyEncoding::Raw)?;
    let mut stream = TcpStream::connect(address)?;
    stream.set_nodelay(true)?;
    for number in first..first + count {
        let plaintext = match kind {
            "receivables" => serde_json::to_vec(&query(number))?,
            "notification" => serde_json::to_vec(&notification(number))?,
            _ => return Err("the callback is receivables or notification".into()),
        };
        let envelope = RequestEnvelope {
            // The iv of a request is the sender's business; one for all costs the gateway the same.
            data: symmetric_key.seal(&plaintext, [0x5A; IV_BYTES]),
            data_encrypt_type: DATA_ENCRYPT_TYPE.to_owned(),
            sign: signing_key.sign(&plaintext),
            sign_type: SIGN_TYPE.to_owned(),
            version: PROTOCOL_VERSION,
            appid: APPID.to_owned(),
        };
        let body = serde_json::to_string(&envelope)?;
        let length = body.len();
        let request = format!(
            "POST /callback/{PARTY}/{kind}?wxnontaxstr=2ba37f90d155d390 HTTP/1.1\r\nHost: gateway.example\r\n\
             User-Agent: Mozilla/4.0\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
        );
        stream.write_all(request.as_bytes())?;
        let reply: ReplyEnvelope = serde_json::from_slice(&read_reply(&mut stream)?)?;
        let reply: Value = serde_json::from_slice(&symmetric_key.open_unsigned(&reply.data)?)?;
        if reply["errcode"] != 0 {
            return Err(format!("callback {number} was answered {reply}").into());
        }
    }
    Ok(())
}

fn query(number: usize) -> ReceivablesQuery {
    ReceivablesQuery {
        appid: APPID.to_owned(),
        region_code: REGION_CODE.to_owned(),
        payment_notice_no: notice_no(number),
        department_code: Some(DEPARTMENT_CODE.to_owned()),
        payment_notice_type: Some(1),
        bank_id: "ICBC".to_owned(),
    }
}

/// It says what it pays, so that no order query is needed.
fn notification(number: usize) -> PaymentStatusNotification {
    PaymentStatusNotification {
        order_id: format!("4200000{number:021}"),
        status: STATUS_PAID,
        pay_channel: PAY_CHANNEL_WX_NONTAX.to_owned(),
        pay_finish_time: Some(PAID_AT),
        payment_notice_no: Some(notice_no(number)),
        region_code: Some(REGION_CODE.to_owned()),
        department_code: Some(DEPARTMENT_CODE.to_owned()),
        fee: Some(FEE),
        ..PaymentStatusNotification::default()
    }
}

/// Reads one reply of HTTP/1.1 with a Content-Length, which every reply of the gateway has, and returns its body.
fn read_reply(stream: &mut TcpStream) -> Result<Vec<u8>, Box<dyn Error>> {
    let mut received = Vec::with_capacity(4096);
    let mut chunk = [0; 4096];
    loop {
        if let Some(end) = received.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
            let head = str::from_utf8(&received[..end])?;
            if !head.starts_with("HTTP/1.1 200 ") {
                return Err(head.to_owned().into());
            }
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse::<usize>().ok());
            let length = length.ok_or("a reply has no Content-Length")?;
            if received.len() >= end + 4 + length {
                return Ok(received.split_off(end + 4));
            }
        }
        match stream.read(&mut chunk)? {
            0 => return Err("the gateway closed the connection".into()),
            read => received.extend_from_slice(&chunk[..read]),
        }
    }
}
