//! One discrepancy under treatment: look at the book and at the platform's order, decide, keep where it stands, act, look again.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::json;

use super::pace::Pace;
use super::recording::{record_payment, record_refunds};
use super::report::HealingReport;
use super::{notifications, sight};
use crate::app::reconcile_day::{ReconcileContext, ReconcileError};
use crate::app::{Fault, RefundDeskError, RefundWish, chain, request_refund};
use crate::domain::{
    BookedOrder, DiscrepancyState, DiscrepancyStep, HealingAction, HealingFacts, HealingStage, NotificationAnswer,
    OrderSight, RefundAmount, RefundRequestState, next_action,
};
use crate::platform::PlatformClient;
use crate::store::{DiscrepancyRecord, MoveDiscrepancyError};
use crate::wire::{GetOrderReply, Locale, NotifyInconsistentOrderRequest};

/// How long one call of healing may take: no callback waits behind it. It is longer than the platform waits for our own reply to the
/// notification that the call makes it send.
const CALL_TIMEOUT: Duration = Duration::from_secs(15);

/// How many actions one discrepancy takes at most in a pass; more would mean that they lead nowhere.
const MAX_ACTIONS: u32 = 12;

/// Why somebody without access to the platform leaves everything to a person.
const NO_ACCESS: &str = "the party has no app_secret to ask the platform with";

/// What came of a treatment.
pub(super) enum Treated {
    /// It is over, or left until the next run.
    Done,
    /// It is to be looked at again at an instant.
    Waits { until: Timestamp, record: Box<DiscrepancyRecord> },
    /// The platform gave no answer.
    Unreachable { problem: String },
}

/// Treats discrepancies of one party, one after the other.
pub(super) struct Patient<'a> {
    context: &'a ReconcileContext<'a>,
    platform: Option<PlatformClient>,
    pace: Pace,
}

/// What is known of the order meanwhile.
struct Seen {
    order: Option<GetOrderReply>,
    sight: OrderSight,
}

impl<'a> Patient<'a> {
    pub(super) fn of(context: &'a ReconcileContext<'a>) -> Self {
        let platform = context.party.platform.as_ref().map(|platform| platform.with_timeout(CALL_TIMEOUT));
        Self { context, platform, pace: Pace::of(context.options.calls_per_second) }
    }

    pub(super) fn party_name(&self) -> &str {
        self.context.party.name.as_str()
    }

    /// Returns when it is this time.
    pub(super) async fn wait_until(&self, due_at: Timestamp) {
        let left = due_at.duration_since((self.context.clock)());
        if let Ok(left) = Duration::try_from(left) {
            // By a clock that a test holds still the wait would have no end.
            tokio::time::sleep(left.min(self.context.options.notification_wait)).await;
        }
    }

