//! What a front end needs of a placed order: the payment link, the Mini Program's parameters, the link for the app's SDK, and for
//! how long they are good.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::domain::PlacementState;
use crate::store::PlacedOrder;
use crate::wire::{MiniProgram, UnifiedOrderReply, UnifiedOrderRequest};

/// A placed order for a front end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PlacedOrderAnswer {
    /// The platform's order.
    pub order_id: String,
    /// `open` or `expired`.
    pub state: &'static str,
    /// The payment link, for Official Accounts and H5 pages.
    pub pay_url: Option<String>,
    /// What a Mini Program opens the payment with.
    pub miniprogram: Option<MiniProgram>,
    /// For an order of an app.
    pub app: Option<AppLink>,
    /// Until when it can be paid, RFC 3339.
    pub expires_at: String,
    /// How many seconds that is from now; 0 when it is over.
    pub expires_in: i64,
}

/// What the SDK in an app takes as the URL of its `WXNontaxPay` request (§5.3.3).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppLink {
    /// The payment link.
    pub url: String,
}

/// The parts of a reply that are kept.
#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
struct Kept {
    pay_url: Option<String>,
    miniprogram: Option<MiniProgram>,
    app: Option<AppLink>,
    /// The reply as it came, with the fields that no source lists.
    document: Value,
}

/// What is kept of the platform's reply.
pub(super) fn kept(request: &UnifiedOrderRequest, reply: &UnifiedOrderReply, document: Value) -> Value {
    let app_url = reply.pay_url.clone().filter(|_| request.app_appid.is_some());
    let kept = Kept {
        pay_url: reply.pay_url.clone(),
        miniprogram: reply.miniprogram.clone(),
        app: app_url.map(|url| AppLink { url }),
        document,
    };
    // Strings and what was JSON before: there is nothing in it that JSON cannot hold.
    serde_json::to_value(kept).unwrap_or_default()
}

impl PlacedOrderAnswer {
    /// The answer at a moment; `None` for a placement without an order.
    #[must_use]
    pub fn at(placed: &PlacedOrder, now: Timestamp) -> Option<Self> {
        let (PlacementState::Open { order_id, expires_at } | PlacementState::Expired { order_id, expires_at }) =
            &placed.state
        else {
            return None;
        };
        let kept: Kept = placed.reply.clone().and_then(|reply| serde_json::from_value(reply).ok()).unwrap_or_default();
        Some(Self {
            order_id: order_id.to_string(),
            state: placed.state.name_at(now),
            pay_url: kept.pay_url,
            miniprogram: kept.miniprogram,
            app: kept.app,
            expires_at: expires_at.to_string(),
            expires_in: (expires_at.as_second() - now.as_second()).max(0),
        })
    }
}
