//! All rows of all tables, out and in.

use std::collections::HashSet;

use futures_util::TryStreamExt as _;
use sqlx::{AssertSqlSafe, QueryBuilder, Row as _};

use super::{Connection, Db, Engine, Row, failed, rows};
use crate::store::{
    Cell, ColumnKind, MovedColumn, MovedPiece, MovedTable, RelocationError, RowSink, RowSource, StoreError,
};

/// The most values of one statement: SQLite takes 32,766.
const MAX_VALUES: usize = 16_000;

/// The most bytes of text and bytes of one statement, so that a table of large rows is written a few rows at a time.
const MAX_STATEMENT_BYTES: usize = 4 << 20;

/// Tables that a migration gives rows, and that change only with those of other tables.
const FILLED_BY_MIGRATIONS: [&str; 1] = ["event_sequencer"];

/// Reads everything that one snapshot shows.
pub(in crate::store) async fn export_tables(
    connection: &mut Connection,
    tables: &[MovedTable],
    into: &mut dyn RowSink,
) -> Result<(), RelocationError> {
    for table in tables {
        let last_number = match &table.numbered {
            Some(column) => Some(Engine::last_number(connection, &table.name, column).await?),
            None => None,
        };
        into.begin_table(table, last_number)?;
        let mut rows = sqlx::query(AssertSqlSafe(select(table))).fetch(&mut *connection);
        while let Some(row) = rows.try_next().await.map_err(failed("read a table to be exported"))? {
            into.row(&cells(&row, table)?)?;
        }
        drop(rows);
        into.end_table()?;
    }
    Ok(())
}

/// Writes everything that is given, and reads it back.
pub(in crate::store) async fn import_tables(
    connection: &mut Connection,
    tables: &[MovedTable],
    from: &mut dyn RowSource,
) -> Result<(), RelocationError> {
    for table in FILLED_BY_MIGRATIONS {
        let sql = format!("DELETE FROM {}", quoted(table));
        sqlx::query(AssertSqlSafe(sql)).execute(&mut *connection).await.map_err(failed("empty a table"))?;
    }
    for table in tables {
        let sql = format!("SELECT 1 FROM {} LIMIT 1", quoted(&table.name));
        let found = sqlx::query(AssertSqlSafe(sql)).fetch_optional(&mut *connection).await;
        if found.map_err(failed("look whether a table is empty"))?.is_some() {
            return Err(RelocationError::NotEmpty(table.name.clone()));
        }
    }
    let mut taken = HashSet::new();
    loop {
        match from.next_piece()? {
            MovedPiece::Table { name, columns, last_number } => {
                let table = table_of(tables, &name, &columns)?;
                if !taken.insert(name.clone()) {
                    return Err(RelocationError::OtherTable { table: name, problem: "comes twice".to_owned() });
                }
                fill(connection, table, from).await?;
                if let (Some(column), Some(last_number)) = (&table.numbered, last_number) {
                    Engine::set_last_number(connection, &table.name, column, last_number).await?;
                }
            }
            MovedPiece::End => break,
            MovedPiece::Row(_) | MovedPiece::EndOfTable => {
                let problem = "has not begun, and a row or its end came".to_owned();
                return Err(RelocationError::OtherTable { table: String::new(), problem });
            }
        }
    }
    if let Some(missing) = tables.iter().find(|table| !taken.contains(&table.name)) {
        let (table, problem) = (missing.name.clone(), "is of this database and not of the export".to_owned());
        return Err(RelocationError::OtherTable { table, problem });
    }
    export_tables(connection, tables, from.check()).await
}

/// The table of a name, which must have these columns.
fn table_of<'a>(
    tables: &'a [MovedTable],
    name: &str,
    columns: &[MovedColumn],
) -> Result<&'a MovedTable, RelocationError> {
    let other = |problem: String| RelocationError::OtherTable { table: name.to_owned(), problem };
    let table = tables.iter().find(|table| table.name == name);
    let table = table.ok_or_else(|| other("is of the export and not of this database".to_owned()))?;
    if table.columns == columns {
        return Ok(table);
    }
    let differs = |one: &[MovedColumn], other: &[MovedColumn]| {
        one.iter().find(|column| !other.contains(column)).map(|column| column.name.clone())
    };
    let column = differs(columns, &table.columns).or_else(|| differs(&table.columns, columns)).unwrap_or_default();
    Err(other(format!("has another column {column} in the export than in this database")))
}

