//! Rows given to a statement, column by column in the order of its `given!`, and statements that write them.

use super::{Connection, Db, arguments, failed, rows};
use crate::store::StoreError;

/// Rows for `given!`.
pub(in crate::store) struct Given<'a> {
    /// How many.
    pub(in crate::store) rows: usize,
    pub(in crate::store) columns: Vec<Column<'a>>,
}

/// One column of them.
pub(in crate::store) enum Column<'a> {
    Text(Vec<Option<&'a str>>),
    OwnedText(Vec<String>),
    Integer(Vec<Option<i64>>),
}

impl<'a> Given<'a> {
    /// For as many rows as there will be values in each column.
    pub(super) const fn rows(rows: usize) -> Self {
        Self { rows, columns: Vec::new() }
    }

    pub(super) fn text<V: Into<Option<&'a str>>>(mut self, column: impl Iterator<Item = V>) -> Self {
        self.columns.push(Column::Text(column.map(Into::into).collect()));
        self
    }

    /// A column of texts that nobody else keeps.
    pub(super) fn owned_text(mut self, column: Vec<String>) -> Self {
        self.columns.push(Column::OwnedText(column));
        self
    }

    pub(super) fn integer<V: Into<Option<i64>>>(mut self, column: impl Iterator<Item = V>) -> Self {
        self.columns.push(Column::Integer(column.map(Into::into).collect()));
        self
    }

    /// A statement of its own, ready to be run.
    pub(super) fn query(
        self,
        sql: &'static str,
    ) -> Result<sqlx::query::Query<'static, Db, <Db as sqlx::Database>::Arguments>, StoreError> {
        let arguments = arguments(&[self]).map_err(|error| failed("take rows")(sqlx::Error::Encode(error)))?;
        Ok(sqlx::query_with(sql, arguments))
    }
}

/// A statement that writes rows.
pub(in crate::store) struct Write<'a> {
    /// What it does, for the error.
    pub(in crate::store) doing: &'static str,
    pub(in crate::store) sql: &'static str,
    pub(in crate::store) given: Given<'a>,
    /// The column to name when a row that was given was not written, where that is a fault.
    pub(in crate::store) each: Option<&'static str>,
}

impl Write<'_> {
    /// Runs it alone; nothing when there are no rows.
    pub(in crate::store) async fn run(self, connection: &mut Connection) -> Result<(), StoreError> {
        let Self { doing, sql, given, each } = self;
        let rows = given.rows;
        if rows == 0 {
            return Ok(());
        }
        let written = given.query(sql)?.execute(connection).await.map_err(failed(doing))?;
        Self::check(each, rows, written.rows_affected())
    }

    /// Fails when not each row was written, where that is a fault.
    pub(in crate::store) fn check(each: Option<&'static str>, rows: usize, written: u64) -> Result<(), StoreError> {
        each.map_or(Ok(()), |column| rows::all_written(written, rows, column))
    }
}
