//! The notifications of an order as the platform tells them (`notify_history`, source §6.1.3), joined with our journal of callbacks by
//! `wxnontaxstr`: what it says it sent and never came, and how long each side saw it take.

use std::collections::HashMap;
use std::time::Duration;

use serde_json::{Value, json};

use super::report::NotificationsSeen;
use crate::app::Party;
use crate::store::{Discrepancies, SeenCallback, StoreError};
use crate::wire::{GetOrderReply, NotifyDetail};

/// What both sides tell of an order's notifications: for the evidence, and added up.
pub(super) async fn joined(
    store: &(impl Discrepancies + ?Sized),
    party: &Party,
    order: &GetOrderReply,
) -> Result<(Value, NotificationsSeen), StoreError> {
    let ours = order.notify_history.iter().filter(|history| history.appid.trim() == party.appid);
    let sent: Vec<&NotifyDetail> = ours.flat_map(|history| &history.notify_detail).collect();
    let ids = sent.iter().map(|detail| detail.wxnontaxstr.clone()).filter(|id| !id.is_empty()).collect();
    let came = store.callbacks_of(party.name.clone(), ids).await?;
    let came: HashMap<&str, &SeenCallback> = came.iter().map(|seen| (seen.wxnontaxstr.as_str(), seen)).collect();
    let mut seen = NotificationsSeen::default();
    let mut rows = Vec::with_capacity(sent.len());
    for detail in sent {
        let here = came.get(detail.wxnontaxstr.as_str());
        let there = Duration::from_millis(detail.cost_time.unsigned_abs());
        seen.add(NotificationsSeen {
            sent: 1,
            never_came: u64::from(here.is_none()),
            slowest_there: there,
            slowest_here: here.map_or(Duration::ZERO, |here| here.duration),
        });
        rows.push(row(detail, here.copied()));
    }
    Ok((Value::Array(rows), seen))
}

fn row(detail: &NotifyDetail, here: Option<&SeenCallback>) -> Value {
    json!({
        "wxnontaxstr": detail.wxnontaxstr,
        "status": detail.status,
        "there": {
            "notify_time": detail.notify_time,
            "cost_time_ms": detail.cost_time,
            "ret": detail.ret,
            "ret_errmsg": detail.ret_errmsg,
            "errcode": detail.errcode,
        },
        "here": here.map(|here| json!({
            "received_at": here.received_at.to_string(),
            "duration_ms": u64::try_from(here.duration.as_millis()).unwrap_or(u64::MAX),
            "outcome": here.outcome,
            "errcode": here.errcode,
        })),
    })
}
