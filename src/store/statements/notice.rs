//! Notices: found, added, moved.

use jiff::Timestamp;

use super::{Connection, Given, Row, Write, failed, given, keyed_and_locked, rows, updated_by_key};
use crate::domain::{Notice, NoticeKey, NoticeState, PartyName, PaymentNoticeNo};
use crate::store::{NoticeRecord, StoreError};

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

/// The notice of a key.
pub(super) async fn find(
    connection: &mut Connection,
    party: &PartyName,
    key: &NoticeKey,
) -> Result<Option<NoticeRecord>, StoreError> {
    let (number, region, department) = rows::key_columns(Some(key));
    let found = sqlx::query(
        "SELECT payment_notice_no, region_code, department_code, department_name, payment_notice_type, user_name, \
                payment_notice_create_time, payment_expire_date, fee, items, late_payment, bank_ids, state, paid_by_order, \
                version, created_at, updated_at \
         FROM notice WHERE party = $1 AND payment_notice_no = $2 AND region_code = $3 AND department_code = $4",
    )
    .bind(party.as_str())
    .bind(number)
    .bind(region)
    .bind(department)
    .fetch_optional(connection)
    .await
    .map_err(failed("find a notice"))?;
    found.as_ref().map(record).transpose()
}

pub(super) fn record(row: &Row) -> Result<NoticeRecord, StoreError> {
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
    Ok(lock_all(connection, &[(party, key)]).await?.pop().flatten())
}

/// The notices, each locked until the transaction ends, in one order everywhere so that nobody waits in a circle.
pub(super) async fn lock_all(
    connection: &mut Connection,
    keys: &[(&PartyName, &NoticeKey)],
) -> Result<Vec<Option<Notice>>, StoreError> {
    let mut notices: Vec<Option<Notice>> = vec![None; keys.len()];
    if keys.is_empty() {
        return Ok(notices);
    }
    let mut sorted: Vec<_> = (0_i64..).zip(keys).collect();
    sorted.sort_unstable_by_key(|(_, (party, key))| (*party, rows::key_columns(Some(key))));
    let given = Given::rows(sorted.len())
        .integer(sorted.iter().map(|(place, _)| *place))
        .text(sorted.iter().map(|(_, (party, _))| party.as_str()))
        .text(sorted.iter().map(|(_, (_, key))| key.payment_notice_no.as_str()))
        .text(sorted.iter().map(|(_, (_, key))| key.region_code.as_str()))
        .text(sorted.iter().map(|(_, (_, key))| key.department_code.as_str()));
    let found = given
        .query(concat!(
            "SELECT place, n.payment_notice_no, n.region_code, n.department_code, n.department_name, \
                    n.payment_notice_type, n.user_name, n.payment_notice_create_time, n.payment_expire_date, n.fee, \
                    n.items, n.late_payment, n.bank_ids, n.state, n.paid_by_order FROM ",
            given!(1 "place" "BIGINT", 2 "party" "TEXT", 3 "payment_notice_no" "TEXT", 4 "region_code" "TEXT",
                   5 "department_code" "TEXT"),
            keyed_and_locked!(
                "notice",
                "n",
                "n.party = given.party AND n.payment_notice_no = given.payment_notice_no \
                 AND n.region_code = given.region_code AND n.department_code = given.department_code"
            ),
        ))?
        .fetch_all(connection)
        .await
        .map_err(failed("lock notices"))?;
    for row in &found {
        notices[rows::place(row, keys.len())?] = Some(rows::notice(row)?);
    }
    Ok(notices)
}

/// A notice that was made from an order's details, on its way into the book.
pub(super) struct NewNotice<'a> {
    pub(super) party: &'a PartyName,
    pub(super) notice: &'a Notice,
    pub(super) at: Timestamp,
}

pub(super) async fn add_from_order(
    connection: &mut Connection,
    party: &PartyName,
    notice: &Notice,
    at: Timestamp,
) -> Result<(), StoreError> {
    add_all(connection, &mut [NewNotice { party, notice, at }]).await
}

