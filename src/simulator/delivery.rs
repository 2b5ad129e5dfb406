//! How a callback and its reply get over the wire: whole, or not quite.

use std::time::Duration;

use axum::body::Bytes;

use super::callback::Callback;
use super::exchange::{Answer, ReplyFault};
use super::faults::LONGEST_WAIT;
use super::paced_body::PacedBody;
use super::sender::{Received, Sender};
use super::settings::SimulatedParty;
use crate::envelope::SymmetricKey;

/// Whom a callback goes to.
#[derive(Clone, Copy)]
pub(super) struct Addressee<'a> {
    pub(super) party: &'a SimulatedParty,
    pub(super) callback: Callback,
    pub(super) url: &'a str,
}

/// What happens to a request on its way, and to its reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Delivery {
    /// Both arrive.
    Whole,
    /// The request is not sent.
    Lost,
    /// The request arrives, and its reply does not.
    ReplyLost,
    /// The body of the request ends in its middle.
    Cut,
    /// The request comes byte by byte, with this pause.
    Slow(Duration),
}

impl Sender {
    /// Posts a body as `delivery` lets it, and reads the reply with the key that it should be sealed with.
    pub(super) async fn deliver(
        &self,
        delivery: Delivery,
        url: &str,
        mut body: Vec<u8>,
        key: &SymmetricKey,
    ) -> Received {
        match delivery {
            Delivery::Whole => self.send(url, body, key).await,
            Delivery::Lost => unanswered("the request was lost on purpose"),
            Delivery::ReplyLost => {
                let received = self.send(url, body, key).await;
                Received { elapsed_ms: received.elapsed_ms, ..unanswered("the reply was lost on purpose") }
            }
            Delivery::Cut => {
                body.truncate(body.len() / 2);
                self.send(url, body, key).await
            }
            Delivery::Slow(pause) => {
                let body = reqwest::Body::wrap(PacedBody::byte_by_byte(Bytes::from(body), pause));
                self.send_within(url, body, key, self.reply_timeout() + LONGEST_WAIT).await
            }
        }
    }
}

fn unanswered(why: &str) -> Received {
    let answer = Answer::Fault(ReplyFault::Unreachable(why.to_owned()));
    Received { http_status: None, body: None, answer, elapsed_ms: 0 }
}
