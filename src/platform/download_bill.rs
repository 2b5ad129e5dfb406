//! The Statement Download API (source §6.1.5): a file, or the JSON of a refusal in its place.

use std::fmt::Write as _;
use std::time::Duration;

use sha2::{Digest as _, Sha256};
use tokio::io::{AsyncWrite, AsyncWriteExt as _};

use super::client::refuses_the_token;
use super::https::{check_status, read_bytes, read_json, unreachable};
use super::received::{self, with_status};
use super::retry::pause_before_repetition;
use super::{PlatformClient, PlatformError, Replied};
use crate::domain::StatementKind;
use crate::wire::{CheckedRequest as _, DownloadBillRequest, NotifyInconsistentOrderReply};

/// The path of the API.
pub const DOWNLOAD_BILL: &str = "/nontax/downloadbill";

/// How long a download may take, whatever the client's patience: a large day has hundreds of megabytes.
pub const DOWNLOAD_TIMEOUT: Duration = Duration::from_mins(10);

/// The largest statement that is taken: about four million orders.
pub const MAX_STATEMENT_BYTES: u64 = 1 << 30;

/// What a zip begins with.
const ZIP_START: &[u8] = b"PK\x03\x04";

/// How many bytes tell what a file is, a BOM and white space before a JSON object included.
const TELLING_BYTES: usize = 64;

/// A statement that was written whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// Its size in bytes.
    pub size_bytes: u64,
    /// What it is.
    pub kind: StatementKind,
    /// Its SHA-256, 64 hexadecimal digits.
    pub sha256: String,
}

/// How a download ended badly, and whether something of it was written.
struct BrokenOff {
    error: PlatformError,
    has_written: bool,
}

impl From<PlatformError> for BrokenOff {
    fn from(error: PlatformError) -> Self {
        Self { error, has_written: false }
    }
}

impl PlatformClient {
    /// Writes the statement of a day into `into` as it comes. What was written before an error is to be thrown away.
    ///
    /// # Errors
    /// [`PlatformError`] when it was refused, did not come whole, or cannot be written.
    pub async fn download_bill(
        &self,
        request: &DownloadBillRequest,
        into: &mut (dyn AsyncWrite + Unpin + Send),
    ) -> Result<Statement, PlatformError> {
        let problems = request.problems();
        if !problems.is_empty() {
            return Err(PlatformError::InvalidRequest { api: DOWNLOAD_BILL, problems });
        }
        let (mut attempt, mut has_fresh_token) = (1, false);
        loop {
            let token = self.tokens().current().await?.token;
            let broken_off = match self.download_once(token.expose(), request, into).await {
                Ok(statement) => return Ok(statement),
                Err(broken_off) => broken_off,
            };
            let BrokenOff { error, has_written: false } = broken_off else { return Err(broken_off.error) };
            if error.errcode().is_some_and(refuses_the_token) && !has_fresh_token {
                self.tokens().refused(&token).await;
                has_fresh_token = true;
                continue;
            }
            let Some(pause) = pause_before_repetition(DOWNLOAD_BILL, &error, attempt, super::client::chance()) else {
                return Err(error);
            };
            tokio::time::sleep(pause).await;
            attempt += 1;
        }
    }

    async fn download_once(
        &self,
        token: &str,
        request: &DownloadBillRequest,
        into: &mut (dyn AsyncWrite + Unpin + Send),
    ) -> Result<Statement, BrokenOff> {
        let api = DOWNLOAD_BILL;
        let https = self.https().with_timeout(DOWNLOAD_TIMEOUT);
        let mut response = https.send(api, &[("access_token", token)], request).await?;
        let mut start = Vec::new();
        while start.len() < TELLING_BYTES {
            match response.chunk().await.map_err(|e| unreachable(api, e))? {
                Some(chunk) => start.extend_from_slice(&chunk),
                None => break,
            }
        }
        let is_file = response.status().is_success();
        match kind_of(&start) {
            Some(kind) if is_file => Download { api, kind, into, has_written: false }.write(start, response).await,
            _ => Err(refusal(api, start, response).await.into()),
        }
    }
}

