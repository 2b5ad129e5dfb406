//! Notices: found, added, moved.

use jiff::Timestamp;
use sqlx::Row as _;

use super::{Connection, Row, failed, rows, suspension};
use crate::domain::{Found, Notice, NoticeKey, NoticeState, PartyName, PaymentNoticeNo, ReceivablesFacts, Suspensions};
use crate::store::{NoticeRecord, ReceivablesLookup, StoreError};

/// One statement finds the notice and says whether anything is suspended; only then the suspensions are read.
pub(super) async fn look_up(
    connection: &mut Connection,
    lookup: &ReceivablesLookup,
) -> Result<ReceivablesFacts, StoreError> {
    let department_code = lookup.department_code.as_ref().map_or("", |code| code.as_str());
    let found = sqlx::query(
        "SELECT payment_notice_no, region_code, department_code, department_name, payment_notice_type, user_name, \
                payment_notice_create_time, payment_expire_date, fee, items, late_payment, bank_ids, state, paid_by_order, \
                EXISTS (SELECT 1 FROM suspension s WHERE s.party = $1) AS anything_suspended \
         FROM notice \
         WHERE party = $1 AND payment_notice_no = $2 AND region_code = $3 AND ($4 = '' OR department_code = $4) \
         LIMIT 2",
    )
    .bind(lookup.party.as_str())
    .bind(lookup.payment_notice_no.as_str())
    .bind(lookup.region_code.as_str())
    .bind(department_code)
    .fetch_all(&mut *connection)
    .await
    .map_err(failed("look up a notice"))?;

    let nothing_suspended = match found.first() {
        Some(row) => !row.try_get::<bool, _>("anything_suspended").map_err(failed("read a column"))?,
        None => false,
    };
    let suspensions = if nothing_suspended {
        Suspensions::default()
    } else {
        suspension::in_force(connection, &lookup.party).await?
    };
    let found = match found.as_slice() {
        [] => Found::None,
        [row] => Found::One(Box::new(rows::notice(row)?)),
        _ => Found::Several,
    };
    Ok(ReceivablesFacts { found, suspensions })
}

pub(super) async fn find_by_number(
    connection: &mut Connection,
    party: &PartyName,
    payment_notice_no: &PaymentNoticeNo,
) -> Result<Vec<NoticeRecord>, StoreError> {
    let found = sqlx::query(
        "SELECT payment_notice_no, region_code, department_code, department_name, payment_notice_type, user_name, \
                payment_notice_create_time, payment_expire_date, fee, items, late_payment, bank_ids, state, paid_by_order, \
                version, created_at, updated_at \
         FROM notice WHERE party = $1 AND payment_notice_no = $2 \
         ORDER BY region_code, department_code",
    )
    .bind(party.as_str())
    .bind(payment_notice_no.as_str())
    .fetch_all(connection)
    .await
    .map_err(failed("find a notice by its number"))?;
    found.iter().map(record).collect()
}

fn record(row: &Row) -> Result<NoticeRecord, StoreError> {
    Ok(NoticeRecord {
        notice: rows::notice(row)?,
        version: rows::integer(row, "version")?,
        created_at: rows::instant(row, "created_at")?,
        updated_at: rows::instant(row, "updated_at")?,
    })
}

/// The notice, locked until the transaction ends.
pub(super) async fn lock(
    connection: &mut Connection,
    party: &PartyName,
    key: &NoticeKey,
) -> Result<Option<Notice>, StoreError> {
    let (number, region, department) = rows::key_columns(Some(key));
    let found = sqlx::query(locked!(
        "SELECT payment_notice_no, region_code, department_code, department_name, payment_notice_type, user_name, \
                payment_notice_create_time, payment_expire_date, fee, items, late_payment, bank_ids, state, paid_by_order \
         FROM notice WHERE party = $1 AND payment_notice_no = $2 AND region_code = $3 AND department_code = $4"
    ))
    .bind(party.as_str())
    .bind(number)
    .bind(region)
    .bind(department)
    .fetch_optional(connection)
    .await
    .map_err(failed("lock a notice"))?;
    found.as_ref().map(rows::notice).transpose()
}

/// Adds a notice that was made from an order's details. Somebody else's at the same moment is a conflict, which is retried.
pub(super) async fn add_from_order(
    connection: &mut Connection,
    party: &PartyName,
    notice: &Notice,
    at: Timestamp,
) -> Result<(), StoreError> {
    let (number, region, department) = rows::key_columns(Some(&notice.key));
    sqlx::query(
        "INSERT INTO notice (party, payment_notice_no, region_code, department_code, department_name, \
                payment_notice_type, fee, items, late_payment, bank_ids, state, origin, version, created_at, updated_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, '[]', 'unpaid', 'order', 1, $10, $10)",
    )
    .bind(party.as_str())
    .bind(number)
    .bind(region)
    .bind(department)
    .bind(notice.department_name.as_str())
    .bind(notice.payment_notice_type.code())
    .bind(notice.fee.get())
    .bind(rows::items_to_json(&notice.items)?)
    .bind(rows::late_payment_name(notice.late_payment))
    .bind(at.as_millisecond())
    .execute(connection)
    .await
    .map_err(failed("add a notice from an order"))?;
    Ok(())
}

/// Brings the amount of an unpaid notice that an order brought up to that of its latest order. One that an import brought stays.
pub(super) async fn follow_order(
    connection: &mut Connection,
    party: &PartyName,
    notice: &Notice,
    at: Timestamp,
) -> Result<(), StoreError> {
    let (number, region, department) = rows::key_columns(Some(&notice.key));
    sqlx::query(
        "UPDATE notice SET fee = $1, items = $2, version = version + 1, updated_at = $3 \
         WHERE party = $4 AND payment_notice_no = $5 AND region_code = $6 AND department_code = $7 \
           AND origin = 'order' AND state = 'unpaid'",
    )
    .bind(notice.fee.get())
    .bind(rows::items_to_json(&notice.items)?)
    .bind(at.as_millisecond())
    .bind(party.as_str())
    .bind(number)
    .bind(region)
    .bind(department)
    .execute(connection)
    .await
    .map_err(failed("bring a notice up to its latest order"))?;
    Ok(())
}

/// Writes a notice's new state over the one that it was read in.
pub(super) async fn set_state(
    connection: &mut Connection,
    party: &PartyName,
    key: &NoticeKey,
    (from, to): (&NoticeState, &NoticeState),
    at: Timestamp,
) -> Result<(), StoreError> {
    let (number, region, department) = rows::key_columns(Some(key));
    let changed = sqlx::query(
        "UPDATE notice SET state = $1, paid_by_order = $2, version = version + 1, updated_at = $3 \
         WHERE party = $4 AND payment_notice_no = $5 AND region_code = $6 AND department_code = $7 AND state = $8",
    )
    .bind(to.name())
    .bind(rows::paid_by_order(to))
    .bind(at.as_millisecond())
    .bind(party.as_str())
    .bind(number)
    .bind(region)
    .bind(department)
    .bind(from.name())
    .execute(connection)
    .await
    .map_err(failed("move a notice"))?;
    if changed.rows_affected() == 1 {
        Ok(())
    } else {
        Err(rows::impossible("notice.state", format!("no longer {} while it was locked", from.name())))
    }
}
