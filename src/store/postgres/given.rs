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
