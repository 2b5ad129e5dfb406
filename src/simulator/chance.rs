//! The simulator's random numbers and texts. With a seed they repeat: each order, each party and the tokens draw from a stream
//! of their own, so that what one of them draws does not depend on when the others do.

use chacha20::ChaCha12Rng;
use chacha20::rand_core::{Rng as _, SeedableRng as _};

use crate::envelope::IV_BYTES;

/// The characters of order numbers and tokens. 64 of them, so that six bits of a random byte choose one without a bias.
const CHARACTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// Where all streams come from.
pub(super) struct Chance {
    key: [u8; 32],
}

/// Whose draws a stream serves.
#[derive(Clone, Copy, Debug)]
pub(super) enum Subject {
    /// The access_tokens of all accounts.
    Tokens,
    /// The calls to one party, by its place.
    Calls(usize),
    /// The links and tokens of real names.
    RealNames,
    /// One order, by its place: its numbers, those of its payment and of its refunds.
    Order(usize),
    /// One rule of the fault script, by its place.
    Fault(usize),
}

/// An endless row of random bytes.
#[derive(Debug)]
pub(super) struct Stream(ChaCha12Rng);

impl Chance {
    /// From a seed, or without one from the operating system.
    pub(super) fn new(seed: Option<u64>) -> Self {
        let mut key = [0; 32];
        match seed {
            Some(seed) => key[..8].copy_from_slice(&seed.to_be_bytes()),
            None => getrandom::fill(&mut key).expect("the operating system gives random bytes once it is up"),
        }
        Self { key }
    }

    /// The stream of a subject, from its beginning.
    pub(super) fn stream(&self, subject: Subject) -> Stream {
        let (kind, place) = match subject {
            Subject::Tokens => (0, 0),
            Subject::Calls(place) => (1, place),
            Subject::Order(place) => (2, place),
            Subject::RealNames => (3, 0),
            Subject::Fault(place) => (4, place),
        };
        let mut generator = ChaCha12Rng::from_seed(self.key);
        // The upper bits are the kind's: nobody places 2^56 orders.
        generator.set_stream(kind << 56 | u64::try_from(place).unwrap_or(u64::MAX >> 8));
        Stream(generator)
    }
}

impl Stream {
    /// A stream that goes on by itself, whatever else is drawn from this one.
    pub(super) fn split(&mut self) -> Self {
        Self(ChaCha12Rng::from_seed(self.bytes()))
    }

    /// A fresh iv.
    pub(super) fn iv(&mut self) -> [u8; IV_BYTES] {
        self.bytes()
    }

    /// Random bytes.
    pub(super) fn bytes<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        self.0.fill_bytes(&mut bytes);
        bytes
    }

    /// From 0 up to, but never, 1.
    pub(super) fn fraction(&mut self) -> f64 {
        f64::from(u32::from_be_bytes(self.bytes())) / (f64::from(u32::MAX) + 1.0)
    }

    /// Random letters, digits, `-` and `_`.
    pub(super) fn text<const N: usize>(&mut self) -> String {
        self.bytes::<N>().iter().map(|byte| char::from(CHARACTERS[usize::from(byte & 63)])).collect()
    }

    /// Random decimal digits. Not quite even, which nobody minds in a transaction number.
    pub(super) fn digits<const N: usize>(&mut self) -> String {
        self.bytes::<N>().iter().map(|byte| char::from(b'0' + byte % 10)).collect()
    }

    /// `wxnontaxstr`: 16 hexadecimal digits, as in the sources' sample.
    pub(super) fn wxnontaxstr(&mut self) -> String {
        format!("{:016x}", u64::from_be_bytes(self.bytes()))
    }

    /// An order number of 28 characters, as in the sources' samples.
    pub(super) fn order_id(&mut self) -> String {
        format!("AQCA{}", self.text::<24>())
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(in crate::simulator) fn stream() -> Stream {
        Chance::new(None).stream(Subject::Tokens)
    }

    #[test]
    fn as_long_as_the_samples() {
        let mut stream = stream();
        assert_eq!(stream.order_id().len(), "AQCAGxwqp6-aBeIKDJ7fvb6x3dZt".len());
        assert_eq!(stream.wxnontaxstr().len(), "2ba37f90d155d390".len());
        assert_ne!(stream.order_id(), stream.order_id());
    }

    #[test]
    fn a_seed_repeats_and_each_subject_has_its_own() {
        let first = |seed, subject| Chance::new(seed).stream(subject).order_id();
        let subjects = [Subject::Tokens, Subject::Calls(0), Subject::Calls(1), Subject::Order(0), Subject::Order(1)];
        for (place, subject) in subjects.into_iter().enumerate() {
            assert_eq!(first(Some(7), subject), first(Some(7), subject));
            assert_ne!(first(Some(7), subject), first(Some(8), subject));
            assert_ne!(first(None, subject), first(None, subject));
            assert!(subjects[..place].iter().all(|other| first(Some(7), *other) != first(Some(7), subject)));
        }
    }
}
