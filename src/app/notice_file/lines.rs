//! Lines of a file in bounded memory: one that is too long is skipped, not kept.

use std::collections::VecDeque;
use std::io::{self, BufRead};

/// The longest line that is read. A notice has a few hundred bytes, one with a thousand items a hundred thousand.
pub(in crate::app) const MAX_LINE_BYTES: usize = 1 << 20;

/// One line, without its end.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::app) enum Line {
    Bytes(Vec<u8>),
    TooLong,
}

/// A reader of lines that counts them, and that can take lines back.
pub(in crate::app) struct Lines<R> {
    source: R,
    put_back: VecDeque<(u64, Line)>,
    line_count: u64,
    byte_count: u64,
}

impl<R: BufRead> Lines<R> {
    pub(in crate::app) fn new(source: R) -> Self {
        Self { source, put_back: VecDeque::new(), line_count: 0, byte_count: 0 }
    }

    /// How many bytes of the source were read.
    pub(in crate::app) const fn bytes_read(&self) -> u64 {
        self.byte_count
    }

    /// What stands at the beginning of the source, without reading it.
    pub(in crate::app) fn peek(&mut self) -> io::Result<&[u8]> {
        self.source.fill_buf()
    }

    /// Reads over `count` bytes that [`Self::peek`] showed.
    pub(in crate::app) fn skip(&mut self, count: usize) {
        self.source.consume(count);
        self.byte_count += count as u64;
    }

    /// Takes back lines that were read, to be read again next.
    pub(in crate::app) fn put_back(&mut self, lines: impl DoubleEndedIterator<Item = (u64, Line)>) {
        for line in lines.rev() {
            self.put_back.push_front(line);
        }
    }

    /// The next line and its number, from 1.
    pub(in crate::app) fn next_line(&mut self) -> io::Result<Option<(u64, Line)>> {
        if let Some(line) = self.put_back.pop_front() {
            return Ok(Some(line));
        }
        let mut kept = Vec::new();
        let mut length = 0;
        loop {
            let chunk = match self.source.fill_buf() {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                chunk => chunk?,
            };
            if chunk.is_empty() && length == 0 {
                return Ok(None);
            }
            let end = chunk.iter().position(|byte| *byte == b'\n');
            let read = end.map_or(chunk.len(), |end| end + 1);
            let at_end_of_source = chunk.is_empty();
            if length + read <= MAX_LINE_BYTES {
                kept.extend_from_slice(&chunk[..read]);
            } else {
                kept = Vec::new();
            }
            length = length.saturating_add(read);
            self.source.consume(read);
            self.byte_count += read as u64;
            if end.is_some() || at_end_of_source {
                break;
            }
        }
        self.line_count += 1;
        if length > MAX_LINE_BYTES {
            return Ok(Some((self.line_count, Line::TooLong)));
        }
        for end in [b'\n', b'\r'] {
            if kept.last() == Some(&end) {
                kept.pop();
            }
        }
        Ok(Some((self.line_count, Line::Bytes(kept))))
    }
}

#[cfg(test)]
mod tests {
    use std::io::BufReader;

    use super::*;

    fn all(text: &[u8]) -> Vec<(u64, Line)> {
        let mut lines = Lines::new(BufReader::with_capacity(7, text));
        std::iter::from_fn(|| lines.next_line().unwrap()).collect()
    }

    #[test]
    fn both_line_ends_and_none() {
        let expected = [b"one".to_vec(), Vec::new(), b"three is longer".to_vec(), b"four".to_vec()];
        let found = all(b"one\r\n\nthree is longer\nfour");
        assert_eq!(found.len(), 4);
        for ((number, line), (index, bytes)) in found.into_iter().zip((1_u64..).zip(expected)) {
            assert_eq!((number, line), (index, Line::Bytes(bytes)));
        }
        assert_eq!(all(b""), []);
    }

    #[test]
    fn a_line_that_is_too_long_is_skipped_and_the_next_is_read() {
        let mut text = vec![b'x'; MAX_LINE_BYTES * 3];
        text.extend_from_slice(b"\nnext\n");
        assert_eq!(all(&text), [(1, Line::TooLong), (2, Line::Bytes(b"next".to_vec()))]);
    }
}