/// What a file is by its first bytes; `None` when it is no statement: a JSON object, HTML, or nothing.
fn kind_of(start: &[u8]) -> Option<StatementKind> {
    let text = start.strip_prefix("\u{feff}".as_bytes()).unwrap_or(start).trim_ascii_start();
    match text.first() {
        None | Some(b'{' | b'<') => None,
        Some(_) if start.starts_with(ZIP_START) => Some(StatementKind::Zip),
        Some(_) => Some(StatementKind::Csv),
    }
}

/// What stands in the place of a file.
async fn refusal(api: &'static str, start: Vec<u8>, mut response: reqwest::Response) -> PlatformError {
    let reply = match read_bytes(api, &mut response, start).await {
        Ok(reply) => reply,
        Err(error) => return error,
    };
    if let Err(error) = check_status(api, &response, &reply) {
        return error;
    }
    // Every reply has errcode and errmsg; this one has nothing else.
    match read_json::<NotifyInconsistentOrderReply>(api, &reply) {
        Ok(Replied { reply, .. }) if reply.errcode != 0 => {
            let errmsg = received::errmsg(&reply.errmsg.unwrap_or_default());
            PlatformError::Refused { api, errcode: reply.errcode, errmsg }
        }
        Ok(_) => {
            let problem = format!("{} and no file", with_status(response.status(), None, &reply));
            PlatformError::Unreadable { api, problem }
        }
        Err(error) => error,
    }
}

/// A file on its way.
struct Download<'a> {
    api: &'static str,
    kind: StatementKind,
    into: &'a mut (dyn AsyncWrite + Unpin + Send),
    has_written: bool,
}

impl Download<'_> {
    async fn write(mut self, start: Vec<u8>, mut response: reqwest::Response) -> Result<Statement, BrokenOff> {
        let written = self.write_all(start, &mut response).await;
        written.map_err(|error| BrokenOff { error, has_written: self.has_written })
    }

    async fn write_all(
        &mut self,
        start: Vec<u8>,
        response: &mut reqwest::Response,
    ) -> Result<Statement, PlatformError> {
        let api = self.api;
        let not_written =
            |e: std::io::Error| PlatformError::Unreadable { api, problem: format!("it cannot be written: {e}") };
        let (mut size_bytes, mut digest) = (0_u64, Sha256::new());
        let mut chunk = start;
        loop {
            size_bytes += chunk.len() as u64;
            if size_bytes > MAX_STATEMENT_BYTES {
                let problem = format!("it is larger than {MAX_STATEMENT_BYTES} bytes");
                return Err(PlatformError::Unreadable { api, problem });
            }
            digest.update(&chunk);
            self.has_written = true;
            self.into.write_all(&chunk).await.map_err(not_written)?;
            match response.chunk().await.map_err(|e| unreachable(api, e))? {
                Some(next) => chunk = next.to_vec(),
                None => break,
            }
        }
        self.into.flush().await.map_err(not_written)?;
        Ok(Statement { size_bytes, kind: self.kind, sha256: hex(&digest.finalize()) })
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_bytes_tell_a_file_from_a_refusal() {
        assert_eq!(kind_of(b"PK\x03\x04rest"), Some(StatementKind::Zip));
        assert_eq!(kind_of("交易时间,公众账号ID".as_bytes()), Some(StatementKind::Csv));
        assert_eq!(kind_of("\u{feff}交易时间".as_bytes()), Some(StatementKind::Csv));
        for refusal in ["", "  \n", "{\"errcode\":9205201}", "\u{feff} \r\n{}", "<html>"] {
            assert_eq!(kind_of(refusal.as_bytes()), None, "{refusal:?}");
        }
    }
}
