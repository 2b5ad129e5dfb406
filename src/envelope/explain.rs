//! Explaining a captured envelope: what every step gave with every key, and what to write in the configuration.
//!
//! For the operator's own desk and never for a reply: it tells exactly what an attacker would like to know.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD as BASE64};
use serde_json::{Map, Value};

use super::{IV_BYTES, KeyEncoding, PlatformKey, SignatureOver, SymmetricKey};
use crate::wire::{DATA_ENCRYPT_TYPE, SIGN_TYPE, from_json};

/// A symmetric key as it stands in a file, before anybody knows how it is to be read.
pub struct WrittenKey<'a> {
    /// The name that the explanation calls it by.
    pub name: &'a str,
    /// What stands in the file.
    pub text: &'a [u8],
}

/// What a step gave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// As it should be.
    Good,
    /// Wrong: the gateway refuses such an envelope.
    Bad,
    /// Worth knowing.
    Note,
}

/// One step of an explanation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// What was looked at.
    pub subject: String,
    /// What it gave.
    pub verdict: Verdict,
    /// In a sentence.
    pub finding: String,
}

/// How one envelope fares with some keys.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Explanation {
    /// Every step, in the order in which they are taken.
    pub steps: Vec<Step>,
    /// What to do, most important first.
    pub advice: Vec<String>,
}

impl Explanation {
    fn note(&mut self, subject: impl Into<String>, verdict: Verdict, finding: impl Into<String>) {
        self.steps.push(Step { subject: subject.into(), verdict, finding: finding.into() });
    }

    /// Whether nothing is wrong. A key that is not the one in use is no fault.
    #[must_use]
    pub fn is_good(&self) -> bool {
        self.steps.iter().all(|step| step.verdict != Verdict::Bad)
    }
}

/// A plaintext and the key that gave it.
struct Decrypted {
    key: String,
    plaintext: Vec<u8>,
    is_json: bool,
}

