//! `[[webhook]]`: the systems that events are pushed to.

use std::net::IpAddr;
use std::time::Duration;

use ipnet::IpNet;

use super::Environment;
use super::document::Node;
use super::material::{self, Privacy, SecretKeys};
use super::section::{Section, Setting};
use crate::domain::{EVENT_KINDS, PartyName};
use crate::webhook::{WebhookSecret, check_target};

pub(super) const KEYS: &[&str] =
    &["name", "url", "parties", "kinds", "secret_file", "previous_secret_file", "allow_networks", "timeout_ms"];

const SECRET: SecretKeys = SecretKeys { file: "secret_file", value: None, env: None };
const PREVIOUS_SECRET: SecretKeys = SecretKeys { file: "previous_secret_file", value: None, env: None };

/// A system that events are pushed to.
#[derive(Clone, Debug)]
pub struct WebhookConfig {
    /// What its deliveries are kept under.
    pub name: String,
    /// Where they go.
    pub url: String,
    /// Whose events.
    pub parties: Vec<PartyName>,
    /// Which kinds; without any, all.
    pub kinds: Vec<String>,
    /// What signs, the current one first.
    pub secrets: Vec<WebhookSecret>,
    /// The networks that it may be in, besides the internet.
    pub allow_networks: Vec<IpNet>,
    /// How long one delivery may take.
    pub timeout: Duration,
}

/// Reads all of them. `parties` are those of the configuration.
pub(super) fn read_all(root: &mut Section<'_>, parties: &[PartyName], environment: &Environment) -> Vec<WebhookConfig> {
    let mut names = Vec::new();
    let mut read = Vec::new();
    for (index, node) in root.tables("webhook", "webhook").into_iter().enumerate() {
        read.extend(read_one(root, index, node, (&mut names, parties), environment));
    }
    read
}

fn read_one(
    root: &mut Section<'_>,
    index: usize,
    node: Node,
    (names, parties): (&mut Vec<String>, &[PartyName]),
    environment: &Environment,
) -> Option<WebhookConfig> {
    let path = format!("webhook[{}]", index + 1);
    let mut section = Section::open(&path, Some(node), KEYS, root.problems);
    let name = read_name(&mut section, names);
    let (allow_networks, networks_sound) = read_networks(&mut section);
    let url = section.required_text("url", "https://erp.example.gov.cn/events").and_then(|setting| {
        if !networks_sound {
            return Some(setting.value);
        }
        match check_target(&setting.value, &allow_networks) {
            Ok(_) => Some(setting.value),
            Err(cause) => {
                section.error(
                    "url",
                    setting.place.as_ref(),
                    cause,
                    "write url = \"https://erp.example.gov.cn/events\"",
                );
                None
            }
        }
    });
    let parties = read_parties(&mut section, parties);
    let kinds = read_kinds(&mut section);
    let timeout = section.milliseconds("timeout_ms", 100..=30_000, 10_000).value;
    if !section.holds("secret_file") {
        section.error("secret_file", None, "the key is missing", "add secret_file = \"secrets/webhook\"");
    }
    let current = read_secret(&mut section, &SECRET, environment);
    let previous = read_secret(&mut section, &PREVIOUS_SECRET, environment);
    let secrets = std::iter::once(current?).chain(previous).collect();
    Some(WebhookConfig { name: name?, url: url?, parties: parties?, kinds, secrets, allow_networks, timeout })
}

fn read_name(section: &mut Section<'_>, names: &mut Vec<String>) -> Option<String> {
    let Setting { value, place, .. } = section.required_text("name", "erp")?;
    if !(1..=64).contains(&value.len()) || !value.chars().all(super::is_url_safe) {
        let cause = format!("{value:?} is not 1 to 64 of A-Z, a-z, 0-9, - _ and .");
        section.error("name", place.as_ref(), cause, "write a short name, such as name = \"erp\"");
        return None;
    }
    if names.contains(&value) {
        let cause = format!("another [[webhook]] is called \"{value}\"");
        section.error("name", place.as_ref(), cause, "give each webhook a name of its own");
    }
    names.push(value.clone());
    Some(value)
}

/// The networks, and whether all of them could be read.
fn read_networks(section: &mut Section<'_>) -> (Vec<IpNet>, bool) {
    let (mut networks, mut sound) = (Vec::new(), true);
    for Setting { value: text, place, .. } in section.texts("allow_networks").0 {
        let network = text.parse::<IpAddr>().map(IpNet::from).or_else(|_| text.parse::<IpNet>());
        if let Ok(network) = network {
            networks.push(network.trunc());
        } else {
            sound = false;
            let cause = format!("{text:?} is not an IP address or a network");
            section.error("allow_networks", place.as_ref(), cause, "write 10.1.2.3 or 10.1.0.0/16");
        }
    }
    (networks, sound)
}

/// Those that are named, or all.
fn read_parties(section: &mut Section<'_>, parties: &[PartyName]) -> Option<Vec<PartyName>> {
    let (named, place) = section.texts("parties");
    if place.is_none() {
        return Some(parties.to_vec());
    }
    let (mut read, mut sound) = (Vec::new(), true);
    for Setting { value, place, .. } in named {
        if let Some(party) = parties.iter().find(|party| party.as_str() == value) {
            read.push(party.clone());
        } else {
            sound = false;
            let cause = format!("there is no [[party]] \"{}\"", value.escape_debug());
            section.error(
                "parties",
                place.as_ref(),
                cause,
                "name parties of this configuration, or leave the key out for all",
            );
        }
    }
    sound.then_some(read)
}

fn read_kinds(section: &mut Section<'_>) -> Vec<String> {
    let mut kinds = Vec::new();
    for Setting { value, place, .. } in section.texts("kinds").0 {
        let is_told = |name: &str| match value.strip_suffix('*') {
            Some(start) => name.starts_with(start),
            None => name == value,
        };
        if EVENT_KINDS.iter().any(|kind| is_told(kind.name)) {
            kinds.push(value);
        } else {
            let cause = format!("there are no events \"{}\"", value.escape_debug());
            section.error(
                "kinds",
                place.as_ref(),
                cause,
                "write kinds of docs/events.md, such as \"notice.paid\" or \"refund.*\"",
            );
        }
    }
    kinds
}

fn read_secret(section: &mut Section<'_>, keys: &SecretKeys, environment: &Environment) -> Option<WebhookSecret> {
    let material = material::read(section, keys, Privacy::Secret, environment)?;
    let (key, place, origin) = (material.key, material.place.clone(), material.origin.clone());
    let text = material.into_secret(section)?;
    WebhookSecret::read(text.expose())
        .map_err(|error| {
            let cure = "make one: printf 'whsec_%s\\n' \"$(openssl rand -base64 32)\"";
            section.error(key, place.as_ref(), format!("{origin}{error}"), cure);
        })
        .ok()
}
