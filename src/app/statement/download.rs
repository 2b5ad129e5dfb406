//! Downloads the statement of a day and keeps it.

use jiff::Timestamp;
use tokio::fs::File;
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _};

use super::ready_at;
use crate::app::Party;
use crate::domain::{BillType, ChinaDate, PartyName};
use crate::platform::{PlatformError, Statement};
use crate::store::{KeptStatement, STATEMENT_CHUNK_BYTES, StatementFile, StatementFiles, StatementKey, StoreError};
use crate::wire::{ApiErrcode, DownloadBillRequest};

/// Which statement to download.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatementWish {
    /// Of which day in China.
    pub bill_date: ChinaDate,
    /// Of which merchant account; of all of them without one.
    pub mch_id: Option<String>,
    /// Of which rows.
    pub bill_type: BillType,
}

/// A statement that is kept now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DownloadedStatement {
    /// The file.
    pub file: StatementFile,
    /// Whether it was kept before.
    pub kept: KeptStatement,
}

/// Why there is no statement.
#[derive(Debug, thiserror::Error)]
pub enum DownloadStatementError {
    /// The platform has not finished it: what it gives so early would lack payments.
    #[error("the statement of {bill_date} is ready at {ready_at}")]
    NotReady {
        /// The day.
        bill_date: ChinaDate,
        /// From when on it may be downloaded.
        ready_at: Timestamp,
    },
    /// The party has no AppSecret.
    #[error("party \"{0}\" cannot call the platform: it has no AppSecret")]
    NoPlatformAccess(PartyName),
    /// The platform refused, or did not give it whole.
    #[error("the statement was not downloaded")]
    Platform(#[from] PlatformError),
    /// There is no place for it until it is kept.
    #[error("the temporary file of the download failed")]
    Spool(#[from] std::io::Error),
    /// It could not be kept. The same call, made again, goes on.
    #[error("the statement was downloaded and not kept")]
    Store(#[from] StoreError),
}

impl DownloadStatementError {
    /// Whether the statement is only not there yet: too early, or the platform has not made it. Later the same call may have it.
    #[must_use]
    pub fn may_come_later(&self) -> bool {
        let not_found = ApiErrcode::StatementNotFound.code();
        match self {
            Self::NotReady { .. } => true,
            Self::Platform(error) => error.errcode() == Some(not_found),
            Self::NoPlatformAccess(_) | Self::Spool(_) | Self::Store(_) => false,
        }
    }
}

/// Downloads a statement and keeps it, by its hash: the same file again changes nothing, another one is kept beside it. The download
/// grows in an unnamed temporary file, for no transaction is to wait for a network.
///
/// # Errors
/// [`DownloadStatementError`]; nothing is kept then.
pub async fn download_statement(
    store: &dyn StatementFiles,
    party: &Party,
    wish: &StatementWish,
    clock: &(dyn Fn() -> Timestamp + Sync),
) -> Result<DownloadedStatement, DownloadStatementError> {
    let ready_at = ready_at(wish.bill_date);
    if clock() < ready_at {
        return Err(DownloadStatementError::NotReady { bill_date: wish.bill_date, ready_at });
    }
    let no_access = || DownloadStatementError::NoPlatformAccess(party.name.clone());
    let platform = party.platform.as_ref().ok_or_else(no_access)?;
    let request = DownloadBillRequest {
        appid: party.appid.clone(),
        mch_id: wish.mch_id.clone(),
        bill_date: wish.bill_date.to_string(),
        bill_type: Some(wish.bill_type.name().to_owned()),
    };
    let mut spool = File::from_std(tempfile::tempfile()?);
    let statement = platform.download_bill(&request, &mut spool).await?;
    let key = StatementKey {
        party: party.name.clone(),
        bill_date: wish.bill_date,
        mch_id: wish.mch_id.clone(),
        bill_type: wish.bill_type,
    };
    keep(store, key, &statement, &mut spool, clock()).await
}

/// Keeps the bytes chunk by chunk, each on its own, and the file at last: it is there whole or not at all, and nobody else waits long
/// for the database meanwhile.
async fn keep(
    store: &dyn StatementFiles,
    key: StatementKey,
    statement: &Statement,
    spool: &mut File,
    at: Timestamp,
) -> Result<DownloadedStatement, DownloadStatementError> {
    let sha256 = statement.sha256.clone();
    let chunk_count = statement.size_bytes.div_ceil(STATEMENT_CHUNK_BYTES);
    let newest = store.newest_statement_file(key.clone()).await?;
    let is_known = newest.is_some_and(|newest| newest.sha256 == sha256 && newest.pruned_at.is_none());
    let file = StatementFile {
        key,
        sha256,
        kind: statement.kind,
        size_bytes: statement.size_bytes,
        chunk_count: u32::try_from(chunk_count).unwrap_or(u32::MAX),
        fetched_at: at,
        seen_at: at,
        pruned_at: None,
    };
    if !is_known {
        spool.rewind().await?;
        for chunk_no in 0..file.chunk_count {
            let mut chunk = Vec::new();
            spool.take(STATEMENT_CHUNK_BYTES).read_to_end(&mut chunk).await?;
            store.put_statement_chunk(file.key.clone(), file.sha256.clone(), chunk_no, chunk).await?;
        }
    }
    let (file, kept) = store.keep_statement_file(file).await?;
    log(&file, &kept);
    Ok(DownloadedStatement { file, kept })
}

/// A statement that changed is somebody's to look at: what was reconciled with it may be wrong.
fn log(file: &StatementFile, kept: &KeptStatement) {
    let StatementKey { party, bill_date, mch_id, bill_type } = &file.key;
    let (party, bill_date, bill_type) = (party.as_str(), bill_date.to_string(), bill_type.name());
    let (mch_id, sha256, size_bytes) = (mch_id.as_deref().unwrap_or_default(), file.sha256.as_str(), file.size_bytes);
    match kept {
        KeptStatement::First => {
            tracing::info!(party, bill_date, mch_id, bill_type, sha256, size_bytes, "a statement was kept");
        }
        KeptStatement::Same => {}
        KeptStatement::Changed { before_sha256 } => {
            tracing::warn!(party, bill_date, mch_id, bill_type, sha256, before_sha256, "a statement has changed");
        }
    }
}
