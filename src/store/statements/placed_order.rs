//! Orders placed here: the caller's key is reserved, and kept with the order that came of it.

use async_trait::async_trait;
use jiff::Timestamp;
use serde_json::json;
use sqlx::Transaction;

use super::journal::{self, StateRow};
use super::order::NewOrder;
use super::placed_order_rows::{by_order, lock, of_subject, subject_columns};
use super::{Connection, Db, Engine, MAX_ATTEMPTS, failed, lost_a_race, notice, order, rows, suspension};
use crate::domain::{
    ChinaDate, Fen, NoticeKey, OrderId, OrderState, PartyName, PlacementState, PlacementStep, objection_to,
};
use crate::store::{OpenedOrder, OrderReservation, PlacedOrder, PlacedOrders, ReservedOrder, StoreError};

#[async_trait]
impl PlacedOrders for Engine {
    async fn reserve_order(
        &self,
        reservation: OrderReservation,
        at: Timestamp,
        stale_before: Timestamp,
    ) -> Result<ReservedOrder, StoreError> {
        for _ in 0..MAX_ATTEMPTS {
            match reserve(self.begin().await?, &reservation, at, stale_before).await {
                Err(error) if lost_a_race(&error) => {}
                outcome => return outcome,
            }
        }
        Err(StoreError::Contended { attempts: MAX_ATTEMPTS })
    }

    async fn keep_placement(
        &self,
        party: PartyName,
        idempotency_key: String,
        step: PlacementStep,
        opened: Option<OpenedOrder>,
        at: Timestamp,
    ) -> Result<PlacedOrder, StoreError> {
        for _ in 0..MAX_ATTEMPTS {
            let transaction = self.begin().await?;
            match keep(transaction, (&party, &idempotency_key), step.clone(), opened.as_ref(), at).await {
                Err(error) if lost_a_race(&error) => {}
                outcome => return outcome,
            }
        }
        Err(StoreError::Contended { attempts: MAX_ATTEMPTS })
    }

    async fn find_placed_order(
        &self,
        party: PartyName,
        order_id: OrderId,
    ) -> Result<Option<(PlacedOrder, OrderState)>, StoreError> {
        let mut reader = self.reader().await?;
        let Some(placed) = by_order(&mut reader, &party, &order_id).await? else { return Ok(None) };
        let known = order::find(&mut reader, &party, &order_id).await?;
        Ok(Some((placed, known.map_or(OrderState::Open, |known| known.state))))
    }
}

async fn reserve(
    mut transaction: Transaction<'static, Db>,
    reservation: &OrderReservation,
    at: Timestamp,
    stale_before: Timestamp,
) -> Result<ReservedOrder, StoreError> {
    let OrderReservation { party, idempotency_key, subject, .. } = reservation;
    lock_subject(&mut transaction, reservation).await?;
    let own = lock(&mut transaction, party, idempotency_key).await?;
    if let Some(answer) = own.as_ref().and_then(|own| stands_in_the_way(own, reservation, stale_before)) {
        return Ok(answer);
    }
    if !reservation.allow_open_order {
        for other in of_subject(&mut transaction, party, subject).await? {
            match &other.state {
                _ if other.idempotency_key == *idempotency_key => {}
                PlacementState::Placing if other.placing_since >= stale_before => return Ok(ReservedOrder::InProgress),
                PlacementState::Open { order_id, expires_at } if *expires_at > at => {
                    let known = order::find(&mut transaction, party, order_id).await?;
                    if known.is_none_or(|known| known.state == OrderState::Open) {
                        return Ok(ReservedOrder::OpenOrder(other));
                    }
                }
                _ => {}
            }
        }
    }
    if let Some(answer) = judge_notice(&mut transaction, reservation, at).await? {
        return Ok(answer);
    }
    write(&mut transaction, reservation, own.as_ref(), at).await?;
    transaction.commit().await.map_err(failed("commit the reservation of an order"))?;
    Ok(ReservedOrder::Reserved)
}

/// What an earlier use of the key has to say. After a refusal the key is free again, for any content.
fn stands_in_the_way(
    own: &PlacedOrder,
    reservation: &OrderReservation,
    stale_before: Timestamp,
) -> Option<ReservedOrder> {
    let same = own.request_digest == reservation.request_digest;
    let lost = ReservedOrder::Unknown;
    match &own.state {
        PlacementState::Failed { .. } => None,
        _ if !same => Some(ReservedOrder::KeyTaken),
        PlacementState::Open { .. } | PlacementState::Expired { .. } => Some(ReservedOrder::Known(own.clone())),
        PlacementState::Placing if own.placing_since >= stale_before => Some(ReservedOrder::InProgress),
        PlacementState::Placing | PlacementState::Unknown { .. } => (!reservation.looked_up).then_some(lost),
    }
}

