//! Gateways that race each other: whatever the order of events, one order pays a notice, once.

use std::sync::Arc;

use nontax_gateway::domain::{Disposition, NotificationAnswer, Objection};
use nontax_gateway::store::SharedStore;
use tokio::task::JoinSet;

use crate::book::{finance, import, key, notice, order, paid, party, record, recording_bank, refunded};
use crate::stores::{TestStore, on_both_stores_each_way};

/// How many notices two gateways fight over on Postgres.
const FIGHTS: usize = 1000;

on_both_stores_each_way!(
    two_orders_at_once_make_one_payment,
    overlapping_repeats_make_one_payment,
    a_notice_made_from_two_orders_at_once_is_made_once,
    a_refund_and_a_payment_at_once_end_in_one_state,
);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_gateways_never_let_two_orders_pay_one_notice() {
    let test = crate::stores::postgres().await;
    let gateways = [Arc::clone(&test.store), test.open_again().await];
    fight(&gateways, FIGHTS).await;
}

async fn two_orders_at_once_make_one_payment(test: TestStore) {
    fight(&[Arc::clone(&test.store), test.store], 50).await;
}

/// Two orders pay each notice at the same moment, one through each gateway: one 0, one 232 that names the winner.
async fn fight(gateways: &[SharedStore; 2], notices: usize) {
    for number in 0..notices {
        let number = number.to_string();
        import(&*gateways[0], notice(&number)).await;
        let pay = |gateway: usize| {
            let (store, number) = (Arc::clone(&gateways[gateway]), number.clone());
            let order_id = format!("{number}-{gateway}");
            tokio::spawn(async move { record(&*store, &order_id, paid(&number), finance()).await.unwrap() })
        };
        let (first, second) = tokio::join!(pay(0), pay(1));
        let winner = match (first.unwrap(), second.unwrap()) {
            (NotificationAnswer::Recorded, NotificationAnswer::Refused(refusal)) => (0, refusal),
            (NotificationAnswer::Refused(refusal), NotificationAnswer::Recorded) => (1, refusal),
            answers => panic!("notice {number}: {answers:?}"),
        };
        let winner_id = order(&format!("{number}-{}", winner.0));
        assert_eq!(*winner.1.objection(), Objection::AlreadyPaid { order_id: Some(winner_id) });
    }
}

async fn overlapping_repeats_make_one_payment(test: TestStore) {
    let second = test.open_again().await;
    for number in 0..20 {
        let number = number.to_string();
        import(&*test.store, notice(&number)).await;
        let mut repeats = JoinSet::new();
        for repeat in 0..16 {
            let store = if repeat % 2 == 0 { Arc::clone(&test.store) } else { Arc::clone(&second) };
            let number = number.clone();
            repeats.spawn(async move { record(&*store, &number, paid(&number), finance()).await.unwrap() });
        }
        let answers = repeats.join_all().await;
        let recorded = answers.iter().filter(|answer| **answer == NotificationAnswer::Recorded).count();
        assert_eq!(recorded, 1, "{answers:?}");
        let repeated = NotificationAnswer::AlreadyRecorded { differs: false };
        assert_eq!(answers.iter().filter(|answer| **answer == repeated).count(), 15, "{answers:?}");
    }
}

async fn a_notice_made_from_two_orders_at_once_is_made_once(test: TestStore) {
    let second = test.open_again().await;
    for number in 0..20 {
        let number = number.to_string();
        let pay = |store: &SharedStore, order_id: &'static str| {
            let (store, number) = (Arc::clone(store), number.clone());
            let order_id = format!("{number}{order_id}");
            tokio::spawn(async move { record(&*store, &order_id, paid(&number), recording_bank()).await.unwrap() })
        };
        let (first, other) = tokio::join!(pay(&test.store, "A"), pay(&second, "B"));
        assert_eq!((first.unwrap(), other.unwrap()), (NotificationAnswer::Recorded, NotificationAnswer::Recorded));
        let orders = test.store.notice_history(party(), key(&number)).await.unwrap().orders;
        let settling = orders
            .iter()
            .filter(|order| order.payment.as_ref().is_some_and(|payment| payment.disposition == Disposition::Settles));
        assert_eq!((orders.len(), settling.count()), (2, 1));
    }
}

async fn a_refund_and_a_payment_at_once_end_in_one_state(test: TestStore) {
    let second = test.open_again().await;
    for number in 0..20 {
        let number = number.to_string();
        import(&*test.store, notice(&number)).await;
        let notify = |store: &SharedStore, event| {
            let (store, number) = (Arc::clone(store), number.clone());
            tokio::spawn(async move { record(&*store, &number, event, finance()).await.unwrap() })
        };
        let (payment, refund) = tokio::join!(notify(&test.store, paid(&number)), notify(&second, refunded()));
        assert_eq!((payment.unwrap(), refund.unwrap()), (NotificationAnswer::Recorded, NotificationAnswer::Recorded));
        let answer = record(&*test.store, &format!("{number}-other"), paid(&number), finance()).await.unwrap();
        assert_eq!(answer, NotificationAnswer::Recorded, "the notice is due again");
    }
}
