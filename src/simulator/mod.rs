//! The Weixin side in one process, for the demo, the tests and trying out: a platform whose orders live in memory, the HTTP
//! face of its APIs, and the sender of its signed callbacks.
//!
//! It uses `wire` and `envelope` only and knows nothing of the gateway's rules, so that both sides cannot share a mistake.

mod api_error;
mod callback;
mod caller;
mod calling;
pub mod cases;
mod chance;
mod clock;
mod counter_story;
mod delivery;
mod download_bill;
mod exchange;
mod faults;
mod http;
mod inconsistent_order;
mod micropay;
mod mock_calls;
mod notification;
mod notifying;
mod order;
mod order_book;
mod order_list;
mod order_query;
mod paced_body;
mod placement;
mod real_name;
mod receivables;
mod refund;
mod refunding;
mod retry_schedule;
mod sender;
mod settings;
mod statement;
mod stories;
mod tokens;
mod unified_order;

#[cfg(test)]
mod case_story_tests;
#[cfg(test)]
mod counter_story_tests;
#[cfg(test)]
mod fault_story_tests;
#[cfg(test)]
mod order_story_tests;
#[cfg(test)]
mod real_name_story_tests;
#[cfg(test)]
mod story_tests;

use std::collections::VecDeque;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

pub use api_error::ApiError;
pub use callback::{Callback, Variant};
pub use counter_story::{COUNTER_CASES, CounterCase, CounterStory};
pub use download_bill::{Download, TEST_MCH_ID};
pub use exchange::{Answer, Exchange, Reply, ReplyFault};
pub use faults::{FaultScript, InvalidScript, Problem};
pub use refunding::Refunded;
pub use retry_schedule::RetrySchedule;
pub use settings::{Settings, SimulatedParty, SimulatedRole, Timing};
pub use stories::Story;

use crate::envelope::SigningKey;
use crate::wire::{ApiErrcode, GetOrderReply, UnifiedOrderReply, UnifiedOrderRequest};
use chance::{Chance, Stream, Subject};
use clock::Clock;
use faults::Faults;
use micropay::Counter;
use order_book::OrderBook;
use real_name::RealNames;
use sender::Sender;
use tokens::Tokens;

/// A simulator that cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum InvalidSettings {
    /// Nobody to play with.
    #[error("there is no party: the simulator needs one or more")]
    NoParty,
    /// Two parties of one name.
    #[error("two parties are named {0:?}: give each a name of its own")]
    SameName(String),
    /// A URL that cannot be called.
    #[error("party {party:?}: {url:?} is not an http or https URL")]
    Url {
        /// The party.
        party: String,
        /// What stands there.
        url: String,
    },
    /// The TLS library cannot be set up.
    #[error("the HTTP client cannot be set up")]
    Client(#[from] reqwest::Error),
}

/// The Weixin side.
pub struct Simulator {
    signing_key: SigningKey,
    timing: Timing,
    parties: Vec<SimulatedParty>,
    allowed_token_ips: Option<Vec<IpAddr>>,
    allowed_refund_ips: Option<Vec<IpAddr>>,
    sender: Sender,
    clock: Clock,
    faults: Faults,
    state: Mutex<State>,
}

struct State {
    orders: OrderBook,
    tokens: Tokens,
    counter: Counter,
    real_names: RealNames,
    /// The chance of the calls to each party, by its place.
    calls: Vec<Stream>,
    exchanges: VecDeque<Exchange>,
}

impl Simulator {
    /// A platform without orders.
    ///
    /// # Errors
    /// [`InvalidSettings`] without a party, with two of one name, or with a URL that cannot be called.
    pub fn new(settings: Settings) -> Result<Arc<Self>, InvalidSettings> {
        let Settings { signing_key, parties, timing, seed, allowed_token_ips, allowed_refund_ips, faults } = settings;
        if parties.is_empty() {
            return Err(InvalidSettings::NoParty);
        }
        for (place, party) in parties.iter().enumerate() {
            if parties[..place].iter().any(|earlier| earlier.name == party.name) {
                return Err(InvalidSettings::SameName(party.name.clone()));
            }
            for url in [&party.receivables_url, &party.notification_url].into_iter().flatten() {
                if !is_callable(url) {
                    return Err(InvalidSettings::Url { party: party.name.clone(), url: url.clone() });
                }
            }
        }
        let sender = Sender::new(timing.reply_timeout)?;
        let chance = Arc::new(Chance::new(seed));
        let faults = Faults::new(faults, &chance);
        let state = Mutex::new(State {
            tokens: Tokens::new(chance.stream(Subject::Tokens), timing.token_expires_every_seconds),
            calls: (0..parties.len()).map(|place| chance.stream(Subject::Calls(place))).collect(),
            counter: Counter::default(),
            real_names: RealNames::new(chance.stream(Subject::RealNames)),
            exchanges: VecDeque::new(),
            orders: OrderBook::new(chance),
        });
        Ok(Arc::new(Self {
            signing_key,
            timing,
            parties,
            allowed_token_ips,
            allowed_refund_ips,
            sender,
            clock: Clock::default(),
            faults,
            state,
        }))
    }

