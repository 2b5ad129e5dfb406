//! `/nontax/micropay`: the payer shows a code at the counter (source §6.1.9). A code pays one order, and that order is named
//! again in every further call.

use std::collections::HashMap;
use std::sync::Arc;

use super::api_error::ApiError;
use super::counter_story::{CounterStory, PAID_TOO_LATE_SECONDS};
use super::order::{Order, OrderStatus};
use super::order_book::OrderBook;
use super::{Simulator, placement};
use crate::wire::{
    ApiErrcode, MicropayReply, MicropayRequest, PAY_CHANNEL_WX_NONTAX, TRADE_TYPE_MWEB, UnifiedOrderRequest,
};

/// `trade_type` of an order that is paid at a counter, as statements show it.
pub(super) const TRADE_TYPE_MICROPAY: &str = "MICROPAY";

/// What a payer's code begins with.
const AUTH_CODE_PREFIXES: [&str; 6] = ["10", "11", "12", "13", "14", "15"];

/// How many digits a payer's code has.
const AUTH_CODE_DIGITS: usize = 18;

/// The payers' codes that were shown, and who pays later than anybody waits.
#[derive(Default)]
pub(super) struct Counter {
    turns: HashMap<String, Turn>,
    late: Vec<LatePayment>,
}

/// What became of one payer's code.
struct Turn {
    order_id: String,
    story: CounterStory,
    calls: u32,
}

struct LatePayment {
    order_id: String,
    due_at: i64,
}

/// What a call did.
struct Outcome {
    reply: MicropayReply,
    order_id: String,
    /// When the order is paid, if it is by this call or later by itself.
    paid_at: Option<i64>,
}

impl Simulator {
    /// Takes a payer's code for an order, or asks again how that goes. Whoever is notified of payments is told afterwards.
    ///
    /// # Errors
    /// 9201033 without a code, 9207010 for what is none, 9207009 for one whose order is not named, 9207007 for an order that ran
    /// out of time; for the order itself the codes of [`Self::unified_order`]. With an order there is a reply, which names it,
    /// even when the payment is refused.
    pub async fn micropay(self: &Arc<Self>, request: &MicropayRequest) -> Result<MicropayReply, ApiError> {
        let auth_code = auth_code(request)?;
        let order_request = order_request(request);
        let fee = placement::check(&order_request)?;
        if request.order_id.is_none() && !self.state().counter.turns.contains_key(auth_code) {
            self.check_receivable(&order_request, fee).await?;
        }
        let finances = self.receivable_is_finances(&order_request);
        let now = self.clock.now();
        let outcome = {
            let mut state = self.state();
            let state = &mut *state;
            let (counter, orders) = (&mut state.counter, &mut state.orders);
            match &request.order_id {
                Some(order_id) => counter.go_on(auth_code, orders.get(order_id)?, request, now)?,
                None => counter.begin(auth_code, || {
                    let trade_type = Some(TRADE_TYPE_MICROPAY.to_owned());
                    orders.place(UnifiedOrderRequest { trade_type, ..order_request }, fee, finances, now)
                })?,
            }
            counter.call(auth_code, orders, now)?
        };
        if let Some(paid_at) = outcome.paid_at {
            let simulator = Arc::clone(self);
            tokio::spawn(async move {
                simulator.clock.reached(paid_at).await;
                // One who pays late finds the order expired, or paid with another code.
                let is_paid = simulator.state().orders.get(&outcome.order_id)?.is_paid_at(paid_at);
                if is_paid { simulator.tell_story(&outcome.order_id).await } else { Ok(Vec::new()) }
            });
        }
        Ok(outcome.reply)
    }
}

impl Counter {
    /// A code that was not shown before, with a new order.
    ///
    /// # Errors
    /// 9207009 for one that was, and what the code's story refuses without an order.
    fn begin(&mut self, auth_code: &str, place: impl FnOnce() -> String) -> Result<(), ApiError> {
        if self.turns.contains_key(auth_code) {
            return Err(ApiErrcode::AuthCodeUsed.into());
        }
        let story = CounterStory::of(auth_code);
        if let Some(refusal) = story.refusal_without_order() {
            return Err(refusal.into());
        }
        self.turns.insert(auth_code.to_owned(), Turn { order_id: place(), story, calls: 0 });
        Ok(())
    }

