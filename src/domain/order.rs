//! An order of the platform, and how we learn which notice it pays.

use super::{BankId, Fen, Item, NoticeKey, NoticeType};

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