    /// The platform's key pair; its public half goes to the parties.
    #[must_use]
    pub const fn signing_key(&self) -> &SigningKey {
        &self.signing_key
    }

    /// The parties.
    #[must_use]
    pub fn parties(&self) -> &[SimulatedParty] {
        &self.parties
    }

    /// Places an order without a look at what was placed and paid before. A notice is a finance authority's when somebody answers receivables queries, and the unit's own
    /// otherwise.
    ///
    /// # Errors
    /// The platform's code of the first field that is wrong.
    pub fn place_order(&self, request: UnifiedOrderRequest) -> Result<UnifiedOrderReply, ApiError> {
        let fee = placement::check(&request)?;
        cases::check_number(request.payment_notice_no.as_deref())?;
        let receivable_is_finances = self.receivable_is_finances(&request);
        let scene = request.scene.clone();
        let order_id = self.state().orders.place(request, fee, receivable_is_finances, self.clock.now());
        Ok(placement::reply(&order_id, &scene))
    }

    /// An order with its payment, refunds and notifications.
    ///
    /// # Errors
    /// 9201010 for an order that was never placed.
    pub fn order(&self, order_id: &str) -> Result<GetOrderReply, ApiError> {
        Ok(self.state().orders.get(order_id)?.reply(self.clock.now()))
    }

    /// All orders, as they were placed.
    #[must_use]
    pub fn orders(&self) -> Vec<GetOrderReply> {
        let now = self.clock.now();
        self.state().orders.iter().map(|order| order.reply(now)).collect()
    }

    /// The calls made to parties, oldest first; of very many, the last 10,000.
    #[must_use]
    pub fn exchanges(&self) -> Vec<Exchange> {
        self.state().exchanges.iter().cloned().collect()
    }

    /// The simulator's time, Unix seconds: the machine's until it is moved.
    #[must_use]
    pub fn now(&self) -> i64 {
        self.clock.now()
    }

    /// Moves the simulator's clock, back when `seconds` is less than 0. What is due by then happens.
    pub fn move_clock(&self, seconds: i64) {
        self.clock.advance(seconds);
    }

    /// Sets the simulator's clock to a time in Unix seconds; it runs on from there.
    pub fn set_clock(&self, now: i64) {
        self.clock.set(now);
    }

    /// Ends the time of all access_tokens: the next call with one gets 42001.
    pub fn expire_tokens(&self) {
        self.state().tokens.expire_all(self.clock.now());
    }

    /// How many access_tokens an account was given. One that is given again counts once.
    #[must_use]
    pub fn tokens_issued(&self, appid: &str) -> u64 {
        self.state().tokens.count_of(appid)
    }

    /// Sends any plaintext to a party's URL, once, right or wrong as `variant` says, and without consequences: no repetition, no
    /// refund, no entry in an order's `notify_history`.
    ///
    /// # Errors
    /// 40097 when there is no such party, or it has no such URL.
    pub async fn send(
        &self,
        party: &str,
        callback: Callback,
        plaintext: &[u8],
        variant: Variant,
    ) -> Result<Exchange, ApiError> {
        let party = self.party(party)?;
        let url = match callback {
            Callback::Receivables => party.receivables_url.as_deref(),
            Callback::Notification => party.notification_url.as_deref(),
        };
        let url = url.ok_or_else(|| {
            ApiError::because(
                ApiErrcode::InvalidArgument,
                format_args!("party {:?} has no URL for this callback", party.name),
            )
        })?;
        Ok(self.call(party, callback, url, plaintext, variant).await)
    }

    fn party(&self, name: &str) -> Result<&SimulatedParty, ApiError> {
        self.parties.iter().find(|party| party.name == name).ok_or_else(|| {
            let names: Vec<&str> = self.parties.iter().map(|party| party.name.as_str()).collect();
            ApiError::because(
                ApiErrcode::InvalidArgument,
                format_args!("there is no party {name:?}; there are: {}", names.join(", ")),
            )
        })
    }

    /// Whether finance answers for what an order pays.
    fn receivable_is_finances(&self, request: &UnifiedOrderRequest) -> bool {
        request.payment_notice_no.is_some() && self.parties.iter().any(|party| party.receivables_url.is_some())
    }

    /// The state as it is now, with everything that happened by itself meanwhile. A panic elsewhere leaves it whole: every change
    /// of it is one insertion or one assignment.
    fn state(&self) -> MutexGuard<'_, State> {
        let mut guard = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let state = &mut *guard;
        state.counter.settle(&mut state.orders, self.clock.now());
        guard
    }
}

/// Whether a text is a URL that the sender can call.
fn is_callable(url: &str) -> bool {
    reqwest::Url::parse(url).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
}
