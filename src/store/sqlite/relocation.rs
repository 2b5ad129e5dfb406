//! What SQLite says of its tables, and the transactions of a move.

use async_trait::async_trait;
use sqlx::{Row as _, SqliteConnection};

use super::SqliteStore;
use super::engine::MIGRATIONS;
use super::statements::{export_tables, import_tables};
use crate::store::{
    ColumnKind, MovedColumn, MovedTable, Relocation, RelocationError, RowSink, RowSource, StoreError, schema,
};

impl SqliteStore {
    /// Text is compared byte by byte anyway.
    pub(super) const BYTE_BY_BYTE: &str = "";
    /// Numbers that are given are taken.
    pub(super) const WITH_GIVEN_NUMBERS: &str = "";

    async fn tables(connection: &mut SqliteConnection) -> Result<Vec<MovedTable>, StoreError> {
        let failed = |source| StoreError::Database { doing: "list its tables", source };
        let found: Vec<(String, String)> = sqlx::query_as(
            "SELECT name, sql FROM sqlite_schema \
             WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND name <> '_sqlx_migrations' ORDER BY name",
        )
        .fetch_all(&mut *connection)
        .await
        .map_err(failed)?;
        let mut tables = Vec::with_capacity(found.len());
        for (name, sql) in found {
            let rows = sqlx::query("SELECT name, type, pk FROM pragma_table_info($1) ORDER BY name")
                .bind(&name)
                .fetch_all(&mut *connection)
                .await
                .map_err(failed)?;
            let (mut columns, mut key) = (Vec::new(), Vec::new());
            for row in rows {
                let (column, declared): (String, String) = (row.get("name"), row.get("type"));
                let kind = match declared.as_str() {
                    "INTEGER" => ColumnKind::Integer,
                    "TEXT" => ColumnKind::Text,
                    "BLOB" => ColumnKind::Bytes,
                    _ => continue,
                };
                if let place @ 1.. = row.get::<i64, _>("pk") {
                    key.push((place, column.clone()));
                }
                columns.push(MovedColumn { name: column, kind });
            }
            key.sort_unstable();
            let key: Vec<_> = key.into_iter().map(|(_, column)| column).collect();
            let numbered = if sql.contains("AUTOINCREMENT") { key.first().cloned() } else { None };
            tables.push(MovedTable { name, columns, key, numbered });
        }
        Ok(tables)
    }

    /// The last number that a table gave to a row; 0 before the first.
    pub(super) async fn last_number(
        connection: &mut SqliteConnection,
        table: &str,
        _column: &str,
    ) -> Result<i64, StoreError> {
        let last = sqlx::query_scalar("SELECT seq FROM sqlite_sequence WHERE name = $1").bind(table);
        let last = last.fetch_optional(connection).await;
        Ok(last
            .map_err(|source| StoreError::Database { doing: "read the last number of a table", source })?
            .unwrap_or(0))
    }

    /// Has a table go on after a number.
    pub(super) async fn set_last_number(
        connection: &mut SqliteConnection,
        table: &str,
        _column: &str,
        last_number: i64,
    ) -> Result<(), StoreError> {
        let failed = |source| StoreError::Database { doing: "set the last number of a table", source };
        let forget = sqlx::query("DELETE FROM sqlite_sequence WHERE name = $1").bind(table);
        forget.execute(&mut *connection).await.map_err(failed)?;
        let set = sqlx::query("INSERT INTO sqlite_sequence (name, seq) VALUES ($1, $2)").bind(table).bind(last_number);
        set.execute(connection).await.map_err(failed)?;
        Ok(())
    }
}

#[async_trait]
impl Relocation for SqliteStore {
    fn schema_version(&self) -> i64 {
        schema::version(&MIGRATIONS)
    }

    async fn export_all(&self, into: &mut dyn RowSink) -> Result<(), RelocationError> {
        let failed = |source| StoreError::Database { doing: "begin to read", source };
        let mut snapshot = self.pools().reading().begin().await.map_err(failed)?;
        let tables = Self::tables(&mut snapshot).await?;
        export_tables(&mut snapshot, &tables, into).await
    }

    async fn import_all(&self, from: &mut dyn RowSource) -> Result<(), RelocationError> {
        let mut transaction = self.begin().await?;
        let tables = Self::tables(&mut transaction).await?;
        import_tables(&mut transaction, &tables, from).await?;
        let failed = |source| StoreError::Database { doing: "commit an import", source };
        transaction.commit().await.map_err(failed)?;
        Ok(())
    }
}
