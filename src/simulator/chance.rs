//! The simulator's random numbers and texts.

use crate::envelope::IV_BYTES;

/// The characters of order numbers and tokens. 64 of them, so that six bits of a random byte choose one without a bias.
const CHARACTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// A fresh iv.
pub(super) fn iv() -> [u8; IV_BYTES] {
    bytes()
}

/// Random bytes.
pub(super) fn bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the operating system gives random bytes once it is up");
    bytes
}

/// Random letters, digits, `-` and `_`.
pub(super) fn text<const N: usize>() -> String {
    bytes::<N>().iter().map(|byte| char::from(CHARACTERS[usize::from(byte & 63)])).collect()
}

/// Random decimal digits. Not quite even, which nobody minds in a transaction number.
pub(super) fn digits<const N: usize>() -> String {
    bytes::<N>().iter().map(|byte| char::from(b'0' + byte % 10)).collect()
}

/// `wxnontaxstr`: 16 hexadecimal digits, as in the sources' sample.
pub(super) fn wxnontaxstr() -> String {
    format!("{:016x}", u64::from_be_bytes(bytes()))
}

/// An order number of 28 characters, as in the sources' samples.
pub(super) fn order_id() -> String {
    format!("AQCA{}", text::<24>())
}

#[cfg(test)]
mod tests {
    #[test]
    fn as_long_as_the_samples() {
        assert_eq!(super::order_id().len(), "AQCAGxwqp6-aBeIKDJ7fvb6x3dZt".len());
        assert_eq!(super::wxnontaxstr().len(), "2ba37f90d155d390".len());
        assert_ne!(super::order_id(), super::order_id());
    }
}