    /// A code with the order of an earlier call: the order's own code again, or a fresh one for an order that is still unpaid.
    ///
    /// # Errors
    /// 9207009 for a code of another order, 9200002 for another account's order, 9201010 for one that was not placed at the
    /// counter, 9201001 for another amount; for a fresh code 9200232 when the order is paid.
    fn go_on(&mut self, auth_code: &str, order: &Order, request: &MicropayRequest, now: i64) -> Result<(), ApiError> {
        let placed = &order.request;
        if placed.appid != request.appid.trim() {
            return Err(ApiErrcode::OrderNotOfAppid.into());
        }
        if placed.trade_type.as_deref() != Some(TRADE_TYPE_MICROPAY) {
            return Err(ApiError::because(ApiErrcode::InvalidOrderId, "the order was not placed at the counter"));
        }
        if request.fee != Some(order.fee) {
            let cause = format_args!("the order was placed with {} fen", order.fee);
            return Err(ApiError::because(ApiErrcode::FeeIsNotTheSum, cause));
        }
        match self.turns.get(auth_code) {
            Some(turn) if turn.order_id == order.order_id => Ok(()),
            Some(_) => Err(ApiErrcode::AuthCodeUsed.into()),
            None if order.status(now) != OrderStatus::ToBePaid && order.payment.is_some() => {
                Err(ApiErrcode::PaymentCompleted.into())
            }
            None => self.begin(auth_code, || order.order_id.clone()),
        }
    }

    /// The next call of a code's story. A paid order stays paid, whatever its story was to say next.
    fn call(&mut self, auth_code: &str, orders: &mut OrderBook, now: i64) -> Result<Outcome, ApiError> {
        let turn = self.turns.get_mut(auth_code).ok_or(ApiErrcode::AuthCodeUsed)?;
        let order = orders.get_mut(&turn.order_id)?;
        turn.calls = turn.calls.saturating_add(1);
        let mut paid_at = None;
        let errcode = match order.status(now) {
            OrderStatus::Canceled => Some(ApiErrcode::OrderCanceled),
            OrderStatus::ToBePaid => {
                let step = turn.story.step(turn.calls);
                if step.pays {
                    order.pay(now, PAY_CHANNEL_WX_NONTAX.to_owned(), now)?;
                    paid_at = Some(now);
                }
                if step.errcode == Some(ApiErrcode::OrderCanceled) {
                    order.canceled = true;
                }
                if turn.story == CounterStory::PaidTooLate && turn.calls == 1 {
                    let due_at = now.saturating_add(PAID_TOO_LATE_SECONDS);
                    self.late.push(LatePayment { order_id: turn.order_id.clone(), due_at });
                    paid_at = Some(due_at);
                }
                step.errcode
            }
            _ => None,
        };
        let is_unnamed = turn.story == CounterStory::SystemErrorUnnamed && errcode.is_some();
        let reply = MicropayReply {
            errcode: errcode.map_or(0, ApiErrcode::code),
            errmsg: Some(errcode.map_or("ok", ApiErrcode::text).to_owned()),
            order_id: (!is_unnamed).then(|| turn.order_id.clone()),
        };
        Ok(Outcome { reply, order_id: turn.order_id.clone(), paid_at })
    }

    /// Lets the late payers pay whose time has come.
    pub(super) fn settle(&mut self, orders: &mut OrderBook, now: i64) {
        self.late.retain(|late| {
            let is_due = late.due_at <= now;
            if is_due && let Ok(order) = orders.get_mut(&late.order_id) {
                // Refused when another code paid the order before. It was open when the payer paid, whenever that is seen.
                let _ = order.pay(late.due_at, PAY_CHANNEL_WX_NONTAX.to_owned(), late.due_at);
            }
            !is_due
        });
    }
}

/// # Errors
/// 9201033 for none, 9207010 for what is not one.
fn auth_code(request: &MicropayRequest) -> Result<&str, ApiError> {
    let auth_code = request.auth_code.trim();
    if auth_code.is_empty() {
        return Err(ApiErrcode::EmptyAuthCode.into());
    }
    let is_digits = auth_code.len() == AUTH_CODE_DIGITS && auth_code.bytes().all(|byte| byte.is_ascii_digit());
    if !is_digits || !AUTH_CODE_PREFIXES.iter().any(|prefix| auth_code.starts_with(prefix)) {
        return Err(ApiErrcode::AuthCodeInvalid.into());
    }
    Ok(auth_code)
}

/// The order that is placed. There is no page and no user of the Official Account, as outside Weixin.
fn order_request(request: &MicropayRequest) -> UnifiedOrderRequest {
    let request = request.clone();
    UnifiedOrderRequest {
        appid: request.appid.trim().to_owned(),
        bank_id: request.bank_id,
        bank_account: request.bank_account,
        mch_id: request.mch_id,
        desc: request.desc,
        fee: request.fee,
        return_url: Some(String::new()),
        ip: "127.0.0.1".to_owned(),
        order_no: request.order_no,
        payment_notice_no: request.payment_notice_no,
        department_code: request.department_code,
        department_name: request.department_name,
        payment_notice_type: request.payment_notice_type,
        region_code: request.region_code,
        user_name: request.user_name,
        items: request.items,
        payment_notice_create_time: request.payment_notice_create_time,
        payment_expire_date: request.payment_expire_date,
        scene: "counter".to_owned(),
        trade_type: Some(TRADE_TYPE_MWEB.to_owned()),
        ..UnifiedOrderRequest::default()
    }
}
