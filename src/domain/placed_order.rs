//! An order that is placed here: its states, and which follows which (source §6.1.2, §11.3).

use std::fmt;

use jiff::Timestamp;

use super::{DepartmentCode, NoticeKey, OrderId, PaymentNoticeNo, RegionCode};

/// How long an order can be paid after it was placed: 10 minutes (§11.3).
pub const ORDER_LIFETIME_SECONDS: i64 = 600;

/// What an order is for: a notice, or a number of the business system. Two orders for one subject may both be paid.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct OrderSubject {
    /// Code of the region.
    pub region_code: RegionCode,
    /// Code of the collection entity.
    pub department_code: DepartmentCode,
    /// The notice, where it is for one.
    pub payment_notice_no: Option<PaymentNoticeNo>,
    /// The business system's number, where it has one.
    pub order_no: Option<String>,
}

impl OrderSubject {
    /// The notice, where it is for one.
    #[must_use]
    pub fn notice(&self) -> Option<NoticeKey> {
        self.payment_notice_no.clone().map(|payment_notice_no| NoticeKey {
            region_code: self.region_code.clone(),
            department_code: self.department_code.clone(),
            payment_notice_no,
        })
    }
}

/// `440000/143605002004/440204190185356`, with the business system's number in the place of the notice's where there is no notice.
impl fmt::Display for OrderSubject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let notice = self.payment_notice_no.as_ref().map(PaymentNoticeNo::as_str);
        let number = notice.or(self.order_no.as_deref()).unwrap_or_default();
        write!(f, "{}/{}/{number}", self.region_code, self.department_code)
    }
}

/// Where the placement of an order stands. What may follow what is in [`PLACEMENT_TRANSITIONS`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum PlacementState {
    /// The key is reserved and the platform is being called.
    Placing,
    /// The order is there.
    Open {
        /// The platform's order.
        order_id: OrderId,
        /// Until when it can be paid.
        expires_at: Timestamp,
    },
    /// Its time was over before it was paid, as the platform says.
    Expired {
        /// The platform's order.
        order_id: OrderId,
        /// Until when it could be paid.
        expires_at: Timestamp,
    },
    /// There is no order: the platform refused, or was not called. The key is free again.
    Failed {
        /// The platform's errcode, when it refused.
        errcode: Option<i64>,
        /// Why.
        errmsg: String,
    },
    /// Nobody knows whether there is an order. If there is, nobody has its link, and it expires.
    Unknown {
        /// Why.
        problem: String,
    },
}

/// What can happen to a placement.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum PlacementStep {
    /// The platform is called (again).
    Place,
    /// The platform gave an order.
    Open {
        /// The order.
        order_id: OrderId,
        /// Until when it can be paid.
        expires_at: Timestamp,
    },
    /// There is surely no order.
    Fail {
        /// The platform's errcode, when it refused.
        errcode: Option<i64>,
        /// Why.
        errmsg: String,
    },
    /// The platform says that the order was not paid and cannot be any more.
    Expire,
    /// The platform gave no word.
    LoseTrack {
        /// Why.
        problem: String,
    },
}

/// Every transition of a placement by name: from, step, to. A pair that is not in here is refused.
pub const PLACEMENT_TRANSITIONS: [(&str, &str, &str); 9] = [
    ("placing", "open", "open"),
    ("placing", "fail", "failed"),
    ("placing", "lose_track", "unknown"),
    ("open", "expire", "expired"),
    ("failed", "place", "placing"),
    ("unknown", "place", "placing"),
    // The reply came after the call was given up: an order that is there wins.
    ("unknown", "open", "open"),
    ("failed", "open", "open"),
    ("unknown", "lose_track", "unknown"),
];

/// A step that a placement's state does not allow.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a placement that is {from} has no step \"{step}\"")]
pub struct PlacementStepError {
    /// The state's name.
    pub from: &'static str,
    /// The step's name.
    pub step: &'static str,
}

impl PlacementStep {
    /// The name in the table and in the journal.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Place => "place",
            Self::Open { .. } => "open",
            Self::Fail { .. } => "fail",
            Self::Expire => "expire",
            Self::LoseTrack { .. } => "lose_track",
        }
    }
}

impl PlacementState {
    /// The name in the journal.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Placing => "placing",
            Self::Open { .. } => "open",
            Self::Expired { .. } => "expired",
            Self::Failed { .. } => "failed",
            Self::Unknown { .. } => "unknown",
        }
    }

    /// The name at a moment: an order that was not paid in time reads as expired.
    #[must_use]
    pub fn name_at(&self, now: Timestamp) -> &'static str {
        match self {
            Self::Open { expires_at, .. } if *expires_at <= now => "expired",
            state => state.name(),
        }
    }

    /// The state after `step`.
    ///
    /// # Errors
    /// [`PlacementStepError`] when the table has no such transition.
    pub fn after(self, step: PlacementStep) -> Result<Self, PlacementStepError> {
        match (self, step) {
            (
                Self::Placing | Self::Failed { .. } | Self::Unknown { .. },
                PlacementStep::Open { order_id, expires_at },
            ) => Ok(Self::Open { order_id, expires_at }),
            (Self::Placing, PlacementStep::Fail { errcode, errmsg }) => Ok(Self::Failed { errcode, errmsg }),
            (Self::Placing | Self::Unknown { .. }, PlacementStep::LoseTrack { problem }) => {
                Ok(Self::Unknown { problem })
            }
            (Self::Open { order_id, expires_at }, PlacementStep::Expire) => Ok(Self::Expired { order_id, expires_at }),
            (Self::Failed { .. } | Self::Unknown { .. }, PlacementStep::Place) => Ok(Self::Placing),
            (from, step) => Err(PlacementStepError { from: from.name(), step: step.name() }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_what_the_code_does() {
        let order_id = || OrderId::new("A").unwrap();
        let expires_at = Timestamp::from_second(600).unwrap();
        let states = [
            PlacementState::Placing,
            PlacementState::Open { order_id: order_id(), expires_at },
            PlacementState::Expired { order_id: order_id(), expires_at },
            PlacementState::Failed { errcode: None, errmsg: String::new() },
            PlacementState::Unknown { problem: String::new() },
        ];
        let steps = [
            PlacementStep::Place,
            PlacementStep::Open { order_id: order_id(), expires_at },
            PlacementStep::Fail { errcode: None, errmsg: String::new() },
            PlacementStep::Expire,
            PlacementStep::LoseTrack { problem: String::new() },
        ];
        for state in &states {
            for step in &steps {
                let row =
                    PLACEMENT_TRANSITIONS.iter().find(|(from, on, _)| *from == state.name() && *on == step.name());
                let after = state.clone().after(step.clone()).ok();
                assert_eq!(after.as_ref().map(PlacementState::name), row.map(|(_, _, to)| *to), "{state:?} {step:?}");
            }
        }
    }

    #[test]
    fn an_order_is_open_until_its_time_is_over() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let open = PlacementState::Open { order_id: OrderId::new("A").unwrap(), expires_at: at(600) };
        assert_eq!((open.name_at(at(599)), open.name_at(at(600))), ("open", "expired"));
    }
}