/// What stands against paying the notice, when it is held here. The amount of a notice that an import brought is the bureau's; one
/// that an earlier order brought goes by the latest order.
async fn judge_notice(
    connection: &mut Connection,
    reservation: &OrderReservation,
    at: Timestamp,
) -> Result<Option<ReservedOrder>, StoreError> {
    let OrderReservation { party, details, .. } = reservation;
    let Some(key) = &details.notice else { return Ok(None) };
    let suspensions = suspension::in_force(connection, party, at).await?;
    if suspensions.everything() {
        return Ok(Some(ReservedOrder::EverythingSuspended));
    }
    let Some(held) = notice::lock(connection, party, key).await? else { return Ok(None) };
    let (due, bank_id) = (held.fee, details.bank_id.as_ref());
    if let Some(objection) = objection_to(&held, &suspensions, bank_id, ChinaDate::at(at), Some(due)) {
        return Ok(Some(ReservedOrder::NotPayable(objection)));
    }
    let by_order = came_by_an_order(connection, party, key).await?;
    Ok((!by_order && due != details.fee).then_some(ReservedOrder::FeeDiffers { due }))
}

async fn came_by_an_order(connection: &mut Connection, party: &PartyName, key: &NoticeKey) -> Result<bool, StoreError> {
    let (number, region, department) = rows::key_columns(Some(key));
    let row = sqlx::query(
        "SELECT origin FROM notice WHERE party = $1 AND payment_notice_no = $2 AND region_code = $3 \
         AND department_code = $4",
    )
    .bind(party.as_str())
    .bind(number)
    .bind(region)
    .bind(department)
    .fetch_one(connection)
    .await
    .map_err(failed("read where a notice came from"))?;
    Ok(rows::text(&row, "origin")? == "order")
}

/// Two reservations for one subject wait for each other here.
async fn lock_subject(connection: &mut Connection, reservation: &OrderReservation) -> Result<(), StoreError> {
    let (number, order_no, region, department) = subject_columns(&reservation.subject);
    sqlx::query(
        "INSERT INTO order_subject (party, payment_notice_no, order_no, region_code, department_code) \
         VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING",
    )
    .bind(reservation.party.as_str())
    .bind(number)
    .bind(order_no)
    .bind(region)
    .bind(department)
    .execute(&mut *connection)
    .await
    .map_err(failed("add the subject of an order"))?;
    sqlx::query(locked!(
        "SELECT party FROM order_subject WHERE party = $1 AND payment_notice_no = $2 AND order_no = $3 \
         AND region_code = $4 AND department_code = $5"
    ))
    .bind(reservation.party.as_str())
    .bind(number)
    .bind(order_no)
    .bind(region)
    .bind(department)
    .fetch_one(connection)
    .await
    .map_err(failed("lock the subject of an order"))?;
    Ok(())
}

/// Writes over the earlier use of the key that was read, and over no other.
async fn write(
    connection: &mut Connection,
    reservation: &OrderReservation,
    earlier: Option<&PlacedOrder>,
    at: Timestamp,
) -> Result<(), StoreError> {
    let (number, order_no, region, department) = subject_columns(&reservation.subject);
    let written = sqlx::query(
        "INSERT INTO placed_order (party, idempotency_key, request_digest, payment_notice_no, order_no, region_code, \
                department_code, requested_by, state, placing_since, created_at, updated_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'placing', $9, $9, $9) \
         ON CONFLICT (party, idempotency_key) DO UPDATE SET request_digest = excluded.request_digest, \
                payment_notice_no = excluded.payment_notice_no, order_no = excluded.order_no, \
                region_code = excluded.region_code, department_code = excluded.department_code, \
                requested_by = excluded.requested_by, state = excluded.state, errcode = NULL, errmsg = NULL, \
                placing_since = excluded.placing_since, updated_at = excluded.updated_at \
         WHERE placed_order.state = $10 AND placed_order.placing_since = $11",
    )
    .bind(reservation.party.as_str())
    .bind(reservation.idempotency_key.as_str())
    .bind(reservation.request_digest.as_str())
    .bind(number)
    .bind(order_no)
    .bind(region)
    .bind(department)
    .bind(reservation.requested_by.as_str())
    .bind(at.as_millisecond())
    .bind(earlier.map_or("", |earlier| earlier.state.name()))
    .bind(earlier.map_or(0, |earlier| earlier.placing_since.as_millisecond()))
    .execute(connection)
    .await
    .map_err(failed("reserve a key for an order"))?;
    if written.rows_affected() == 1 { Ok(()) } else { Err(StoreError::Contended { attempts: 1 }) }
}

