//! Whom the simulator plays with, and how patient it is.

use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use zeroize::Zeroizing;

use super::faults::FaultScript;
use super::retry_schedule::RetrySchedule;
use crate::envelope::{SignatureOver, SigningKey, SymmetricKey};

/// How long a party has for a reply. The real platform's deadline is not in the sources.
const REPLY_TIMEOUT: Duration = Duration::from_secs(5);

/// For how many seconds an access_token is valid (source §4.1.1).
const TOKEN_LIFETIME_SECONDS: i64 = 7200;

/// Everything that a simulator is made of.
#[derive(Debug)]
pub struct Settings {
    /// The platform's private key, which signs the callbacks.
    pub signing_key: SigningKey,
    /// The parties.
    pub parties: Vec<SimulatedParty>,
    /// How long it waits.
    pub timing: Timing,
    /// What its random numbers come from: with a seed a run repeats exactly, without one they are the operating system's.
    pub seed: Option<u64>,
    /// From where access_tokens may be asked for; `None` for anywhere.
    pub allowed_token_ips: Option<Vec<IpAddr>>,
    /// From where refunds may be asked for; `None` for anywhere.
    pub allowed_refund_ips: Option<Vec<IpAddr>>,
    /// What goes wrong, and when.
    pub faults: FaultScript,
}

impl Settings {
    /// With the usual timing, without a seed and without faults, for callers from anywhere.
    #[must_use]
    pub fn new(signing_key: SigningKey, parties: Vec<SimulatedParty>) -> Self {
        Self {
            signing_key,
            parties,
            timing: Timing::default(),
            seed: None,
            allowed_token_ips: None,
            allowed_refund_ips: None,
            faults: FaultScript::default(),
        }
    }
}

/// How long the simulator waits.
#[derive(Clone, Debug)]
pub struct Timing {
    /// How long a party has for a reply.
    pub reply_timeout: Duration,
    /// The pauses before a notification is sent again while the reply is not final; as many as there are repetitions.
    pub retry_pauses: Vec<Duration>,
    /// After how many seconds a refund is done and told; 0 is at once.
    pub refund_seconds: i64,
    /// For how many seconds an access_token is valid.
    pub token_lifetime_seconds: i64,
    /// Ends the time of all access_tokens every so many seconds, whatever their expires_in said; `None` for never.
    pub token_expires_every_seconds: Option<i64>,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            reply_timeout: REPLY_TIMEOUT,
            retry_pauses: RetrySchedule::default().pauses(),
            refund_seconds: 0,
            token_lifetime_seconds: TOKEN_LIFETIME_SECONDS,
            token_expires_every_seconds: None,
        }
    }
}

/// What a party is to an order, which decides what it is told and what its replies can do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SimulatedRole {
    /// Finance, or the bank that stands in for it: a refunding errcode of its makes the platform refund (source §6.2.2).
    #[default]
    Recorder,
    /// The bank beside a finance that records: replies 0 or 299 (source §6.2.2).
    InformedBank,
    /// The unit that places orders: told of refunds in full (source §6.3.1).
    GovernmentUnit,
}

/// A party as the platform knows it.
pub struct SimulatedParty {
    /// Shown in `notify_history`.
    pub name: String,
    /// Its Official Account.
    pub appid: String,
    /// What it gets its access_token with.
    pub app_secret: Zeroizing<String>,
    /// The key it shares with the platform.
    pub symmetric_key: SymmetricKey,
    /// What the signature covers.
    pub signature_over: SignatureOver,
    /// What it is to an order.
    pub role: SimulatedRole,
    /// Where it answers receivables queries, when it does.
    pub receivables_url: Option<String>,
    /// Where it is notified, when it is.
    pub notification_url: Option<String>,
    /// Whether a recorder or bank is told the time, amount and number of refunds, which source §6.2.2 does not list for
    /// it. A government unit always is (§6.3.1).
    pub tells_partial_refunds: bool,
    /// Whether notifications say which notice is paid, which the sources do not list.
    pub sends_details: bool,
}

impl SimulatedParty {
    /// A recorder without URLs, told what the sources list.
    #[must_use]
    pub fn new(name: &str, appid: &str, app_secret: &str, symmetric_key: SymmetricKey) -> Self {
        Self {
            name: name.to_owned(),
            appid: appid.to_owned(),
            app_secret: Zeroizing::new(app_secret.to_owned()),
            symmetric_key,
            signature_over: SignatureOver::default(),
            role: SimulatedRole::default(),
            receivables_url: None,
            notification_url: None,
            tells_partial_refunds: false,
            sends_details: false,
        }
    }

    /// With both URLs as the gateway serves them for a party of that name (protocol §2) under `base`, as in
    /// `http://127.0.0.1:8080`.
    #[must_use]
    pub fn served_at(mut self, base: &str) -> Self {
        let base = base.trim_end_matches('/');
        self.receivables_url = Some(format!("{base}/callback/{}/receivables", self.name));
        self.notification_url = Some(format!("{base}/callback/{}/notification", self.name));
        self
    }
}

/// Without the AppSecret.
impl fmt::Debug for SimulatedParty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SimulatedParty")
            .field("name", &self.name)
            .field("appid", &self.appid)
            .field("role", &self.role)
            .field("receivables_url", &self.receivables_url)
            .field("notification_url", &self.notification_url)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::envelope::KeyEncoding;

    #[test]
    fn a_party_shows_no_secret() {
        let key = SymmetricKey::read("1", b"0123456789abcdef", KeyEncoding::Raw).unwrap();
        let party = SimulatedParty::new("gz", "wx1", "hush-hush", key).served_at("http://127.0.0.1:1/");
        assert!(!format!("{party:?}").contains("hush"));
        assert_eq!(party.receivables_url.as_deref(), Some("http://127.0.0.1:1/callback/gz/receivables"));
    }
}
