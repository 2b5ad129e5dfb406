//! What a pass of healing did.

use std::time::Duration;

/// What was done, and what the notifications of the orders that were looked at tell.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HealingReport {
    /// Discrepancies that were healed.
    pub healed: u64,
    /// Discrepancies that now wait for a person.
    pub queued: u64,
    /// Discrepancies that wait for something that takes hours.
    pub left: u64,
    /// Discrepancies that the platform gave no answer about.
    pub unreachable: u64,
    /// Whether the book was changed.
    pub changed_the_book: bool,
    /// Of the notifications that the platform says it sent.
    pub notifications: NotificationsSeen,
}

impl HealingReport {
    /// Adds what a later pass did. What waits for something waits now: the later pass tells it anew.
    pub(in crate::app) fn add(&mut self, later: &Self) {
        self.healed += later.healed;
        self.queued += later.queued;
        self.left = later.left;
        self.unreachable = later.unreachable;
        self.changed_the_book |= later.changed_the_book;
        self.notifications.add(later.notifications);
    }
}

/// Notifications as both sides saw them, joined by `wxnontaxstr`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NotificationsSeen {
    /// How many the platform says it sent.
    pub sent: u64,
    /// How many of them never came here.
    pub never_came: u64,
    /// The slowest as the platform saw it.
    pub slowest_there: Duration,
    /// The slowest as we saw it.
    pub slowest_here: Duration,
}

impl NotificationsSeen {
    pub(super) fn add(&mut self, more: Self) {
        self.sent += more.sent;
        self.never_came += more.never_came;
        self.slowest_there = self.slowest_there.max(more.slowest_there);
        self.slowest_here = self.slowest_here.max(more.slowest_here);
    }
}
