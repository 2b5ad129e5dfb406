//! A batch of imported notices: one statement reads what is held, one writes, whatever the size of the batch.

use std::collections::HashMap;

use jiff::Timestamp;
use sqlx::{QueryBuilder, Transaction};

use super::journal::{self, StateRow};
use super::{Connection, Db, failed, rows};
use crate::domain::{Fen, Notice, NoticeKey, NoticeState, PartyName};
use crate::store::{ImportOutcome, NoticeDraft, StoreError};

pub(super) async fn import(
    mut transaction: Transaction<'static, Db>,
    party: &PartyName,
    drafts: &[NoticeDraft],
    at: Timestamp,
) -> Result<Vec<ImportOutcome>, StoreError> {
    if drafts.is_empty() {
        return Ok(Vec::new());
    }
    let held = held_notices(&mut transaction, party, drafts).await?;
    let mut outcomes = Vec::with_capacity(drafts.len());
    let mut writes = Vec::with_capacity(drafts.len());
    for draft in drafts {
        let (before, fee_before) = held.get(&draft.notice.key).map(|(state, fee)| (state, *fee)).unzip();
        outcomes.push(match before {
            Some(NoticeState::Paid { .. }) => ImportOutcome::KeptPaid,
            Some(_) => ImportOutcome::Updated,
            None => ImportOutcome::Added,
        });
        let after = match before {
            Some(NoticeState::Paid { .. }) => continue,
            Some(state) if !draft.state_given => state,
            Some(_) | None => &draft.notice.state,
        };
        writes.push((&draft.notice, after));
        if let Some(fee_before) = fee_before.filter(|fee_before| *fee_before != draft.notice.fee) {
            let (from, to) = (fee_before.to_string(), draft.notice.fee.to_string());
            let subject = draft.notice.key.to_string();
            let row = StateRow { kind: "notice", subject: &subject, step: "change_fee", from: &from, to: &to };
            journal::append_state(&mut transaction, party, &row, "import", at).await?;
        }
        if before.is_some_and(|before| before != after) || (before.is_none() && *after != NoticeState::Unpaid) {
            let subject = draft.notice.key.to_string();
            let from = before.map_or("", NoticeState::name);
            let row = StateRow { kind: "notice", subject: &subject, step: "import", from, to: after.name() };
            journal::append_state(&mut transaction, party, &row, "import", at).await?;
            let kind = format!("notice.{}", after.name());
            let body = journal::moved_json(&draft.notice.key, after, "import");
            journal::append_event(&mut transaction, party, &kind, &subject, &body, at).await?;
        }
    }
    if !writes.is_empty() {
        // By key, as whoever adds notices does, so that nobody waits in a circle.
        writes.sort_unstable_by_key(|(notice, _)| rows::key_columns(Some(&notice.key)));
        upsert(&mut transaction, party, &writes, at).await?;
    }
    transaction.commit().await.map_err(failed("commit imported notices"))?;
    Ok(outcomes)
}

async fn held_notices(
    connection: &mut Connection,
    party: &PartyName,
    drafts: &[NoticeDraft],
) -> Result<HashMap<NoticeKey, (NoticeState, Fen)>, StoreError> {
    let mut query = QueryBuilder::<Db>::new(
        "SELECT payment_notice_no, region_code, department_code, fee, state, paid_by_order FROM notice WHERE party = ",
    );
    query.push_bind(party.as_str().to_owned()).push(" AND payment_notice_no IN (");
    let mut numbers = query.separated(", ");
    for draft in drafts {
        numbers.push_bind(draft.notice.key.payment_notice_no.as_str().to_owned());
    }
    // By key, so that two imports of the same notices wait for each other and not in a circle.
    query.push(locked!(") ORDER BY payment_notice_no, region_code, department_code"));
    let found = query.build().fetch_all(connection).await.map_err(failed("read the notices to be imported"))?;
    found
        .iter()
        .map(|row| {
            let key =
                rows::optional_notice_key(row)?.ok_or_else(|| rows::impossible("notice.payment_notice_no", "empty"))?;
            let paid_by = rows::optional_text(row, "paid_by_order")?;
            let state = rows::notice_state(&rows::text(row, "state")?, paid_by.as_deref())?;
            Ok((key, (state, rows::fen(row, "fee")?)))
        })
        .collect()
}

async fn upsert(
    connection: &mut Connection,
    party: &PartyName,
    writes: &[(&Notice, &NoticeState)],
    at: Timestamp,
) -> Result<(), StoreError> {
    let mut prepared = Vec::with_capacity(writes.len());
    for (notice, state) in writes {
        prepared.push((notice, state, rows::items_to_json(&notice.items)?, rows::bank_ids_to_json(&notice.bank_ids)?));
    }
    let mut query = QueryBuilder::<Db>::new(
        "INSERT INTO notice (party, payment_notice_no, region_code, department_code, department_name, \
         payment_notice_type, user_name, payment_notice_create_time, payment_expire_date, fee, items, late_payment, \
         bank_ids, state, origin, version, created_at, updated_at) ",
    );
    query.push_values(prepared, |mut row, (notice, state, items, bank_ids)| {
        row.push_bind(party.as_str().to_owned())
            .push_bind(notice.key.payment_notice_no.as_str().to_owned())
            .push_bind(notice.key.region_code.as_str().to_owned())
            .push_bind(notice.key.department_code.as_str().to_owned())
            .push_bind(notice.department_name.clone())
            .push_bind(notice.payment_notice_type.code())
            .push_bind(notice.user_name.clone())
            .push_bind(notice.payment_notice_create_time.map(Timestamp::as_second))
            .push_bind(notice.payment_expire_date.map(|date| date.to_string()))
            .push_bind(notice.fee.get())
            .push_bind(items)
            .push_bind(rows::late_payment_name(notice.late_payment))
            .push_bind(bank_ids)
            .push_bind(state.name())
            .push_bind("import")
            .push_bind(1_i64)
            .push_bind(at.as_millisecond())
            .push_bind(at.as_millisecond());
    });
    // A notice that was paid between the look and the write is not touched; the count below then tells.
    query.push(
        " ON CONFLICT (party, payment_notice_no, region_code, department_code) DO UPDATE SET \
         department_name = excluded.department_name, payment_notice_type = excluded.payment_notice_type, \
         user_name = excluded.user_name, payment_notice_create_time = excluded.payment_notice_create_time, \
         payment_expire_date = excluded.payment_expire_date, fee = excluded.fee, items = excluded.items, \
         late_payment = excluded.late_payment, bank_ids = excluded.bank_ids, state = excluded.state, \
         origin = excluded.origin, version = notice.version + 1, updated_at = excluded.updated_at \
         WHERE notice.state <> 'paid'",
    );
    let written = query.build().execute(connection).await.map_err(failed("write imported notices"))?;
    if written.rows_affected() == writes.len() as u64 { Ok(()) } else { Err(StoreError::Contended { attempts: 1 }) }
}
