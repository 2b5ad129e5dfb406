//! `[[party.symmetric_key]]` and `[[party.platform_key]]`: the keys of a party, current first.

use crate::envelope::{KeyEncoding, KeyRing, PlatformKey, SignatureOver, SmallKeys, SymmetricKey};

use super::Environment;
use super::document::Node;
use super::material::{self, Material, Privacy, SecretKeys};
use super::section::Section;

pub(super) const SYMMETRIC_KEYS: &[&str] = &["file", "value", "env", "encoding", "id"];
pub(super) const PLATFORM_KEYS: &[&str] = &["file", "value", "env", "id", "allow_small_key"];

const SOURCES: SecretKeys = SecretKeys { file: "file", value: Some("value"), env: Some("env") };

/// Longest name of a key in bytes; it stands in every row of the journal.
const MAX_ID_BYTES: usize = 64;

/// Reads both kinds of keys of the party whose section is open.
pub(super) fn read_ring(party: &mut Section<'_>, over: SignatureOver, environment: &Environment) -> Option<KeyRing> {
    let symmetric_nodes = party.tables("symmetric_key", "party.symmetric_key");
    let platform_nodes = party.tables("platform_key", "party.platform_key");
    let wanted = symmetric_nodes.len() + platform_nodes.len();
    for (nodes, name, cure) in [
        (&symmetric_nodes, "symmetric_key", "add [[party.symmetric_key]] with file = \"secrets/aes.key\""),
        (
            &platform_nodes,
            "platform_key",
            "add [[party.platform_key]] with file = \"secrets/weixin.pem\", the key that Weixin gave you",
        ),
    ] {
        if nodes.is_empty() {
            party.error(name, None, "the party has no key of this kind", cure);
        }
    }
    let symmetric = read_all(party, &SYMMETRIC, symmetric_nodes, environment);
    let platform = read_all(party, &PLATFORM, platform_nodes, environment);
    if symmetric.len() + platform.len() < wanted {
        return None;
    }
    KeyRing::new(symmetric, platform, over).ok()
}

/// Why a text is not a key, and what to do: cause and cure.
type Unfit = (String, String);

/// A kind of keys.
struct Kind<K> {
    name: &'static str,
    keys: &'static [&'static str],
    privacy: Privacy,
    /// Makes the key of a name.
    read: fn(&str, &Material, &mut Section<'_>) -> Result<K, Unfit>,
}

const SYMMETRIC: Kind<SymmetricKey> =
    Kind { name: "symmetric_key", keys: SYMMETRIC_KEYS, privacy: Privacy::Secret, read: read_symmetric };
const PLATFORM: Kind<PlatformKey> =
    Kind { name: "platform_key", keys: PLATFORM_KEYS, privacy: Privacy::Public, read: read_platform };

fn read_all<K>(party: &mut Section<'_>, kind: &Kind<K>, nodes: Vec<Node>, environment: &Environment) -> Vec<K> {
    let mut ids: Vec<String> = Vec::new();
    let mut read = Vec::new();
    for (index, node) in nodes.into_iter().enumerate() {
        let path = format!("{}[{}]", party.key(kind.name), index + 1);
        let mut section = Section::open(&path, Some(node), kind.keys, party.problems);
        let id = read_id(&mut section, &ids, index);
        if !SOURCES.names().any(|name| section.holds(name)) {
            let cause = format!("the key itself is missing: one of {} must stand here", SOURCES.list());
            section.error("file", None, cause, "add file = \"…\"");
        }
        if let Some(material) = material::read(&mut section, &SOURCES, kind.privacy, environment) {
            match (kind.read)(&id, &material, &mut section) {
                Ok(key) => read.push(key),
                Err((cause, cure)) => {
                    section.error(material.key, material.place.as_ref(), format!("{}{cause}", material.origin), cure);
                }
            }
        }
        ids.push(id);
    }
    read
}

fn read_symmetric(id: &str, material: &Material, section: &mut Section<'_>) -> Result<SymmetricKey, Unfit> {
    let words = [("raw", KeyEncoding::Raw), ("hex", KeyEncoding::Hex), ("base64", KeyEncoding::Base64)];
    let encoding = section.choice_or("encoding", &words, KeyEncoding::Raw);
    SymmetricKey::read(id, &material.bytes, encoding).map_err(|fault| {
        // The commonest mistake by far: the key is right and its encoding is not said.
        let fits = words.iter().find(|(_, other)| *other != encoding && SymmetricKey::read(id, &material.bytes, *other).is_ok());
        let cure = fits.map_or_else(
            || "write the key as it was agreed with Weixin: 32 characters of text, or say encoding = \"hex\" or \"base64\"".to_owned(),
            |(word, _)| format!("as {word} it fits: write encoding = \"{word}\""),
        );
        (fault.to_string(), cure)
    })
}

fn read_platform(id: &str, material: &Material, section: &mut Section<'_>) -> Result<PlatformKey, Unfit> {
    let small_keys =
        if section.boolean("allow_small_key", false).value { SmallKeys::Allowed } else { SmallKeys::Refused };
    let cure = || "put the PEM file there that Weixin gave you, BEGIN and END lines included".to_owned();
    let pem =
        std::str::from_utf8(&material.bytes).map_err(|_| ("the key is not text (it may be DER)".to_owned(), cure()))?;
    PlatformKey::read(id, pem, small_keys).map_err(|fault| (fault.to_string(), cure()))
}

/// The name of a key: its own, or its position from 1.
fn read_id(section: &mut Section<'_>, taken: &[String], index: usize) -> String {
    let position = (index + 1).to_string();
    let setting = section.text("id");
    let place = setting.as_ref().and_then(|setting| setting.place.clone());
    let id = setting.filter(|setting| setting.sound).map_or_else(|| position.clone(), |setting| setting.value);
    if id.is_empty() || id.len() > MAX_ID_BYTES || !id.chars().all(super::is_url_safe) {
        let cause = "the name of a key is 1 to 64 letters, digits, - _ or .";
        section.error("id", place.as_ref(), cause, "write a short name, such as id = \"2026-01\"");
        return position;
    }
    if taken.contains(&id) {
        section.error(
            "id",
            place.as_ref(),
            format!("\"{id}\" is the name of an earlier key of this party"),
            "give each key a name of its own",
        );
    }
    id
}
