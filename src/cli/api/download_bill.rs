//! `nontax api downloadbill`: the statement goes into a file, which appears whole or not at all.

use std::path::{Path, PathBuf};

use serde_json::json;
use tokio::fs::{self, OpenOptions};

use super::call::ApiCall;
use super::{Console, Exit, Failure};
use crate::platform::Statement;
use crate::wire::DownloadBillRequest;

pub(super) async fn run(call: &ApiCall<'_>, out: Option<&Path>, console: &mut Console<'_>) -> Result<(), Failure> {
    let Some(request) = call.prepare::<DownloadBillRequest>(console)? else { return Ok(()) };
    let Some(out) = out else { return Ok(()) };
    let part = part_of(out);
    let downloaded = download(call, &request, &part).await;
    let moved = match downloaded {
        Ok(statement) => fs::rename(&part, out).await.map(|()| statement).map_err(|error| cannot_write(out, &error)),
        Err(failure) => Err(failure),
    };
    if moved.is_err() {
        // What came is no statement. That it cannot be removed is worth less than why it failed.
        let _ = fs::remove_file(&part).await;
    }
    let statement = moved?;
    let told = json!({
        "file": out.display().to_string(), "size_bytes": statement.size_bytes, "kind": statement.kind.name(), "sha256": statement.sha256,
    });
    ApiCall::print(&told, console)
}

async fn download(call: &ApiCall<'_>, request: &DownloadBillRequest, part: &Path) -> Result<Statement, Failure> {
    let client = call.client()?;
    let opened = OpenOptions::new().write(true).create(true).truncate(true).open(part).await;
    let mut file = opened.map_err(|error| cannot_write(part, &error))?;
    let statement = client.download_bill(request, &mut file).await.map_err(|error| call.failure(&error))?;
    file.sync_all().await.map_err(|error| cannot_write(part, &error))?;
    Ok(statement)
}

/// Where the file grows: beside the place where it will stand, so that it can be renamed.
fn part_of(out: &Path) -> PathBuf {
    let mut name = out.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.part", std::process::id()));
    out.with_file_name(name)
}

fn cannot_write(path: &Path, error: &std::io::Error) -> Failure {
    Failure::new(Exit::Failure, format!("{} cannot be written: {error}", path.display()))
}
