//! A batch of imported notices: one statement reads what is held, one writes, whatever the size of the batch.

use std::collections::HashMap;

use jiff::Timestamp;
use serde_json::json;
use sqlx::Transaction;

use super::change_audit::{self, NewChange};
use super::journal::{self, StateRow};
use super::{Connection, Db, Given, failed, given, keyed_and_locked, rows};
use crate::domain::{Fen, Notice, NoticeKey, NoticeState, PartyName};
use crate::store::{Author, ImportOutcome, NoticeDraft, StoreError};

pub(super) async fn import(
    mut transaction: Transaction<'static, Db>,
    party: &PartyName,
    drafts: &[NoticeDraft],
    by: &Author,
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
    let subjects: Vec<_> = drafts.iter().map(|draft| draft.notice.key.to_string()).collect();
    let audited = audited(drafts, &subjects, &held, &outcomes);
    change_audit::append(&mut transaction, Some(party), by, &audited, at).await?;
    transaction.commit().await.map_err(failed("commit imported notices"))?;
    Ok(outcomes)
}

/// One row of the audit for the batch, and one for each notice whose amount or state changes.
fn audited<'a>(
    drafts: &[NoticeDraft],
    subjects: &'a [String],
    held: &HashMap<NoticeKey, (NoticeState, Fen)>,
    outcomes: &[ImportOutcome],
) -> Vec<NewChange<'a>> {
    let shown = |state: &NoticeState, fee: Fen| Some(json!({ "status": state.name(), "fee": fee.get() }));
    let count = |outcome| outcomes.iter().filter(|one| **one == outcome).count();
    let batch = json!({
        "added": count(ImportOutcome::Added), "updated": count(ImportOutcome::Updated),
        "kept_paid": count(ImportOutcome::KeptPaid), "last": subjects.last(),
    });
    let first = subjects.first().map_or("", String::as_str);
    let mut rows = vec![NewChange {
        action: "notices.import",
        subject: first,
        before: None,
        after: Some(batch),
        reason: "import",
    }];
    for (draft, subject) in drafts.iter().zip(subjects) {
        let Some((state, fee)) = held.get(&draft.notice.key) else { continue };
        let after = if draft.state_given { &draft.notice.state } else { state };
        let is_paid = matches!(state, NoticeState::Paid { .. });
        if !is_paid && (state != after || *fee != draft.notice.fee) {
            let (before, after) = (shown(state, *fee), shown(after, draft.notice.fee));
            rows.push(NewChange { action: "notice.import", subject, before, after, reason: "import" });
        }
    }
    rows
}

/// The notices of the batch that are held, locked.
async fn held_notices(
    connection: &mut Connection,
    party: &PartyName,
    drafts: &[NoticeDraft],
) -> Result<HashMap<NoticeKey, (NoticeState, Fen)>, StoreError> {
    let mut keys: Vec<_> = drafts.iter().map(|draft| rows::key_columns(Some(&draft.notice.key))).collect();
    // By key, so that two imports of the same notices wait for each other and not in a circle.
    keys.sort_unstable();
    let given = Given::rows(keys.len())
        .text(keys.iter().map(|_| party.as_str()))
        .text(keys.iter().map(|(number, _, _)| *number))
        .text(keys.iter().map(|(_, region, _)| *region))
        .text(keys.iter().map(|(_, _, department)| *department));
    let found = given
        .query(concat!(
            "SELECT n.payment_notice_no, n.region_code, n.department_code, n.fee, n.state, n.paid_by_order FROM ",
            given!(1 "party" "TEXT", 2 "payment_notice_no" "TEXT", 3 "region_code" "TEXT", 4 "department_code" "TEXT"),
            keyed_and_locked!(
                "notice",
                "n",
                "n.party = given.party AND n.payment_notice_no = given.payment_notice_no \
                 AND n.region_code = given.region_code AND n.department_code = given.department_code"
            ),
        ))?
        .fetch_all(connection)
        .await
        .map_err(failed("read the notices to be imported"))?;
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
    let notices = || writes.iter().map(|(notice, _)| *notice);
    let (mut items, mut bank_ids) = (Vec::with_capacity(writes.len()), Vec::with_capacity(writes.len()));
    for notice in notices() {
        items.push(rows::items_to_json(&notice.items)?);
        bank_ids.push(rows::bank_ids_to_json(&notice.bank_ids)?);
    }
    let expire_dates: Vec<_> = notices().map(|notice| notice.payment_expire_date.map(|on| on.to_string())).collect();
    let given = Given::rows(writes.len())
        .text(notices().map(|_| party.as_str()))
        .text(notices().map(|notice| notice.key.payment_notice_no.as_str()))
        .text(notices().map(|notice| notice.key.region_code.as_str()))
        .text(notices().map(|notice| notice.key.department_code.as_str()))
        .text(notices().map(|notice| notice.department_name.as_str()))
        .integer(notices().map(|notice| notice.payment_notice_type.code()))
        .text(notices().map(|notice| notice.user_name.as_deref()))
        .integer(notices().map(|notice| notice.payment_notice_create_time.map(Timestamp::as_second)))
        .text(expire_dates.iter().map(Option::as_deref))
        .integer(notices().map(|notice| notice.fee.get()))
        .owned_text(items)
        .text(notices().map(|notice| rows::late_payment_name(notice.late_payment)))
        .owned_text(bank_ids)
        .text(writes.iter().map(|(_, state)| state.name()))
        .integer(notices().map(|_| at.as_millisecond()));
    // A notice that was paid between the look and the write is not touched; the count below then tells.
    let written = given
        .query(concat!(
            "INSERT INTO notice (party, payment_notice_no, region_code, department_code, department_name, \
                    payment_notice_type, user_name, payment_notice_create_time, payment_expire_date, fee, items, \
                    late_payment, bank_ids, state, origin, version, created_at, updated_at) \
             SELECT party, payment_notice_no, region_code, department_code, department_name, payment_notice_type, \
                    user_name, payment_notice_create_time, payment_expire_date, fee, items, late_payment, bank_ids, state, \
                    'import', 1, at, at FROM ",
            given!(1 "party" "TEXT", 2 "payment_notice_no" "TEXT", 3 "region_code" "TEXT", 4 "department_code" "TEXT",
                   5 "department_name" "TEXT", 6 "payment_notice_type" "BIGINT", 7 "user_name" "TEXT",
                   8 "payment_notice_create_time" "BIGINT", 9 "payment_expire_date" "TEXT", 10 "fee" "BIGINT",
                   11 "items" "TEXT", 12 "late_payment" "TEXT", 13 "bank_ids" "TEXT", 14 "state" "TEXT", 15 "at" "BIGINT"),
            // Without a WHERE, SQLite would read ON as a join's.
            " WHERE TRUE ON CONFLICT (party, payment_notice_no, region_code, department_code) DO UPDATE SET \
             department_name = excluded.department_name, payment_notice_type = excluded.payment_notice_type, \
             user_name = excluded.user_name, payment_notice_create_time = excluded.payment_notice_create_time, \
             payment_expire_date = excluded.payment_expire_date, fee = excluded.fee, items = excluded.items, \
             late_payment = excluded.late_payment, bank_ids = excluded.bank_ids, state = excluded.state, \
             origin = excluded.origin, version = notice.version + 1, updated_at = excluded.updated_at \
             WHERE notice.state <> 'paid'",
        ))?
        .execute(connection)
        .await
        .map_err(failed("write imported notices"))?;
    if written.rows_affected() == writes.len() as u64 { Ok(()) } else { Err(StoreError::Contended { attempts: 1 }) }
}
