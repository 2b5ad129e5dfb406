//! A zip of csvs, read entry by entry from an unnamed file, with bounds on what it may hold.
//!
//! The directory of a zip stands at its end, so what comes as a stream is kept on disk first. Nothing of it is ever unpacked to
//! disk or held in memory as a whole.

use std::fs::File;
use std::io::{self, BufReader, Read, Write as _};
use std::os::unix::fs::FileExt as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::vec;

use flate2::Crc;
use flate2::bufread::DeflateDecoder;
use zip::result::ZipError;
use zip::{CompressionMethod, ZipArchive};

use super::StatementError;

/// The most files in a zip: one for each merchant account of a party.
pub(super) const MAX_ENTRIES: usize = 10_000;

/// The most bytes that a zip may hold unpacked: about twelve million orders. It keeps a zip of nothing from keeping a disk and a
/// processor busy.
pub(super) const MAX_UNPACKED_BYTES: u64 = 4 << 30;

/// What is said of a zip that holds more.
const TOO_LARGE: &str = "the zip holds more than 4294967296 bytes unpacked";

/// The longest name of an entry that is repeated, in characters.
const MAX_NAME_CHARS: usize = 128;

/// How much is copied or unpacked at once.
const BUFFER_BYTES: usize = 1 << 16;

/// What each entry of a zip's directory begins with.
const DIRECTORY_ENTRY_START: &[u8] = b"PK\x01\x02";

/// What a zip begins with; one without entries begins with its end.
pub(super) const ZIP_STARTS: [&[u8]; 2] = [b"PK\x03\x04", b"PK\x05\x06"];

/// The entries of a zip that were not read yet.
pub(super) struct Archive {
    file: Arc<File>,
    entries: vec::IntoIter<Entry>,
    /// How much may still be unpacked.
    left_bytes: Arc<AtomicU64>,
}

/// Where an entry stands.
struct Entry {
    name: String,
    method: CompressionMethod,
    start: u64,
    end: u64,
    crc32: u32,
}

impl Archive {
    /// Writes the zip to an unnamed file and reads its directory.
    pub(super) fn open(mut source: Box<dyn Read + Send>) -> Result<Self, StatementError> {
        let failed = |source| StatementError::Io { after_line: 0, source };
        let mut file = tempfile::tempfile().map_err(failed)?;
        if spool(&mut source, &mut file).map_err(failed)? > MAX_ENTRIES {
            return Err(StatementError::TooManyEntries);
        }
        let entries = entries(&file)?.into_iter();
        Ok(Self { file: Arc::new(file), entries, left_bytes: Arc::new(AtomicU64::new(MAX_UNPACKED_BYTES)) })
    }

    /// The name and the bytes of the next entry.
    pub(super) fn next_entry(&mut self) -> Option<(String, Box<dyn Read + Send>)> {
        let Entry { name, method, start, end, crc32 } = self.entries.next()?;
        let segment = Segment { file: Arc::clone(&self.file), at: start, end };
        let inner: Box<dyn Read + Send> = match method {
            CompressionMethod::Stored => Box::new(segment),
            _ => Box::new(DeflateDecoder::new(BufReader::with_capacity(BUFFER_BYTES, segment))),
        };
        let left_bytes = Arc::clone(&self.left_bytes);
        Some((name, Box::new(Checked { inner, crc: Crc::new(), crc32, left_bytes })))
    }
}

/// Copies the zip, and counts the entries of its directory by what each begins with: a directory that is too long is not even
/// read.
fn spool(source: &mut dyn Read, file: &mut File) -> io::Result<usize> {
    let mut buffer = vec![0; BUFFER_BYTES];
    let (mut kept, mut count) = (0, 0);
    loop {
        let read = match source.read(&mut buffer[kept..]) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            read => read?,
        };
        if read == 0 {
            return file.flush().map(|()| count);
        }
        let filled = kept + read;
        file.write_all(&buffer[kept..filled])?;
        count +=
            buffer[..filled].windows(DIRECTORY_ENTRY_START.len()).filter(|at| *at == DIRECTORY_ENTRY_START).count();
        // What may begin an entry that goes on in the next piece.
        let overlap = filled.min(DIRECTORY_ENTRY_START.len() - 1);
        buffer.copy_within(filled - overlap..filled, 0);
        kept = overlap;
    }
}

