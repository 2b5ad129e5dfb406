//! `[[party]]`: the accessing parties, each an Official Account with its role and its keys.

use std::sync::Arc;
use std::time::Duration;

use crate::domain::{Duties, Mode, OnRefusal, PartyName, Role};
use crate::envelope::{KeyRing, SignatureOver};
use crate::wire::Locale;

use super::document::{Node, Value};
use super::live_source::LiveSourceConfig;
use super::material::{self, Privacy, SecretKeys};
use super::secret::Secret;
use super::section::{Section, Setting};
use super::{Environment, key, live_source};

pub(super) const KEYS: &[&str] = &[
    "name",
    "role",
    "mode",
    "appid",
    "locale",
    "signature_over",
    "on_refusal",
    "app_secret_file",
    "app_secret",
    "app_secret_env",
    "live_source",
    "symmetric_key",
    "platform_key",
];

const APP_SECRET: SecretKeys =
    SecretKeys { file: "app_secret_file", value: Some("app_secret"), env: Some("app_secret_env") };

pub(super) const ROLES: [(&str, Role); 3] =
    [("finance", Role::Finance), ("bank", Role::Bank), ("government_unit", Role::GovernmentUnit)];
pub(super) const MODES: [(&str, Mode); 3] = [
    ("direct_finance", Mode::DirectFinance),
    ("direct_bank", Mode::DirectBank),
    ("direct_business", Mode::DirectBusiness),
];
pub(super) const LOCALES: [(&str, Locale); 2] = [("zh-CN", Locale::Chinese), ("en", Locale::English)];
pub(super) const SIGNATURE_OVER: [(&str, SignatureOver); 2] =
    [("plaintext", SignatureOver::Plaintext), ("data", SignatureOver::Data)];
pub(super) const ON_REFUSAL: [(&str, OnRefusal); 2] = [("refund", OnRefusal::Refund), ("hold", OnRefusal::Hold)];

/// An accessing party.
#[derive(Clone, Debug)]
pub struct PartyConfig {
    /// The `{party}` of the callback URLs.
    pub name: PartyName,
    /// What it is.
    pub role: Role,
    /// How it is connected.
    pub mode: Mode,
    /// What follows from the two.
    pub duties: Duties,
    /// AppID of its Official Account.
    pub appid: String,
    /// Language of errmsg.
    pub locale: Locale,
    /// What the platform's signature covers.
    pub signature_over: SignatureOver,
    /// What is done where a refunding errcode is due.
    pub on_refusal: OnRefusal,
    /// Its keys.
    pub key_ring: Arc<KeyRing>,
    /// The Official Account's secret; without it the platform's APIs cannot be called.
    pub app_secret: Option<Secret>,
    /// The bureau's back office, which queries are answered from.
    pub live_source: Option<LiveSourceConfig>,
}

/// Reads all parties.
pub(super) fn read_all(
    root: &mut Section<'_>,
    reply_deadline: &Setting<Duration>,
    environment: &Environment,
) -> Vec<PartyConfig> {
    let mut names: Vec<String> = Vec::new();
    let mut appids: Vec<(String, String)> = Vec::new();
    let mut parties = Vec::new();
    for (index, node) in root.tables("party", "party").into_iter().enumerate() {
        let path = label(&node, index);
        let section = Section::open(&path, Some(node), KEYS, root.problems);
        parties.extend(read(section, &mut names, &mut appids, reply_deadline, environment));
    }
    parties
}

/// `party["gz-finance"]`, or `party[1]` when it has no readable name.
fn label(node: &Node, index: usize) -> String {
    let Value::Table(table) = &node.value else { return format!("party[{}]", index + 1) };
    match table.get("name").map(|name| &name.value) {
        Some(Value::Text(name)) if is_name(name) => format!("party[\"{name}\"]"),
        _ => format!("party[{}]", index + 1),
    }
}

/// Whether a name can stand in a URL as it is.
fn is_name(name: &str) -> bool {
    name.chars().all(super::is_url_safe) && name.chars().any(|letter| letter != '.') && PartyName::new(name).is_ok()
}

