//! The payment notice (缴费通知书): what is owed, to whom, until when.

use jiff::Timestamp;

use super::{BankId, ChinaDate, Fen, NoticeKey, OrderId};

/// A payment notice as the book holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// Region, collection entity and number.
    pub key: NoticeKey,
    /// Name of the collection entity.
    pub department_name: String,
    /// General notice or penalty notice.
    pub payment_notice_type: NoticeType,
    /// The payer's name, masked as the bureau wants it shown (`叶*梅`).
    pub user_name: Option<String>,
    /// When the notice was made out.
    pub payment_notice_create_time: Option<Timestamp>,
    /// The last day on which it may be paid.
    pub payment_expire_date: Option<ChinaDate>,
    /// What is due, in fen.
    pub fee: Fen,
    /// What it is made of; the items' fees add up to `fee`.
    pub items: Vec<Item>,
    /// Whether it may be paid after `payment_expire_date`.
    pub late_payment: LatePayment,
    /// The banks through which it may be paid; empty means all.
    pub bank_ids: Vec<BankId>,
    /// Where it stands.
    pub state: NoticeState,
}

impl Notice {
    /// Whether the items' fees add up to the fee. A notice for which they do not is answered 296.
    #[must_use]
    pub fn adds_up(&self) -> bool {
        self.items.iter().map(|item| item.fee).sum::<Option<Fen>>() == Some(self.fee)
    }

    /// Checks what an import must not let in.
    ///
    /// # Errors
    /// [`InvalidNotice`] says which rule is broken, with both figures.
    pub fn check(&self) -> Result<(), InvalidNotice> {
        if self.fee == Fen::ZERO {
            return Err(InvalidNotice::NothingDue);
        }
        if self.items.is_empty() {
            return Err(InvalidNotice::NoItems);
        }
        let sum = self.items.iter().map(|item| item.fee).sum::<Option<Fen>>().ok_or(InvalidNotice::TooMuch)?;
        if sum != self.fee {
            return Err(InvalidNotice::DoesNotAddUp { fee: self.fee, sum });
        }
        for item in &self.items {
            let extras: Option<Fen> = [item.overdue, item.penalty].into_iter().flatten().sum();
            if extras.is_none_or(|extras| extras > item.fee) {
                return Err(InvalidNotice::ExtrasExceedItem { no: item.no });
            }
        }
        Ok(())
    }
}

/// One line of a notice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// Item number: 1, 2, 3…
    pub no: i64,
    /// The item's code.
    pub item_id: String,
    /// The item's name.
    pub item_name: String,
    /// Late fee in fen, included in `fee`.
    pub overdue: Option<Fen>,
    /// Penalty in fen, included in `fee`.
    pub penalty: Option<Fen>,
    /// The item's amount in fen.
    pub fee: Fen,
}

/// `payment_notice_type`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum NoticeType {
    /// 1, a general notice.
    #[default]
    General,
    /// 2, a penalty notice.
    Penalty,
}

impl NoticeType {
    /// The number on the wire.
    #[must_use]
    pub const fn code(self) -> i64 {
        match self {
            Self::General => 1,
            Self::Penalty => 2,
        }
    }

    /// The type of a number on the wire.
    #[must_use]
    pub const fn from_code(code: i64) -> Option<Self> {
        match code {
            1 => Some(Self::General),
            2 => Some(Self::Penalty),
            _ => None,
        }
    }
}

/// Whether a notice may be paid after its date.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum LatePayment {
    /// Late payment is answered 235.
    #[default]
    Refused,
    /// Late payment is taken.
    Allowed,
}

/// Where a notice stands. What may follow what is in [`super::NOTICE_TRANSITIONS`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub enum NoticeState {
    /// Due.
    #[default]
    Unpaid,
    /// Paid, by an order of the platform or, without one, by another way that the import told.
    Paid {
        /// The order that settles the notice.
        order_id: Option<OrderId>,
    },
    /// Withdrawn by the bureau.
    Canceled,
    /// Not payable until it is restored.
    Suspended,
}

/// A notice that cannot be taken into the book.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidNotice {
    /// `fee` is 0.
    #[error("fee is 0: there is nothing to pay")]
    NothingDue,
    /// `items` is empty.
    #[error("items is empty: at least one item is required")]
    NoItems,
    /// The items' fees do not fit into a number.
    #[error("the items' fees are too large to add up")]
    TooMuch,
    /// The items' fees are not the notice's.
    #[error("fee is {} fen but the items' fees add up to {} fen", fee.get(), sum.get())]
    DoesNotAddUp {
        /// The notice's.
        fee: Fen,
        /// The items'.
        sum: Fen,
    },
    /// Late fee and penalty are part of an item's fee, so they cannot exceed it.
    #[error("item {no}: overdue and penalty exceed the item's fee, which includes them")]
    ExtrasExceedItem {
        /// The item's number.
        no: i64,
    },
}