async fn keep(
    mut transaction: Transaction<'static, Db>,
    (party, key): (&PartyName, &str),
    step: PlacementStep,
    opened: Option<&OpenedOrder>,
    at: Timestamp,
) -> Result<PlacedOrder, StoreError> {
    let found = lock(&mut transaction, party, key).await?;
    let placed = found.ok_or_else(|| rows::impossible("placed_order.idempotency_key", "gone after its reservation"))?;
    let Ok(state) = placed.state.clone().after(step) else { return Ok(placed) };
    let placed = PlacedOrder { state, reply: opened.map(|opened| opened.reply.clone()), updated_at: at, ..placed };
    if let (PlacementState::Open { order_id, .. }, Some(opened)) = (&placed.state, opened) {
        make_known(&mut transaction, &placed, order_id, opened, at).await?;
    }
    write_state(&mut transaction, &placed).await?;
    transaction.commit().await.map_err(failed("commit the placement of an order"))?;
    Ok(placed)
}

async fn write_state(connection: &mut Connection, placed: &PlacedOrder) -> Result<(), StoreError> {
    let (order_id, expires_at, errcode, errmsg) = match &placed.state {
        PlacementState::Placing => (None, None, None, None),
        PlacementState::Open { order_id, expires_at } | PlacementState::Expired { order_id, expires_at } => {
            (Some(order_id.as_str()), Some(*expires_at), None, None)
        }
        PlacementState::Failed { errcode, errmsg } => (None, None, *errcode, Some(errmsg.as_str())),
        PlacementState::Unknown { problem } => (None, None, None, Some(problem.as_str())),
    };
    let changed = sqlx::query(
        "UPDATE placed_order SET state = $1, order_id = $2, expires_at = $3, reply = $4, errcode = $5, errmsg = $6, \
                updated_at = $7 \
         WHERE party = $8 AND idempotency_key = $9",
    )
    .bind(placed.state.name())
    .bind(order_id)
    .bind(expires_at.map(Timestamp::as_millisecond))
    .bind(placed.reply.as_ref().map(ToString::to_string))
    .bind(errcode)
    .bind(errmsg)
    .bind(placed.updated_at.as_millisecond())
    .bind(placed.party.as_str())
    .bind(placed.idempotency_key.as_str())
    .execute(connection)
    .await
    .map_err(failed("keep the placement of an order"))?;
    if changed.rows_affected() == 1 { Ok(()) } else { Err(StoreError::Contended { attempts: 1 }) }
}

/// The order and its notice become known: the order is locked when it is there already, then the notice, and what is not there is
/// added last, as a notification does it.
async fn make_known(
    connection: &mut Connection,
    placed: &PlacedOrder,
    order_id: &OrderId,
    opened: &OpenedOrder,
    at: Timestamp,
) -> Result<(), StoreError> {
    let party = &placed.party;
    let held = order::lock_all(connection, &[(party, order_id)]).await?.pop().flatten();
    let row = StateRow { kind: "order", subject: order_id.as_str(), step: "place", from: "", to: "open" };
    let cause = format!("placed by {}", placed.requested_by);
    journal::append_state(connection, party, &row, &cause, at).await?;
    if let Some(added) = &opened.notice {
        let subject = added.key.to_string();
        match notice::lock(connection, party, &added.key).await? {
            None => {
                notice::add_from_order(connection, party, added, at).await?;
                let row = StateRow { kind: "notice", subject: &subject, step: "add", from: "", to: added.state.name() };
                journal::append_state(connection, party, &row, &cause, at).await?;
            }
            Some(held) if held.fee != added.fee => notice::follow_order(connection, party, added, at).await?,
            Some(_) => {}
        }
    }
    let details = Some(&opened.details);
    match held {
        None => {
            let state = OrderState::Open;
            order::adding(&mut [NewOrder { party, order_id, details, state, at }])?.run(connection).await?;
        }
        Some(held) if held.details.is_none() => {
            order::learn(connection, party, order_id, &opened.details, at).await?;
        }
        Some(_) => {}
    }
    let expires_at = match &placed.state {
        PlacementState::Open { expires_at, .. } => Some(expires_at.to_string()),
        _ => None,
    };
    let body = json!({
        "order_id": order_id.as_str(),
        "notice": journal::key_json(opened.details.notice.as_ref()),
        "subject": placed.subject.to_string(),
        "fee": Fen::get(opened.details.fee),
        "expires_at": expires_at,
        "requested_by": placed.requested_by,
    });
    journal::append_event(connection, party, "order.placed", order_id.as_str(), &body, at).await
}
