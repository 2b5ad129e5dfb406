//! What notifications are decided from, read under the locks of their orders and notices.

use std::collections::{HashMap, HashSet};

use super::{Connection, notice, order, payment, suspension};
use crate::domain::{
    NoticeKey, NotificationFacts, OrderDetails, OrderEvent, OrderId, OrderState, PartyName, Resolution,
};
use crate::store::{Recording, StoreError};

/// How many refunds one transaction takes at most. Each costs several statements of its own, and all rows are locked meanwhile.
const MAX_REFUNDS: usize = 8;

/// The facts of one notification.
pub(super) struct Facts {
    /// What it is decided from.
    pub(super) notification: NotificationFacts,
    /// Whether the order is in the book already.
    pub(super) order_known: bool,
    /// Whether the book holds what the order pays already.
    pub(super) details_known: bool,
}

/// The facts of each notification that shares no order and no notice with one before it, and of some refunds; `None` for the others,
/// which have to be recorded afterwards. Locks are taken in the order that `record` promises.
pub(super) async fn read(
    connection: &mut Connection,
    recordings: &[&Recording],
) -> Result<Vec<Option<Facts>>, StoreError> {
    let (mut orders_seen, mut refunds) = (HashSet::new(), 0);
    let mut firsts = Vec::with_capacity(recordings.len());
    for (place, recording) in recordings.iter().enumerate() {
        refunds += usize::from(matches!(recording.event, OrderEvent::Refunded(_)));
        let has_room = refunds <= MAX_REFUNDS || matches!(recording.event, OrderEvent::Paid(_));
        if orders_seen.insert(order_of(recording)) && has_room {
            firsts.push(place);
        }
    }
    let orders: Vec<_> = firsts.iter().map(|place| order_of(recordings[*place])).collect();
    let known = order::lock_all(connection, &orders).await?;

    let mut members = Vec::with_capacity(firsts.len());
    let mut notices_seen: HashSet<(&PartyName, NoticeKey)> = HashSet::new();
    for (place, known) in firsts.into_iter().zip(known) {
        let recording = recordings[place];
        let (order_known, state) = (known.is_some(), known.as_ref().map_or(OrderState::Open, |order| order.state));
        let stored = known.and_then(|order| order.details);
        let details_known = stored.is_some();
        let details = stored.or_else(|| told(&recording.event).cloned());
        let key = details.as_ref().and_then(|details| details.notice.clone());
        if key.is_none_or(|key| notices_seen.insert((&recording.party, key))) {
            members.push(Member { place, recording, order_known, details_known, state, details });
        }
    }
    let mut facts: Vec<Option<Facts>> = recordings.iter().map(|_| None).collect();
    for (place, read) in read_members(connection, members).await? {
        facts[place] = Some(read);
    }
    Ok(facts)
}

fn order_of(recording: &Recording) -> (&PartyName, &OrderId) {
    (&recording.party, &recording.order_id)
}

/// What a notification, or whoever was asked about it, says that the order pays.
fn told(event: &OrderEvent) -> Option<&OrderDetails> {
    match event {
        OrderEvent::Paid(paid) => match &paid.resolution {
            Resolution::Details(details) => Some(details),
            Resolution::NoSuchOrder => None,
        },
        OrderEvent::Refunded(_) => None,
    }
}

/// A notification whose order is locked.
struct Member<'a> {
    place: usize,
    recording: &'a Recording,
    order_known: bool,
    details_known: bool,
    state: OrderState,
    details: Option<OrderDetails>,
}

impl Member<'_> {
    fn key(&self) -> Option<&NoticeKey> {
        self.details.as_ref().and_then(|details| details.notice.as_ref())
    }
}

async fn read_members(
    connection: &mut Connection,
    members: Vec<Member<'_>>,
) -> Result<Vec<(usize, Facts)>, StoreError> {
    let keys: Vec<_> =
        members.iter().filter_map(|member| member.key().map(|key| (&member.recording.party, key))).collect();
    let mut notices = notice::lock_all(connection, &keys).await?.into_iter();
    // An order that is not in the book has neither payment nor refund there: they are written together.
    let known: Vec<_> =
        members.iter().filter(|member| member.order_known).map(|member| order_of(member.recording)).collect();
    let mut payments = payment::find_all(connection, &known).await?.into_iter();
    let mut refunds = payment::refunds_all(connection, &known).await?.into_iter();
    let mut suspensions = HashMap::new();
    let mut facts = Vec::with_capacity(members.len());
    for member in members {
        let Recording { party, order_id, event, .. } = member.recording;
        if !suspensions.contains_key(party) {
            let at = member.recording.received_at;
            suspensions.insert(party, suspension::in_force(connection, party, at).await?);
        }
        let notice = member.key().and_then(|_| notices.next().flatten());
        let waiting = match (event, &notice) {
            (OrderEvent::Refunded(_), Some(notice)) => payment::waiting(connection, party, notice, order_id).await?,
            _ => Vec::new(),
        };
        let notification = NotificationFacts {
            order_id: order_id.clone(),
            state: member.state,
            payment: if member.order_known { payments.next().flatten() } else { None },
            refunds: if member.order_known { refunds.next().unwrap_or_default() } else { Vec::new() },
            suspensions: suspensions.get(party).cloned().unwrap_or_default(),
            details: member.details,
            notice,
            waiting,
        };
        let Member { place, order_known, details_known, .. } = member;
        facts.push((place, Facts { notification, order_known, details_known }));
    }
    Ok(facts)
}
