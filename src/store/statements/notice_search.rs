//! Notices looked for, page by page along their key.

use async_trait::async_trait;
use jiff::Timestamp;

use super::{Connection, Engine, failed, notice, rows};
use crate::domain::{NoticeKey, PartyName};
use crate::store::{MAX_ROWS_LOOKED_AT, NoticeRecord, NoticeSearch, NoticeSelection, Page, Paged, StoreError};

#[async_trait]
impl NoticeSearch for Engine {
    async fn find_notice(&self, party: PartyName, key: NoticeKey) -> Result<Option<NoticeRecord>, StoreError> {
        notice::find(&mut *self.reader().await?, &party, &key).await
    }

    async fn search_notices(
        &self,
        party: PartyName,
        selection: NoticeSelection,
        page: Page<NoticeKey>,
    ) -> Result<Paged<NoticeRecord, NoticeKey>, StoreError> {
        let mut reader = self.reader().await?;
        let key = |record: &NoticeRecord| record.notice.key.clone();
        if let Some(number) = &selection.payment_notice_no {
            // A number has few notices, and an index.
            let mut found = notice::find_by_number(&mut reader, &party, number).await?;
            found.retain(|record| {
                fits(record, &selection) && page.after.as_ref().is_none_or(|after| follows(record, after))
            });
            return Ok(page.of(found, key));
        }
        let found = search(&mut reader, &party, &selection, &page).await?;
        let mut paged = page.of(found, key);
        if paged.next.is_none() {
            paged.next = looked_to(&mut reader, &party, page.after.as_ref()).await?;
        }
        Ok(paged)
    }
}

fn follows(record: &NoticeRecord, after: &NoticeKey) -> bool {
    rows::key_columns(Some(&record.notice.key)) > rows::key_columns(Some(after))
}

/// Whether a notice of the number fits what else is asked for: as the statement below has it.
fn fits(record: &NoticeRecord, selection: &NoticeSelection) -> bool {
    let notice = &record.notice;
    let (expires, made_out) = (notice.payment_expire_date, notice.payment_notice_create_time);
    selection.department_code.as_ref().is_none_or(|code| *code == notice.key.department_code)
        && selection.state.as_ref().is_none_or(|state| state == notice.state.name())
        && selection.expires_from.is_none_or(|from| expires.is_some_and(|day| day >= from))
        && selection.expires_until.is_none_or(|until| expires.is_some_and(|day| day <= until))
        && selection.made_out_from.is_none_or(|from| made_out.is_some_and(|at| at >= from))
        && selection.made_out_before.is_none_or(|before| made_out.is_some_and(|at| at < before))
}

async fn search(
    connection: &mut Connection,
    party: &PartyName,
    selection: &NoticeSelection,
    page: &Page<NoticeKey>,
) -> Result<Vec<NoticeRecord>, StoreError> {
    let (number, region, department) = rows::key_columns(page.after.as_ref());
    let day = |date: Option<crate::domain::ChinaDate>| date.map(|date| date.to_string()).unwrap_or_default();
    let found = sqlx::query(
        "SELECT payment_notice_no, region_code, department_code, department_name, payment_notice_type, user_name, \
                payment_notice_create_time, payment_expire_date, fee, items, late_payment, bank_ids, state, paid_by_order, \
                version, created_at, updated_at \
         FROM (SELECT payment_notice_no, region_code, department_code, department_name, payment_notice_type, user_name, \
                      payment_notice_create_time, payment_expire_date, fee, items, late_payment, bank_ids, state, \
                      paid_by_order, version, created_at, updated_at \
               FROM notice \
               WHERE party = $1 AND (payment_notice_no, region_code, department_code) > ($2, $3, $4) \
               ORDER BY payment_notice_no, region_code, department_code LIMIT $5) AS looked_at \
         WHERE ($6 = '' OR department_code = $6) AND ($7 = '' OR state = $7) \
           AND ($8 = '' OR payment_expire_date >= $8) AND ($9 = '' OR payment_expire_date <= $9) \
           AND (CAST($10 AS BIGINT) < 0 OR payment_notice_create_time >= $10) \
           AND (CAST($11 AS BIGINT) < 0 OR payment_notice_create_time < $11) \
         ORDER BY payment_notice_no, region_code, department_code LIMIT $12",
    )
    .bind(party.as_str())
    .bind(number)
    .bind(region)
    .bind(department)
    .bind(i64::from(MAX_ROWS_LOOKED_AT))
    .bind(selection.department_code.as_ref().map_or("", |code| code.as_str()))
    .bind(selection.state.as_deref().unwrap_or_default())
    .bind(day(selection.expires_from))
    .bind(day(selection.expires_until))
    .bind(selection.made_out_from.map_or(-1, Timestamp::as_second))
    .bind(selection.made_out_before.map_or(-1, Timestamp::as_second))
    .bind(page.one_more())
    .fetch_all(connection)
    .await
    .map_err(failed("search notices"))?;
    found.iter().map(notice::record).collect()
}

/// The key of the last notice that a page looked at; `None` when it looked at all there are.
async fn looked_to(
    connection: &mut Connection,
    party: &PartyName,
    after: Option<&NoticeKey>,
) -> Result<Option<NoticeKey>, StoreError> {
    let (number, region, department) = rows::key_columns(after);
    let found = sqlx::query(
        "SELECT payment_notice_no, region_code, department_code FROM notice \
         WHERE party = $1 AND (payment_notice_no, region_code, department_code) > ($2, $3, $4) \
         ORDER BY payment_notice_no, region_code, department_code LIMIT 1 OFFSET $5",
    )
    .bind(party.as_str())
    .bind(number)
    .bind(region)
    .bind(department)
    .bind(i64::from(MAX_ROWS_LOOKED_AT) - 1)
    .fetch_optional(connection)
    .await
    .map_err(failed("see how far a search looked"))?;
    Ok(found.as_ref().map(rows::optional_notice_key).transpose()?.flatten())
}
