//! Both sides walked together: a merge join of two streams ordered by `order_id`, which holds a page of the book and one order of
//! the statement.

use std::cmp::Ordering;
use std::collections::VecDeque;
use std::iter::Peekable;

use super::{BookedOrder, StatedOrder};
use crate::domain::OrderId;

/// One order, on one side or on both.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pair {
    /// Only the statement has it.
    Stated(StatedOrder),
    /// Only the book has it.
    Booked(BookedOrder),
    /// Both have it.
    Both(StatedOrder, BookedOrder),
}

impl Pair {
    /// The statement's side.
    #[must_use]
    pub const fn stated(&self) -> Option<&StatedOrder> {
        match self {
            Self::Stated(stated) | Self::Both(stated, _) => Some(stated),
            Self::Booked(_) => None,
        }
    }

    /// The book's side.
    #[must_use]
    pub const fn booked(&self) -> Option<&BookedOrder> {
        match self {
            Self::Booked(booked) | Self::Both(_, booked) => Some(booked),
            Self::Stated(_) => None,
        }
    }

    /// The order.
    #[must_use]
    pub const fn order_id(&self) -> &OrderId {
        match self {
            Self::Stated(stated) | Self::Both(stated, _) => &stated.order_id,
            Self::Booked(booked) => &booked.order_id,
        }
    }
}

/// The walk. Both sides are strictly ascending by the bytes of `order_id`; the book comes in pages.
pub struct Pairing<S, E>
where
    S: Iterator<Item = Result<StatedOrder, E>>,
{
    stated: Peekable<S>,
    booked: VecDeque<BookedOrder>,
    book: Known,
}

/// How far the book is known.
enum Known {
    /// Up to this order.
    UpTo(OrderId),
    /// To its end.
    ToEnd,
    /// Not at all yet.
    Nothing,
}

impl<S, E> Pairing<S, E>
where
    S: Iterator<Item = Result<StatedOrder, E>>,
{
    /// At its beginning, before the first page of the book.
    pub fn new(stated: S) -> Self {
        Self { stated: stated.peekable(), booked: VecDeque::new(), book: Known::Nothing }
    }

    /// Adds the next page of the book, which is complete up to `last`, or to the book's end.
    pub fn add_page(&mut self, orders: Vec<BookedOrder>, last: Option<OrderId>) {
        self.booked.extend(orders);
        self.book = last.map_or(Known::ToEnd, Known::UpTo);
    }

    /// Whether the next page of the book is to be added when [`Self::next_pair`] gives nothing; otherwise that is the end.
    #[must_use]
    pub const fn wants_a_page(&self) -> bool {
        !matches!(self.book, Known::ToEnd)
    }

    /// The next order, ascending.
    ///
    /// # Errors
    /// What the statement's side failed with. The walk cannot go on.
    pub fn next_pair(&mut self) -> Result<Option<Pair>, E> {
        let stated = match self.stated.peek() {
            Some(Ok(stated)) if self.book.reaches(&stated.order_id) => Some(&stated.order_id),
            Some(Err(_)) => return self.stated.next().transpose().map(|_| None),
            Some(Ok(_)) | None => None,
        };
        let order = match (stated, self.booked.front()) {
            (Some(stated), Some(booked)) => stated.cmp(&booked.order_id),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => return Ok(None),
        };
        let stated = if order.is_le() { self.stated.next().transpose()? } else { None };
        let booked = if order.is_ge() { self.booked.pop_front() } else { None };
        Ok(match (stated, booked) {
            (Some(stated), Some(booked)) => Some(Pair::Both(stated, booked)),
            (Some(stated), None) => Some(Pair::Stated(stated)),
            (None, Some(booked)) => Some(Pair::Booked(booked)),
            (None, None) => None,
        })
    }
}

impl Known {
    fn reaches(&self, order_id: &OrderId) -> bool {
        match self {
            Self::UpTo(last) => order_id <= last,
            Self::ToEnd => true,
            Self::Nothing => false,
        }
    }
}
