//! What a cashier is told of a payment: where it stands, in two languages, and what to do.

use serde::Serialize;

use crate::domain::{GaveUp, MicropayRefusal, MicropayState, OrderId};
use crate::store::MicropayRecord;
use crate::wire::ApiErrcode;

/// What the cashier does next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum MicropayNext {
    /// Nothing: it is paid.
    Done,
    /// Wait, and ask again.
    Wait,
    /// Have the payer show a fresh code, and begin a new payment.
    ScanAgain,
    /// Have the payer choose another card, show a fresh code, and begin a new payment.
    AnotherCard,
    /// Begin a new payment.
    StartAgain,
    /// Correct the request, or have the account looked after.
    CorrectTheRequest,
    /// Nothing: should it be paid after all, the gateway has it refunded.
    LeaveToTheGateway,
    /// Have a person see to it.
    CallAPerson,
}

/// What a cashier is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MicropayOutcome {
    /// What the caller knows the payment by.
    pub key: String,
    /// Where it stands, by name.
    pub state: &'static str,
    /// Whether nothing happens to it any more.
    pub ended: bool,
    /// The order, once it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order_id: Option<String>,
    /// How many calls were made.
    pub attempts: u32,
    /// The platform's errcode, when it refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub errcode: Option<i64>,
    /// The platform's words, when it refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub errmsg: Option<String>,
    /// What it means, in Chinese.
    pub message_zh: String,
    /// What it means, in English.
    pub message_en: String,
    /// What to do.
    pub next: MicropayNext,
}

impl MicropayOutcome {
    /// What is told of a payment.
    #[must_use]
    pub fn of(record: &MicropayRecord) -> Self {
        let payment = &record.payment;
        // One that a look proved wrong is no news to a cashier who was paid.
        let is_paid = matches!(payment.state, MicropayState::Paid { .. });
        let refusal = payment.refusal.as_ref().filter(|_| !is_paid);
        let (message_zh, message_en, next) = words(&payment.state);
        Self {
            key: record.key.to_string(),
            state: payment.state.name(),
            ended: payment.state.is_end(),
            order_id: payment.order_id.as_ref().map(OrderId::to_string),
            attempts: payment.attempts,
            errcode: refusal.map(|refusal| refusal.errcode),
            errmsg: refusal.map(|refusal| refusal.errmsg.clone()).filter(|errmsg| !errmsg.is_empty()),
            message_zh,
            message_en,
            next,
        }
    }
}

fn words(state: &MicropayState) -> (String, String, MicropayNext) {
    let told = |zh: &str, en: &str, next| (zh.to_owned(), en.to_owned(), next);
    match state {
        MicropayState::Waiting { .. } | MicropayState::Submitting { .. } => {
            told("正在支付，请等待", "the payment is under way", MicropayNext::Wait)
        }
        MicropayState::Asking { .. } | MicropayState::GivingUp { .. } => {
            told("正在查询支付结果，请等待", "the platform is being asked for the outcome", MicropayNext::Wait)
        }
        MicropayState::Paid { .. } => told("支付成功", "paid", MicropayNext::Done),
        MicropayState::Failed { refusal } => refused(refusal),
        MicropayState::Closed { why: GaveUp::PaidByAnother } => told(
            "缴费通知书已由其他订单缴款，本次未支付",
            "another order pays the notice; nothing was paid here",
            MicropayNext::Done,
        ),
        MicropayState::Closed { .. } => {
            told("本次未支付，请重新发起", "nothing was paid; begin a new payment", MicropayNext::StartAgain)
        }
        MicropayState::Abandoned { .. } => told(
            "未支付成功，已停止等待；如稍后扣款将自动退款",
            "not paid, and nobody waits any more; should it be paid later it is refunded",
            MicropayNext::LeaveToTheGateway,
        ),
        MicropayState::Refunding { .. } => told(
            "超时后扣款，正在退款",
            "paid after it was given up; the refund is under way",
            MicropayNext::LeaveToTheGateway,
        ),
        MicropayState::Refunded { .. } => {
            told("款项已退回，本次未支付", "paid after it was given up, and refunded", MicropayNext::StartAgain)
        }
        MicropayState::NeedsPerson { reason } => (
            format!("需要人工处理：{reason}"),
            format!("a person has to see to it: {reason}"),
            MicropayNext::CallAPerson,
        ),
    }
}

fn refused(refusal: &MicropayRefusal) -> (String, String, MicropayNext) {
    let known = ApiErrcode::from_code(refusal.errcode);
    let next = match known {
        Some(
            ApiErrcode::AuthCodeExpired
            | ApiErrcode::AuthCodeUsed
            | ApiErrcode::AuthCodeInvalid
            | ApiErrcode::EmptyAuthCode,
        ) => MicropayNext::ScanAgain,
        Some(ApiErrcode::BalanceInsufficient | ApiErrcode::CardNotSupported) => MicropayNext::AnotherCard,
        Some(ApiErrcode::MicropayFailed | ApiErrcode::OrderCanceled | ApiErrcode::MinuteQuotaReached) => {
            MicropayNext::StartAgain
        }
        Some(_) => MicropayNext::CorrectTheRequest,
        None => MicropayNext::StartAgain,
    };
    let told = |text: Option<&'static str>| text.unwrap_or(&refusal.errmsg).to_owned();
    (told(known.map(ApiErrcode::chinese)), told(known.map(ApiErrcode::text)), next)
}
