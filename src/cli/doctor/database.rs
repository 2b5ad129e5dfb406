//! The database: reached, of a version that is supported, migrated, and not read-only. Nothing is written.

use std::path::PathBuf;
use std::sync::Arc;

use super::finding::Finding;
use super::patient::Patient;
use crate::app::chain;
use crate::config::Secret;
use crate::store::{self, Inspection, SchemaState, StoreError};

const WHAT: &str = "database";

pub(super) async fn check(patient: Arc<Patient>) -> Vec<Finding> {
    let database = &patient.config.database;
    let file = store::sqlite_path(&database.url).map(PathBuf::from);
    if let Some(path) = &file {
        let looked_for = path.clone();
        // A disk that hangs must hang no thread that other checks need.
        if !tokio::task::spawn_blocking(move || looked_for.exists()).await.unwrap_or_default() {
            let detail = format!("{} is not there yet", path.display());
            return vec![Finding::warning(
                WHAT,
                detail,
                "nontax serve makes it; if there was one, correct database.url",
            )];
        }
    }
    match store::inspect(&database.url, database.password.as_ref().map(Secret::expose)).await {
        Ok(inspection) => judge(&inspection, file.is_some()),
        Err(error) => vec![unreachable(&error)],
    }
}

fn unreachable(error: &StoreError) -> Finding {
    let cure = match error {
        StoreError::Open(_) => "correct database.url; nontax config show prints it",
        _ => "check that the database of database.url runs, can be reached, and takes this user and password",
    };
    Finding::failure(WHAT, chain(error), cure)
}

fn judge(inspection: &Inspection, is_sqlite: bool) -> Vec<Finding> {
    let Inspection { product, unsupported, schema, not_writable } = inspection;
    let mut findings = Vec::new();
    if let Some(reason) = unsupported {
        findings.push(Finding::failure(WHAT, format!("{product}: {reason}"), "upgrade the server (数据库版本过低)"));
    }
    if let Some(reason) = not_writable {
        let cure = "let the user that runs nontax write it, and run the doctor as that user";
        findings.push(Finding::failure(WHAT, reason, cure));
    }
    findings.extend(schema_finding(*schema, is_sqlite));
    if findings.is_empty() {
        findings.push(Finding::ok(WHAT, format!("{product}, up to date")));
    }
    findings
}

fn schema_finding(schema: SchemaState, is_sqlite: bool) -> Option<Finding> {
    let behind = |detail: String| {
        Some(if is_sqlite {
            Finding::warning(WHAT, detail, "nontax serve brings it up to date when it opens it; back it up before")
        } else {
            Finding::failure(WHAT, detail, "run: nontax migrate (数据库未升级)")
        })
    };
    match schema {
        SchemaState::UpToDate => None,
        SchemaState::NeverMigrated => behind("it was never migrated: it has no tables of nontax".to_owned()),
        SchemaState::Lacks(missing) => behind(format!("it lacks migration {missing}")),
        SchemaState::HasNewer(newer) => {
            let detail = format!("it has migration {newer}, which this version does not know");
            Some(Finding::failure(WHAT, detail, "run the newer version of nontax"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::doctor::finding::Level;

    #[test]
    fn what_is_behind_stops_postgres_and_not_sqlite() {
        let level = |schema, is_sqlite| schema_finding(schema, is_sqlite).map(|finding| finding.level);
        for behind in [SchemaState::NeverMigrated, SchemaState::Lacks(2)] {
            assert_eq!(level(behind, false), Some(Level::Failure));
            assert_eq!(level(behind, true), Some(Level::Warning));
        }
        for is_sqlite in [false, true] {
            assert_eq!(level(SchemaState::HasNewer(9), is_sqlite), Some(Level::Failure));
            assert_eq!(level(SchemaState::UpToDate, is_sqlite), None);
        }
    }

    #[test]
    fn everything_that_is_wrong_is_told() {
        let inspection = Inspection {
            product: "PostgreSQL 14.2".to_owned(),
            unsupported: Some("PostgreSQL 15 or newer is needed".to_owned()),
            schema: SchemaState::Lacks(1),
            not_writable: Some("it is read-only".to_owned()),
        };
        let findings = judge(&inspection, false);
        assert!(findings.iter().all(|finding| finding.level == Level::Failure), "{findings:?}");
        assert_eq!(findings.len(), 3);
    }
}