    /// Treats one until it is done with or has to wait.
    pub(super) async fn treat(
        &mut self,
        mut record: DiscrepancyRecord,
        report: &mut HealingReport,
    ) -> Result<Treated, ReconcileError> {
        let mut seen = None;
        let mut waits_for_nothing = false;
        for _ in 0..MAX_ACTIONS {
            let booked = self.booked(&record).await?;
            let current = match seen.take() {
                Some(current) => current,
                None => match self.look(&record).await {
                    Ok(current) => current,
                    Err(Fault::NoPlatformAccess { .. }) => {
                        let queue = DiscrepancyStep::Queue { reason: NO_ACCESS.to_owned() };
                        return self.end(record, queue, None, report).await;
                    }
                    Err(fault) => return Ok(Treated::Unreachable { problem: chain(&fault) }),
                },
            };
            let action = self.decide(&record, &booked, &current.sight, waits_for_nothing);
            let evidence = self.evidence(&current, report, !matches!(action, HealingAction::Wait(_))).await?;
            let stage = match &action {
                HealingAction::Settle(reason) => {
                    let settle = DiscrepancyStep::Settle { reason: (*reason).to_owned() };
                    return self.end(record, settle, evidence, report).await;
                }
                HealingAction::Queue(reason) => {
                    let queue = DiscrepancyStep::Queue { reason: (*reason).to_owned() };
                    return self.end(record, queue, evidence, report).await;
                }
                HealingAction::Leave(_) => {
                    let step = DiscrepancyStep::Heal(record.state.progress());
                    return self.end(record, step, evidence, report).await;
                }
                HealingAction::Wait(until) => {
                    return Ok(Treated::Waits { until: *until, record: Box::new(record) });
                }
                HealingAction::AskToNotify => HealingStage::AskedToNotify,
                HealingAction::RecordPayment | HealingAction::RecordRefunds => HealingStage::Recorded,
                HealingAction::RequestRefund => HealingStage::AskedForRefund,
            };
            let progress = record.state.progress().into_stage(stage, (self.context.clock)());
            let Some(moved) = self.step(&record, DiscrepancyStep::Heal(progress), evidence).await? else {
                return Ok(Treated::Done);
            };
            record = moved;
            match self.act(&record, &action, &current).await? {
                Acted::Done => report.changed_the_book = true,
                Acted::Asked => {}
                Acted::Failed { problem } => {
                    waits_for_nothing = true;
                    let (party, order_id) = (self.party_name(), record.order_id.as_str());
                    tracing::info!(party, order_id, problem, "an attempt to heal a discrepancy failed");
                }
                Acted::Refused { reason } => {
                    return self.end(record, DiscrepancyStep::Queue { reason }, None, report).await;
                }
                Acted::Later => {
                    report.left += 1;
                    return Ok(Treated::Done);
                }
            }
            // What a call may have changed at the platform is looked at anew.
            seen = matches!(action, HealingAction::RecordPayment | HealingAction::RecordRefunds).then_some(current);
        }
        let reason = "healing it led nowhere".to_owned();
        self.end(record, DiscrepancyStep::Queue { reason }, None, report).await
    }

    async fn booked(&self, record: &DiscrepancyRecord) -> Result<BookedOrder, ReconcileError> {
        let party = self.context.party.name.clone();
        let mut booked = self.context.store.booked_orders(party, vec![record.order_id.clone()]).await?;
        Ok(booked.pop().unwrap_or_else(|| BookedOrder::of(record.order_id.clone())))
    }

    async fn look(&mut self, record: &DiscrepancyRecord) -> Result<Seen, Fault> {
        let Some(platform) = &self.platform else {
            let (party, order_id) = (self.party_name().to_owned(), record.order_id.to_string());
            return Err(Fault::NoPlatformAccess { party, order_id });
        };
        self.pace.wait().await;
        let order = platform.get_order(&record.order_id).await?;
        Ok(Seen { sight: sight::sight_of(order.as_ref())?, order })
    }

    fn decide(
        &self,
        record: &DiscrepancyRecord,
        booked: &BookedOrder,
        sight: &OrderSight,
        waits_for_nothing: bool,
    ) -> HealingAction {
        let wait = if waits_for_nothing { Duration::ZERO } else { self.context.options.notification_wait };
        next_action(&HealingFacts {
            kind: record.kind,
            day: record.day,
            refund_order_id: record.refund_order_id.as_ref(),
            stated_fee: record.stated_fee,
            booked,
            sight,
            progress: &record.state.progress(),
            rights: self.context.rights(),
            notification_wait: wait,
            now: (self.context.clock)(),
        })
    }

    /// What the platform's order shows, with its notifications as both sides saw them.
    async fn evidence(
        &self,
        seen: &Seen,
        report: &mut HealingReport,
        is_counted: bool,
    ) -> Result<Option<String>, ReconcileError> {
        let Some(order) = &seen.order else { return Ok(None) };
        let (notifications, counted) = notifications::joined(&**self.context.store, self.context.party, order).await?;
        if is_counted {
            report.notifications.add(counted);
        }
        Ok(Some(json!({ "order": sight::shown(Some(order)), "notifications": notifications }).to_string()))
    }

