//! `[server]`: the two listeners, who may call, and the limits of a call.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use ipnet::IpNet;

use super::public_url;
use super::section::{Section, Setting};
use super::source::Place;

pub(super) const KEYS: &[&str] = &[
    "listen",
    "admin_listen",
    "public_url",
    "allow_from",
    "allow_from_anywhere",
    "trusted_proxies",
    "reply_deadline_ms",
    "max_body_bytes",
    "max_import_bytes",
    "max_in_flight",
    "header_timeout_ms",
    "idle_timeout_ms",
    "envelope_fault_delay_ms",
    "shutdown_grace_ms",
    "role",
];

/// The words for a role.
pub(super) const ROLES: [(&str, ServerRole); 3] =
    [("all", ServerRole::All), ("callback", ServerRole::Callback), ("worker", ServerRole::Worker)];

/// What a gateway does of all that there is to do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ServerRole {
    /// Everything.
    #[default]
    All,
    /// It answers callbacks and the admin API, and does nothing unasked.
    Callback,
    /// It does the jobs and answers the admin API; Weixin does not reach it.
    Worker,
}

impl ServerRole {
    /// The name in the configuration and on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Callback => "callback",
            Self::Worker => "worker",
        }
    }

    /// Whether it answers callbacks.
    #[must_use]
    pub const fn answers_callbacks(self) -> bool {
        matches!(self, Self::All | Self::Callback)
    }

    /// Whether it does the jobs.
    #[must_use]
    pub const fn does_jobs(self) -> bool {
        matches!(self, Self::All | Self::Worker)
    }
}

/// How the server listens.
#[derive(Clone, Debug)]
pub struct ServerConfig {
    /// What it does.
    pub role: ServerRole,
    /// Where the callbacks come in.
    pub listen: SocketAddr,
    /// Where health, metrics and the admin API are.
    pub admin_listen: SocketAddr,
    /// The base under which Weixin reaches the callbacks, without a slash at the end.
    pub public_url: Option<String>,
    /// The networks that may call; empty means anybody.
    pub allow_from: Vec<IpNet>,
    /// Whether the operator said that an empty `allow_from` is meant.
    pub allow_from_anywhere: bool,
    /// The networks whose X-Forwarded-For is believed.
    pub trusted_proxies: Vec<IpNet>,
    /// After this a callback is answered 299.
    pub reply_deadline: Duration,
    /// The largest body of a callback, in bytes.
    pub max_body_bytes: usize,
    /// The largest upload of notices on the admin API, in bytes.
    pub max_import_bytes: usize,
    /// How many callbacks may be under way; the next ones are answered 299 at once.
    pub max_in_flight: usize,
    /// How long a client may take to send its headers.
    pub header_timeout: Duration,
    /// How long a connection may lie idle between requests.
    pub idle_timeout: Duration,
    /// When, after its arrival, a request with an envelope fault is answered, whichever fault it is.
    pub envelope_fault_delay: Duration,
    /// How long calls under way may take after SIGTERM.
    pub shutdown_grace: Duration,
}

