//! A callback: read, open, answer from the book, seal. Failures of the envelope leave by one door with one shape and one delay.

use std::sync::Arc;
use std::time::Instant;

use axum::body::{Body, Bytes};
use axum::extract::{Extension, Path, RawQuery, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use jiff::Timestamp;
use tokio::task::JoinHandle;

use super::body_writer::{BodyWriter, NewBody};
use super::in_flight::Place;
use super::metrics::{CallbackLabels, KeyLabels, KindLabel, PartyLabel, RefundLabels};
use super::peer::ClientAddress;
use super::{Gateway, reply};
use crate::app::{Answered, Fault, Party, Received, answer_query, fault_reply, record_notification};
use crate::domain::NotificationAnswer;
use crate::envelope::{EnvelopeFault, Opened, SymmetricKey, sha256_hex};
use crate::store::{CallbackKind, JournalEntry};
use crate::wire::{Errcode, InvalidJson, PROTOCOL_VERSION, RefundRule, read_request_envelope};

/// The longest wxnontaxstr that is kept. The platform's has 16 characters.
const MAX_WXNONTAXSTR_CHARS: usize = 64;

/// `POST /callback/{party}/receivables`.
pub(super) async fn receivables(
    State(gateway): State<Arc<Gateway>>,
    Path(party): Path<String>,
    Extension(client): Extension<ClientAddress>,
    RawQuery(query): RawQuery,
    body: Body,
) -> Response {
    answer(gateway, CallbackKind::Receivables, &party, client, query.as_deref(), body).await
}

/// `POST /callback/{party}/notification`.
pub(super) async fn notification(
    State(gateway): State<Arc<Gateway>>,
    Path(party): Path<String>,
    Extension(client): Extension<ClientAddress>,
    RawQuery(query): RawQuery,
    body: Body,
) -> Response {
    answer(gateway, CallbackKind::Notification, &party, client, query.as_deref(), body).await
}

/// A callback on its way through.
struct Callback {
    gateway: Arc<Gateway>,
    party: Arc<Party>,
    /// Its name, as the metrics take it.
    party_label: Arc<str>,
    kind: CallbackKind,
    wxnontaxstr: Option<String>,
    peer: String,
    body_digest: String,
    received_at: Timestamp,
    started: Instant,
}

/// What is wrong with a request before its plaintext is read.
struct RequestFault {
    errcode: Errcode,
    problem: String,
}

async fn answer(
    gateway: Arc<Gateway>,
    kind: CallbackKind,
    party: &str,
    client: ClientAddress,
    query: Option<&str>,
    body: Body,
) -> Response {
    let started = Instant::now();
    let received_at = Timestamp::now();
    let Some((party_label, party)) = gateway.labelled_party(party) else {
        return (StatusCode::NOT_FOUND, "no such party\n").into_response();
    };
    let limits = gateway.limits;
    let mut callback = Callback {
        party: Arc::clone(party),
        party_label: Arc::clone(party_label),
        kind,
        wxnontaxstr: query.and_then(wxnontaxstr),
        peer: client.0.to_string(),
        body_digest: String::new(),
        received_at,
        started,
        gateway,
    };
    let read = tokio::time::timeout(limits.reply_deadline, read_body(body, limits.max_body_bytes)).await;
    // Counted from the last byte: a client that holds it back does not buy itself a reply without the delay.
    let faults_leave_at = Instant::now() + limits.envelope_fault_delay;
    let body = match read {
        Ok(Ok(body)) => body,
        Ok(Err(fault)) => return callback.refuse(&fault, faults_leave_at).await,
        Err(_) => {
            let late = Fault::Deadline { deadline_ms: limits.reply_deadline.as_millis() };
            return callback.reply(fault_reply(late, None, callback.party.locale), None);
        }
    };
    // Not before: a body that comes slowly takes nobody's place.
    let Some(place) = callback.gateway.in_flight.take() else { return callback.shed() };
    callback.body_digest = sha256_hex(&body);

    match callback.open(&body) {
        Ok(opened) => {
            callback.keep_body(body, BodyWriter::keep);
            callback.answer_opened(opened, place).await
        }
        Err(fault) => {
            callback.keep_body(body, BodyWriter::keep_unopened);
            // Nothing is done any more: what waits for its moment takes nobody's place.
            drop(place);
            callback.refuse(&fault, faults_leave_at).await
        }
    }
}

async fn read_body(body: Body, max_bytes: usize) -> Result<Bytes, RequestFault> {
    let invalid = |problem: String| RequestFault { errcode: Errcode::InvalidFormat, problem };
    match Limited::new(body, max_bytes).collect().await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => {
            Err(invalid(format!("the body is larger than {max_bytes} bytes")))
        }
        Err(error) => Err(invalid(format!("the body broke off: {error}"))),
    }
}

