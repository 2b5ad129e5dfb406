//! The transitions of a payment at the counter. All of them stand here (docs/decisions/0014).

use jiff::Timestamp;

use super::event::{MicropayAnswer, MicropayEvent, MicropayRefusal, RefundProgress, RefusalAbout, Sight};
use super::pace::MicropayPace;
use super::state::{GaveUp, MicropayState};
use super::{Doubt, Micropay};
use crate::domain::OrderId;

/// Something that cannot happen to a payment where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a micropay that is {from} takes no step \"{event}\"")]
pub struct MicropayStepError {
    /// The state's name.
    pub from: &'static str,
    /// The event's name.
    pub event: &'static str,
}

impl Micropay {
    /// The payment after `event`.
    ///
    /// # Errors
    /// [`MicropayStepError`] when it cannot happen in this state.
    pub fn after(
        mut self,
        event: &MicropayEvent,
        now: Timestamp,
        pace: &MicropayPace,
    ) -> Result<Self, MicropayStepError> {
        use MicropayEvent as On;
        use MicropayState as In;
        let refused = MicropayStepError { from: self.state.name(), event: event.name() };
        self.state = match (self.state.clone(), event) {
            (In::Waiting { .. }, On::CallBegins) => {
                self.attempts += 1;
                self.first_call_at = self.first_call_at.or(Some(now));
                self.last_call_at = Some(now);
                In::Submitting { attempt: self.attempts }
            }
            (In::Submitting { .. }, On::Answered(answer)) => self.answered(answer, now, pace),
            (In::Submitting { .. }, On::Unanswered(_) | On::Interrupted) => {
                self.doubt = Doubt::Unknown;
                In::Asking { next_look_at: now }
            }
            (In::Submitting { .. }, On::NotSent(_)) => {
                In::Waiting { next_call_at: pace.later(now, pace.after_system_error) }
            }
            (In::Waiting { .. } | In::Asking { .. }, On::TimeUp) => giving_up(GaveUp::TimeUp, now),
            (In::Waiting { .. } | In::Asking { .. }, On::Canceled) => giving_up(GaveUp::Canceled, now),
            (In::Asking { .. }, On::Looked(sight)) => self.asked(sight, now, pace),
            (In::Asking { .. }, On::LookFailed(_)) => In::Asking { next_look_at: pace.later(now, pace.look_interval) },
            (In::GivingUp { why, .. }, On::NothingOpen) if self.left_nothing_open() => In::Closed { why },
            (In::GivingUp { why, .. }, On::Looked(sight)) => self.looked_last(why, sight, now, pace),
            (In::GivingUp { why, failed_looks, .. }, On::LookFailed(_)) => {
                let failed_looks = failed_looks + 1;
                if failed_looks < pace.final_looks {
                    In::GivingUp { why, next_look_at: pace.later(now, pace.look_interval), failed_looks }
                } else {
                    self.abandoned(why, now, pace)
                }
            }
            (In::Abandoned { why, watch_until, .. }, On::Looked(sight)) => {
                self.watched(why, watch_until, sight, now, pace)
            }
            (In::Abandoned { watch_until, .. }, On::LookFailed(problem))
                if now >= pace.later(watch_until, pace.watch) =>
            {
                In::NeedsPerson { reason: format!("its orders cannot be looked at, long after its time: {problem}") }
            }
            (In::Abandoned { why, watch_until, .. }, On::LookFailed(_)) => {
                In::Abandoned { why, watch_until, next_look_at: pace.later(now, pace.watch_interval) }
            }
            (In::Refunding { order_id, .. }, On::Refund(progress)) => match progress {
                RefundProgress::Done => In::Refunded { order_id },
                RefundProgress::UnderWay => {
                    In::Refunding { order_id, next_look_at: pace.later(now, pace.watch_interval) }
                }
                RefundProgress::Impossible(reason) => In::NeedsPerson { reason: reason.clone() },
            },
            _ => return Err(refused),
        };
        Ok(self)
    }