fn entries(file: &File) -> Result<Vec<Entry>, StatementError> {
    let broken = |error: ZipError| StatementError::Zip(error.to_string());
    let file = file.try_clone().map_err(|source| StatementError::Io { after_line: 0, source })?;
    let mut archive = ZipArchive::new(file).map_err(broken)?;
    if archive.has_duplicate_names() {
        return Err(StatementError::Zip("two files in it have one name".to_owned()));
    }
    let mut entries = Vec::with_capacity(archive.len());
    for index in 0..archive.len() {
        let content = archive.by_index_raw(index).map_err(broken)?;
        if content.is_dir() {
            continue;
        }
        let (name, method) = (shown(&content.name().map_err(broken)?), content.compression());
        if !matches!(method, CompressionMethod::Stored | CompressionMethod::Deflated) || content.encrypted() {
            let problem = format!("{name} is encrypted or packed as {method}, and deflate without a password is read");
            return Err(StatementError::Zip(problem));
        }
        let start = content.data_start().unwrap_or_default();
        let end = start.saturating_add(content.compressed_size());
        entries.push(Entry { name, method, start, end, crc32: content.crc32() });
    }
    Ok(entries)
}

/// A name as it may be shown: short, and without what a terminal would obey.
fn shown(name: &str) -> String {
    name.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).take(MAX_NAME_CHARS).collect()
}

/// A part of a file, which others may read at the same time.
struct Segment {
    file: Arc<File>,
    at: u64,
    end: u64,
}

impl Read for Segment {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.end.saturating_sub(self.at)).unwrap_or(usize::MAX);
        let wanted = buffer.len().min(left);
        let read = self.file.read_at(&mut buffer[..wanted], self.at)?;
        self.at += read as u64;
        Ok(read)
    }
}

/// The bytes of an entry, counted, and compared with its checksum at the end.
struct Checked {
    inner: Box<dyn Read + Send>,
    crc: Crc,
    crc32: u32,
    left_bytes: Arc<AtomicU64>,
}

impl Read for Checked {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        let broken = |problem| Err(io::Error::new(io::ErrorKind::InvalidData, problem));
        if read == 0 && !buffer.is_empty() && self.crc.sum() != self.crc32 {
            return broken("an entry of the zip does not have its checksum");
        }
        self.crc.update(&buffer[..read]);
        let left = self.left_bytes.load(Ordering::Relaxed).checked_sub(read as u64);
        match left {
            Some(left) => self.left_bytes.store(left, Ordering::Relaxed),
            None => return broken(TOO_LARGE),
        }
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_directory_is_counted_in_whatever_pieces_it_comes() {
        struct Small<'a>(&'a [u8]);
        impl Read for Small<'_> {
            fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
                let most = buffer.len().min(3);
                self.0.read(&mut buffer[..most])
            }
        }
        let zip = DIRECTORY_ENTRY_START.repeat(1000);
        let mut file = tempfile::tempfile().unwrap();
        assert_eq!(spool(&mut Small(&zip), &mut file).unwrap(), 1000);
        assert_eq!(file.metadata().unwrap().len(), 4000);
        let too_many = DIRECTORY_ENTRY_START.repeat(MAX_ENTRIES + 1);
        let opened = Archive::open(Box::new(io::Cursor::new(too_many)));
        assert!(matches!(opened, Err(StatementError::TooManyEntries)));
    }

    #[test]
    fn what_is_unpacked_is_bounded_and_compared_with_its_checksum() {
        let left_bytes = Arc::new(AtomicU64::new(5));
        let checked = |bytes: &'static [u8], crc32| Checked {
            inner: Box::new(bytes),
            crc: Crc::new(),
            crc32,
            left_bytes: Arc::clone(&left_bytes),
        };
        let mut text = String::new();
        checked(b"abc", 0x3524_41c2).read_to_string(&mut text).unwrap();
        assert_eq!(text, "abc");
        assert!(checked(b"a", 1).read_to_string(&mut text).unwrap_err().to_string().contains("checksum"));
        assert_eq!(checked(b"abc", 0x3524_41c2).read_to_string(&mut text).unwrap_err().to_string(), TOO_LARGE);
    }

    #[test]
    fn names_are_shown_without_what_a_terminal_obeys() {
        assert_eq!(shown("a\u{1b}[2Jb"), "a\u{fffd}[2Jb");
        assert_eq!(shown(&"x".repeat(1000)).len(), MAX_NAME_CHARS);
    }
}
