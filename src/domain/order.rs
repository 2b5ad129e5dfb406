//! An order of the platform, and how we learn which notice it pays.

use super::{BankId, Fen, Item, LatePayment, Notice, NoticeKey, NoticeState, NoticeType};

/// What is known of an order: what it pays and how much.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderDetails {
    /// The notice; `None` for an order that was placed with an `order_no` in place of a notice.
    pub notice: Option<NoticeKey>,
    /// The order's total, in fen.
    pub fee: Fen,
    /// The bank that collects.
    pub bank_id: Option<BankId>,
    /// Name of the collection entity, where the source tells it.
    pub department_name: Option<String>,
    /// General or penalty notice, where the source tells it.
    pub payment_notice_type: Option<NoticeType>,
    /// What the amount is made of, where the source tells it.
    pub items: Vec<Item>,
    /// Where this was learnt.
    pub source: OrderSource,
}

impl OrderDetails {
    /// The notice that the order pays, made from the order where the book has none.
    #[must_use]
    pub fn to_notice(&self, key: NoticeKey) -> Notice {
        Notice {
            key,
            department_name: self.department_name.clone().unwrap_or_default(),
            payment_notice_type: self.payment_notice_type.unwrap_or(NoticeType::General),
            user_name: None,
            payment_notice_create_time: None,
            payment_expire_date: None,
            fee: self.fee,
            items: self.items.clone(),
            late_payment: LatePayment::Refused,
            bank_ids: Vec::new(),
            state: NoticeState::Unpaid,
        }
    }
}

/// Where an order's details were learnt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OrderSource {
    /// Registered by the business system, or placed through this gateway.
    Registered,
    /// From the fields of the notification itself.
    Notification,
    /// From the platform's Order Query API.
    Platform,
}

/// The outcome of finding out what an order pays. A failure to find out is not in here: it is an error of the caller's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Resolution {
    /// The order exists and pays this.
    Details(OrderDetails),
    /// The platform says positively that there is no such order.
    NoSuchOrder,
}
