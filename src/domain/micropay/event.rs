//! What can happen to a payment at the counter.

use crate::domain::OrderId;

/// A refusal in the platform's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MicropayRefusal {
    /// Its errcode.
    pub errcode: i64,
    /// Its words.
    pub errmsg: String,
    /// What it is about.
    pub about: RefusalAbout,
}

/// What a refusal is about, and so what it proves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RefusalAbout {
    /// The request, the account or the moment: the payer's code was not looked at.
    Request,
    /// The payer's code, which is no good: a call with it takes nothing, whenever it comes.
    Code,
    /// The payer's code, which was used before: an earlier call of ours may be what used it.
    CodeUsed,
    /// The payment itself, which was tried and failed: the code is used up and the order takes no money.
    Payment,
    /// Nobody knows: no source lists the errcode. Money may have been taken.
    Unlisted,
}

impl RefusalAbout {
    /// Every kind.
    pub const ALL: [Self; 5] = [Self::Request, Self::Code, Self::CodeUsed, Self::Payment, Self::Unlisted];

    /// The name in the database.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Request => "request",
            Self::Code => "code",
            Self::CodeUsed => "code_used",
            Self::Payment => "payment",
            Self::Unlisted => "unlisted",
        }
    }

    /// Whether no further call is made: the code is no use any more, or nobody knows what another call would do.
    #[must_use]
    pub const fn ends_the_calls(self) -> bool {
        matches!(self, Self::Code | Self::CodeUsed | Self::Payment | Self::Unlisted)
    }

    /// Whether no call with the same code takes money, be it still on its way: the platform takes each code once, and looked at
    /// this one after the earlier calls were sent.
    #[must_use]
    pub const fn rules_out_the_code(self) -> bool {
        matches!(self, Self::Code | Self::Payment)
    }
}

/// What the platform answered to a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MicropayAnswer {
    /// 0: paid.
    Paid(OrderId),
    /// -1: it does not know itself.
    SystemError(Option<OrderId>),
    /// 9207008: the payer types the password.
    PasswordRequired(Option<OrderId>),
    /// Any other errcode.
    Refused(MicropayRefusal, Option<OrderId>),
}

/// What a look at the platform's orders showed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sight {
    /// This payment's order is paid.
    Paid(OrderId),
    /// It was paid, and its refund is on its way.
    Returning(OrderId),
    /// It was paid and refunded.
    Returned(OrderId),
    /// It can still be paid.
    Open(OrderId),
    /// It is canceled.
    Canceled(OrderId),
    /// There is none, and another order pays the notice.
    PaidByAnother(OrderId),
    /// There is none.
    Nothing,
}

/// How far a refund is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RefundProgress {
    /// It was asked for, or cannot be asked for at this moment.
    UnderWay,
    /// The money is back.
    Done,
    /// It will not come by itself.
    Impossible(String),
}

/// What can happen to a payment at the counter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MicropayEvent {
    /// A call is about to be made. Kept before it is made.
    CallBegins,
    /// The platform answered.
    Answered(MicropayAnswer),
    /// The call broke off, or its reply cannot be read.
    Unanswered(String),
    /// The call was not made: there was no access token for it.
    NotSent(String),
    /// Whoever made the call did not live to see its answer.
    Interrupted,
    /// The cashier has waited long enough.
    TimeUp,
    /// The cashier gave up.
    Canceled,
    /// It was given up, and no call left anything open.
    NothingOpen,
    /// The platform's orders were looked at.
    Looked(Sight),
    /// They could not be looked at.
    LookFailed(String),
    /// A refund was asked for or asked after.
    Refund(RefundProgress),
}

impl MicropayEvent {
    /// The name in the table of steps.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::CallBegins => "call",
            Self::Answered(MicropayAnswer::Paid(_)) => "paid",
            Self::Answered(MicropayAnswer::SystemError(_)) => "system_error",
            Self::Answered(MicropayAnswer::PasswordRequired(_)) => "password_required",
            Self::Answered(MicropayAnswer::Refused(..)) => "refused",
            Self::Unanswered(_) => "unanswered",
            Self::NotSent(_) => "not_sent",
            Self::Interrupted => "interrupted",
            Self::TimeUp => "time_up",
            Self::Canceled => "cancel",
            Self::NothingOpen => "nothing_open",
            Self::Looked(_) => "look",
            Self::LookFailed(_) => "look_failed",
            Self::Refund(_) => "refund",
        }
    }

    /// What there is to say of it beside its name.
    #[must_use]
    pub fn cause(&self) -> String {
        match self {
            Self::Answered(MicropayAnswer::Refused(refusal, _)) => format!("{} {}", refusal.errcode, refusal.errmsg),
            Self::Unanswered(problem) | Self::NotSent(problem) | Self::LookFailed(problem) => problem.clone(),
            Self::Looked(sight) => sight.told(),
            Self::Refund(RefundProgress::UnderWay) => "under way".to_owned(),
            Self::Refund(RefundProgress::Done) => "done".to_owned(),
            Self::Refund(RefundProgress::Impossible(reason)) => reason.clone(),
            _ => String::new(),
        }
    }
}

impl Sight {
    fn told(&self) -> String {
        match self {
            Self::Paid(order_id) => format!("order {order_id} is paid"),
            Self::Returning(order_id) => format!("order {order_id} awaits its refund"),
            Self::Returned(order_id) => format!("order {order_id} is refunded"),
            Self::Open(order_id) => format!("order {order_id} can still be paid"),
            Self::Canceled(order_id) => format!("order {order_id} is canceled"),
            Self::PaidByAnother(order_id) => format!("order {order_id}, which is another payment's, is paid"),
            Self::Nothing => "there is no order of this payment".to_owned(),
        }
    }
}
