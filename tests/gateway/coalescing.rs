//! What waits for the database together is answered as if it had come one after the other, and nobody is harmed by another.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use nontax_gateway::domain::{Found, NotificationAnswer, Objection, OrderEvent};
use nontax_gateway::store::{NoticeDraft, ReceivablesLookup, SharedStore, StoreError};
use sqlx::{Connection as _, Executor as _, PgConnection};
use tokio::task::JoinHandle;

use crate::book::{
    NOON, at, author, finance, import, key, notice, order, paid, party, record, recording_bank, refunded,
};
use crate::database::{execute, texts};
use crate::stores::{TestStore, on_both_stores_each_way};

on_both_stores_each_way!(
    orders_and_repeats_that_wait_together_end_as_one_after_the_other,
    a_payment_and_its_refund_that_wait_together_end_refunded,
    notices_made_from_orders_that_wait_together_are_made_once,
    a_row_that_cannot_be_read_harms_nobody_else,
    look_ups_that_wait_together_get_their_own_answers,
);

/// How many notices most of these tests have: with two orders of four notifications each, several batches.
const NOTICES: usize = 40;

type Answering = JoinHandle<Result<NotificationAnswer, StoreError>>;

fn pay(store: &SharedStore, order_id: String, event: OrderEvent) -> Answering {
    let store = Arc::clone(store);
    tokio::spawn(async move { record(&*store, &order_id, event, finance()).await })
}

async fn import_many(store: &SharedStore) {
    let draft = |number: usize| NoticeDraft { notice: notice(&number.to_string()), state_given: true };
    store.import_notices(party(), (0..NOTICES).map(draft).collect(), author(), at(0)).await.unwrap();
}

async fn orders_and_repeats_that_wait_together_end_as_one_after_the_other(test: TestStore) {
    import_many(&test.store).await;
    let mut answering = Vec::new();
    for repeat in 0..4 {
        for number in 0..NOTICES {
            for rival in ["a", "b"] {
                let order_id = format!("{number}-{rival}");
                answering.push((
                    number,
                    order_id.clone(),
                    repeat,
                    pay(&test.store, order_id, paid(&number.to_string())),
                ));
            }
        }
    }
    let mut recorded: HashMap<usize, String> = HashMap::new();
    let mut answers = Vec::new();
    for (number, order_id, _, answer) in answering {
        let answer = answer.await.unwrap().unwrap();
        if answer == NotificationAnswer::Recorded {
            assert_eq!(recorded.insert(number, order_id.clone()), None, "notice {number} was paid twice");
        }
        answers.push((number, order_id, answer));
    }
    assert_eq!(recorded.len(), NOTICES);
    for (number, order_id, answer) in answers {
        let winner = &recorded[&number];
        match answer {
            NotificationAnswer::Recorded | NotificationAnswer::AlreadyRecorded { differs: false } => {
                assert_eq!(order_id, *winner);
            }
            NotificationAnswer::Refused(refusal) => {
                assert_ne!(order_id, *winner);
                assert_eq!(*refusal.objection(), Objection::AlreadyPaid { order_id: Some(order(winner)) });
            }
            other => panic!("order {order_id}: {other:?}"),
        }
    }
    let settling = "SELECT order_id FROM payment WHERE disposition = 'settles'";
    assert_eq!(texts(&test, settling).await.len(), NOTICES);
    assert_eq!(texts(&test, "SELECT order_id FROM payment").await.len(), 2 * NOTICES);
    let journal = "SELECT subject FROM callback_journal WHERE kind = 'notification'";
    assert_eq!(texts(&test, journal).await.len(), 8 * NOTICES, "every notification has its row");
    let paid_events = "SELECT subject FROM outbox WHERE kind = 'notice.paid'";
    assert_eq!(texts(&test, paid_events).await.len(), NOTICES);
}

async fn a_payment_and_its_refund_that_wait_together_end_refunded(test: TestStore) {
    import_many(&test.store).await;
    let mut answering = Vec::new();
    for number in 0..NOTICES {
        let (order_id, number) = (format!("{number}-a"), number.to_string());
        answering.push(pay(&test.store, order_id.clone(), paid(&number)));
        answering.push(pay(&test.store, order_id.clone(), refunded()));
        answering.push(pay(&test.store, order_id, paid(&number)));
    }
    for answer in answering {
        let answer = answer.await.unwrap().unwrap();
        assert!(
            matches!(answer, NotificationAnswer::Recorded | NotificationAnswer::AlreadyRecorded { .. }),
            "{answer:?}"
        );
    }
    for number in 0..NOTICES {
        let history = test.store.notice_history(party(), key(&number.to_string())).await.unwrap();
        assert_eq!(history.orders.len(), 1);
        assert_eq!(history.orders[0].refunds.len(), 1);
        assert_eq!(history.orders[0].state.name(), "refunded");
    }
    assert_eq!(texts(&test, "SELECT state FROM notice WHERE state <> 'unpaid'").await, Vec::<String>::new());
}

async fn notices_made_from_orders_that_wait_together_are_made_once(test: TestStore) {
    let mut answering = Vec::new();
    for number in 0..NOTICES {
        for rival in ["a", "b", "a"] {
            let (store, order_id) = (Arc::clone(&test.store), format!("{number}-{rival}"));
            let event = paid(&number.to_string());
            answering
                .push(tokio::spawn(async move { record(&*store, &order_id, event, recording_bank()).await.unwrap() }));
        }
    }
    for answer in answering {
        answer.await.unwrap();
    }
    assert_eq!(texts(&test, "SELECT payment_notice_no FROM notice WHERE state = 'paid'").await.len(), NOTICES);
    let settling = "SELECT order_id FROM payment WHERE disposition = 'settles'";
    assert_eq!(texts(&test, settling).await.len(), NOTICES);
    assert_eq!(texts(&test, "SELECT order_id FROM payment").await.len(), 2 * NOTICES);
}