/// Explains the body of a request or of a reply. `configured` is the encoding that the configuration says, where one is known.
#[must_use]
pub fn explain(
    body: &[u8],
    symmetric: &[WrittenKey<'_>],
    configured: KeyEncoding,
    platform: &[PlatformKey],
) -> Explanation {
    let mut explanation = Explanation::default();
    let Some(members) = read_body(body, &mut explanation) else { return explanation };
    let text = |name: &str| members.get(name).and_then(Value::as_str);
    let Some(data) = text("data") else { return explanation };
    let Some(bytes) = decode_base64("data", data, &mut explanation) else { return explanation };
    if !explain_length(&bytes, &mut explanation) {
        return explanation;
    }
    let decrypted = decrypt_with_each(&bytes, symmetric, configured, &mut explanation);
    match text("sign") {
        Some(sign) => explain_signature(data, sign, &decrypted, platform, &mut explanation),
        None => explanation.note("sign", Verdict::Note, "there is none: a reply is not signed, a request has to be"),
    }
    explanation
}

fn read_body(body: &[u8], explanation: &mut Explanation) -> Option<Map<String, Value>> {
    let members: Map<String, Value> = match from_json(body) {
        Ok(members) => members,
        Err(error) => {
            explanation.note("body", Verdict::Bad, format!("not a JSON object: {error}"));
            explanation
                .advice
                .push("capture the body as it came, without headers, escapes or a log's own quotes".into());
            return None;
        }
    };
    explanation.note("body", Verdict::Good, format!("a JSON object of {} bytes", body.len()));
    let is_reply = !members.contains_key("sign") && !members.contains_key("sign_type");
    let required: &[&str] = if is_reply {
        &["data", "data_encrypt_type"]
    } else {
        &["data", "data_encrypt_type", "sign", "sign_type", "version", "appid"]
    };
    for name in required {
        match members.get(*name) {
            None => explanation.note(*name, Verdict::Bad, "is missing (210)"),
            Some(Value::String(_)) => {}
            Some(Value::Number(_)) if *name == "version" => {}
            Some(_) => explanation.note(*name, Verdict::Bad, "is not text (210)"),
        }
    }
    for (name, expected, errcode) in [("data_encrypt_type", DATA_ENCRYPT_TYPE, 298), ("sign_type", SIGN_TYPE, 300)] {
        match members.get(name).and_then(Value::as_str) {
            Some(found) if found == expected => explanation.note(name, Verdict::Good, expected),
            Some(_) => explanation.note(name, Verdict::Bad, format!("is not {expected} ({errcode})")),
            None => {}
        }
    }
    Some(members)
}

/// Decodes the only base64 that the gateway takes, and where it is another says which.
fn decode_base64(name: &str, text: &str, explanation: &mut Explanation) -> Option<Vec<u8>> {
    if let Ok(bytes) = BASE64.decode(text) {
        explanation.note(name, Verdict::Good, format!("base64 of {} bytes", bytes.len()));
        return Some(bytes);
    }
    let unpadded = GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    let compact: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    let spaces_for_plus = text.trim().replace(' ', "+");
    let readings = [
        (&compact, alphabet::STANDARD, "holds white space or lacks the = at its end"),
        (&spaces_for_plus, alphabet::STANDARD, "holds blanks in place of +, as after a form was decoded"),
        (&compact, alphabet::URL_SAFE, "is in the URL-safe alphabet, with - and _"),
    ];
    for (candidate, alphabet, what) in readings {
        if let Ok(bytes) = GeneralPurpose::new(&alphabet, unpadded).decode(candidate) {
            explanation.note(name, Verdict::Bad, format!("is base64 of {} bytes, but {what}", bytes.len()));
            return Some(bytes);
        }
    }
    explanation.note(name, Verdict::Bad, "is not base64");
    None
}

fn explain_length(bytes: &[u8], explanation: &mut Explanation) -> bool {
    let fits = bytes.len() >= 2 * IV_BYTES && bytes.len().is_multiple_of(IV_BYTES);
    if fits {
        let iv = bytes[..IV_BYTES].iter().fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"));
        let blocks = bytes.len() / IV_BYTES - 1;
        explanation.note("length", Verdict::Good, format!("an iv ({iv}) and {blocks} blocks of {IV_BYTES} bytes"));
    } else {
        let finding =
            format!("{} bytes are not an iv of 16 and one or more blocks of 16: data was cut short", bytes.len());
        explanation.note("length", Verdict::Bad, finding);
    }
    fits
}

fn decrypt_with_each(
    bytes: &[u8],
    symmetric: &[WrittenKey<'_>],
    configured: KeyEncoding,
    explanation: &mut Explanation,
) -> Vec<Decrypted> {
    let mut decrypted = Vec::new();
    for key in symmetric {
        for encoding in [KeyEncoding::Raw, KeyEncoding::Hex, KeyEncoding::Base64] {
            let subject = format!("{} as {encoding}", key.name);
            match SymmetricKey::read(key.name, key.text, encoding) {
                Ok(read) => {
                    let plaintext = read.decrypt(bytes).ok();
                    let found = explain_plaintext(&subject, read.bits(), plaintext, explanation);
                    if found.as_ref().is_some_and(|found| found.is_json) && encoding != configured {
                        explanation.advice.push(format!("write encoding = \"{encoding}\" beside the key {}", key.name));
                    }
                    decrypted.extend(found);
                }
                // That a key is not of an encoding that nobody asked for says nothing.
                Err(error) if encoding == configured => explanation.note(subject, Verdict::Note, error.to_string()),
                Err(_) => {}
            }
        }
    }
    if !decrypted.iter().any(|found| found.is_json) {
        explanation.note("decryption", Verdict::Bad, "no key gives a plaintext that is JSON (298)");
        explanation
            .advice
            .push("compare the symmetric key with the one that the platform was given for this appid".into());
    }
    decrypted
}

fn explain_plaintext(
    subject: &str,
    bits: usize,
    plaintext: Option<Vec<u8>>,
    explanation: &mut Explanation,
) -> Option<Decrypted> {
    let Some(plaintext) = plaintext else {
        explanation.note(subject, Verdict::Note, format!("a key of {bits} bits; the padding is wrong under it"));
        return None;
    };
    let length = plaintext.len();
    let (is_json, finding) = match (std::str::from_utf8(&plaintext), from_json::<Map<String, Value>>(&plaintext)) {
        (_, Ok(members)) => {
            let names: Vec<_> = members.keys().map(String::as_str).collect();
            (true, format!("opens it: {length} bytes of JSON with {}", names.join(", ")))
        }
        (Ok(_), Err(error)) => (false, format!("the padding is right and {length} bytes are UTF-8, but {error}")),
        (Err(_), _) if plaintext.get(IV_BYTES..).is_some_and(|rest| !rest.is_empty() && rest.is_ascii()) => {
            (false, "all but the first block is text: the sender used another iv than the first 16 bytes".to_owned())
        }
        (Err(error), _) => {
            let valid = error.valid_up_to();
            (false, format!("the padding is right, by chance perhaps: not UTF-8 after {valid} of {length} bytes"))
        }
    };
    let verdict = if is_json { Verdict::Good } else { Verdict::Note };
    explanation.note(subject, verdict, format!("a key of {bits} bits; {finding}"));
    Some(Decrypted { key: subject.to_owned(), plaintext, is_json })
}

fn explain_signature(
    data: &str,
    sign: &str,
    decrypted: &[Decrypted],
    platform: &[PlatformKey],
    explanation: &mut Explanation,
) {
    let Some(signature) = decode_base64("sign", sign, explanation) else { return };
    if platform.is_empty() {
        explanation.note("signature", Verdict::Note, "not checked: no platform key was given");
        return;
    }
    let mut fits = false;
    for key in platform {
        if signature.len() != key.bits().div_ceil(8) {
            let finding = format!("cannot fit: {} bytes against a key of {} bits", signature.len(), key.bits());
            explanation.note(key.id(), Verdict::Note, finding);
            continue;
        }
        let over_data = key.verify(data.as_bytes(), &signature);
        let over_plaintext = decrypted.iter().find(|found| key.verify(&found.plaintext, &signature));
        let covered = match (over_plaintext, over_data) {
            (Some(found), _) => Some((SignatureOver::Plaintext, format!("the plaintext that {} gives", found.key))),
            (None, true) => Some((SignatureOver::Data, "the base64 text of data".to_owned())),
            (None, false) => None,
        };
        let Some((over, covered)) = covered else {
            let finding = if decrypted.is_empty() {
                "does not verify data; over the plaintext it cannot be checked, since nothing was opened"
            } else {
                "verifies neither the plaintext nor data"
            };
            explanation.note(key.id(), Verdict::Note, finding);
            continue;
        };
        fits = true;
        explanation.note(key.id(), Verdict::Good, format!("verifies it; the signature covers {covered}"));
        let setting = if over == SignatureOver::Data { "data" } else { "plaintext" };
        explanation.advice.push(format!("write signature_over = \"{setting}\" in the party's configuration"));
    }
    if !fits && decrypted.is_empty() {
        // Nothing is said against the platform key while the symmetric key does not fit.
        explanation.note("signature", Verdict::Note, "not judged: find the symmetric key that opens data first");
    } else if !fits {
        explanation.note("signature", Verdict::Bad, "no platform key verifies it (300)");
        let advice = "compare the platform key with the one on the platform's page; a test call with a wrong signature looks the same";
        explanation.advice.push(advice.into());
    }
}

#[cfg(test)]
#[path = "explain_tests.rs"]
mod tests;
