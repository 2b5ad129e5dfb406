//! Rows given to a statement: one JSON text of all of them, since SQLite has no arrays.

use serde_json::Value;
use sqlx::Arguments as _;
use sqlx::query::Query;
use sqlx::sqlite::SqliteArguments;

use super::Db;
use crate::store::StoreError;

/// The rows that a statement reads in its FROM under the name `given`. Written as position, name and type of each column; every
/// statement with it is run by [`Given`]. The types are Postgres's business: JSON brings its own.
macro_rules! given {
    ($($position:literal $column:literal $kind:literal),+ $(,)?) => {
        concat!(
            "(SELECT key AS given_row",
            $(", value ->> (", $position, " - 1) AS ", $column,)+
            " FROM json_each($1)) AS given"
        )
    };
}
pub(super) use given;

/// What a statement joins with `given`: the rows of a table, under an alias, by a condition that names a key of it. CROSS and LEFT
/// keep SQLite from turning the order of the two round.
macro_rules! keyed {
    ("INNER", $table:literal, $alias:literal, $condition:literal) => {
        concat!(" CROSS JOIN ", $table, " ", $alias, " ON ", $condition)
    };
    ($join:literal, $table:literal, $alias:literal, $condition:literal) => {
        concat!(" ", $join, " JOIN ", $table, " ", $alias, " ON ", $condition)
    };
}
pub(super) use keyed;

/// As [`keyed!`] with INNER: a transaction that writes holds the one write lock from its start.
macro_rules! keyed_and_locked {
    ($table:literal, $alias:literal, $condition:literal) => {
        concat!(" CROSS JOIN ", $table, " ", $alias, " ON ", $condition)
    };
}
pub(super) use keyed_and_locked;

/// The FROM and WHERE of an UPDATE of rows by their key.
macro_rules! updated_by_key {
    ($given:expr, $table:literal, $alias:literal, $condition:literal) => {
        concat!(" FROM ", $given, " WHERE ", $condition)
    };
}
pub(super) use updated_by_key;

/// The values for `given!`, column by column, in its order.
pub(super) struct Given {
    rows: Vec<String>,
}

impl Given {
    /// For as many rows as there will be values in each column.
    pub(super) fn rows(count: usize) -> Self {
        Self { rows: vec![String::new(); count] }
    }

    pub(super) fn text<'a, V: Into<Option<&'a str>>>(mut self, column: impl Iterator<Item = V>) -> Self {
        for (row, value) in self.rows.iter_mut().zip(column) {
            push(row, value.into());
        }
        self
    }

    pub(super) fn integer<V: Into<Option<i64>>>(mut self, column: impl Iterator<Item = V>) -> Self {
        for (row, value) in self.rows.iter_mut().zip(column) {
            push(row, value.into());
        }
        self
    }

    /// The statement, ready to be run.
    pub(super) fn query(self, sql: &'static str) -> Result<Query<'static, Db, SqliteArguments>, StoreError> {
        let mut rows = self.rows.join("],[");
        rows.insert_str(0, "[[");
        rows.push_str("]]");
        let mut arguments = SqliteArguments::default();
        let added = arguments.add(rows).map_err(sqlx::Error::Encode);
        added.map_err(|source| StoreError::Database { doing: "take rows", source })?;
        Ok(sqlx::query_with(sql, arguments))
    }
}

/// One more value at a row's end.
fn push(row: &mut String, value: Option<impl Into<Value>>) {
    if !row.is_empty() {
        row.push(',');
    }
    row.push_str(&value.map_or(Value::Null, Into::into).to_string());
}
