//! A fresh symmetric key, and files for keys: made once, never overwritten, readable by their owner alone from the first byte on.

use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use zeroize::Zeroizing;

use super::{Exit, Failure};

/// Length of a symmetric key: 32 characters, whose bytes are a key of AES-256 (protocol §2).
const KEY_CHARACTERS: usize = 32;

/// What a key is made of: printable ASCII that survives a form, a quoted string and a double click. 64 of them, so that six
/// bits of a random byte choose one and none is likelier than another.
const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// Who may read a new file.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Access {
    OwnerOnly,
    Everybody,
}

/// A new key from the randomness of the operating system.
pub(super) fn fresh_symmetric_key() -> Result<Zeroizing<String>, Failure> {
    let mut random = Zeroizing::new([0_u8; KEY_CHARACTERS]);
    getrandom::fill(&mut *random)
        .map_err(|error| Failure::new(Exit::Failure, format!("the system gives no random bytes: {error}")))?;
    let mut key = Zeroizing::new(String::with_capacity(KEY_CHARACTERS + 1));
    key.extend(random.iter().map(|byte| char::from(ALPHABET[usize::from(byte % 64)])));
    Ok(key)
}

/// Writes a file that is not there yet, with its rights from the first byte on.
pub(super) fn write_new(path: &Path, bytes: &[u8], access: Access) -> io::Result<()> {
    let mode = if access == Access::OwnerOnly { 0o600 } else { 0o644 };
    let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_differ_and_have_32_characters() {
        let (one, other) = (fresh_symmetric_key().unwrap(), fresh_symmetric_key().unwrap());
        assert_eq!(one.len(), KEY_CHARACTERS);
        assert!(one.bytes().all(|character| ALPHABET.contains(&character)));
        assert_ne!(*one, *other);
    }
}
