//! Rows given to a statement: one array a column, so that a statement has one text and one plan whatever the number of rows.

use sqlx::error::BoxDynError;
use sqlx::postgres::PgArguments;
use sqlx::{Arguments as _, AssertSqlSafe, Row as _};

use super::statements::{Column, Given, Write};
use crate::store::StoreError;

/// The rows that a statement reads in its FROM under the name `given`. Written as position, name and type of each column; the
/// values are a [`Given`].
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
            ".ctid AS at FROM ",
            $table,
            " ",
            $alias,
            " WHERE ",
            $condition,
            " OFFSET 0) found ON TRUE WHERE ",
            $alias,
            ".ctid = found.at"
        )
    };
}
pub(super) use updated_by_key;

/// The parameters of one or several statements, an array a column.
pub(super) fn arguments(given: &[Given<'_>]) -> Result<PgArguments, BoxDynError> {
    let mut arguments = PgArguments::default();
    for column in given.iter().flat_map(|given| &given.columns) {
        match column {
            Column::Text(values) => arguments.add(values)?,
            Column::OwnedText(values) => arguments.add(values)?,
            Column::Integer(values) => arguments.add(values)?,
        }
    }
    Ok(arguments)
}

/// Runs writes that do not touch each other's rows as one statement: one way there and back, whatever their number.
pub(super) async fn run_together(
    connection: &mut sqlx::PgConnection,
    writes: Vec<Write<'_>>,
) -> Result<(), StoreError> {
    let writes: Vec<_> = writes.into_iter().filter(|write| write.given.rows > 0).collect();
    let (mut parts, mut counts, mut taken) = (Vec::new(), vec!["1".to_owned()], 0);
    for (place, write) in writes.iter().enumerate() {
        let returning = if write.each.is_some() { " RETURNING 1" } else { "" };
        parts.push(format!("w{place} AS ({}{returning})", renumbered(write.sql, taken)));
        if write.each.is_some() {
            counts.push(format!("(SELECT COUNT(*) FROM w{place})"));
        }
        taken += write.given.columns.len();
    }
    if parts.is_empty() {
        return Ok(());
    }
    let sql = format!("WITH {} SELECT {}", parts.join(", "), counts.join(", "));
    let failed = |source| StoreError::Database { doing: "write what notifications change", source };
    let (given, expected): (Vec<_>, Vec<_>) = writes.into_iter().map(|Write { given, each, .. }| (given, each)).unzip();
    let arguments = arguments(&given).map_err(|error| failed(sqlx::Error::Encode(error)))?;
    // The text is put together from texts of this program; all values are parameters.
    let query = sqlx::query_with(AssertSqlSafe(sql), arguments);
    let row = query.fetch_one(connection).await.map_err(failed)?;
    let counted = given.iter().zip(expected).filter_map(|(given, each)| each.map(|column| (given.rows, column)));
    for (place, (rows, column)) in (1..).zip(counted) {
        let written: i64 = row.try_get(place).map_err(failed)?;
        Write::check(Some(column), rows, written.unsigned_abs())?;
    }
    Ok(())
}

/// A statement's text with each `$1` counted on from `taken`.
fn renumbered(sql: &str, taken: usize) -> String {
    let mut pieces = sql.split('$');
    let mut text = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let digits = piece.len() - piece.trim_start_matches(|digit: char| digit.is_ascii_digit()).len();
        let number: usize = piece[..digits].parse().unwrap_or_default();
        text.push('$');
        text.push_str(&(number + taken).to_string());
        text.push_str(&piece[digits..]);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_counted_on() {
        assert_eq!(renumbered("a $1 b $12::TEXT[] c", 9), "a $10 b $21::TEXT[] c");
        assert_eq!(renumbered("nothing", 9), "nothing");
    }
}
