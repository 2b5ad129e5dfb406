//! Statements that the store keeps, read back.

use std::io::{self, Cursor, Read};

use sha2::{Digest as _, Sha256};
use tokio::runtime::Handle;
use tokio::task::spawn_blocking;

use super::{BadRow, StatementError, StatementReader, StatementReport};
use crate::envelope::hex;
use crate::store::{SharedStore, StatementFile};
use crate::wire::StatementRow;

/// The bytes of a kept file, chunk by chunk. It waits for the store: it is read on a blocking thread of the runtime.
pub struct KeptFile {
    store: SharedStore,
    runtime: Handle,
    file: StatementFile,
    next_chunk: u32,
    chunk: Cursor<Vec<u8>>,
    /// Of what was read; `None` after the end.
    digest: Option<Sha256>,
}

impl KeptFile {
    /// Begins to read. Must be called inside a tokio runtime.
    #[must_use]
    pub fn open(store: SharedStore, file: StatementFile) -> Self {
        let chunk = Cursor::new(Vec::new());
        Self { store, runtime: Handle::current(), file, next_chunk: 0, chunk, digest: Some(Sha256::new()) }
    }

    /// Whether there was another chunk. The last one is followed by a look at the digest of all.
    fn fetch(&mut self) -> io::Result<bool> {
        let Some(mut digest) = self.digest.take() else { return Ok(false) };
        if self.next_chunk == self.file.chunk_count {
            if hex(&digest.finalize()) == self.file.sha256 {
                return Ok(false);
            }
            return Err(io::Error::new(io::ErrorKind::InvalidData, "the kept statement is not what was downloaded"));
        }
        let fetching = self.store.read_statement_chunk(self.file.clone(), self.next_chunk);
        let chunk = self.runtime.block_on(fetching).map_err(io::Error::other)?;
        digest.update(&chunk);
        self.digest = Some(digest);
        self.next_chunk += 1;
        self.chunk = Cursor::new(chunk);
        Ok(true)
    }
}

impl Read for KeptFile {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let read = self.chunk.read(buffer)?;
            if read > 0 || buffer.is_empty() || !self.fetch()? {
                return Ok(read);
            }
        }
    }
}

/// The rows of a kept file for async callers: batch by batch, in the order of the file.
pub struct StatementRows {
    reader: Option<StatementReader>,
}

impl StatementRows {
    /// Begins to read a kept file.
    ///
    /// # Errors
    /// [`StatementError`] when it cannot be read, or is no statement.
    pub async fn open(store: SharedStore, file: StatementFile) -> Result<Self, StatementError> {
        if let Some(pruned_at) = file.pruned_at {
            return Err(StatementError::Pruned(pruned_at));
        }
        let kept = KeptFile::open(store, file);
        let opened = spawn_blocking(move || StatementReader::open(kept)).await;
        let reader = opened.map_err(|_| StatementError::Interrupted)??;
        Ok(Self { reader: Some(reader) })
    }

    /// The next rows and bad rows, at most `at_most`; empty at the end.
    ///
    /// # Errors
    /// [`StatementError`] when it cannot be read on.
    pub async fn next(&mut self, at_most: usize) -> Result<Vec<Result<StatementRow, BadRow>>, StatementError> {
        let mut reader = self.reader.take().ok_or(StatementError::Interrupted)?;
        let read = spawn_blocking(move || {
            let rows = reader.by_ref().take(at_most).collect();
            (reader, rows)
        });
        let (reader, rows) = read.await.map_err(|_| StatementError::Interrupted)?;
        self.reader = Some(reader);
        rows
    }

    /// What was found so far; complete after the last row.
    #[must_use]
    pub fn report(&self) -> StatementReport {
        self.reader.as_ref().map(|reader| reader.report().clone()).unwrap_or_default()
    }
}
