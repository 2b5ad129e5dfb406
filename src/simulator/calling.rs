//! Calling a party, as the fault script lets it, and recording what was said.

use tokio::time::{sleep, timeout};

use super::Simulator;
use super::callback::{self, Callback, Variant};
use super::chance::Stream;
use super::delivery::{Addressee, Delivery};
use super::exchange::Exchange;
use super::faults::CallbackFault;
use super::settings::SimulatedParty;

/// How many exchanges are remembered. Older ones are forgotten, so that a simulator can stay up.
const MAX_EXCHANGES: usize = 10_000;

impl Simulator {
    /// Calls a URL of a party and records the exchange. Of a callback that is sent twice, the second exchange counts.
    pub(super) async fn call(
        &self,
        party: &SimulatedParty,
        callback: Callback,
        url: &str,
        plaintext: &[u8],
        variant: Variant,
    ) -> Exchange {
        let to = Addressee { party, callback, url };
        let call = |variant, delivery| self.call_once(to, plaintext, variant, delivery);
        let mut others = self.faults.calls_sent();
        let exchange = match self.faults.of_callback(callback) {
            None => call(variant, Delivery::Whole).await,
            Some(CallbackFault::Delay(time)) => {
                sleep(time).await;
                call(variant, Delivery::Whole).await
            }
            Some(CallbackFault::Reorder(longest)) => {
                // Over time or not, it is sent now.
                let _ = timeout(longest, others.changed()).await;
                call(variant, Delivery::Whole).await
            }
            Some(CallbackFault::Duplicate) => {
                call(variant, Delivery::Whole).await;
                call(variant, Delivery::Whole).await
            }
            Some(CallbackFault::Drop) => call(variant, Delivery::Lost).await,
            Some(CallbackFault::LoseReply) => call(variant, Delivery::ReplyLost).await,
            Some(CallbackFault::WrongKey) => call(Variant::WrongKey, Delivery::Whole).await,
            Some(CallbackFault::Cut) => call(variant, Delivery::Cut).await,
            Some(CallbackFault::SlowBytes(pause)) => call(variant, Delivery::Slow(pause)).await,
        };
        self.faults.record_call_sent();
        exchange
    }

    /// Calls a URL of a party, as `delivery` lets it, and records the exchange.
    pub(super) async fn call_once(
        &self,
        Addressee { party, callback, url }: Addressee<'_>,
        plaintext: &[u8],
        variant: Variant,
        delivery: Delivery,
    ) -> Exchange {
        let mut chance = self.chance_of_call(party);
        let wxnontaxstr = chance.wxnontaxstr();
        let url = callback::with_wxnontaxstr(url, &wxnontaxstr);
        let body = callback::body(party, &self.signing_key, plaintext, variant, &mut chance);
        let sent_at = self.clock.now();
        let received = self.sender.deliver(delivery, &url, body, &party.symmetric_key).await;
        let exchange = Exchange {
            party: party.name.clone(),
            callback,
            variant,
            url,
            wxnontaxstr,
            sent_at,
            sent: String::from_utf8_lossy(plaintext).into_owned(),
            http_status: received.http_status,
            body: received.body,
            answer: received.answer,
            elapsed_ms: received.elapsed_ms,
        };
        tracing::debug!(
            party = %exchange.party,
            wxnontaxstr = %exchange.wxnontaxstr,
            errcode = exchange.errcode(),
            elapsed_ms = exchange.elapsed_ms,
            "called a party"
        );
        let mut state = self.state();
        if state.exchanges.len() >= MAX_EXCHANGES {
            state.exchanges.pop_front();
        }
        state.exchanges.push_back(exchange.clone());
        exchange
    }

    /// The chance of the next call to a party.
    pub(super) fn chance_of_call(&self, party: &SimulatedParty) -> Stream {
        let place = self.parties.iter().position(|known| known.name == party.name).unwrap_or_default();
        self.state().calls[place].split()
    }
}
