//! The promises about downloaded statements: kept by their hash, chunk by chunk, and read back so.

use async_trait::async_trait;
use jiff::Timestamp;

use super::StoreError;
use crate::domain::{BillType, ChinaDate, PartyName, StatementKind};

/// How much of a file is in a chunk; the last one has less. Large enough to be few rows, small enough to be held and sent at once.
pub const STATEMENT_CHUNK_BYTES: u64 = 1 << 20;

/// What a statement is asked for by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StatementKey {
    /// Whose.
    pub party: PartyName,
    /// Of which day in China.
    pub bill_date: ChinaDate,
    /// Of which merchant account; of all of them without one.
    pub mch_id: Option<String>,
    /// Of which rows.
    pub bill_type: BillType,
}

/// A file that the store keeps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatementFile {
    /// What it was asked for by.
    pub key: StatementKey,
    /// Its SHA-256, in hex.
    pub sha256: String,
    /// What it is.
    pub kind: StatementKind,
    /// Its size.
    pub size_bytes: u64,
    /// In how many chunks it is kept.
    pub chunk_count: u32,
    /// When it was first downloaded.
    pub fetched_at: Timestamp,
    /// When the platform last gave the same bytes.
    pub seen_at: Timestamp,
    /// Since when its bytes are gone: they grew too old. That it was there stays known.
    pub pruned_at: Option<Timestamp>,
}

/// What keeping a file meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeptStatement {
    /// It is the first of its day.
    First,
    /// It is the one that counted already.
    Same,
    /// The platform gave another one before.
    Changed {
        /// The SHA-256 of the one that counted until now, which is kept too.
        before_sha256: String,
    },
}

/// Downloaded statements. Of several files of one key the one that was seen last counts.
#[async_trait]
pub trait StatementFiles: Send + Sync {
    /// Keeps a chunk of a file that is not known yet. The same chunk again changes nothing.
    async fn put_statement_chunk(
        &self,
        key: StatementKey,
        sha256: String,
        chunk_no: u32,
        bytes: Vec<u8>,
    ) -> Result<(), StoreError>;

    /// Makes a file known once all its chunks are kept, or notes that it was seen again. Returns it as it is now.
    async fn keep_statement_file(&self, file: StatementFile) -> Result<(StatementFile, KeptStatement), StoreError>;

    /// The file that counts.
    async fn newest_statement_file(&self, key: StatementKey) -> Result<Option<StatementFile>, StoreError>;

    /// The files of some days, both ends included: by day, and those of one key with the one that counts first.
    async fn list_statement_files(
        &self,
        party: PartyName,
        from: ChinaDate,
        to: ChinaDate,
    ) -> Result<Vec<StatementFile>, StoreError>;

    /// The bytes of a chunk, from 0.
    async fn read_statement_chunk(&self, file: StatementFile, chunk_no: u32) -> Result<Vec<u8>, StoreError>;

    /// Takes away the bytes of files that were last seen before `seen_before`, and of downloads of such days that never ended: at most
    /// `limit` chunks. Returns how many; fewer than `limit` when nothing is left.
    async fn prune_statement_chunks(
        &self,
        seen_before: Timestamp,
        at: Timestamp,
        limit: u32,
    ) -> Result<u64, StoreError>;
}
