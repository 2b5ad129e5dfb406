//! The rules: notices, orders, payments, refunds, and what to answer. Pure: no I/O, and the clock is an argument.

mod api_client;
mod date;
mod event;
mod forced_refresh;
mod identifier;
mod micropay;
mod money;
mod notice;
mod notification;
mod objection;
mod order;
mod party;
mod payer_name;
mod payment;
mod placed_order;
mod query;
mod reconciliation;
mod refund_desk;
mod refund_request;
mod schedule;
#[cfg(test)]
mod schedule_properties;
mod statement;
mod suspension;
mod token_life;
mod transition;
mod webhook_retry;

pub use api_client::{ApiClient, ApiClientName, Scope, SecretHash, UnknownScope};
pub use date::{ChinaDate, InvalidDate};
pub use event::{EVENT_KINDS, EVENT_VERSION, EventKind, ordering_key};
pub use forced_refresh::{ForcedRefreshes, ForcedTooSoon};
pub use identifier::{
    BankId, DepartmentCode, InvalidIdentifier, MicropayKey, NoticeKey, OrderId, PartyName, PaymentNoticeNo,
    RefundOrderId, RefundOutId, RegionCode,
};
pub use micropay::{
    AuthCode, Doubt, GaveUp, InvalidAuthCode, Micropay, MicropayAnswer, MicropayDeed, MicropayEvent, MicropayPace,
    MicropayRefusal, MicropayState, MicropayStepError, RefundProgress, RefusalAbout, Sight,
};
pub use money::Fen;
pub use notice::{InvalidNotice, Item, LatePayment, Notice, NoticeState, NoticeType};
pub use notification::{
    Change, Decision, NotificationAnswer, NotificationFacts, OrderEvent, Paid, Policy, Refunded, Refusal, decide,
};
pub use objection::{Objection, objection_to};
pub use order::{OrderDetails, OrderSource, Resolution};
pub use party::{Duties, InvalidCombination, Mode, OnRefusal, QueryDuty, ReplyVocabulary, Role, UnknownNotice};
pub use payer_name::masked_name;
pub use payment::{Disposition, Payment, Refund, RefundKind};
pub use placed_order::{
    ORDER_LIFETIME_SECONDS, OrderSubject, PLACEMENT_TRANSITIONS, PlacementState, PlacementStep, PlacementStepError,
};
pub use query::{Found, QueryAnswer, ReceivablesFacts, answer_query};
pub use reconciliation::{
    BookedOrder, BookedPayment, BookedRefund, BookedTime, DISCREPANCY_TRANSITIONS, Difference, DifferenceKind,
    DiscrepancyState, DiscrepancyStep, DiscrepancyStepError, HealingAction, HealingFacts, HealingProgress,
    HealingRights, HealingStage, InFlightVerdict, MIDNIGHT_MARGIN, Neighbour, OrderSight, Pair, Pairing, Place,
    SeenOrder, SeenRefund, StatedOrder, StatedPayment, StatedRefund, StatementDay, agreed_by_book, differences,
    next_action, verdict_on_in_flight,
};
pub use refund_desk::{RefundAmount, RefundAsk, RefundFacts, RefundPlan, RefundRefusal, plan_refund};
pub use refund_request::{REFUND_REQUEST_TRANSITIONS, RefundRequest, RefundRequestState, RefundStep, RefundStepError};
pub use schedule::{BrokenOff, DailySchedule, DayTried, Due, InvalidWallTime, JobPast, JobRequest, Schedule, WallTime};
pub use statement::{BillType, StatementKind, UnknownBillType};
pub use suspension::{EndsBeforeItStarts, Suspension, SuspensionScope, Suspensions};
pub use token_life::{TokenLife, TokenMode};
pub use transition::{NOTICE_TRANSITIONS, NoticeStep, NoticeStepError, ORDER_TRANSITIONS, OrderState, OrderStep};
pub use webhook_retry::{RETRY_PAUSES, retry_pause};
