//! What Postgres says of its tables, and the transactions of a move.

use async_trait::async_trait;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};

use super::PostgresStore;
use super::engine::MIGRATIONS;
use super::statements::{export_tables, import_tables};
use crate::store::{
    ColumnKind, MovedColumn, MovedTable, Relocation, RelocationError, RowSink, RowSource, StoreError, schema,
};

impl PostgresStore {
    /// Whatever language the database speaks.
    pub(super) const BYTE_BY_BYTE: &str = " COLLATE \"C\"";
    /// Otherwise the database numbers the rows anew.
    pub(super) const WITH_GIVEN_NUMBERS: &str = "OVERRIDING SYSTEM VALUE ";

    async fn tables(connection: &mut PgConnection) -> Result<Vec<MovedTable>, StoreError> {
        let failed = |source| StoreError::Database { doing: "list its tables", source };
        let found: Vec<(String, String, String, String)> = sqlx::query_as(
            "SELECT c.table_name::TEXT, c.column_name::TEXT, c.data_type::TEXT, c.is_identity::TEXT \
             FROM information_schema.columns c INNER JOIN information_schema.tables t \
                  ON t.table_schema = c.table_schema AND t.table_name = c.table_name \
             WHERE c.table_schema = current_schema() AND t.table_type = 'BASE TABLE' AND c.table_name <> '_sqlx_migrations' \
             ORDER BY c.table_name::TEXT COLLATE \"C\", c.column_name::TEXT COLLATE \"C\"",
        )
        .fetch_all(&mut *connection)
        .await
        .map_err(failed)?;
        let mut tables: Vec<MovedTable> = Vec::new();
        for (name, column, declared, is_identity) in found {
            if tables.last().is_none_or(|table| table.name != name) {
                tables.push(MovedTable { name, columns: Vec::new(), key: Vec::new(), numbered: None });
            }
            let Some(table) = tables.last_mut() else { continue };
            let kind = match declared.as_str() {
                "bigint" => ColumnKind::Integer,
                "text" => ColumnKind::Text,
                "bytea" => ColumnKind::Bytes,
                _ => continue,
            };
            if is_identity == "YES" {
                table.numbered = Some(column.clone());
            }
            table.columns.push(MovedColumn { name: column, kind });
        }
        for table in &mut tables {
            table.key = sqlx::query_scalar(
                "SELECT a.attname::TEXT FROM pg_index i \
                 CROSS JOIN LATERAL unnest(i.indkey::INT2[]) WITH ORDINALITY AS part (attnum, place) \
                 INNER JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = part.attnum \
                 WHERE i.indisprimary AND i.indrelid = quote_ident($1)::REGCLASS ORDER BY part.place",
            )
            .bind(&table.name)
            .fetch_all(&mut *connection)
            .await
            .map_err(failed)?;
        }
        Ok(tables)
    }

    /// The last number that a table gave to a row; 0 before the first.
    pub(super) async fn last_number(
        connection: &mut PgConnection,
        table: &str,
        column: &str,
    ) -> Result<i64, StoreError> {
        let failed = |source| StoreError::Database { doing: "read the last number of a table", source };
        let sequence: String = sqlx::query_scalar("SELECT pg_get_serial_sequence(quote_ident($1), $2)")
            .bind(table)
            .bind(column)
            .fetch_one(&mut *connection)
            .await
            .map_err(failed)?;
        // The database itself wrote the name, quoted where it has to be.
        let last = format!("SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM {sequence}");
        sqlx::query_scalar(AssertSqlSafe(last)).fetch_one(connection).await.map_err(failed)
    }

    /// Has a table go on after a number.
    pub(super) async fn set_last_number(
        connection: &mut PgConnection,
        table: &str,
        column: &str,
        last_number: i64,
    ) -> Result<(), StoreError> {
        if last_number == 0 {
            return Ok(());
        }
        sqlx::query("SELECT setval(pg_get_serial_sequence(quote_ident($1), $2), $3)")
            .bind(table)
            .bind(column)
            .bind(last_number)
            .execute(connection)
            .await
            .map_err(|source| StoreError::Database { doing: "set the last number of a table", source })?;
        Ok(())
    }

    /// A connection whose statements take as long as they take.
    async fn patient(&self) -> Result<PgConnection, StoreError> {
        let options = self.options().clone().options([("statement_timeout", "0")]);
        let connected = PgConnection::connect_with(&options).await;
        connected.map_err(|source| StoreError::Database { doing: "get a connection", source })
    }
}

#[async_trait]
impl Relocation for PostgresStore {
    fn schema_version(&self) -> i64 {
        schema::version(&MIGRATIONS)
    }

    async fn export_all(&self, into: &mut dyn RowSink) -> Result<(), RelocationError> {
        let failed = |source| StoreError::Database { doing: "begin to read", source };
        let mut connection = self.patient().await?;
        let snapshot = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
        let mut snapshot = connection.begin_with(snapshot).await.map_err(failed)?;
        let tables = Self::tables(&mut snapshot).await?;
        export_tables(&mut snapshot, &tables, into).await
    }

    async fn import_all(&self, from: &mut dyn RowSource) -> Result<(), RelocationError> {
        let failed = |source| StoreError::Database { doing: "begin a transaction", source };
        let mut connection = self.patient().await?;
        let mut transaction = connection.begin().await.map_err(failed)?;
        let tables = Self::tables(&mut transaction).await?;
        import_tables(&mut transaction, &tables, from).await?;
        let failed = |source| StoreError::Database { doing: "commit an import", source };
        transaction.commit().await.map_err(failed)?;
        Ok(())
    }
}