/// The correlation id, kept to what a log can show.
fn wxnontaxstr(query: &str) -> Option<String> {
    let value = query.split('&').find_map(|pair| pair.strip_prefix("wxnontaxstr="))?;
    let kept: String = value
        .chars()
        .filter(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
        .take(MAX_WXNONTAXSTR_CHARS)
        .collect();
    (!kept.is_empty()).then_some(kept)
}

impl Callback {
    /// The order of checks is the protocol's: shape, decryption, signature, then whose it is.
    fn open(&self, body: &[u8]) -> Result<Opened<'_>, RequestFault> {
        let invalid = |problem: String| RequestFault { errcode: Errcode::InvalidFormat, problem };
        let request = read_request_envelope(body).map_err(|error: InvalidJson| invalid(error.to_string()))?;
        if request.version != PROTOCOL_VERSION {
            return Err(invalid(format!("version is {}: {PROTOCOL_VERSION} is expected", request.version)));
        }
        let opened = self.party.key_ring.open(&request).map_err(|fault| self.envelope_fault(&fault))?;
        let platform_key = KeyLabels { party: Arc::clone(&self.party_label), key: opened.platform_key.id().into() };
        self.gateway.metrics.verified.get_or_create(&platform_key).inc();
        if request.appid.trim() != self.party.appid {
            return Err(invalid(format!("appid of the envelope is not \"{}\", the party's", self.party.appid)));
        }
        Ok(opened)
    }

    /// Hands the body of a notification to whoever keeps them.
    fn keep_body(&self, body: Bytes, keep: impl FnOnce(&BodyWriter, NewBody)) {
        if self.kind == CallbackKind::Notification {
            let (party, body_digest) = (self.party.name.clone(), self.body_digest.clone());
            keep(&self.gateway.bodies, NewBody { party, body_digest, body, received_at: self.received_at });
        }
    }

    fn envelope_fault(&self, fault: &EnvelopeFault) -> RequestFault {
        let errcode = match fault {
            EnvelopeFault::Decryption(_) => Errcode::DecryptionFailed,
            EnvelopeFault::Signature { opened_by, .. } => {
                let key = KeyLabels { party: Arc::clone(&self.party_label), key: opened_by.as_str().into() };
                self.gateway.metrics.signature_failures.get_or_create(&key).inc();
                Errcode::InvalidSignature
            }
        };
        RequestFault { errcode, problem: fault.to_string() }
    }

    /// Answers 299 at once, whatever the body is: nothing is decrypted or verified, no row is journaled, and many have one line of
    /// the log. Under a flood this must cost next to nothing.
    fn shed(&self) -> Response {
        self.gateway.in_flight.count_shed(self.kind);
        let overloaded = Fault::Overloaded { max_in_flight: self.gateway.in_flight.max() };
        let Answered { plaintext, errcode, outcome, .. } = fault_reply(overloaded, None, self.party.locale);
        self.count(errcode, outcome);
        sealed(self.party.key_ring.current(), &plaintext)
    }

    /// The one door of all envelope faults: one status, one length, one moment. Everything is done before the wait, so that what
    /// differs between the faults ends in it.
    async fn refuse(self, fault: &RequestFault, leaves_at: Instant) -> Response {
        tracing::warn!(
            party = %self.party.name,
            kind = self.kind.name(),
            wxnontaxstr = self.wxnontaxstr.as_deref(),
            peer = self.peer,
            errcode = fault.errcode.code(),
            problem = fault.problem,
            "callback refused"
        );
        let outcome = match fault.errcode {
            Errcode::DecryptionFailed => "decryption_failed",
            Errcode::InvalidSignature => "invalid_signature",
            _ => "invalid_envelope",
        };
        self.count(fault.errcode, outcome);
        self.gateway.journal.append_unopened(self.journal_entry(fault.errcode, outcome, None, None));
        let plaintext = reply::envelope_fault_plaintext(fault.errcode, self.party.locale);
        let response = sealed(self.party.key_ring.current(), &plaintext);
        tokio::time::sleep_until(leaves_at.into()).await;
        response
    }

    /// Answers from the book. The work is a task of its own, which keeps its place until it has ended: a caller who hangs up, or the
    /// deadline, does not cut a transaction off.
    async fn answer_opened(&self, opened: Opened<'_>, place: Place) -> Response {
        let Opened { plaintext, symmetric_key, .. } = opened;
        let received = Received {
            wxnontaxstr: self.wxnontaxstr.clone(),
            peer: self.peer.clone(),
            body_digest: self.body_digest.clone(),
            key_id: symmetric_key.id().to_owned(),
            received_at: self.received_at,
            started: self.started,
        };
        let (gateway, party, kind) = (Arc::clone(&self.gateway), Arc::clone(&self.party), self.kind);
        let mut work = tokio::spawn(async move {
            let _place = place;
            match kind {
                CallbackKind::Receivables => {
                    answer_query(&*gateway.store, &party, &plaintext, received.received_at).await
                }
                CallbackKind::Notification => {
                    record_notification(&*gateway.store, &gateway.resolver, &party, &plaintext, &received).await
                }
            }
        });
        let deadline = self.gateway.limits.reply_deadline;
        let answered = match tokio::time::timeout_at((self.started + deadline).into(), &mut work).await {
            Ok(Ok(answered)) => answered,
            Ok(Err(_)) => fault_reply(Fault::Panic, None, self.party.locale),
            Err(_) => {
                tell_the_end(work, self.wxnontaxstr.clone());
                fault_reply(Fault::Deadline { deadline_ms: deadline.as_millis() }, None, self.party.locale)
            }
        };
        self.reply(answered, Some(symmetric_key))
    }

    /// Replies under the key that opened the request; under the current one, when nothing could be opened.
    fn reply(&self, answered: Answered, opened_by: Option<&SymmetricKey>) -> Response {
        let Answered { plaintext, errcode, outcome, subject, journaled, fault } = answered;
        self.count(errcode, outcome);
        if self.kind == CallbackKind::Notification && errcode.refunds() != RefundRule::Never {
            let label = RefundLabels { party: Arc::clone(&self.party_label), errcode: errcode.code() };
            self.gateway.metrics.refunding_replies.get_or_create(&label).inc();
        }
        let key_id = opened_by.map(SymmetricKey::id);
        self.log(errcode, outcome, subject.as_deref(), key_id, fault.as_ref());
        if !journaled {
            self.gateway.journal.append(self.journal_entry(errcode, outcome, subject, key_id.map(str::to_owned)));
        }
        sealed(opened_by.unwrap_or_else(|| self.party.key_ring.current()), &plaintext)
    }

    fn count(&self, errcode: Errcode, outcome: &'static str) {
        let metrics = &self.gateway.metrics;
        let party = Arc::clone(&self.party_label);
        if outcome == (NotificationAnswer::AlreadyRecorded { differs: false }).outcome()
            || outcome == (NotificationAnswer::AlreadyRecorded { differs: true }).outcome()
        {
            metrics.repeats.get_or_create(&PartyLabel { party: Arc::clone(&party) }).inc();
        }
        let labels = CallbackLabels { party, kind: self.kind.name(), errcode: errcode.code(), outcome };
        metrics.callbacks.get_or_create(&labels).inc();
        let kind = KindLabel { kind: self.kind.name() };
        metrics.durations.get_or_create(&kind).observe(self.started.elapsed().as_secs_f64());
    }

    fn journal_entry(
        &self,
        errcode: Errcode,
        outcome: &'static str,
        subject: Option<String>,
        key_id: Option<String>,
    ) -> JournalEntry {
        JournalEntry {
            party: self.party.name.clone(),
            kind: self.kind,
            wxnontaxstr: self.wxnontaxstr.clone(),
            peer: self.peer.clone(),
            body_digest: self.body_digest.clone(),
            subject,
            outcome,
            errcode: errcode.code(),
            key_id,
            received_at: self.received_at,
            duration: self.started.elapsed(),
        }
    }

    fn log(
        &self,
        errcode: Errcode,
        outcome: &'static str,
        subject: Option<&str>,
        key_id: Option<&str>,
        fault: Option<&Fault>,
    ) {
        let duration_us = u64::try_from(self.started.elapsed().as_micros()).unwrap_or(u64::MAX);
        macro_rules! tell {
            ($level:ident, $message:literal, $($more:tt)*) => {
                tracing::$level!(
                    party = %self.party.name,
                    kind = self.kind.name(),
                    wxnontaxstr = self.wxnontaxstr.as_deref(),
                    peer = self.peer,
                    subject,
                    errcode = errcode.code(),
                    outcome,
                    key = key_id,
                    duration_us,
                    $($more)*
                    $message
                )
            };
        }
        match fault {
            // Nobody has shown yet that it is the platform who is slow.
            Some(fault) if key_id.is_none() => {
                tell!(warn, "callback not read", error = fault as &dyn std::error::Error,);
            }
            Some(fault) => tell!(error, "callback failed", error = fault as &dyn std::error::Error,),
            None if outcome == "repeat_differs" => tell!(warn, "callback repeats an order with another story",),
            None => tell!(info, "callback answered",),
        }
    }
}

/// Work that outlived the deadline goes on, and its end is told: what it committed stands, and the next repeat gets it.
fn tell_the_end(work: JoinHandle<Answered>, wxnontaxstr: Option<String>) {
    tokio::spawn(async move {
        let wxnontaxstr = wxnontaxstr.as_deref();
        match work.await {
            Ok(Answered { fault: Some(fault), .. }) => {
                let error = &fault as &dyn std::error::Error;
                tracing::error!(
                    wxnontaxstr,
                    error,
                    "a callback that was answered 299 at the deadline failed afterwards"
                );
            }
            Ok(Answered { outcome, .. }) => {
                tracing::warn!(
                    wxnontaxstr,
                    outcome,
                    "a callback that was answered 299 at the deadline was done afterwards"
                );
            }
            Err(_) => {
                tracing::error!(wxnontaxstr, "a callback that was answered 299 at the deadline panicked afterwards");
            }
        }
    });
}

fn sealed(key: &SymmetricKey, plaintext: &[u8]) -> Response {
    reply::seal(key, plaintext).unwrap_or_else(|error| {
        tracing::error!(%error, "the operating system gives no random bytes for an iv");
        StatusCode::INTERNAL_SERVER_ERROR.into_response()
    })
}