    fn answered(&mut self, answer: &MicropayAnswer, now: Timestamp, pace: &MicropayPace) -> MicropayState {
        match answer {
            MicropayAnswer::Paid(order_id) => {
                self.order_was_named = true;
                self.paid(order_id)
            }
            // The platform takes each code once, so the documented repetition cannot charge twice.
            MicropayAnswer::SystemError(order_id) => {
                self.name_order(order_id.as_ref());
                self.doubt = Doubt::Unknown;
                MicropayState::Waiting { next_call_at: pace.later(now, pace.after_system_error) }
            }
            MicropayAnswer::PasswordRequired(order_id) => {
                self.name_order(order_id.as_ref());
                let doubt = if self.order_id.is_some() { Doubt::PasswordPending } else { Doubt::Unknown };
                self.doubt = self.doubt.max(doubt);
                MicropayState::Waiting { next_call_at: pace.later(now, pace.password_interval) }
            }
            MicropayAnswer::Refused(refusal, order_id) => {
                // The call may have named an order that was found, and the reply only repeat it.
                if self.order_id != *order_id {
                    self.name_order(order_id.as_ref());
                }
                self.refusal = Some(refusal.clone());
                if refusal.about == RefusalAbout::Unlisted {
                    self.doubt = Doubt::Unknown;
                }
                let nothing_was_paid = match self.doubt {
                    // Somebody else may have used the code for the same notice.
                    Doubt::None => refusal.about != RefusalAbout::CodeUsed,
                    Doubt::PasswordPending => refusal.about == RefusalAbout::Payment,
                    Doubt::Unknown => false,
                };
                if nothing_was_paid {
                    MicropayState::Failed { refusal: refusal.clone() }
                } else {
                    MicropayState::Asking { next_look_at: now }
                }
            }
        }
    }

    /// A look while the cashier waits.
    fn asked(&mut self, sight: &Sight, now: Timestamp, pace: &MicropayPace) -> MicropayState {
        if let Some(state) = self.money_moved(sight, now) {
            return state;
        }
        match (sight, self.proof(sight)) {
            (_, Some(refusal)) => MicropayState::Failed { refusal },
            (Sight::PaidByAnother(_), None) => self.abandoned(GaveUp::PaidByAnother, now, pace),
            _ if self.refused_as(RefusalAbout::ends_the_calls).is_some() => {
                MicropayState::Asking { next_look_at: pace.later(now, pace.look_interval) }
            }
            _ => {
                let due = pace.later(self.last_call_at.unwrap_or(now), pace.after_system_error);
                MicropayState::Waiting { next_call_at: due.max(now) }
            }
        }
    }

    /// The last look before the cashier is told.
    fn looked_last(&mut self, why: GaveUp, sight: &Sight, now: Timestamp, pace: &MicropayPace) -> MicropayState {
        if let Some(state) = self.money_moved(sight, now) {
            return state;
        }
        match (sight, self.proof(sight)) {
            (_, Some(refusal)) => MicropayState::Failed { refusal },
            (Sight::Canceled(_), None) if self.doubt == Doubt::PasswordPending => MicropayState::Closed { why },
            _ => self.abandoned(why, now, pace),
        }
    }

    /// A look after the cashier was told that it was given up.
    fn watched(
        &mut self,
        why: GaveUp,
        watch_until: Timestamp,
        sight: &Sight,
        now: Timestamp,
        pace: &MicropayPace,
    ) -> MicropayState {
        let next_look_at = pace.later(now, pace.watch_interval);
        match sight {
            Sight::Paid(order_id) if self.is_own(order_id) => {
                MicropayState::Refunding { order_id: order_id.clone(), next_look_at: now }
            }
            // It may be somebody else's, who wanted to pay.
            Sight::Paid(order_id) => self.needs_person_for(order_id),
            Sight::Returning(order_id) if !self.is_own(order_id) && now >= watch_until => {
                self.needs_person_for(order_id)
            }
            Sight::Returned(order_id) if now >= watch_until => {
                self.find_order(order_id);
                MicropayState::Refunded { order_id: order_id.clone() }
            }
            Sight::Returning(_) | Sight::Returned(_) => {
                self.money_moved(sight, now).unwrap_or(MicropayState::Abandoned { why, watch_until, next_look_at })
            }
            Sight::Open(order_id) if now >= watch_until => MicropayState::NeedsPerson {
                reason: format!("order {order_id} can still be paid long after its time: have the platform close it"),
            },
            Sight::Open(_) => {
                self.money_moved(sight, now);
                MicropayState::Abandoned { why, watch_until, next_look_at }
            }
            Sight::Canceled(_) if self.doubt == Doubt::PasswordPending => MicropayState::Closed { why },
            Sight::Canceled(_) | Sight::PaidByAnother(_) | Sight::Nothing => {
                if now >= watch_until {
                    MicropayState::Closed { why }
                } else {
                    MicropayState::Abandoned { why, watch_until, next_look_at }
                }
            }
        }
    }

