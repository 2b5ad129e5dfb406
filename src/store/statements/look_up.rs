//! What the book holds for receivables queries.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use sqlx::Row as _;

use super::{Connection, Given, failed, given, keyed, rows, suspension};
use crate::domain::{DepartmentCode, Found, PartyName, ReceivablesFacts, Suspensions};
use crate::store::{ReceivablesLookup, StoreError, SuspensionRecord};

/// One statement finds the notices of all look-ups and says where anything is suspended; only there the suspensions are read.
pub(super) async fn look_up(
    connection: &mut Connection,
    lookups: &[&ReceivablesLookup],
) -> Result<Vec<ReceivablesFacts>, StoreError> {
    let given = Given::rows(lookups.len())
        .integer(rows::places(lookups.len()))
        .text(lookups.iter().map(|lookup| lookup.party.as_str()))
        .text(lookups.iter().map(|lookup| lookup.payment_notice_no.as_str()))
        .text(lookups.iter().map(|lookup| lookup.region_code.as_str()))
        .text(lookups.iter().map(|lookup| lookup.department_code.as_ref().map_or("", DepartmentCode::as_str)))
        .integer(lookups.iter().map(|lookup| lookup.at.as_millisecond()));
    let found = given
        .query(concat!(
            "SELECT place, n.payment_notice_no, n.region_code, n.department_code, n.department_name, \
                    n.payment_notice_type, n.user_name, n.payment_notice_create_time, n.payment_expire_date, n.fee, \
                    n.items, n.late_payment, n.bank_ids, n.state, n.paid_by_order, \
                    EXISTS (SELECT 1 FROM suspension s WHERE s.party = given.party \
                            AND (s.starts_at IS NULL OR s.starts_at <= given.at) \
                            AND (s.ends_at IS NULL OR s.ends_at > given.at)) AS anything_suspended \
             FROM ",
            given!(1 "place" "BIGINT", 2 "party" "TEXT", 3 "payment_notice_no" "TEXT", 4 "region_code" "TEXT",
                   5 "department_code" "TEXT", 6 "at" "BIGINT"),
            keyed!(
                "LEFT",
                "notice",
                "n",
                "n.party = given.party AND n.payment_notice_no = given.payment_notice_no \
                 AND n.region_code = given.region_code \
                 AND (given.department_code = '' OR n.department_code = given.department_code)"
            ),
        ))?
        .fetch_all(&mut *connection)
        .await
        .map_err(failed("look up notices"))?;

    let mut facts: Vec<ReceivablesFacts> =
        lookups.iter().map(|_| ReceivablesFacts { found: Found::None, suspensions: Suspensions::default() }).collect();
    let mut all: HashMap<&PartyName, Vec<SuspensionRecord>> = HashMap::new();
    for row in &found {
        let place = rows::place(row, lookups.len())?;
        if rows::optional_text(row, "payment_notice_no")?.is_some() {
            facts[place].found = match facts[place].found {
                Found::None => Found::One(Box::new(rows::notice(row)?)),
                Found::One(_) | Found::Several => Found::Several,
            };
        }
        if row.try_get::<bool, _>("anything_suspended").map_err(failed("read a column"))? {
            let ReceivablesLookup { party, at, .. } = lookups[place];
            let all = match all.entry(party) {
                Entry::Occupied(known) => known.into_mut(),
                Entry::Vacant(unknown) => unknown.insert(suspension::list(connection, party).await?),
            };
            facts[place].suspensions = Suspensions::in_force(all.iter().map(|record| &record.suspension), *at);
        }
    }
    Ok(facts)
}