    async fn act(
        &mut self,
        record: &DiscrepancyRecord,
        action: &HealingAction,
        seen: &Seen,
    ) -> Result<Acted, ReconcileError> {
        let (store, party) = (&**self.context.store, self.context.party);
        let order = || seen.order.as_ref().map(|order| (&record.order_id, order));
        let now = (self.context.clock)();
        let recorded = match (action, order()) {
            (HealingAction::AskToNotify, _) => return Ok(self.ask_to_notify(record).await),
            (HealingAction::RequestRefund, _) => return self.ask_for_refund(record).await,
            (HealingAction::RecordPayment, Some(order)) => record_payment(store, party, order, now).await,
            (HealingAction::RecordRefunds, Some(order)) => record_refunds(store, party, order, now).await,
            _ => return Ok(Acted::Later),
        };
        match recorded {
            Ok(NotificationAnswer::EverythingSuspended) => Ok(Acted::Later),
            Ok(_) => Ok(Acted::Done),
            Err(Fault::Store(error)) => Err(error.into()),
            Err(fault) => Ok(Acted::Failed { problem: chain(&fault) }),
        }
    }

    async fn ask_to_notify(&mut self, record: &DiscrepancyRecord) -> Acted {
        let Some(platform) = &self.platform else { return Acted::Later };
        let request = NotifyInconsistentOrderRequest {
            appid: platform.appid().to_owned(),
            order_id: record.order_id.to_string(),
        };
        self.pace.wait().await;
        match platform.notify_inconsistent_order(&request).await {
            Ok(_) => Acted::Done,
            Err(error) => Acted::Failed { problem: chain(&error) },
        }
    }

    /// The key follows from the order alone, so that no second run, kind or day makes a second refund of it.
    async fn ask_for_refund(&mut self, record: &DiscrepancyRecord) -> Result<Acted, ReconcileError> {
        let approved_by = record.state.progress().approved_by;
        let reason = match self.context.party.locale {
            Locale::Chinese => "对账退款：该笔款项无须缴纳",
            Locale::English => "refunded after reconciliation: nothing was due for this payment",
        };
        let wish = RefundWish {
            order_id: record.order_id.clone(),
            amount: RefundAmount::All,
            reason: reason.to_owned(),
            caller_key: format!("reconciliation/{}", record.order_id),
            requested_by: approved_by.unwrap_or_else(|| "reconciliation".to_owned()),
            refund_out_id: None,
        };
        self.pace.wait().await;
        let asked = request_refund(&**self.context.store, self.context.party, wish, (self.context.clock)()).await;
        Ok(match asked {
            Ok(request) => match request.state {
                RefundRequestState::Refused { errcode, errmsg } => {
                    Acted::Refused { reason: format!("the platform refused the refund: errcode {errcode}, {errmsg}") }
                }
                // It is on its way, and the next run looks after it.
                RefundRequestState::Requested | RefundRequestState::Accepted { .. } => Acted::Later,
                RefundRequestState::Refunded { .. } => Acted::Asked,
            },
            Err(RefundDeskError::Store(error)) => return Err(error.into()),
            Err(RefundDeskError::LookUp(fault)) => Acted::Failed { problem: chain(&fault) },
            Err(error) => Acted::Refused { reason: format!("the refund desk refused it: {error}") },
        })
    }

    /// Takes the last step of this pass.
    async fn end(
        &self,
        record: DiscrepancyRecord,
        step: DiscrepancyStep,
        evidence: Option<String>,
        report: &mut HealingReport,
    ) -> Result<Treated, ReconcileError> {
        if let Some(moved) = self.step(&record, step, evidence).await? {
            match moved.state {
                DiscrepancyState::Healed { .. } => report.healed += 1,
                DiscrepancyState::Queued { .. } => report.queued += 1,
                _ => report.left += 1,
            }
        }
        Ok(Treated::Done)
    }

    /// Keeps where it stands; `None` when somebody else works on it.
    async fn step(
        &self,
        record: &DiscrepancyRecord,
        step: DiscrepancyStep,
        seen: Option<String>,
    ) -> Result<Option<DiscrepancyRecord>, ReconcileError> {
        let which = (record.discrepancy_id, record.version);
        let at = (self.context.clock)();
        match self.context.store.move_discrepancy(record.party.clone(), which, step, seen, at).await {
            Ok(moved) => Ok(Some(moved)),
            Err(MoveDiscrepancyError::Outdated(_) | MoveDiscrepancyError::Refused(_)) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}

/// What came of an action.
enum Acted {
    /// The book may have changed.
    Done,
    /// The platform was asked.
    Asked,
    /// It did not work.
    Failed { problem: String },
    /// Somebody said no.
    Refused { reason: String },
    /// The rest takes hours.
    Later,
}