    /// Remembers the order of a sight; the state that follows when money moved.
    fn money_moved(&mut self, sight: &Sight, now: Timestamp) -> Option<MicropayState> {
        match sight {
            Sight::Paid(order_id) => Some(self.paid(order_id)),
            Sight::Returning(order_id) if self.is_own(order_id) => {
                Some(MicropayState::Refunding { order_id: order_id.clone(), next_look_at: now })
            }
            Sight::Returned(order_id) if self.is_own(order_id) => {
                Some(MicropayState::Refunded { order_id: order_id.clone() })
            }
            Sight::Open(order_id) => {
                if self.order_id.is_none() {
                    self.order_id = Some(order_id.clone());
                }
                None
            }
            // The money of an order that only seems to be this payment's says nothing of an order that is not listed yet.
            Sight::Returning(_)
            | Sight::Returned(_)
            | Sight::Canceled(_)
            | Sight::PaidByAnother(_)
            | Sight::Nothing => None,
        }
    }

    /// The refusal that, with what was seen, proves that nothing was paid and nothing will be.
    fn proof(&self, sight: &Sight) -> Option<MicropayRefusal> {
        match sight {
            // No call of this run left anything open.
            Sight::Nothing | Sight::PaidByAnother(_) | Sight::Canceled(_) if self.doubt == Doubt::None => {
                self.refusal.clone()
            }
            Sight::Canceled(_) if self.doubt == Doubt::PasswordPending => self.refusal.clone(),
            // A canceled order that fits is no proof: an order that is not listed yet may have taken the money.
            Sight::Nothing | Sight::PaidByAnother(_) | Sight::Canceled(_) => {
                self.refused_as(RefusalAbout::rules_out_the_code).cloned()
            }
            Sight::Paid(_) | Sight::Returning(_) | Sight::Returned(_) | Sight::Open(_) => None,
        }
    }

    /// Whether no call can have taken money, so that nothing has to be looked for.
    pub(super) fn left_nothing_open(&self) -> bool {
        self.doubt == Doubt::None && self.refusal.is_none()
    }

    fn refused_as(&self, kind: fn(RefusalAbout) -> bool) -> Option<&MicropayRefusal> {
        self.refusal.as_ref().filter(|refusal| kind(refusal.about))
    }

    fn paid(&mut self, order_id: &OrderId) -> MicropayState {
        self.order_id = Some(order_id.clone());
        MicropayState::Paid { order_id: order_id.clone() }
    }

    /// The first that a reply names stays, whatever a look found: the next call names it.
    fn name_order(&mut self, order_id: Option<&OrderId>) {
        if let Some(order_id) = order_id.filter(|_| !self.order_was_named) {
            self.order_id = Some(order_id.clone());
            self.order_was_named = true;
        }
    }

    /// Whether a reply named this order.
    fn is_own(&self, order_id: &OrderId) -> bool {
        self.order_was_named && self.order_id.as_ref() == Some(order_id)
    }

    fn find_order(&mut self, order_id: &OrderId) {
        if !self.order_was_named {
            self.order_id = Some(order_id.clone());
        }
    }

    fn needs_person_for(&mut self, order_id: &OrderId) -> MicropayState {
        self.find_order(order_id);
        let reason = format!(
            "order {order_id} was paid and may be the abandoned payment's: if it is, refund it by hand \
             (nontax refund request --order-id {order_id})"
        );
        MicropayState::NeedsPerson { reason }
    }

    fn abandoned(&self, why: GaveUp, now: Timestamp, pace: &MicropayPace) -> MicropayState {
        let watch_until = pace.later(self.last_call_at.unwrap_or(now), pace.watch).max(now);
        MicropayState::Abandoned { why, watch_until, next_look_at: pace.later(now, pace.watch_interval) }
    }
}

const fn giving_up(why: GaveUp, now: Timestamp) -> MicropayState {
    MicropayState::GivingUp { why, next_look_at: now, failed_looks: 0 }
}