fn read(
    mut section: Section<'_>,
    names: &mut Vec<String>,
    appids: &mut Vec<(String, String)>,
    reply_deadline: &Setting<Duration>,
    environment: &Environment,
) -> Option<PartyConfig> {
    let name = read_name(&mut section, names);
    let role = required_choice(&mut section, "role", &ROLES);
    let mode = required_choice(&mut section, "mode", &MODES);
    let duties = match (&role, &mode) {
        (Some(role), Some(mode)) => read_duties(&mut section, role.value, mode),
        _ => None,
    };
    let appid = read_appid(&mut section, name.as_ref(), appids);
    let locale = section.choice_or("locale", &LOCALES, Locale::default());
    let signature_over = section.choice_or("signature_over", &SIGNATURE_OVER, SignatureOver::default());
    let on_refusal = section.choice_or("on_refusal", &ON_REFUSAL, OnRefusal::default());
    let app_secret_given = APP_SECRET.names().any(|name| section.holds(name));
    let app_secret = material::read(&mut section, &APP_SECRET, Privacy::Secret, environment)
        .and_then(|material| material.into_secret(&mut section));
    if !app_secret_given && role.as_ref().is_some_and(|role| role.value != Role::GovernmentUnit) {
        let cause = "without it orders cannot be looked up at the platform: a payment of an order that is not known here is \
                     answered 299, and a refund that states no amount is taken as a full one";
        section.warn("app_secret_file", None, cause, "add app_secret_file = \"secrets/app_secret\"");
    }
    let live_source = live_source::read(&mut section, reply_deadline, environment);
    let key_ring = key::read_ring(&mut section, signature_over, environment);
    Some(PartyConfig {
        name: name?,
        role: role?.value,
        mode: mode?.value,
        duties: duties?,
        appid: appid?,
        locale,
        signature_over,
        on_refusal,
        key_ring: Arc::new(key_ring?),
        app_secret,
        live_source,
    })
}

fn required_choice<T: Copy>(section: &mut Section<'_>, name: &str, words: &[(&str, T)]) -> Option<Setting<T>> {
    if !section.holds(name) {
        let all: Vec<_> = words.iter().map(|(word, _)| format!("\"{word}\"")).collect();
        section.error(name, None, "the key is missing", format!("add {name} = {}", all.join(" or ")));
        return None;
    }
    section.choice(name, words)
}

fn read_name(section: &mut Section<'_>, names: &mut Vec<String>) -> Option<PartyName> {
    let setting = section.required_text("name", "gz-finance")?;
    let place = setting.place.as_ref();
    if !is_name(&setting.value) {
        let cause =
            format!("{:?} cannot stand in a URL: a name is 1 to 128 of A-Z, a-z, 0-9, - _ and .", setting.value);
        section.error("name", place, cause, "write a short name, such as name = \"gz-finance\"");
        return None;
    }
    if names.contains(&setting.value) {
        let cause = format!("another [[party]] is called \"{}\"", setting.value);
        section.error("name", place, cause, "give each party a name of its own; the callback URLs are made of it");
    }
    let name = PartyName::new(&setting.value).ok();
    names.push(setting.value);
    name
}

fn read_duties(section: &mut Section<'_>, role: Role, mode: &Setting<Mode>) -> Option<Duties> {
    Duties::of(role, mode.value)
        .map_err(|fault| {
            let cure = "write mode = \"direct_finance\" or \"direct_business\", or role = \"bank\"";
            section.error("mode", mode.place.as_ref(), fault, cure);
        })
        .ok()
}

fn read_appid(
    section: &mut Section<'_>,
    name: Option<&PartyName>,
    appids: &mut Vec<(String, String)>,
) -> Option<String> {
    let setting = section.required_text("appid", "wx5f6e43071809a9dd")?;
    let (appid, place) = (setting.value, setting.place.as_ref());
    if appid.is_empty() || !appid.chars().all(|letter| letter.is_ascii_alphanumeric() || "-_".contains(letter)) {
        let cause = format!("{appid:?} is not an AppID: it is made of letters and digits");
        section.error("appid", place, cause, "copy it from mp.weixin.qq.com, as in appid = \"wx5f6e43071809a9dd\"");
        return None;
    }
    if !(appid.starts_with("wx") && appid.len() == 18) {
        let cause = format!("\"{appid}\" does not look like an AppID, which is wx and 16 more characters");
        section.warn("appid", place, cause, "compare it with the one at mp.weixin.qq.com");
    }
    if let Some((other, _)) = appids.iter().find(|(_, taken)| *taken == appid) {
        let cause = format!("party \"{other}\" has the same AppID");
        section.warn("appid", place, cause, "check that both are meant to be the same Official Account");
    }
    appids.push((name.map(ToString::to_string).unwrap_or_default(), appid.clone()));
    Some(appid)
}
