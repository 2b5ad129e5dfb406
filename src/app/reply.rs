//! From an answer or a fault to the reply on the wire. The only place where a refunding errcode is written.

use std::fmt;
use std::time::Instant;

use jiff::Timestamp;
use serde::Serialize;

use super::{Fault, convert};
use crate::domain::{NotificationAnswer, Objection, OrderId, QueryAnswer};
use crate::wire::{Errcode, Locale, NotificationReply, PAY_CHANNEL_WX_NONTAX, ReceivablesReply};

/// What is known of a callback besides its plaintext.
#[derive(Clone, Debug)]
pub struct Received {
    /// The platform's correlation id.
    pub wxnontaxstr: Option<String>,
    /// The address that called.
    pub peer: String,
    /// SHA-256 of the raw body, in hex.
    pub body_digest: String,
    /// The symmetric key that opened it.
    pub key_id: String,
    /// When it came.
    pub received_at: Timestamp,
    /// When it came, by a clock that only runs forward.
    pub started: Instant,
}

/// A reply, and what the journal, the log and the metrics say of it.
pub struct Answered {
    /// The reply's plaintext.
    pub plaintext: Vec<u8>,
    /// Its errcode.
    pub errcode: Errcode,
    /// What became of the callback, in one word.
    pub outcome: &'static str,
    /// The order or notice that it is about.
    pub subject: Option<String>,
    /// Whether the journal's row is committed already.
    pub journaled: bool,
    /// The fault behind it.
    pub fault: Option<Fault>,
}

/// Without the plaintext: it may hold a payer's name.
impl fmt::Debug for Answered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answered")
            .field("errcode", &self.errcode)
            .field("outcome", &self.outcome)
            .field("subject", &self.subject)
            .field("journaled", &self.journaled)
            .field("fault", &self.fault)
            .finish_non_exhaustive()
    }
}

impl Answered {
    pub(super) fn new(
        reply: &impl Serialize,
        errcode: Errcode,
        outcome: &'static str,
        subject: Option<String>,
    ) -> Self {
        Self { plaintext: plaintext(reply), errcode, outcome, subject, journaled: false, fault: None }
    }
}

fn plaintext(reply: &impl Serialize) -> Vec<u8> {
    // Strings, numbers and lists of them: there is nothing in a reply that JSON cannot hold.
    serde_json::to_vec(reply).unwrap_or_default()
}

/// The reply to a callback that met a fault.
#[must_use]
pub fn fault_reply(fault: Fault, subject: Option<String>, locale: Locale) -> Answered {
    let errcode = fault.errcode();
    let reply =
        NotificationReply { errcode: errcode.code(), errmsg: errcode.message(locale).to_owned(), order_id: None };
    let outcome = fault.outcome();
    Answered { fault: Some(fault), ..Answered::new(&reply, errcode, outcome, subject) }
}

const fn objection_errcode(objection: &Objection) -> Errcode {
    match objection {
        Objection::EntitySuspended => Errcode::EntitySuspended,
        Objection::NoticeUnknown => Errcode::NoticeNotFound,
        Objection::AlreadyPaid { .. } => Errcode::AlreadyPaid,
        Objection::NoticeCanceled => Errcode::NoticeCanceled,
        Objection::Late => Errcode::LatePaymentNotAllowed,
        Objection::BankNotSupported => Errcode::BankNotSupported,
        Objection::NoticeInconsistent => Errcode::NoticeError,
    }
}

fn payer_of(objection: &Objection) -> Option<&OrderId> {
    match objection {
        Objection::AlreadyPaid { order_id } => order_id.as_ref(),
        _ => None,
    }
}

/// The reply to a receivables query.
pub(super) fn query_reply(answer: &QueryAnswer, locale: Locale) -> (ReceivablesReply, Errcode) {
    let (errcode, reply) = match answer {
        QueryAnswer::Payable(notice) => (Errcode::Ok, convert::notice_to_reply(notice)),
        QueryAnswer::EverythingSuspended => (Errcode::PaymentSuspended, ReceivablesReply::default()),
        QueryAnswer::NotPayable(objection) => {
            let order_id = payer_of(objection).map(ToString::to_string);
            let pay_channel = order_id.as_ref().map(|_| PAY_CHANNEL_WX_NONTAX.to_owned());
            (objection_errcode(objection), ReceivablesReply { pay_channel, order_id, ..ReceivablesReply::default() })
        }
    };
    let errmsg = errcode.message(locale).to_owned();
    (ReceivablesReply { errcode: errcode.code(), errmsg, ..reply }, errcode)
}

/// The errcode of an answer to a notification.
#[must_use]
pub fn errcode_of(answer: &NotificationAnswer) -> Errcode {
    match answer {
        NotificationAnswer::Recorded | NotificationAnswer::AlreadyRecorded { .. } => Errcode::Ok,
        NotificationAnswer::Refused(refusal) => objection_errcode(refusal.objection()),
        NotificationAnswer::Held(_) | NotificationAnswer::RefundPending => Errcode::SystemError,
        NotificationAnswer::EverythingSuspended => Errcode::PaymentSuspended,
    }
}

/// The reply to a notification.
pub(super) fn notification_reply(answer: &NotificationAnswer, locale: Locale) -> (NotificationReply, Errcode) {
    let errcode = errcode_of(answer);
    let order_id = match answer {
        NotificationAnswer::Refused(refusal) => payer_of(refusal.objection()).map(ToString::to_string),
        _ => None,
    };
    (NotificationReply { errcode: errcode.code(), errmsg: errcode.message(locale).to_owned(), order_id }, errcode)
}
