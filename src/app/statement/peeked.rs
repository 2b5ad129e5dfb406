//! The beginning of a source, looked at before it is read.

use std::io::{self, Cursor, Read};

/// How much is looked at: enough lines to tell the encoding by.
const PEEKED_BYTES: u64 = 1 << 16;

/// A source whose beginning is known. It is read from its first byte.
pub(super) struct Peeked {
    start: Vec<u8>,
    rest: Box<dyn Read + Send>,
}

impl Peeked {
    /// Looks at the beginning, however small the pieces are in which the source gives it.
    pub(super) fn open(mut source: Box<dyn Read + Send>) -> io::Result<Self> {
        let mut start = Vec::new();
        source.by_ref().take(PEEKED_BYTES).read_to_end(&mut start)?;
        Ok(Self { start, rest: source })
    }

    pub(super) fn start(&self) -> &[u8] {
        &self.start
    }

    /// Leaves the first bytes out.
    pub(super) fn skip(&mut self, count: usize) {
        self.start.drain(..count);
    }

    pub(super) fn into_source(self) -> Box<dyn Read + Send> {
        Box::new(Cursor::new(self.start).chain(self.rest))
    }
}
