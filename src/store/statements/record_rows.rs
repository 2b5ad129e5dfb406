//! The rows that notifications bring, collected so that one statement writes all of a kind.

use std::mem;

use super::journal::{self, NewEvent, NewState};
use super::notice::{self, NewNotice, NoticeMove};
use super::order::{self, NewOrder, OrderMove};
use super::payment::{self, NewPayment};
use super::record_facts::Facts;
use super::{Connection, run_together};
use crate::domain::{Change, Decision, OrderDetails};
use crate::store::{JournalEntry, Recording, StoreError};

/// What is to be written, by kind.
#[derive(Default)]
pub(super) struct Rows<'a> {
    orders: Vec<NewOrder<'a>>,
    learnt: Vec<(&'a Recording, &'a OrderDetails)>,
    pub(super) order_moves: Vec<OrderMove<'a>>,
    pub(super) notices: Vec<NewNotice<'a>>,
    pub(super) notice_moves: Vec<NoticeMove<'a>>,
    pub(super) payments: Vec<NewPayment<'a>>,
    pub(super) states: Vec<NewState<'a>>,
    pub(super) events: Vec<NewEvent<'a>>,
    pub(super) journal: Vec<JournalEntry>,
}

impl<'a> Rows<'a> {
    /// An order that is new comes in the state that it ends in; one that is known may still have something to be learnt.
    pub(super) fn add_order(&mut self, recording: &'a Recording, facts: &'a Facts, decision: &Decision) {
        let Facts { notification, order_known, details_known } = facts;
        let details = notification.details.as_ref();
        if !order_known {
            let moved = decision.changes.iter().find_map(|change| match change {
                Change::MoveOrder { to, .. } => Some(*to),
                _ => None,
            });
            let state = moved.unwrap_or(notification.state);
            let Recording { party, order_id, received_at, .. } = recording;
            self.orders.push(NewOrder { party, order_id, details, state, at: *received_at });
        } else if let (false, Some(details)) = (details_known, details) {
            self.learnt.push((recording, details));
        }
    }

    /// Writes everything: first what others build on, then the rest together.
    pub(super) async fn write(mut self, connection: &mut Connection) -> Result<(), StoreError> {
        for (recording, details) in &self.learnt {
            let Recording { party, order_id, received_at, .. } = recording;
            order::learn(connection, party, order_id, details, *received_at).await?;
        }
        notice::add_all(connection, &mut self.notices).await?;
        // By key, as the orders: whoever adds the same ones at the same moment waits, and not in a circle.
        self.payments.sort_unstable_by_key(|new| (new.party, &new.payment.order_id));
        let writes = vec![
            order::adding(&mut self.orders)?,
            order::moving(&self.order_moves),
            notice::moving(&self.notice_moves),
            payment::putting(&self.payments),
            journal::appending_states(&self.states),
            journal::appending_events(&self.events),
            journal::appending(&self.journal),
        ];
        run_together(connection, writes).await
    }

    /// Writes what is collected for the journal of state changes and for the outbox.
    pub(super) async fn write_journals(&mut self, connection: &mut Connection) -> Result<(), StoreError> {
        journal::appending_states(&mem::take(&mut self.states)).run(connection).await?;
        journal::appending_events(&mem::take(&mut self.events)).run(connection).await
    }
}
