//! A made-up day at the platform and its book, with injected differences: exactly those are found, whatever the order of rows.

use proptest::prelude::*;

use super::made_up_day::{Injected, Made, day, made, sides};
use super::{
    BookedOrder, BookedPayment, BookedRefund, BookedTime, Difference, DifferenceKind, Pair, Pairing, StatedOrder,
    StatedPayment, StatedRefund, differences,
};
use crate::domain::{Disposition, OrderId, RefundKind};

/// A walk over both sides, with pages of the book of this size.
fn walked(stated: Vec<StatedOrder>, booked: &[BookedOrder], page: usize) -> Vec<Pair> {
    let mut pairing = Pairing::new(stated.into_iter().map(Ok::<_, ()>));
    let (mut walked, mut pages) = (Vec::new(), booked.chunks(page).peekable());
    loop {
        match pairing.next_pair().unwrap() {
            Some(pair) => walked.push(pair),
            None if !pairing.wants_a_page() => return walked,
            None => {
                let orders = pages.next().unwrap_or_default().to_vec();
                let last = pages.peek().and(orders.last()).map(|order| order.order_id.clone());
                pairing.add_page(orders, last);
            }
        }
    }
}

/// All that is found in a day.
fn found(stated: Vec<StatedOrder>, booked: &[BookedOrder]) -> Vec<Difference> {
    let walked = walked(stated, booked, 7);
    walked.iter().flat_map(|pair| differences(day(), pair.stated(), pair.booked())).collect()
}

/// The mirror of a side: what the book would be if it were the statement.
fn as_stated(booked: &BookedOrder) -> StatedOrder {
    let instant = |time| match time {
        BookedTime::Told(at) | BookedTime::Recorded(at) => at,
    };
    let mut stated = StatedOrder::of(booked.order_id.clone(), String::new());
    stated.payments.extend(
        booked.payment.iter().map(|payment| StatedPayment { fee: payment.fee.unwrap(), at: instant(payment.at) }),
    );
    for refund in &booked.refunds {
        let RefundKind::Partial { refund_order_id, refund_fee } = &refund.kind else { continue };
        let (refund_order_id, at) = (refund_order_id.clone(), instant(refund.at));
        stated.refunds.push(StatedRefund { refund_order_id, refund_out_id: None, fee: *refund_fee, at, is_done: true });
    }
    stated
}

fn as_booked(stated: &StatedOrder) -> BookedOrder {
    let payment = stated.payments.first().map(|payment| BookedPayment {
        fee: Some(payment.fee),
        at: BookedTime::Told(payment.at),
        disposition: Disposition::Settles,
        notice: None,
    });
    let refunds = stated.refunds.iter().map(|refund| BookedRefund {
        kind: RefundKind::Partial { refund_order_id: refund.refund_order_id.clone(), refund_fee: refund.fee },
        at: BookedTime::Told(refund.at),
    });
    BookedOrder { order_id: stated.order_id.clone(), payment, refunds: refunds.collect() }
}

const fn mirrored(kind: DifferenceKind) -> DifferenceKind {
    match kind {
        DifferenceKind::UnknownHere => DifferenceKind::MissingThere,
        DifferenceKind::MissingThere => DifferenceKind::UnknownHere,
        DifferenceKind::RefundedThereOnly => DifferenceKind::RefundedHereOnly,
        DifferenceKind::RefundedHereOnly => DifferenceKind::RefundedThereOnly,
        same => same,
    }
}

fn orders(made: &[Made]) -> impl Iterator<Item = (OrderId, &Made)> {
    made.iter().enumerate().map(|(place, made)| (OrderId::new(&format!("AQ{place:06}")).unwrap(), made))
}

proptest! {
    #[test]
    fn exactly_what_was_injected_is_found(made in prop::collection::vec(made(), 0..60)) {
        let (mut stated, mut booked, mut expected) = (Vec::new(), Vec::new(), Vec::new());
        for (order_id, made) in orders(&made) {
            let (listed, held, kinds) = sides(&order_id, made);
            stated.extend(listed);
            booked.extend(held);
            let in_flight = made.injected == Injected::InFlight;
            expected.extend(kinds.into_iter().map(|kind| (order_id.clone(), kind, in_flight)));
        }
        let told: Vec<_> = found(stated, &booked)
            .into_iter()
            .map(|difference| (difference.order_id, difference.kind, difference.place.is_in_flight()))
            .collect();
        prop_assert_eq!(told, expected);
    }

    #[test]
    fn the_order_of_an_orders_rows_does_not_matter(made in made(), turn in 0..6_usize) {
        let (stated, booked, _) = sides(&OrderId::new("A").unwrap(), &made);
        let (mut turned_stated, mut turned_booked) = (stated.clone(), booked.clone());
        if let Some(stated) = &mut turned_stated {
            let count = stated.refunds.len().max(1);
            stated.refunds.rotate_left(turn % count);
        }
        if let Some(booked) = &mut turned_booked {
            booked.refunds.reverse();
        }
        let sorted = |mut found: Vec<Difference>| {
            found.sort_by(|one, other| (one.kind, &one.refund_order_id).cmp(&(other.kind, &other.refund_order_id)));
            found
        };
        prop_assert_eq!(
            sorted(differences(day(), stated.as_ref(), booked.as_ref())),
            sorted(differences(day(), turned_stated.as_ref(), turned_booked.as_ref()))
        );
    }

    #[test]
    fn neither_side_is_favoured(made in prop::collection::vec(made(), 0..20)) {
        // Only what a statement can tell too: no dispositions, and nothing near midnight.
        let plain = |made: &&Made| !matches!(
            made.injected,
            Injected::PaidTwice | Injected::PaidTwiceAndRefunded | Injected::NoSource | Injected::RefusedAndKept | Injected::InFlight
        );
        let made: Vec<Made> = made.iter().filter(plain).cloned().collect();
        for (order_id, made) in orders(&made) {
            let (stated, booked, _) = sides(&order_id, made);
            let (mirror_stated, mirror_booked) = (booked.as_ref().map(as_stated), stated.as_ref().map(as_booked));
            let mut there: Vec<_> = differences(day(), stated.as_ref(), booked.as_ref())
                .into_iter()
                .map(|found| (mirrored(found.kind), found.refund_order_id, found.booked_fee, found.stated_fee))
                .collect();
            let mut here: Vec<_> = differences(day(), mirror_stated.as_ref(), mirror_booked.as_ref())
                .into_iter()
                .map(|found| (found.kind, found.refund_order_id, found.stated_fee, found.booked_fee))
                .collect();
            there.sort();
            here.sort();
            prop_assert_eq!(there, here);
        }
    }

    #[test]
    fn a_walk_meets_every_order_once_and_in_order(
        stated in prop::collection::btree_set(0..200_u32, 0..60),
        booked in prop::collection::btree_set(0..200_u32, 0..60),
        page in 1..20_usize,
    ) {
        let id = |number: &u32| OrderId::new(&format!("{number:04}")).unwrap();
        let walked: Vec<_> = walked(
            stated.iter().map(|number| StatedOrder::of(id(number), String::new())).collect(),
            &booked.iter().map(|number| BookedOrder::of(id(number))).collect::<Vec<_>>(),
            page,
        )
        .iter()
        .map(|pair| (pair.order_id().clone(), pair.stated().is_some(), pair.booked().is_some()))
        .collect();
        let expected: Vec<_> = stated
            .union(&booked)
            .map(|number| (id(number), stated.contains(number), booked.contains(number)))
            .collect();
        prop_assert_eq!(walked, expected);
    }
}
