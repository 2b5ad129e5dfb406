//! Money that was taken although nobody wanted it any more, on its way back through the refund desk.

use jiff::Timestamp;

use super::look::{self, LookError, standing};
use crate::app::Party;
use crate::app::refund_desk::{RefundDeskError, RefundWish, request_refund};
use crate::domain::{OrderId, RefundAmount, RefundProgress, RefundRefusal, RefundRequestState, Sight};
use crate::envelope::sha256_hex;
use crate::platform::PlatformClient;
use crate::store::{MicropayRecord, Store};

/// What the citizen reads beside the money.
const REASON: &str = "收银台已取消的付款";

/// Who asks, for the records.
const REQUESTED_BY: &str = "micropay";

/// Has an order refunded, or sees how far that is. The same payment is the same wish, however often this is called.
pub(super) async fn refund(
    store: &dyn Store,
    party: &Party,
    platform: &PlatformClient,
    record: &MicropayRecord,
    order_id: &OrderId,
    now: Timestamp,
) -> Result<RefundProgress, LookError> {
    let order = look::order(platform, order_id).await?;
    match order.map(|order| standing(order_id.clone(), order.status)) {
        Some(Sight::Returned(_)) => return Ok(RefundProgress::Done),
        Some(Sight::Returning(_)) => return Ok(RefundProgress::UnderWay),
        _ => {}
    }
    let wish = RefundWish {
        order_id: order_id.clone(),
        amount: RefundAmount::All,
        reason: REASON.to_owned(),
        caller_key: format!("micropay:{}", sha256_hex(record.key.as_str().as_bytes())),
        requested_by: REQUESTED_BY.to_owned(),
        refund_out_id: None,
    };
    match request_refund(store, party, wish, now).await {
        Ok(request) => Ok(match request.state {
            RefundRequestState::Requested | RefundRequestState::Accepted { .. } => RefundProgress::UnderWay,
            RefundRequestState::Refunded { .. } => RefundProgress::Done,
            RefundRequestState::Refused { errcode, errmsg } => {
                impossible(order_id, &format!("the platform refused it with {errcode}: {errmsg}"))
            }
        }),
        Err(RefundDeskError::Store(error)) => Err(error.into()),
        // Somebody else asked for it; the order will show it.
        Err(RefundDeskError::LookUp(_) | RefundDeskError::Refused(RefundRefusal::NothingLeft { .. })) => {
            Ok(RefundProgress::UnderWay)
        }
        Err(error) => Ok(impossible(order_id, &error.to_string())),
    }
}

fn impossible(order_id: &OrderId, cause: &str) -> RefundProgress {
    RefundProgress::Impossible(format!(
        "order {order_id} was paid after the cashier was told that it was given up, and cannot be refunded from here: {cause}"
    ))
}
