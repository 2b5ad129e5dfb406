//! How far a page of a list by number looked back.

use super::{Connection, failed, rows};
use crate::store::{MAX_ROWS_LOOKED_AT, StoreError};

/// The number of the last row that a page looked at; `None` when it looked at all there are. `sql` names it `looked_to` and takes
/// the number that the page goes on after, and how many rows to skip.
pub(super) async fn looked_back_to(
    connection: &mut Connection,
    sql: &'static str,
    after: i64,
) -> Result<Option<i64>, StoreError> {
    let found = sqlx::query(sql)
        .bind(after)
        .bind(i64::from(MAX_ROWS_LOOKED_AT) - 1)
        .fetch_optional(connection)
        .await
        .map_err(failed("see how far a list looked back"))?;
    found.as_ref().map(|row| rows::integer(row, "looked_to")).transpose()
}