/// Writes the rows of one table, up to its end.
async fn fill(
    connection: &mut Connection,
    table: &MovedTable,
    from: &mut dyn RowSource,
) -> Result<(), RelocationError> {
    let most_rows = (MAX_VALUES / table.columns.len().max(1)).max(1);
    let (mut rows, mut bytes) = (Vec::new(), 0);
    loop {
        let piece = from.next_piece()?;
        let is_row = matches!(piece, MovedPiece::Row(_));
        if let MovedPiece::Row(cells) = piece {
            bytes += cells.iter().map(size_of).sum::<usize>();
            rows.push(cells);
        }
        if rows.len() >= most_rows || bytes >= MAX_STATEMENT_BYTES || (!is_row && !rows.is_empty()) {
            insert(connection, table, std::mem::take(&mut rows)).await?;
            bytes = 0;
        }
        if !is_row {
            return Ok(());
        }
    }
}

const fn size_of(cell: &Cell) -> usize {
    match cell {
        Cell::Absent | Cell::Integer(_) => 8,
        Cell::Text(text) => text.len(),
        Cell::Bytes(bytes) => bytes.len(),
    }
}

async fn insert(connection: &mut Connection, table: &MovedTable, given: Vec<Vec<Cell>>) -> Result<(), StoreError> {
    let count = given.len() as u64;
    let sql = format!("INSERT INTO {} ({}) {}", quoted(&table.name), column_list(table), Engine::WITH_GIVEN_NUMBERS);
    let mut query = QueryBuilder::<Db>::new(sql);
    query.push_values(given, |mut row, cells| {
        for (cell, column) in cells.into_iter().zip(&table.columns) {
            match (cell, column.kind) {
                (Cell::Integer(number), _) => row.push_bind(number),
                (Cell::Text(text), _) => row.push_bind(text),
                (Cell::Bytes(bytes), _) => row.push_bind(bytes),
                (Cell::Absent, ColumnKind::Integer) => row.push_bind(None::<i64>),
                (Cell::Absent, ColumnKind::Text) => row.push_bind(None::<String>),
                (Cell::Absent, ColumnKind::Bytes) => row.push_bind(None::<Vec<u8>>),
            };
        }
    });
    let written = query.build().persistent(false).execute(connection).await.map_err(failed("write imported rows"))?;
    if written.rows_affected() == count {
        return Ok(());
    }
    Err(rows::impossible("rows that were imported", written.rows_affected()))
}

fn cells(row: &Row, table: &MovedTable) -> Result<Vec<Cell>, StoreError> {
    let cell = |(place, column): (usize, &MovedColumn)| {
        let cell = match column.kind {
            ColumnKind::Integer => row.try_get::<Option<i64>, _>(place).map(|cell| cell.map(Cell::Integer)),
            ColumnKind::Text => row.try_get::<Option<String>, _>(place).map(|cell| cell.map(Cell::Text)),
            ColumnKind::Bytes => row.try_get::<Option<Vec<u8>>, _>(place).map(|cell| cell.map(Cell::Bytes)),
        };
        cell.map(|cell| cell.unwrap_or(Cell::Absent)).map_err(failed("read a row to be exported"))
    };
    table.columns.iter().enumerate().map(cell).collect()
}

fn select(table: &MovedTable) -> String {
    let is_text =
        |name: &String| table.columns.iter().any(|column| column.name == *name && column.kind == ColumnKind::Text);
    let order = |name: &String| format!("{}{}", quoted(name), if is_text(name) { Engine::BYTE_BY_BYTE } else { "" });
    let order: Vec<_> = table.key.iter().map(order).collect();
    format!("SELECT {} FROM {} ORDER BY {}", column_list(table), quoted(&table.name), order.join(", "))
}

fn column_list(table: &MovedTable) -> String {
    table.columns.iter().map(|column| quoted(&column.name)).collect::<Vec<_>>().join(", ")
}

/// A name of the schema as SQL takes it, whatever is in it.
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
