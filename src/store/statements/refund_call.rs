//! The calls of a request for a refund: counted before they are made, and what they told.

use async_trait::async_trait;
use jiff::Timestamp;
use sqlx::Transaction;

use super::{Connection, Db, Engine, MAX_ATTEMPTS, failed, lost_a_race, refund_request};
use crate::domain::{PartyName, RefundOutId, RefundRequestState, RefundStep};
use crate::store::{
    BegunCall, OpenedRefund, RefundDraft, RefundNews, RefundRequestRecord, RefundRequests, RefundSelection, StoreError,
};

#[async_trait]
impl RefundRequests for Engine {
    async fn open_refund(&self, draft: RefundDraft, at: Timestamp) -> Result<OpenedRefund, StoreError> {
        for _ in 0..MAX_ATTEMPTS {
            match refund_request::open(self.begin().await?, &draft, at).await {
                Err(error) if lost_a_race(&error) => {}
                outcome => return outcome,
            }
        }
        Err(StoreError::Contended { attempts: MAX_ATTEMPTS })
    }

    async fn begin_refund_call(
        &self,
        party: PartyName,
        refund_out_id: RefundOutId,
        at: Timestamp,
        stale_before: Timestamp,
    ) -> Result<BegunCall, StoreError> {
        begin_call(self.begin().await?, &party, &refund_out_id, at, stale_before).await
    }

    async fn keep_refund_news(
        &self,
        party: PartyName,
        refund_out_id: RefundOutId,
        of_call: Option<Timestamp>,
        news: RefundNews,
        at: Timestamp,
    ) -> Result<RefundRequestRecord, StoreError> {
        keep_news(self.begin().await?, (&party, &refund_out_id), of_call, news, at).await
    }

    async fn find_refund_request(
        &self,
        party: PartyName,
        refund_out_id: RefundOutId,
    ) -> Result<Option<RefundRequestRecord>, StoreError> {
        refund_request::find(&mut *self.reader().await?, &party, &refund_out_id).await
    }

    async fn find_refund_by_key(
        &self,
        party: PartyName,
        caller_key: String,
    ) -> Result<Option<RefundRequestRecord>, StoreError> {
        refund_request::find_by_key(&mut *self.reader().await?, &party, &caller_key).await
    }

    async fn list_refund_requests(
        &self,
        party: PartyName,
        selection: RefundSelection,
        limit: u32,
    ) -> Result<Vec<RefundRequestRecord>, StoreError> {
        refund_request::list(&mut *self.reader().await?, &party, &selection, limit).await
    }
}

async fn begin_call(
    mut transaction: Transaction<'static, Db>,
    party: &PartyName,
    refund_out_id: &RefundOutId,
    at: Timestamp,
    stale_before: Timestamp,
) -> Result<BegunCall, StoreError> {
    let request = refund_request::lock(&mut transaction, party, refund_out_id).await?;
    if request.state != RefundRequestState::Requested {
        return Ok(BegunCall::Decided(request));
    }
    if request.call_began_at.is_some_and(|began| began >= stale_before) {
        return Ok(BegunCall::UnderWay(request));
    }
    let request = RefundRequestRecord {
        attempts: request.attempts.saturating_add(1),
        call_began_at: Some(at),
        updated_at: at,
        ..request
    };
    write_call(&mut transaction, &request).await?;
    transaction.commit().await.map_err(failed("commit the beginning of a refund's call"))?;
    Ok(BegunCall::Call(request))
}

async fn keep_news(
    mut transaction: Transaction<'static, Db>,
    (party, refund_out_id): (&PartyName, &RefundOutId),
    of_call: Option<Timestamp>,
    news: RefundNews,
    at: Timestamp,
) -> Result<RefundRequestRecord, StoreError> {
    let request = refund_request::lock(&mut transaction, party, refund_out_id).await?;
    if request.call_began_at != of_call && !proves_that_money_moves(&news) {
        return Ok(request);
    }
    let (attempts, problem) = match news {
        RefundNews::Step(step) => {
            let moved = refund_request::step(&mut transaction, request, step, "the platform said so", at).await?;
            transaction.commit().await.map_err(failed("commit the move of a request for a refund"))?;
            return Ok(moved);
        }
        RefundNews::OutcomeUnknown { problem } => (request.attempts, problem),
        RefundNews::NotCalled { problem } => (request.attempts.saturating_sub(1), problem),
    };
    if request.state != RefundRequestState::Requested {
        return Ok(request);
    }
    let request =
        RefundRequestRecord { attempts, call_began_at: None, problem: Some(problem), updated_at: at, ..request };
    write_call(&mut transaction, &request).await?;
    transaction.commit().await.map_err(failed("commit the end of a refund's call"))?;
    Ok(request)
}

/// Whether it is true whichever call learnt it.
const fn proves_that_money_moves(news: &RefundNews) -> bool {
    matches!(news, RefundNews::Step(RefundStep::Accept { .. } | RefundStep::Finish { .. }))
}

async fn write_call(connection: &mut Connection, request: &RefundRequestRecord) -> Result<(), StoreError> {
    let changed = sqlx::query(
        "UPDATE refund_request SET attempts = $1, call_began_at = $2, errmsg = $3, updated_at = $4 \
         WHERE party = $5 AND refund_out_id = $6 AND state = 'requested'",
    )
    .bind(i64::from(request.attempts))
    .bind(request.call_began_at.map(Timestamp::as_millisecond))
    .bind(request.problem.as_deref())
    .bind(request.updated_at.as_millisecond())
    .bind(request.party.as_str())
    .bind(request.refund_out_id.as_str())
    .execute(connection)
    .await
    .map_err(failed("keep a refund's call"))?;
    if changed.rows_affected() == 1 { Ok(()) } else { Err(StoreError::Contended { attempts: 1 }) }
}
