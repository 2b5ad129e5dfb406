//! Rows given to a statement: one array a column, so that a statement has one text and one plan whatever the number of rows.

use sqlx::Arguments as _;
use sqlx::error::BoxDynError;
use sqlx::postgres::PgArguments;
use sqlx::query::Query;

use super::Db;
use crate::store::StoreError;

/// The rows that a statement reads in its FROM under the name `given`. Written as position, name and type of each column; every
/// statement with it is run by [`Given`].
macro_rules! given {
    (
        $position:literal $column:literal $kind:literal
        $(, $more_position:literal $more_column:literal $more_kind:literal)* $(,)?
    ) => {
        concat!(
            "UNNEST($", $position, "::", $kind, "[]"
            $(, ", $", $more_position, "::", $more_kind, "[]")*,
            ") AS given (", $column $(, ", ", $more_column)*, ")"
        )
    };
}
pub(super) use given;

/// What a statement joins with `given`: the rows of a table, under an alias, by a condition that names a key of it. Read one after
/// the other, in the order given, by that key: the planner is left no other way, whatever its statistics say. A table that was
/// empty when the statement was planned would otherwise be read as a whole for every batch, until somebody analyzes it.
macro_rules! keyed {
    ($join:literal, $table:literal, $alias:literal, $condition:literal) => {
        concat!(
            " ",
            $join,
            " JOIN LATERAL (SELECT * FROM ",
            $table,
            " ",
            $alias,
            " WHERE ",
            $condition,
            " OFFSET 0) ",
            $alias,
            " ON TRUE"
        )
    };
}
pub(super) use keyed;

/// As [`keyed!`] with INNER, each row locked until the transaction ends, in the order given.
macro_rules! keyed_and_locked {
    ($table:literal, $alias:literal, $condition:literal) => {
        concat!(
            " INNER JOIN LATERAL (SELECT * FROM ",
            $table,
            " ",
            $alias,
            " WHERE ",
            $condition,
            " FOR UPDATE) ",
            $alias,
            " ON TRUE"
        )
    };
}
pub(super) use keyed_and_locked;

/// The FROM and WHERE of an UPDATE of locked rows by their key. They are found as in [`keyed!`] and written where they were found.
macro_rules! updated_by_key {
    ($given:expr, $table:literal, $alias:literal, $condition:literal) => {
        concat!(
            " FROM ",
            $given,
            " INNER JOIN LATERAL (SELECT ",
            $alias,
            ".ctid AS place FROM ",
            $table,
            " ",
            $alias,
            " WHERE ",
            $condition,
            " OFFSET 0) found ON TRUE WHERE ",
            $alias,
            ".ctid = found.place"
        )
    };
}
pub(super) use updated_by_key;

/// The values for `given!`, column by column, in its order.
pub(super) struct Given {
    arguments: Result<PgArguments, BoxDynError>,
}

impl Given {
    /// For as many rows as there will be values in each column.
    pub(super) fn rows(_: usize) -> Self {
        Self { arguments: Ok(PgArguments::default()) }
    }

    pub(super) fn text<'a, V: Into<Option<&'a str>>>(mut self, column: impl Iterator<Item = V>) -> Self {
        let values: Vec<Option<&str>> = column.map(Into::into).collect();
        self.arguments = self.arguments.and_then(|mut arguments| arguments.add(values).map(|()| arguments));
        self
    }

    pub(super) fn integer<V: Into<Option<i64>>>(mut self, column: impl Iterator<Item = V>) -> Self {
        let values: Vec<Option<i64>> = column.map(Into::into).collect();
        self.arguments = self.arguments.and_then(|mut arguments| arguments.add(values).map(|()| arguments));
        self
    }

    /// The statement, ready to be run.
    pub(super) fn query(self, sql: &'static str) -> Result<Query<'static, Db, PgArguments>, StoreError> {
        let arguments = self.arguments.map_err(|error| failed(sqlx::Error::Encode(error)))?;
        Ok(sqlx::query_with(sql, arguments))
    }
}

fn failed(source: sqlx::Error) -> StoreError {
    StoreError::Database { doing: "take rows", source }
}
