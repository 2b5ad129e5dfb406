//! The notices of the book, and the platform's requests about them.

use jiff::Timestamp;
use nontax_gateway::domain::{Fen, Item, LatePayment, Notice, NoticeKey, NoticeState, NoticeType};
use nontax_gateway::envelope::{KeyEncoding, SigningKey, SymmetricKey};
use nontax_gateway::store::NoticeDraft;
use nontax_gateway::wire::{
    DATA_ENCRYPT_TYPE, PAY_CHANNEL_WX_NONTAX, PROTOCOL_VERSION, PaymentStatusNotification, ReceivablesQuery,
    ReplyEnvelope, RequestEnvelope, SIGN_TYPE, STATUS_PAID,
};
use serde::Serialize;

use super::load::Message;

/// The party's name in the callback URLs.
pub(crate) const PARTY: &str = "bench";

/// Its Official Account.
pub(crate) const APPID: &str = "wx5f6e43071809a9dd";

const PLATFORM_PRIVATE: &str = include_str!("../../tests/fixtures/envelope/TEST-ONLY-platform-private.pem");
const SYMMETRIC: &[u8] = b"0123456789abcdefghijklmnopqrstuv";

const REGION_CODE: &str = "440100";
const DEPARTMENT_CODE: &str = "001002";
const FEE: i64 = 20_000;

/// 2026-01-01 12:00 in China, before every notice's last day.
const PAID_AT: i64 = 1_767_240_000;

/// How many notices are queried, in turn. They are paid by nobody.
const QUERIED: usize = 256;

/// The platform's key, with which the requests are signed.
pub(crate) fn signing_key() -> SigningKey {
    SigningKey::read(PLATFORM_PRIVATE).unwrap()
}

/// The party's key.
pub(crate) fn symmetric_key() -> SymmetricKey {
    SymmetricKey::read("bench", SYMMETRIC, KeyEncoding::Raw).unwrap()
}

/// All notices of the book: the queried ones, then the others.
pub(crate) fn notices(count: usize) -> Vec<NoticeDraft> {
    (0..QUERIED + count).map(|number| NoticeDraft { notice: notice(number), state_given: true }).collect()
}

/// Queries of notices that stay unpaid.
pub(crate) fn queries() -> Vec<Message> {
    let query = |number| ReceivablesQuery {
        appid: APPID.to_owned(),
        region_code: REGION_CODE.to_owned(),
        payment_notice_no: notice_no(number),
        department_code: Some(DEPARTMENT_CODE.to_owned()),
        payment_notice_type: Some(1),
        bank_id: "ICBC".to_owned(),
    };
    let platform = Platform::new();
    (0..QUERIED).map(|number| platform.message("receivables", &query(number))).collect()
}

/// Notifications, each of another order that pays another notice. They say what they pay, so that no order query is needed.
pub(crate) fn notifications(count: usize) -> Vec<Message> {
    let notification = |number| PaymentStatusNotification {
        order_id: format!("4200000{number:021}"),
        status: STATUS_PAID,
        pay_channel: PAY_CHANNEL_WX_NONTAX.to_owned(),
        pay_finish_time: Some(PAID_AT),
        payment_notice_no: Some(notice_no(number)),
        region_code: Some(REGION_CODE.to_owned()),
        department_code: Some(DEPARTMENT_CODE.to_owned()),
        fee: Some(FEE),
        ..PaymentStatusNotification::default()
    };
    let platform = Platform::new();
    (QUERIED..QUERIED + count).map(|number| platform.message("notification", &notification(number))).collect()
}

/// Checks that a reply says 0.
pub(crate) fn assert_accepted(key: &SymmetricKey, body: &[u8]) {
    let reply: ReplyEnvelope = serde_json::from_slice(body).unwrap();
    let plaintext = key.open_unsigned(&reply.data).unwrap();
    let reply: serde_json::Value = serde_json::from_slice(&plaintext).unwrap();
    assert_eq!(reply["errcode"], 0, "{reply}");
}

/// The calling side's keys.
struct Platform {
    signing_key: SigningKey,
    symmetric_key: SymmetricKey,
}

impl Platform {
    fn new() -> Self {
        Self { signing_key: signing_key(), symmetric_key: symmetric_key() }
    }

    /// A signed and sealed request with its HTTP head, as the platform sends it.
    fn message(&self, callback: &str, plaintext: &impl Serialize) -> Message {
        let plaintext = serde_json::to_vec(plaintext).unwrap();
        let envelope = RequestEnvelope {
            // The iv of a request is the sender's business; one for all costs the gateway the same.
            data: self.symmetric_key.seal(&plaintext, [0x5A; 16]),
            data_encrypt_type: DATA_ENCRYPT_TYPE.to_owned(),
            sign: self.signing_key.sign(&plaintext),
            sign_type: SIGN_TYPE.to_owned(),
            version: PROTOCOL_VERSION,
            appid: APPID.to_owned(),
        };
        let body = serde_json::to_string(&envelope).unwrap();
        let length = body.len();
        let request = format!(
            "POST /callback/{PARTY}/{callback}?wxnontaxstr=2ba37f90d155d390 HTTP/1.1\r\nHost: gateway.example\r\n\
             User-Agent: Mozilla/4.0\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
        );
        request.into_bytes().into()
    }
}

fn notice_no(number: usize) -> String {
    format!("44010026{number:012}")
}

fn notice(number: usize) -> Notice {
    let fee = Fen::new(FEE).unwrap();
    Notice {
        key: NoticeKey::new(REGION_CODE, DEPARTMENT_CODE, &notice_no(number)).unwrap(),
        department_name: "广州市某某管理局".to_owned(),
        payment_notice_type: NoticeType::General,
        user_name: Some("叶*梅".to_owned()),
        payment_notice_create_time: Some(Timestamp::from_second(PAID_AT - 86_400).unwrap()),
        payment_expire_date: Some("20991231".parse().unwrap()),
        fee,
        items: vec![Item {
            no: 1,
            item_id: "103050101200".to_owned(),
            item_name: "交通违法罚款".to_owned(),
            overdue: Some(Fen::ZERO),
            penalty: None,
            fee,
        }],
        late_payment: LatePayment::Refused,
        bank_ids: Vec::new(),
        state: NoticeState::Unpaid,
    }
}
