//! The key under which a command that moves money is one order, one payment or one refund, however often it is given.

use super::{Console, Exit, Failure};
use crate::envelope::sha256_hex;

/// Random bytes behind a key that nobody gave.
const KEY_BYTES: usize = 32;

/// Characters of such a key, 4 bits each: no two commands draw the same, and a person can still copy it.
const KEY_CHARACTERS: usize = 24;

/// A key that no other command has.
pub(super) fn new_key() -> Result<String, Failure> {
    let mut bytes = [0; KEY_BYTES];
    getrandom::fill(&mut bytes).map_err(|error| Failure::from_error(Exit::Failure, &error))?;
    Ok(sha256_hex(&bytes)[..KEY_CHARACTERS].to_owned())
}

/// The key that was given; or a new one, which is told on standard error, so that whoever has to ask again can.
pub(super) fn given_or_new_key(given: Option<&str>, console: &mut Console<'_>) -> Result<String, Failure> {
    if let Some(given) = given {
        return Ok(given.to_owned());
    }
    let key = new_key()?;
    // A terminal that is gone is no reason to stop.
    let _ = writeln!(console.err, "key: {key} (--key {key} goes on with the same one)");
    Ok(key)
}