/// Adds notices that were made from orders' details. Somebody else's at the same moment is a conflict, and the transaction is run
/// again.
pub(super) async fn add_all(connection: &mut Connection, added: &mut [NewNotice<'_>]) -> Result<(), StoreError> {
    if added.is_empty() {
        return Ok(());
    }
    added.sort_unstable_by_key(|new| (new.party, rows::key_columns(Some(&new.notice.key))));
    let notices = || added.iter().map(|new| new.notice);
    let mut items = Vec::with_capacity(added.len());
    for notice in notices() {
        items.push(rows::items_to_json(&notice.items)?);
    }
    let given = Given::rows(added.len())
        .text(added.iter().map(|new| new.party.as_str()))
        .text(notices().map(|notice| notice.key.payment_notice_no.as_str()))
        .text(notices().map(|notice| notice.key.region_code.as_str()))
        .text(notices().map(|notice| notice.key.department_code.as_str()))
        .text(notices().map(|notice| notice.department_name.as_str()))
        .integer(notices().map(|notice| notice.payment_notice_type.code()))
        .integer(notices().map(|notice| notice.fee.get()))
        .owned_text(items)
        .text(notices().map(|notice| rows::late_payment_name(notice.late_payment)))
        .integer(added.iter().map(|new| new.at.as_millisecond()));
    given.query(
        concat!(
            "INSERT INTO notice (party, payment_notice_no, region_code, department_code, department_name, \
                    payment_notice_type, fee, items, late_payment, bank_ids, state, origin, version, created_at, updated_at) \
             SELECT party, payment_notice_no, region_code, department_code, department_name, payment_notice_type, fee, \
                    items, late_payment, '[]', 'unpaid', 'order', 1, at, at FROM ",
            given!(1 "party" "TEXT", 2 "payment_notice_no" "TEXT", 3 "region_code" "TEXT", 4 "department_code" "TEXT",
                   5 "department_name" "TEXT", 6 "payment_notice_type" "BIGINT", 7 "fee" "BIGINT", 8 "items" "TEXT",
                   9 "late_payment" "TEXT", 10 "at" "BIGINT"),
        ),
    )?
    .execute(connection)
    .await
    .map_err(failed("add notices from orders"))?;
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

/// A notice on its way from the state that it was read in to another.
pub(super) struct NoticeMove<'a> {
    pub(super) party: &'a PartyName,
    pub(super) key: &'a NoticeKey,
    pub(super) from: &'a NoticeState,
    pub(super) to: &'a NoticeState,
    pub(super) at: Timestamp,
}

pub(super) async fn set_state(
    connection: &mut Connection,
    party: &PartyName,
    key: &NoticeKey,
    (from, to): (&NoticeState, &NoticeState),
    at: Timestamp,
) -> Result<(), StoreError> {
    moving(&[NoticeMove { party, key, from, to, at }]).run(connection).await
}

/// Writes the notices' new states over those that they were read in.
pub(super) fn moving<'a>(moves: &[NoticeMove<'a>]) -> Write<'a> {
    let given = Given::rows(moves.len())
        .text(moves.iter().map(|step| step.party.as_str()))
        .text(moves.iter().map(|step| step.key.payment_notice_no.as_str()))
        .text(moves.iter().map(|step| step.key.region_code.as_str()))
        .text(moves.iter().map(|step| step.key.department_code.as_str()))
        .text(moves.iter().map(|step| step.from.name()))
        .text(moves.iter().map(|step| step.to.name()))
        .text(moves.iter().map(|step| rows::paid_by_order(step.to)))
        .integer(moves.iter().map(|step| step.at.as_millisecond()));
    Write {
        doing: "move notices",
        sql: concat!(
            "UPDATE notice AS n SET state = given.to_state, paid_by_order = given.paid_by, version = n.version + 1, \
                    updated_at = given.at",
            updated_by_key!(
                given!(1 "party" "TEXT", 2 "payment_notice_no" "TEXT", 3 "region_code" "TEXT",
                       4 "department_code" "TEXT", 5 "from_state" "TEXT", 6 "to_state" "TEXT", 7 "paid_by" "TEXT",
                       8 "at" "BIGINT"),
                "notice",
                "n",
                "n.party = given.party AND n.payment_notice_no = given.payment_notice_no \
                 AND n.region_code = given.region_code AND n.department_code = given.department_code \
                 AND n.state = given.from_state"
            ),
        ),
        given,
        each: Some("notice.state"),
    }
}
