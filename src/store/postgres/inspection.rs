//! A Postgres database as it is found.

use sqlx::postgres::PgConnection;
use sqlx::{ConnectOptions as _, Connection as _};

use super::PostgresStore;
use super::engine::{MIGRATIONS, connect_options};
use crate::store::{Inspection, SchemaState, StoreError, schema};

/// The oldest server that the statements are tested on, as `server_version_num` writes it.
const OLDEST_VERSION_NUM: i64 = 150_000;

impl PostgresStore {
    /// Looks at a database through one connection.
    pub(in crate::store) async fn inspect(url: &str, password: Option<&str>) -> Result<Inspection, StoreError> {
        let options = connect_options(url, password)?;
        let mut connection =
            options.connect().await.map_err(|source| StoreError::Database { doing: "get a connection", source })?;
        let version = text(&mut connection, "SELECT current_setting('server_version')").await?;
        let version_num = text(&mut connection, "SELECT current_setting('server_version_num')").await?;
        let is_supported = version_num.parse().is_ok_and(|version_num: i64| version_num >= OLDEST_VERSION_NUM);
        let schema = schema::state(&MIGRATIONS, &mut connection).await?;
        let not_writable = obstacle(&mut connection, schema).await?;
        let _ = connection.close().await;
        Ok(Inspection {
            product: format!("PostgreSQL {version}"),
            unsupported: (!is_supported).then(|| "PostgreSQL 15 or newer is needed".to_owned()),
            schema,
            not_writable,
        })
    }
}

async fn text(connection: &mut PgConnection, query: &'static str) -> Result<String, StoreError> {
    let found = sqlx::query_scalar(query).fetch_one(connection).await;
    found.map_err(|source| StoreError::Database { doing: "tell its settings", source })
}

async fn obstacle(connection: &mut PgConnection, schema: SchemaState) -> Result<Option<String>, StoreError> {
    if text(connection, "SELECT current_setting('transaction_read_only')").await? == "on" {
        return Ok(Some("it is read-only: a standby, or default_transaction_read_only is on".to_owned()));
    }
    if schema != SchemaState::UpToDate {
        return Ok(None);
    }
    let granted = "SELECT CAST(has_table_privilege('callback_journal', 'INSERT') AS TEXT)";
    let user = text(connection, "SELECT CAST(current_user AS TEXT)").await?;
    let is_granted = text(connection, granted).await? == "true";
    Ok((!is_granted).then(|| format!("user {user} may not insert into callback_journal")))
}
