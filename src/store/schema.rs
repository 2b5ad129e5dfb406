//! Which migrations a database has, and bringing it up to date.

use std::collections::HashSet;

use sqlx::migrate::{Migrate, MigrateError, Migrator};
use sqlx::pool::PoolConnection;
use sqlx::{Database, Pool};

use super::StoreError;

/// How often applying is tried beyond once for each migration: two processes may open one new database at the same moment, and one
/// of them loses. Whoever loses does so to a migration that is then applied, so there are no more losses than migrations.
const SPARE_ATTEMPTS: usize = 2;

/// How a database's schema stands to this version's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SchemaState {
    /// It has exactly the migrations of this version.
    UpToDate,
    /// It has none at all.
    NeverMigrated,
    /// It lacks this one, the lowest of those that it lacks.
    Lacks(i64),
    /// It has this one, which this version does not know.
    HasNewer(i64),
}

/// The number of the last migration.
pub(super) fn version(migrations: &Migrator) -> i64 {
    migrations.iter().map(|migration| migration.version).max().unwrap_or_default()
}

/// Fails unless the database has exactly the migrations of this version.
pub(super) async fn check<C: Migrate>(migrations: &Migrator, connection: &mut C) -> Result<(), StoreError> {
    match state(migrations, connection).await? {
        SchemaState::UpToDate => Ok(()),
        SchemaState::NeverMigrated => Err(StoreError::Schema("it was never migrated; run `nontax migrate`".to_owned())),
        SchemaState::Lacks(missing) => {
            Err(StoreError::Schema(format!("it lacks migration {missing}; run `nontax migrate`")))
        }
        SchemaState::HasNewer(newer) => Err(StoreError::Schema(format!(
            "it has migration {newer}, which this version does not know; run the newer version of nontax"
        ))),
    }
}

/// Compares the migrations of the database with those of this version.
pub(super) async fn state<C: Migrate>(migrations: &Migrator, connection: &mut C) -> Result<SchemaState, StoreError> {
    let applied = match applied(migrations, connection).await {
        Ok(applied) => applied,
        Err(MigrateError::Execute(source)) if is_missing_table(&source) => return Ok(SchemaState::NeverMigrated),
        Err(MigrateError::Execute(source)) => {
            return Err(StoreError::Database { doing: "list its migrations", source });
        }
        Err(other) => return Err(StoreError::Schema(other.to_string())),
    };
    let known: HashSet<i64> = migrations.iter().map(|migration| migration.version).collect();
    if let Some(newer) = applied.difference(&known).max() {
        return Ok(SchemaState::HasNewer(*newer));
    }
    Ok(known.difference(&applied).min().map_or(SchemaState::UpToDate, |missing| SchemaState::Lacks(*missing)))
}

/// Applies what is missing. Returns how many migrations that were.
pub(super) async fn apply<DB>(migrations: &Migrator, pool: &Pool<DB>) -> Result<usize, StoreError>
where
    DB: Database,
    DB::Connection: Migrate,
{
    let acquire = || async {
        let connection = pool.acquire().await;
        connection.map_err(|source| StoreError::Database { doing: "get a connection", source })
    };
    let max_attempts = migrations.iter().count() + SPARE_ATTEMPTS;
    let mut attempt = 1;
    loop {
        let mut connection: PoolConnection<DB> = acquire().await?;
        // A database that was never migrated has no table to list them in.
        let before = applied(migrations, &mut *connection).await.unwrap_or_default().len();
        match migrations.run_direct(None, &mut *connection, false).await {
            Ok(()) => {
                let after = applied(migrations, &mut *connection).await.map_err(schema_error)?.len();
                return Ok(after - before);
            }
            Err(MigrateError::Execute(_) | MigrateError::ExecuteMigration(..)) if attempt < max_attempts => {
                attempt += 1;
            }
            Err(error) => return Err(schema_error(error)),
        }
    }
}

async fn applied<C: Migrate>(migrations: &Migrator, connection: &mut C) -> Result<HashSet<i64>, MigrateError> {
    let rows = connection.list_applied_migrations(&migrations.table_name).await?;
    Ok(rows.into_iter().map(|migration| migration.version).collect())
}

fn schema_error(error: MigrateError) -> StoreError {
    match error {
        MigrateError::Execute(source) | MigrateError::ExecuteMigration(source, _) => {
            StoreError::Database { doing: "apply a migration", source }
        }
        MigrateError::VersionMissing(version) => StoreError::Schema(format!(
            "it has migration {version}, which this version does not know; run the newer version of nontax"
        )),
        other => StoreError::Schema(other.to_string()),
    }
}

/// 42P01 of Postgres; SQLite says it in words.
fn is_missing_table(error: &sqlx::Error) -> bool {
    error
        .as_database_error()
        .is_some_and(|error| error.code().as_deref() == Some("42P01") || error.message().starts_with("no such table"))
}