async fn a_row_that_cannot_be_read_harms_nobody_else(test: TestStore) {
    import_many(&test.store).await;
    execute(&test.url, "UPDATE notice SET items = 'spoilt' WHERE payment_notice_no = '7'").await.unwrap();
    let answering: Vec<_> = (0..NOTICES)
        .map(|number| (number, pay(&test.store, format!("{number}-a"), paid(&number.to_string()))))
        .collect();
    for (number, answer) in answering {
        match answer.await.unwrap() {
            Ok(answer) => assert!(answer == NotificationAnswer::Recorded && number != 7, "{number}: {answer:?}"),
            Err(StoreError::Inconsistent { column: "items", .. }) => assert_eq!(number, 7),
            Err(other) => panic!("{number}: {other}"),
        }
    }
    let looking: Vec<_> = (0..NOTICES).map(|number| (number, look_up(&test.store, number))).collect();
    for (number, found) in looking {
        assert_eq!(found.await.unwrap().is_err(), number == 7, "{number}");
    }
}

fn look_up(store: &SharedStore, number: usize) -> JoinHandle<Result<Found, StoreError>> {
    let store = Arc::clone(store);
    let key = key(&number.to_string());
    tokio::spawn(async move {
        let lookup = ReceivablesLookup {
            party: party(),
            region_code: key.region_code,
            department_code: Some(key.department_code),
            payment_notice_no: key.payment_notice_no,
            at: at(NOON),
        };
        store.look_up_receivables(lookup).await.map(|facts| facts.found)
    })
}

async fn look_ups_that_wait_together_get_their_own_answers(test: TestStore) {
    import_many(&test.store).await;
    let looking: Vec<_> =
        (0..4 * NOTICES).map(|number| (number, look_up(&test.store, number % (2 * NOTICES)))).collect();
    for (number, found) in looking {
        let number = number % (2 * NOTICES);
        let expected = if number < NOTICES { Found::One(Box::new(notice(&number.to_string()))) } else { Found::None };
        assert_eq!(found.await.unwrap().unwrap(), expected, "{number}");
    }
}

/// Somebody works on one notice for seconds: its payment waits, and no other does.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_notice_that_somebody_holds_holds_up_nobody_else() {
    let test = crate::stores::postgres().await;
    import_many(&test.store).await;
    let mut holder = PgConnection::connect(&test.url).await.unwrap();
    holder.execute("BEGIN").await.unwrap();
    holder.execute("SELECT 1 FROM notice WHERE payment_notice_no = '7' FOR UPDATE").await.unwrap();
    let held = pay(&test.store, "held".to_owned(), paid("7"));
    let begun = Instant::now();
    let others: Vec<_> = (0..NOTICES)
        .filter(|number| *number != 7)
        .map(|number| pay(&test.store, format!("{number}-a"), paid(&number.to_string())))
        .collect();
    for other in others {
        assert_eq!(other.await.unwrap().unwrap(), NotificationAnswer::Recorded);
    }
    assert!(!held.is_finished(), "it waits");
    assert!(begun.elapsed() < Duration::from_secs(4), "they waited for the statement that waits for the lock");
    holder.execute("ROLLBACK").await.unwrap();
    assert_eq!(held.await.unwrap().unwrap(), NotificationAnswer::Recorded);
}

/// The database ends every connection, as when it is restarted: what comes next is kept over new ones.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_that_the_database_ended_are_replaced() {
    let test = crate::stores::postgres().await;
    import(&*test.store, notice("1")).await;
    import(&*test.store, notice("2")).await;
    assert_eq!(pay(&test.store, "a".to_owned(), paid("1")).await.unwrap().unwrap(), NotificationAnswer::Recorded);
    assert!(look_up(&test.store, 1).await.unwrap().is_ok());
    let end_all = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                   WHERE datname = current_database() AND pid <> pg_backend_pid()";
    execute(&test.url, end_all).await.unwrap();
    assert_eq!(pay(&test.store, "b".to_owned(), paid("2")).await.unwrap().unwrap(), NotificationAnswer::Recorded);
    assert!(look_up(&test.store, 2).await.unwrap().is_ok());
}

/// The database was analyzed when it was empty, as after a migration: what is read by key then is read by key for ever.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_statistics_make_a_batch_read_a_table() {
    let test = crate::stores::postgres().await;
    execute(&test.url, "VACUUM ANALYZE").await.unwrap();
    for round in 0..8 {
        let orders = (0..NOTICES).map(|number| format!("{round}-{number}"));
        let answering: Vec<_> = orders
            .map(|number| {
                let store = Arc::clone(&test.store);
                tokio::spawn(async move { record(&*store, &number, paid(&number), recording_bank()).await.unwrap() })
            })
            .collect();
        for answer in answering {
            assert_eq!(answer.await.unwrap(), NotificationAnswer::Recorded);
        }
    }
    // A connection tells what it read when it ends.
    test.store.close().await;
    let read = "SELECT relname || ' ' || (seq_tup_read + idx_tup_fetch) FROM pg_stat_user_tables \
                WHERE relname IN ('notice', 'platform_order', 'payment', 'refund')";
    let payments = 8 * NOTICES;
    for table in texts(&test, read).await {
        let (name, rows) = table.split_once(' ').unwrap();
        let rows: usize = rows.parse().unwrap();
        assert!(rows <= 4 * payments, "{name}: {rows} rows were read for {payments} payments");
    }
}
