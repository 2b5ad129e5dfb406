//! Rows given to a statement: one JSON text of all of them, since SQLite has no arrays.

use serde_json::Value;
use sqlx::Arguments as _;
use sqlx::error::BoxDynError;
use sqlx::sqlite::SqliteArguments;

use super::statements::{Column, Given, Write};
use crate::store::StoreError;

/// The rows that a statement reads in its FROM under the name `given`. Written as position, name and type of each column; the
/// values are a [`Given`]. The types are Postgres's business: JSON brings its own.
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

/// The parameter of a statement: an array of its rows.
pub(super) fn arguments(given: &[Given<'_>]) -> Result<SqliteArguments, BoxDynError> {
    let mut arguments = SqliteArguments::default();
    for given in given {
        let mut rows = vec![Vec::with_capacity(given.columns.len()); given.rows];
        for column in &given.columns {
            match column {
                Column::Text(values) => {
                    rows.iter_mut().zip(values).for_each(|(row, text)| row.push(Value::from(*text)));
                }
                Column::OwnedText(values) => {
                    rows.iter_mut().zip(values).for_each(|(row, text)| row.push(Value::from(text.as_str())));
                }
                Column::Integer(values) => {
                    rows.iter_mut().zip(values).for_each(|(row, number)| row.push(Value::from(*number)));
                }
            }
        }
        arguments.add(serde_json::to_string(&rows)?)?;
    }
    Ok(arguments)
}

/// Runs writes one after the other: there is no way to save.
pub(super) async fn run_together(
    connection: &mut sqlx::SqliteConnection,
    writes: Vec<Write<'_>>,
) -> Result<(), StoreError> {
    for write in writes {
        write.run(connection).await?;
    }
    Ok(())
}