/// Reads the section. The reply deadline comes back with its place, for the rule that ties it to the platform's timeout.
pub(super) fn read(mut section: Section<'_>) -> (ServerConfig, Setting<Duration>) {
    let role = section.choice_or("role", &ROLES, ServerRole::default());
    let address = "an IP address with a port, such as 127.0.0.1:8080 or [::]:8080";
    let listen = section.parsed("listen", SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)), address);
    let admin_listen = section.parsed("admin_listen", SocketAddr::from((Ipv4Addr::LOCALHOST, 8081)), address);
    let public_url = public_url::read(&mut section);
    let (allow_from, allow_from_sound, allow_from_place) = networks(&mut section, "allow_from");
    let anywhere = section.boolean("allow_from_anywhere", false);
    let (trusted_proxies, _, trusted_place) = networks(&mut section, "trusted_proxies");
    let reply_deadline = section.milliseconds("reply_deadline_ms", 100..=30_000, 3_500);
    let max_body_bytes = section.integer("max_body_bytes", 1_024..=1_048_576_u32, 65_536, "bytes");
    let max_import_bytes = section.integer("max_import_bytes", 65_536..=u32::MAX, 268_435_456, "bytes");
    let max_in_flight = section.integer("max_in_flight", 1..=65_536_u32, 1_024, "callbacks");
    let header_timeout = section.milliseconds("header_timeout_ms", 100..=60_000, 5_000);
    let idle_timeout = section.milliseconds("idle_timeout_ms", 1_000..=600_000, 60_000);
    let fault_delay = section.milliseconds("envelope_fault_delay_ms", 0..=1_000, 50);
    let shutdown_grace = section.milliseconds("shutdown_grace_ms", 0..=300_000, 10_000);

    if listen.sound && admin_listen.sound {
        check_listeners(&mut section, &listen, &admin_listen);
    }
    if listen.sound && anywhere.sound && allow_from_sound {
        check_allowed(&mut section, &listen, &allow_from, allow_from_place.as_ref(), &anywhere);
    }
    if trusted_proxies.iter().any(|network| network.prefix_len() == 0) {
        let cause = "a network of every address would let any caller forge its address by X-Forwarded-For";
        section.error("trusted_proxies", trusted_place.as_ref(), cause, "name the proxies' own addresses");
    }
    if fault_delay.sound && reply_deadline.sound && fault_delay.value >= reply_deadline.value {
        let place = fault_delay.place.as_ref().or(reply_deadline.place.as_ref());
        let cause = format!(
            "{} ms is not less than server.reply_deadline_ms, {} ms",
            fault_delay.value.as_millis(),
            reply_deadline.value.as_millis()
        );
        section.error("envelope_fault_delay_ms", place, cause, "lower it, or raise server.reply_deadline_ms");
    }
    if shutdown_grace.sound && reply_deadline.sound && shutdown_grace.value < reply_deadline.value {
        let place = shutdown_grace.place.as_ref().or(reply_deadline.place.as_ref());
        let cause = "it is less than server.reply_deadline_ms: a stop may cut off callbacks under way";
        section.warn("shutdown_grace_ms", place, cause, "make it at least server.reply_deadline_ms");
    }
    let config = ServerConfig {
        role,
        listen: listen.value,
        admin_listen: admin_listen.value,
        public_url,
        allow_from,
        allow_from_anywhere: anywhere.value,
        trusted_proxies,
        reply_deadline: reply_deadline.value,
        max_body_bytes: usize::try_from(max_body_bytes.value).unwrap_or(usize::MAX),
        max_import_bytes: usize::try_from(max_import_bytes.value).unwrap_or(usize::MAX),
        max_in_flight: usize::try_from(max_in_flight.value).unwrap_or(usize::MAX),
        header_timeout: header_timeout.value,
        idle_timeout: idle_timeout.value,
        envelope_fault_delay: fault_delay.value,
        shutdown_grace: shutdown_grace.value,
    };
    (config, reply_deadline)
}

fn check_listeners(section: &mut Section<'_>, listen: &Setting<SocketAddr>, admin: &Setting<SocketAddr>) {
    let (callbacks, health) = (listen.value, admin.value);
    let one_takes_all = callbacks.ip().is_unspecified() || health.ip().is_unspecified();
    if callbacks.port() == health.port() && callbacks.port() != 0 && (callbacks.ip() == health.ip() || one_takes_all) {
        let place = admin.place.as_ref().or(listen.place.as_ref());
        let cause = format!("{health} is the address of server.listen, {callbacks}");
        section.error("admin_listen", place, cause, "give it another port, such as 127.0.0.1:8081");
    } else if !health.ip().is_loopback() {
        let cause = format!(
            "{health} is not a loopback address: anybody who reaches it sees health and metrics, and nothing on it is encrypted"
        );
        section.warn("admin_listen", admin.place.as_ref(), cause, "keep its port closed to all but your monitoring");
    }
}

fn check_allowed(
    section: &mut Section<'_>,
    listen: &Setting<SocketAddr>,
    allow_from: &[IpNet],
    allow_from_place: Option<&Place>,
    anywhere: &Setting<bool>,
) {
    if allow_from.is_empty() && !anywhere.value && !listen.value.ip().is_loopback() {
        let place = allow_from_place.or(listen.place.as_ref());
        let cause =
            format!("anybody could call: the list is empty and server.listen, {}, is not loopback", listen.value);
        let cure = "list the addresses or networks that Weixin calls from, such as allow_from = [\"203.0.113.0/24\"], \
                    or say allow_from_anywhere = true";
        section.error("allow_from", place, cause, cure);
    }
    if anywhere.value && !allow_from.is_empty() {
        let cause = "it contradicts server.allow_from, which lists addresses";
        section.error("allow_from_anywhere", anywhere.place.as_ref(), cause, "remove one of the two");
    }
}

/// Networks, whether all of them could be read, and the place of the list.
fn networks(section: &mut Section<'_>, name: &str) -> (Vec<IpNet>, bool, Option<Place>) {
    let (texts, list_place) = section.texts(name);
    let mut networks = Vec::new();
    let mut sound = true;
    for Setting { value: text, place, .. } in texts {
        let address = text.parse::<IpAddr>().map(IpNet::from);
        let Ok(network) = address.or_else(|_| text.parse::<IpNet>()) else {
            sound = false;
            let cause = format!("{text:?} is not an IP address or a network");
            section.error(name, place.as_ref(), cause, "write 203.0.113.7, 203.0.113.0/24 or 2001:db8::/32");
            continue;
        };
        if network.trunc() != network {
            let cause = format!("{network} names one address of a network and means the whole of {}", network.trunc());
            section.warn(name, place.as_ref(), cause, format!("write \"{}\" or the address alone", network.trunc()));
        }
        networks.push(network.trunc());
    }
    (networks, sound, list_place)
}
