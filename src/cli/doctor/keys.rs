//! The keys of a party: sealed and opened once, and long enough.

use super::finding::Finding;
use crate::envelope::{IV_BYTES, KeyRing, PlatformKey, SymmetricKey};

/// What is sealed: several blocks, and letters of more than one byte.
const KNOWN_ANSWER: &str = r#"{"errcode":0,"errmsg":"成功","order_id":"known-answer"}"#;

/// The size of the symmetric key that the platform's documents ask for, in bits.
const SYMMETRIC_KEY_BITS: usize = 256;

/// The smallest RSA key that is no reason for concern, in bits.
const PLATFORM_KEY_BITS: usize = 2048;

pub(super) fn check(party: &str, ring: &KeyRing) -> Vec<Finding> {
    let what = format!("keys {party}");
    let symmetric = ring.symmetric_keys().iter().map(|key| symmetric(&what, key));
    let platform = ring.platform_keys().iter().map(|key| platform(&what, key));
    symmetric.chain(platform).collect()
}

fn symmetric(what: &str, key: &SymmetricKey) -> Finding {
    let (id, bits) = (key.id(), key.bits());
    let mut iv = [0; IV_BYTES];
    if let Err(fault) = getrandom::fill(&mut iv) {
        let detail = format!("the operating system gives no random bytes: {fault}");
        return Finding::failure(what, detail, "without them no reply can be sealed: repair the system");
    }
    let opened = key.open_unsigned(&key.seal(KNOWN_ANSWER.as_bytes(), iv));
    if !opened.is_ok_and(|opened| opened == KNOWN_ANSWER.as_bytes()) {
        let detail = format!("symmetric key {id} does not open what it sealed");
        return Finding::failure(what, detail, "this is a bug, or broken hardware: report it");
    }
    if bits < SYMMETRIC_KEY_BITS {
        let detail = format!("symmetric key {id} has {bits} bits");
        return Finding::warning(
            what,
            detail,
            "Weixin asks for 32 characters: compare it with the one agreed (对称密钥为 256 位)",
        );
    }
    Finding::ok(what, format!("symmetric key {id}: AES, {bits} bits, opens what it seals"))
}

fn platform(what: &str, key: &PlatformKey) -> Finding {
    let (id, bits) = (key.id(), key.bits());
    if bits < PLATFORM_KEY_BITS {
        let detail = format!("platform key {id} has {bits} bits, which can be broken");
        return Finding::warning(what, detail, "ask Weixin's contact for a key of 2048 bits");
    }
    Finding::ok(what, format!("platform key {id}: RSA, {bits} bits"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::doctor::finding::Level;
    use crate::envelope::KeyEncoding;

    #[test]
    fn a_short_key_is_warned_of_and_none_is_shown() {
        for (text, level) in [("0123456789abcdefghijklmnopqrstuv", Level::Ok), ("0123456789abcdef", Level::Warning)] {
            let key = SymmetricKey::read("2026", text.as_bytes(), KeyEncoding::Raw).unwrap();
            let finding = symmetric("keys gz", &key);
            assert_eq!(finding.level, level, "{finding}");
            assert!(!finding.to_string().contains("0123"), "{finding}");
        }
    }
}
